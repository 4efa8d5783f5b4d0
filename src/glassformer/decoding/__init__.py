"""ids → ids, knows no text. Read greedy (the reference), beam, sampling; ``decode`` is the one door to all three."""

from glassformer.decoding.decode import decode
from glassformer.decoding.score import score
from glassformer.hypothesis import Hypothesis

__all__ = ["Hypothesis", "decode", "score"]
