"""Faults of a corpus, a run or its translations, in findings that a beginner can act on."""
