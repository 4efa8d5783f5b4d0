"""Strings ⇄ ids: the tokenizer, the corpus as it is read, the corpus as ids on disk, and the batches made of it."""
