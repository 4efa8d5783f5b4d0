"""Strings ⇄ ids: SentencePiece's unigram model (Kudo 2018) with bytes for what it does not know.

One vocabulary serves both languages, as in the paper (§5.1); a model of another program may have one for each, under ids
of its own (``pieces``): then a Tokenizer is the source's, and its ``target`` the other one.

Text that goes in comes out again, but for these, on purpose:

- text is put into one spelling (``text/normalise.py``): NFC, one kind of blank, no invisible characters;
- blanks at both ends go and a run of them becomes one: SentencePiece's own rule;
- a lone surrogate, which is no character and has no UTF-8, becomes U+FFFD;
- ▁ (U+2581) is SentencePiece's sign for a space, and comes back as one.

Everything else, rare letters and emoji included, is a piece of the vocabulary or falls back to its UTF-8 bytes. Ten pieces
are signs (``text/protected.py``): they stand for what is carried through a translation unchanged.
"""

import hashlib
import io
import math
import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, SupportsInt

import sentencepiece

from glassformer.errors import CheckpointError, ConfigError, CorpusError, VocabularyError
from glassformer.text.normalise import normalised, sentencepiece_rules
from glassformer.text.pieces import PieceTexts, TablePieces, opened, table_bytes, table_sides
from glassformer.text.protected import SIGNS
from glassformer.text.typography import Plainer, words_without

WORD_START = "▁"
SPECIAL = 4
"""pad 0, bos 1, eos 2, unk 3, as in ModelConfig."""
SMALLEST_VOCABULARY = 300
"""The special ids, the signs, 256 bytes, and some room for letters."""
SAMPLE_CHARACTERS = 20_000_000
"""Training looks at up to this much text: some 25 bytes of memory a character, and half a minute for it all."""
LONGEST_LINE = 4000
"""Characters. Of a longer line training uses only the beginning: words repeat, and its memory has to have an end."""
COVERAGE = 0.9999
"""The share of the text whose characters get an id of their own; the rest, a stray emoji, is spelt in bytes."""
FEW = 2000
"""Texts up to which SentencePiece is asked one by one: for a list it starts threads."""
THREADS = 2
"""Fixed, because sums of floats, and so the vocabulary, depend on how the work is shared out."""


class Tokenizer:
    """Turns text into ids and back. Make one with ``train``, ``load``, ``from_bytes`` or ``of_sides``."""

    target: "Tokenizer"
    """The tokenizer of the translation: this one itself, or, where each language has a vocabulary, the target's."""

    def __init__(self, model: bytes) -> None:
        """``model``: a serialised SentencePiece model, or tables as ``pieces`` keeps them. Raises CheckpointError when it
        is something else."""
        sides: list[Any] = table_sides(model) if model.startswith(b"{") else [opened(model)]
        self._use(model, sides[0])
        self.target = self
        if len(sides) == 2:
            self.target = Tokenizer.__new__(Tokenizer)
            self.target._use(model, sides[1])
            self.target.target = self.target

    def _use(self, model: bytes, pieces: Any) -> None:
        self._model, self._pieces = model, pieces
        self.pad_id: int = self._pieces.pad_id()
        self.bos_id: int = self._pieces.bos_id()
        self.eos_id: int = self._pieces.eos_id()
        self.unk_id: int = self._pieces.unk_id()
        self._size: int = self._pieces.get_piece_size()
        self._silent = {self.pad_id, self.bos_id, self.eos_id, *self.before, *self.after}

    @classmethod
    def of_sides(cls, *sides: TablePieces) -> "Tokenizer":
        """One side for both languages, or the source's and the target's, under the ids of their tables."""
        return cls(table_bytes(sides))

    @property
    def has_tables(self) -> bool:
        """Whether its ids are not SentencePiece's own, so that ``to_bytes`` is no SentencePiece model."""
        return isinstance(self._pieces, TablePieces)

    @property
    def sentencepiece_model(self) -> bytes:
        """This side's SentencePiece model, as other SentencePiece programs read it. Raises ConfigError for byte pairs."""
        model: bytes = self._pieces.model if self.has_tables else self._model
        if model.startswith(b"{"):
            raise ConfigError(
                "this model's words are cut by byte pairs, and an export has SentencePiece: use the original"
            )
        return model

    @property
    def before(self) -> list[int]:
        """The ids before each sentence's own: a language token, or none."""
        return list(self._pieces.before) if self.has_tables else []

    @property
    def after(self) -> list[int]:
        """The ids after each sentence's own."""
        return list(self._pieces.after) if self.has_tables else []

    @classmethod
    def train(
        cls,
        lines: Iterable[str],
        *,
        vocabulary_size: int,
        seed: int = 0,
        sample_characters: int = SAMPLE_CHARACTERS,
    ) -> "Tokenizer":
        """A tokenizer made for ``lines`` (both languages' sentences), the same for the same lines, size and seed.

        ``vocabulary_size`` counts everything: 4 special ids, 10 signs, 256 bytes, letters and pieces. Where the text
        does not have that many pieces the vocabulary is smaller: read its size from ``len``.

        Raises ConfigError below SMALLEST_VOCABULARY, CorpusError when the lines hold no text.
        """
        if vocabulary_size < SMALLEST_VOCABULARY:
            raise ConfigError(
                f"vocabulary_size={vocabulary_size}: wanted at least {SMALLEST_VOCABULARY}, "
                "as 4 special ids and 256 bytes are part of every vocabulary"
            )
        sample = _sample(lines, sample_characters, random.Random(seed))
        _spell_rare_characters(sample, (vocabulary_size - SPECIAL - len(SIGNS) - 256) // 2)
        model = io.BytesIO()
        try:
            with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="ascii") as rules:
                rules.write(sentencepiece_rules())
                rules.flush()
                sentencepiece.SentencePieceTrainer.train(
                    sentence_iterator=_used_up(sample),
                    model_writer=model,
                    model_type="unigram",
                    vocab_size=vocabulary_size,
                    hard_vocab_limit=False,
                    byte_fallback=True,
                    character_coverage=COVERAGE,
                    normalization_rule_tsv=rules.name,
                    user_defined_symbols=list(SIGNS),
                    max_sentence_length=4 * LONGEST_LINE,
                    num_threads=THREADS,
                    pad_id=0,
                    bos_id=1,
                    eos_id=2,
                    unk_id=3,
                    minloglevel=2,
                )
        except RuntimeError as error:
            reason = " ".join(str(error).split())
            raise CorpusError(f"no vocabulary can be made of this text ({reason}): give more of it") from error
        return cls(_without_rules_name(model.getvalue()))

    @classmethod
    def load(cls, path: str | Path) -> "Tokenizer":
        """Raises CheckpointError when the file is not there or is no SentencePiece model."""
        try:
            return cls(Path(path).read_bytes())
        except OSError as error:
            raise CheckpointError(f"{path}: {error.strerror}; wanted a tokenizer that training wrote") from error
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from error

    @classmethod
    def from_bytes(cls, model: bytes) -> "Tokenizer":
        """Raises CheckpointError when ``model`` is no SentencePiece model."""
        return cls(model)

    @cached_property
    def signs(self) -> tuple[str, ...]:
        """The pieces that stand for what is carried through unchanged, none in an older or another program's vocabulary."""
        return tuple(sign for sign in SIGNS if self._pieces.piece_to_id(sign) != self.unk_id)

    def with_signs(self) -> "Tokenizer":
        """The same with the signs behind its other pieces, whose ids stay; a table of another program's is left as it is,
        for its model has a row for each of its pieces and no more."""
        if self.has_tables:
            return self
        # A protocol buffer's message with more entries of a repeated field behind it is that message with more entries.
        return Tokenizer(self._model + b"".join(_user_defined(sign) for sign in SIGNS if sign not in self.signs))

    @cached_property
    def unknown(self) -> re.Pattern[str]:
        """Finds words with characters of which no piece is made, so that they can only be spelt in bytes: words in another
        script, symbols, one or several in a row."""
        return words_without(self._tokens)

    @cached_property
    def plainer(self) -> Plainer:
        """Spells quotes, dashes and ligatures as the vocabulary has them."""
        return Plainer.of(self._tokens)

    def save(self, path: str | Path) -> None:
        Path(path).write_bytes(self._model)

    def to_bytes(self) -> bytes:
        """The file of ``save``: the serialised SentencePiece model, which other SentencePiece programs read, or tables."""
        return self._model

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the model's bytes, 64 hexadecimal digits."""
        return hashlib.sha256(self._model).hexdigest()

    def __len__(self) -> int:
        """The size of the vocabulary."""
        return self._size

    def encode(self, text: str) -> list[int]:
        """The ids of ``text``, without bos and eos."""
        return self._pieces.encode(normalised(text))

    def encode_batch(self, texts: Iterable[str]) -> list[list[int]]:
        """The ids of each text; the same as ``encode`` one by one, of many texts faster."""
        plain = [normalised(text) for text in texts]
        return self._pieces.encode(plain) if len(plain) > FEW else [self._pieces.encode(text) for text in plain]

    def ways_to_cut(self, word: Iterable[SupportsInt], count: int) -> list[tuple[tuple[int, ...], float]]:
        """Up to ``count`` ways to cut the word that ``word`` spells into pieces, the likeliest first, each with its
        pieces' log P, natural. None for a word in bytes, and for what is no word with a space before it.
        """
        known = self._known(word)
        text = "".join(self._tokens[id] for id in known)
        if not text.startswith(WORD_START) or any(map(self._pieces.is_byte, known)):
            return []
        found = self._pieces.nbest_encode(text[1:], nbest_size=count)
        token, score = self._tokens.__getitem__, self._log_probabilities.__getitem__
        return [(tuple(ids), sum(map(score, ids))) for ids in found if "".join(map(token, ids)) == text]

    @cached_property
    def _tokens(self) -> list[str]:
        return [self._pieces.id_to_piece(id) for id in range(len(self))]

    @cached_property
    def _log_probabilities(self) -> list[float]:
        return [self._pieces.get_score(id) for id in range(len(self))]

    def decode(self, ids: Iterable[SupportsInt]) -> str:
        """The text of ``ids``; pad, bos, eos and language tokens are left out, unk shows as ⁇, bytes that are no UTF-8 as
        U+FFFD.

        Raises VocabularyError for an id outside the vocabulary.
        """
        return self.decode_batch([ids])[0]

    def decode_batch(self, all_ids: Iterable[Iterable[SupportsInt]]) -> list[str]:
        """The text of each, as ``decode`` gives it, and raising as it does."""
        rows = [list(ids) for ids in all_ids]
        return [self._decoded(ids) if (text := self._quickly(ids)) is None else text for ids in rows]

    def _decoded(self, ids: Iterable[SupportsInt]) -> str:
        """As SentencePiece decodes it, without those that are not of the text."""
        return self._pieces.decode([id for id in self._known(ids) if id not in self._silent])

    @cached_property
    def _quickly(self) -> Callable[[list[Any]], str | None]:
        return (lambda ids: None) if self.has_tables else PieceTexts(self._pieces).of

    def tokens(self, ids: Iterable[SupportsInt]) -> list[str]:
        """The pieces as they are shown: ▁ begins a word, <0xF0> is a byte, <pad> <s> </s> <unk> are the special ones.

        Raises VocabularyError for an id outside the vocabulary.
        """
        return [self._pieces.id_to_piece(id) for id in self._known(ids)]

    def piece_probabilities(self) -> list[float]:
        """By id, how often each piece is expected in text (SentencePiece's unigram model); 0 for the special ones and
        for bytes."""
        pieces = self._pieces
        return [
            0.0
            if pieces.is_control(id) or pieces.is_unknown(id) or pieces.is_byte(id)
            else math.exp(pieces.get_score(id))
            for id in range(len(self))
        ]

    def table(self) -> dict[str, Any]:
        """All that is needed to cut text as this does, by id: ``pieces``, their ``scores`` (log P, natural) and their
        ``kinds``, a letter each: n(ormal), u(nknown), c(ontrol), d(efined by the user), b(yte)."""
        pieces = self._pieces

        def kind(id: int) -> str:
            tests = {"u": pieces.is_unknown, "c": pieces.is_control, "b": pieces.is_byte}
            defined = "d" if self._tokens[id] in self.signs else "n"
            return next((letter for letter, holds in tests.items() if holds(id)), defined)

        kinds = "".join(map(kind, range(len(self))))
        return {"pieces": self._tokens, "scores": self._log_probabilities, "kinds": kinds}

    def words(self, ids: Iterable[SupportsInt]) -> list[list[int]]:
        """The positions in ``ids`` that make each word, a word being what stands between spaces.

        ``[▁un, known, ▁words, </s>]`` gives ``[[0, 1], [2]]``: pad, bos, eos and language tokens belong to no word.
        Raises VocabularyError for an id outside the vocabulary.
        """
        words: list[list[int]] = []
        known = self._known(ids)
        for position, (id, token) in enumerate(zip(known, self.tokens(known), strict=True)):
            if id in self._silent:
                continue
            if token.startswith(WORD_START) or not words:
                words.append([])
            words[-1].append(position)
        return words

    def _known(self, ids: Iterable[SupportsInt]) -> list[int]:
        known = list(map(int, ids))  # SentencePiece wants Python's own; numpy's and torch's come, too
        if known and not 0 <= min(known) <= max(known) < self._size:
            stranger = next(id for id in known if not 0 <= id < self._size)
            raise VocabularyError(f"id {stranger} is outside the vocabulary: wanted 0 to {self._size - 1}")
        return known


def vocabulary_size_for(pairs: int) -> int:
    """The vocabulary that suits a corpus: 1,000 up to 2,000 pairs, 8,000 from 30,000 to 200,000, 32,000 from 2 million on.

    Between these it is a straight line between the logarithms of both, rounded to hundreds. Measured at 29,000 pairs,
    where 1,000 cost more than any other choice (docs/recipe.md): short pieces make long sentences, whose words the model
    has to learn to spell.
    """
    known = [(2_000, 1_000), (30_000, 8_000), (200_000, 8_000), (2_000_000, 32_000)]
    if pairs <= known[0][0]:
        return known[0][1]
    for (fewer, smaller), (more, larger) in pairwise(known):
        if pairs <= more:
            share = math.log(pairs / fewer) / math.log(more / fewer)
            return round(smaller * (larger / smaller) ** share / 100) * 100
    return known[-1][1]


def is_byte(token: str) -> bool:
    """Whether it is one of the 256 tokens that stand for a byte, such as ``<0x0A>``."""
    return len(token) == 6 and token.startswith("<0x") and token.endswith(">")


def _sample(lines: Iterable[str], characters: int, chance: random.Random) -> list[str]:
    """All lines, or so even a sample of them that they hold at most ``characters``, in bounded memory.

    Whenever too much is held a coin decides for each line whether it stays, and from then on each new line has to
    win as many tosses as the others did.
    """
    kept: list[str] = []
    held, share = 0, 1.0
    for line in lines:
        if share < 1.0 and chance.random() >= share:
            continue
        kept.append(normalised(line[:LONGEST_LINE]))
        held += len(kept[-1])
        while held > characters and len(kept) > 1:
            share /= 2
            kept = [line for line in kept if chance.random() < 0.5] or kept[:1]
            held = sum(map(len, kept))
    if not any(line.strip() for line in kept):
        raise CorpusError("no text to make a vocabulary of: give at least one line that is not empty")
    return kept


def _used_up(lines: list[str]) -> Iterator[str]:
    """Each line once, letting go of it: SentencePiece keeps its own copy."""
    while lines:
        yield lines.pop()


def _user_defined(piece: str) -> bytes:
    """A piece of the kind that is never cut, as SentencePiece's file has it: field 1 of the model, of three fields."""
    text = piece.encode()
    entry = bytes([0x0A, len(text)]) + text + b"\x15\0\0\0\0" + b"\x18\x04"  # the text, the score 0, USER_DEFINED
    return bytes([0x0A, len(entry)]) + entry


def _without_rules_name(model: bytes) -> bytes:
    """A trained model's file without the name of the file that had the rules, which is another one each time."""
    # Field 3 is the normaliser's settings, field 6 of these the name; of two, the last one counts.
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model + b"\x1a\x02\x32\x00")
    return pieces.serialized_model_proto()


def _spell_rare_characters(lines: list[str], room: int) -> None:
    """Take out of ``lines`` all but the ``room`` commonest characters, where those are not COVERAGE of the text anyway.

    Characters that training does not see are spelt in bytes: rare signs of a Chinese corpus with a small vocabulary.
    SentencePiece would refuse a vocabulary that cannot hold every character.
    """
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(line)
    common = counts.most_common(room)
    if sum(count for _, count in common) < COVERAGE * counts.total():
        rare = str.maketrans(dict.fromkeys(counts.keys() - dict(common).keys(), " "))
        lines[:] = [line.translate(rare) for line in lines]
