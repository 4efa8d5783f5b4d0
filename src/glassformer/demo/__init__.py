"""Sentences that ask for *it*: which noun does it stand for? The package makes them itself, as many as are wanted.

*The animal didn't cross the street because it was too tired* is about the animal, *too wide* about the street, and
German must know: er, sie or es. ``it_sentences()`` has them in both languages, with marks; ``python -m glassformer.demo``
writes them to files. The words stand in text files: nouns and predicates (what can be said of what), scenes, actions and
placements (who does what to what, and why not), frames (the ways to say it).
"""

from glassformer.demo.first import first_sentences
from glassformer.demo.held_out import HeldOut, HeldOutRow, read_rows
from glassformer.demo.sentences import ItSentence, it_sentences

__all__ = ["HeldOut", "HeldOutRow", "ItSentence", "first_sentences", "it_sentences", "read_rows"]
