"""Everybody's models: foreign formats to ours and back, one format a file.

A reader takes each of a file's tensors by its name, and the import is refused where one is left over or missing: what this
Transformer does not compute cannot slip in. Nothing that a file holds is run.
"""
