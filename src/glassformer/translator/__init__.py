"""The front door: text in, text out, and every number on the way.

translator = Translator.load("en-de")
translator.translate("The animal didn't cross the street because it was too tired.")
"""

from glassformer.translator.alignment import Alignment, merge_words, shown_words
from glassformer.translator.parts import Translation
from glassformer.translator.shipped import find_model, shipped_models
from glassformer.translator.translator import Translator

__all__ = ["Alignment", "Translation", "Translator", "find_model", "merge_words", "shipped_models", "shown_words"]
