"""A callable for other people's ``map_batches``: Ray Data, Spark, Dask."""

from __future__ import annotations

from typing import Any

from glassformer.bulk.records import TRANSLATION
from glassformer.bulk.shards import TranslateTexts, translate_with
from glassformer.config import DecodingConfig


class Translate:
    """A batch of columns in, the same with a column ``translation`` out:

        dataset.map_batches(Translate, fn_constructor_kwargs={"model": "en-de"}, compute=ray.data.ActorPoolStrategy(size=2),
                            num_cpus=0.5, batch_size=1000)

    The model is loaded where it is first called, not where it is made. Ask for less than a core an actor: actors that have
    all cores leave none to what reads and writes, and the pipeline stands still without a word (Ray's issue 44687).
    """

    def __init__(self, model: str = "en-de", *, field: str = "text", beam: int = 4, threads: int = 1) -> None:
        """``field``: the column that holds the text. ``threads``: cores that one of these uses."""
        self.model, self.field, self.beam, self.threads = model, field, beam, threads
        self.translate: TranslateTexts | None = None

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        if self.translate is None:
            from glassformer.translator import Translator

            translator = Translator.load(self.model, engine="auto", threads=self.threads)
            self.translate = translate_with(translator, DecodingConfig(beam_size=self.beam), None)
        texts = [str(text) for text in batch[self.field]]
        return {**batch, TRANSLATION: self.translate(texts)}
