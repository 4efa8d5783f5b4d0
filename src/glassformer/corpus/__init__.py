"""Sentence pairs for training: read, checked, held out, encoded, put into batches. Lies below the loop."""
