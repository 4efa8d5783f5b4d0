"""The page's questions and their answers, over HTTP (``app``) or in a notebook (``notebook``)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from glassformer.brief import brief
from glassformer.decoding import score
from glassformer.errors import ConfigError, GlassformerError
from glassformer.http.parse import from_json, to_json
from glassformer.model_folder import shown_checkpoint
from glassformer.page import wire
from glassformer.page.facts import LONGEST, OF_VOCABULARY, find_learned, model_facts
from glassformer.page.look import LIVE, Seen, changed, check_length, fixed, look, numbers_of, see
from glassformer.page.steps import decode_steps
from glassformer.trace import Window
from glassformer.translator import Translator
from glassformer.translator.shipped import shipped_models
from glassformer.what_if import Head, attentions, heads_off, rank_heads

RANKED_AT_ONCE = 100_000_000
"""Numbers in the logits of all heads' sentences computed together: 400 MB, and as much again for their softmax."""
NEWEST = {"/api/model", "/api/look"}
"""Questions that load a run's newest checkpoint; other questions are about what a look shows already, and its model."""
KEPT = 4
"""Traces of the last questions, from which exact rows are taken."""


@brief
@dataclass
class Service:
    """A translator that answers. One question at a time: what is switched off, or turned, is so in the model itself."""

    translator: Translator
    folder: Path | None = None
    """A run's folder: before a NEWEST question its newest checkpoint is loaded, if there is one (``shown_checkpoint``)."""
    start: wire.Ask = field(default_factory=lambda: wire.Ask(""))
    """The sentence that the page opens with."""
    longest: int = LONGEST
    checkpoint: str = ""
    """The one that ``translator`` is; where it is not given, the one that is shown now."""
    kept: dict[tuple[str, str | None, str], Seen] = field(default_factory=dict)
    beside: Sequence[str] = ()
    """The names of all models that the page may choose from; empty where there is no choice."""

    def __post_init__(self) -> None:
        shown = shown_checkpoint(self.folder) if self.folder is not None else None
        if shown is None:
            self.folder = None
        else:
            self.checkpoint = self.checkpoint or shown.name

    def refresh(self) -> None:
        """Load a run's newest checkpoint, if there is one since. While it is being written the old one stays."""
        if self.folder is None:
            return
        try:
            newest = shown_checkpoint(self.folder)
            if newest is not None and newest.name != self.checkpoint:
                loaded = Translator.load(newest, device=str(self.translator.device))
                self.translator = replace(loaded, name=str(self.folder))
                self.checkpoint = newest.name
                self.kept.clear()
        except (GlassformerError, OSError):
            return

    def model(self) -> wire.Start:
        self.refresh()
        return wire.Start(
            version=wire.VERSION,
            model=model_facts(self.translator, self.checkpoint),
            text=self.start.text,
            target=self.start.target or "",
            heads_off=list(self.start.heads_off),
            turned=list(self.start.turned),
            longest=self.longest,
            models=list(self.beside),
        )

    def look(self, ask: wire.Ask) -> bytes:
        self.refresh()
        seen = self.seen(ask)
        # level 0: on this machine's own wire deflating takes longer than it saves (150 ms of a sentence of 27 tokens)
        options = {"live": True, "budget": LIVE, "checkpoint": self.checkpoint, "level": 0, "seen": seen}
        return look(self.translator, ask, **options).body()  # type: ignore[arg-type]

    def seen(self, ask: wire.Ask | wire.RowsAsk) -> Seen:
        """The trace for this question; the same one for the same question, also where the page now gives as ``target``
        what the model had said: the same text can be cut into other pieces than the model's."""
        changes = repr((ask.heads_off, ask.blocked, ask.turned))
        for (text, target, of), seen in self.kept.items():
            said = self.translator.written(seen.text, seen.target_ids)
            same_target = ask.target == target or (ask.target is not None and ask.target == said)
            if of == changes and ask.text in (text, seen.text) and same_target:
                return seen
        return self.keep(ask, see(self.translator, ask, self.longest))

    def keep(self, ask: wire.Ask | wire.RowsAsk, seen: Seen) -> Seen:
        self.kept[ask.text, ask.target, repr((ask.heads_off, ask.blocked, ask.turned))] = seen
        while len(self.kept) > KEPT:
            del self.kept[next(iter(self.kept))]
        return seen

    def decode(self, ask: wire.Ask, report: Callable[[wire.DecodingStep], bool]) -> None:
        check_length(self.translator, ask, self.longest)
        with changed(self.translator, ask):
            decode_steps(self.translator, ask.text, report)

    def rank(self, ask: wire.Ask) -> wire.Ranking:
        """Each head switched off alone: all in one batch where there is room for it, one after the other elsewhere."""
        translator, model = self.translator, self.translator.model
        check_length(translator, ask, self.longest)
        heads = [(name, head) for name, attention in attentions(model).items() for head in range(attention.heads)]
        with changed(translator, ask):
            source_ids, target_ids = self.pieces(ask)
            size = (len(heads) + 1) * (len(target_ids) + 1) * model.config.vocabulary_size
            if size > RANKED_AT_ONCE:
                return self.rank_one_by_one(heads, source_ids, target_ids)
            special = model.config
            sides = special.source(source_ids), [special.bos_id, *target_ids, special.eos_id]
            ranking = rank_heads(model, *(torch.tensor([ids], device=translator.device) for ids in sides))
        return ranking_of(ranking.heads, ranking.change.tolist(), ranking.log_probabilities.tolist())

    def pieces(self, ask: wire.Ask) -> tuple[list[int], list[int]]:
        """The ids of both sides without their ends: those of a kept trace of the same texts, whatever was off in it, as
        the model's own pieces of its translation can be others than the tokenizer's."""
        for seen in reversed(self.kept.values()):
            if ask.text == seen.text and ask.target == self.translator.written(seen.text, seen.target_ids):
                return seen.source_ids[:-1], seen.target_ids[1:]
        return self.translator.ids_of(ask.text, ask.target, None)

    def rank_one_by_one(self, heads: list[Head], source_ids: list[int], target_ids: list[int]) -> wire.Ranking:
        model = self.translator.model
        (base,) = score(model, [source_ids], [target_ids])
        change = []
        for head in heads:
            with heads_off(model, [head]):
                (without,) = score(model, [source_ids], [target_ids])
            change.append([off - on for off, on in zip(without, base, strict=True)])
        order = sorted(range(len(heads)), key=lambda number: sum(change[number]))
        return ranking_of([heads[n] for n in order], [change[n] for n in order], base)

    def weights(self, ask: wire.WeightsAsk) -> bytes:
        self.check_checkpoint(ask)
        tensor, axes = find_learned(self.translator, ask.name)
        return numbers_of(ask.name, axes, "learned", tensor).body()

    def rows(self, ask: wire.RowsAsk) -> bytes:
        self.check_checkpoint(ask)
        if (
            ask.name in OF_VOCABULARY
            and (table := dict(self.translator.model.named_parameters()).get(ask.name)) is not None
        ):
            window = Window(table, ("vocabulary", "d_model")[: table.dim()], "§3.4, learned")
            if not ask.at:
                raise ConfigError(f"{ask.name} as a whole is too much to send: wanted a token's id in at")
        else:
            trace = self.seen(ask).trace
            if ask.name not in trace:
                raise ConfigError(f"no window {ask.name!r} in this model: the look names all of them")
            window = trace.window(ask.name)
        row, left = fixed(window.tensor, window.axes, ask.at, ask.name)
        return numbers_of(ask.name, left, window.place, row).body()

    def check_checkpoint(self, ask: wire.WeightsAsk | wire.RowsAsk) -> None:
        """A look's numbers are of the look's own checkpoint: a newer one's W would not give its Q. Raises ConfigError
        where that is not loaded any more."""
        if ask.checkpoint is not None and ask.checkpoint != self.checkpoint:
            raise ConfigError(
                f"the checkpoint {ask.checkpoint[:80]!r} is gone, {self.checkpoint!r} is loaded: change the sentence, or "
                "load the page again"
            )

    def decoded(self, ask: wire.Ask) -> bytes:
        lines: list[str] = []

        def keep(step: wire.DecodingStep) -> bool:
            lines.append(to_json(step) + "\n")
            return True

        self.decode(ask, keep)
        return "".join(lines).encode()

    def answer(self, path: str, body: bytes) -> bytes:
        """The whole answer at once, as HTTP would give it. Raises ConfigError for another path, and as the questions do."""
        if path == "/api/model":
            return to_json(self.model()).encode()
        if path == "/api/look":
            return self.look(from_json(wire.Ask, body))
        if path == "/api/rank":
            return to_json(self.rank(from_json(wire.Ask, body))).encode()
        if path == "/api/weights":
            return self.weights(from_json(wire.WeightsAsk, body))
        if path == "/api/rows":
            return self.rows(from_json(wire.RowsAsk, body))
        if path == "/api/decode":
            return self.decoded(from_json(wire.Ask, body))
        raise ConfigError(
            f"nothing answers to {path[:80]}: wanted one of /api/model, look, decode, rank, weights, rows"
        )


def ranking_of(heads: list[Head], change: list[list[float]], log_probabilities: list[float]) -> wire.Ranking:
    return wire.Ranking(
        [wire.HeadName(*head) for head in heads], [sum(row) for row in change], change, log_probabilities
    )


class Services:
    """The models that one page chooses from: the first, which is loaded, and others, which are when they are first asked
    for."""

    def __init__(self, first: Service, others: Mapping[str, Callable[[], Service]] | None = None) -> None:
        self.first = first
        self.others = others or {}
        self.loaded = {first.translator.name: first}
        if self.others:
            first.beside = [first.translator.name, *self.others]

    def named(self, name: str) -> Service:
        """The first one where ``name`` is empty. Raises ConfigError for a model that is not offered, and as loading does."""
        if not name:
            return self.first
        if name not in self.loaded:
            if name not in self.others:
                raise ConfigError(
                    f"no model {name[:80]!r} is served here: wanted {' or '.join(self.first.beside or self.loaded)}"
                )
            self.loaded[name] = self.others[name]()
            self.loaded[name].beside = self.first.beside
        return self.loaded[name]


def load_service(model: str, device: str = "") -> Service:
    """For a model by name or folder: of a run that goes on its newest checkpoint. Raises as ``Translator.load``."""
    checkpoint = None if model in shipped_models() else shown_checkpoint(Path(model))
    if checkpoint is None:
        return Service(Translator.load(model, device=device))
    translator = replace(Translator.load(checkpoint, device=device), name=model)
    return Service(translator, Path(model), checkpoint=checkpoint.name)
