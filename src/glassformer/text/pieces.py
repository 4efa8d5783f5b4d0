"""SentencePiece's pieces under ids of another table, as other programs' models have them (Marian's ``vocab.json``,
CTranslate2's vocabularies): SentencePiece cuts and joins, the table says which piece is which id.

A tokenizer with such tables is kept as JSON, where one of ours is a SentencePiece model:

    {"pad_id": …, "bos_id": …, "eos_id": …, "unk_id": …, "sides": [side] or [source, target]}

and a side is {"model": the SentencePiece model (or ``byte_pairs``) in base64, "tokens": [the pieces by id], "before": [ids],
"after": [ids]}.
``before`` and ``after`` stand around each sentence: the language tokens of multilingual models.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

import sentencepiece

from glassformer.errors import CheckpointError
from glassformer.strict_json import parsed
from glassformer.text.byte_pairs import BytePairs

SPECIAL = ("pad_id", "bos_id", "eos_id", "unk_id")
MOST_TOKENS = 2_000_000


def opened(model: bytes) -> Any:
    """A SentencePiece model, or byte pairs. Raises CheckpointError for what is neither."""
    if model.startswith(b"{"):
        return BytePairs(model)
    try:
        # SentencePiece takes no bytes for "no model yet", and would fail only when it is used.
        pieces: Any = sentencepiece.SentencePieceProcessor(model_proto=model) if model else None
        if pieces is not None:
            [pieces.id_to_piece(id) for id in range(pieces.get_piece_size())]  # each is UTF-8
            return pieces
    except (RuntimeError, UnicodeDecodeError):
        pass
    raise CheckpointError(f"no SentencePiece model in these {len(model):,} bytes: take the file that training wrote")


class PieceTexts:
    """The texts of ids, put together from those of ordinary pieces: what SentencePiece's own ``decode`` gives, in a third of
    its time."""

    def __init__(self, pieces: Any) -> None:
        """``pieces``: a SentencePieceProcessor."""
        special = (pieces.is_control, pieces.is_unknown, pieces.is_byte)
        ordinary = (id for id in range(pieces.get_piece_size()) if not any(holds(id) for holds in special))
        self.texts = {id: pieces.id_to_piece(id).replace("▁", " ") for id in ordinary}

    def of(self, ids: Sequence[Any]) -> str | None:
        """None where there is more to do: with no piece, another kind of piece, or a blank alone at the beginning."""
        try:
            if not ids or self.texts[ids[0]] == " ":
                return None
            return "".join(map(self.texts.__getitem__, ids)).removeprefix(" ")
        except KeyError:
            return None


class TablePieces:
    """A side's pieces with the methods of a SentencePieceProcessor that ``Tokenizer`` uses, by the table's ids."""

    def __init__(
        self,
        model: bytes,
        tokens: Sequence[str],
        special: dict[str, int],
        before: Sequence[int] = (),
        after: Sequence[int] = (),
    ) -> None:
        """``tokens``: the pieces by id, each once. ``special``: the ids named in SPECIAL. Raises CheckpointError for a
        table that names a piece twice, or an id that it does not have."""
        self.model, self._pieces, self._tokens = model, opened(model), list(tokens)
        self._ids = {token: id for id, token in enumerate(self._tokens)}
        if len(self._ids) != len(self._tokens):
            twice = next(token for id, token in enumerate(self._tokens) if self._ids[token] != id)
            raise CheckpointError(f"the vocabulary names the piece {twice[:40]!r} twice: wanted each once")
        outside = [id for id in (*special.values(), *before, *after) if not 0 <= id < len(self._tokens)]
        if outside:
            raise CheckpointError(f"id {outside[0]} is outside the vocabulary of {len(self._tokens):,} tokens")
        self._special, self.before, self.after = special, list(before), list(after)
        theirs = {self._pieces.id_to_piece(id): id for id in range(self._pieces.get_piece_size())}
        unknown = self._pieces.unk_id()
        self._theirs = [theirs.get(token, unknown) for token in self._tokens]

    def pad_id(self) -> int:
        return self._special["pad_id"]

    def bos_id(self) -> int:
        return self._special["bos_id"]

    def eos_id(self) -> int:
        return self._special["eos_id"]

    def unk_id(self) -> int:
        return self._special["unk_id"]

    def get_piece_size(self) -> int:
        return len(self._tokens)

    def id_to_piece(self, id: int) -> str:
        return self._tokens[id]

    def piece_to_id(self, piece: str) -> int:
        return self._ids.get(piece, self.unk_id())

    def get_score(self, id: int) -> float:
        """log P, natural, of a piece that SentencePiece knows; of another one 0."""
        return float(self._pieces.get_score(self._theirs[id])) if self.is_known(id) else 0.0

    def is_known(self, id: int) -> bool:
        return self._theirs[id] != self._pieces.unk_id()

    def is_byte(self, id: int) -> bool:
        return self.is_known(id) and bool(self._pieces.is_byte(self._theirs[id]))

    def is_unknown(self, id: int) -> bool:
        return id == self.unk_id()

    def is_control(self, id: int) -> bool:
        """Whether no text becomes this token: the special ones, languages, and what only fills the table up."""
        return id != self.unk_id() and (not self.is_known(id) or bool(self._pieces.is_control(self._theirs[id])))

    def encode(self, text: str | list[str]) -> Any:
        """A text's ids, or those of each text: none of an empty one, ``before`` and ``after`` around the others."""
        cut = self._pieces.encode(text, out_type=str)
        return self._ids_of(cut) if isinstance(text, str) else [self._ids_of(pieces) for pieces in cut]

    def _ids_of(self, pieces: list[str]) -> list[int]:
        ids = [self.piece_to_id(piece) for piece in pieces]
        return [*self.before, *ids, *self.after] if ids else []

    def nbest_encode(self, text: str, *, nbest_size: int) -> list[list[int]]:
        found = self._pieces.nbest_encode(text, nbest_size=nbest_size, out_type=str)
        return [[self.piece_to_id(piece) for piece in pieces] for pieces in found]

    def decode(self, ids: list[Any]) -> Any:
        if ids and isinstance(ids[0], list):
            return [self.decode(row) for row in ids]
        return self._pieces.decode([self._tokens[id] for id in ids])

    def to_dict(self) -> dict[str, Any]:
        model = base64.b64encode(self.model).decode("ascii")
        return {"model": model, "tokens": self._tokens, "before": self.before, "after": self.after}


def table_bytes(sides: Sequence[TablePieces]) -> bytes:
    """One side for both languages, or the source's and the target's, as a file: what ``table_sides`` reads."""
    special = {name: getattr(sides[0], name)() for name in SPECIAL}
    about = {**special, "sides": [side.to_dict() for side in sides]}
    return json.dumps(about, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def table_sides(content: bytes) -> list[TablePieces]:
    """The sides that ``table_bytes`` wrote. Raises CheckpointError for what it did not."""
    wanted = "wanted ids, and one side or two with their pieces"
    try:
        about = parsed(content)
        special = {name: about[name] for name in SPECIAL}
        sides = [(side["model"], side["tokens"], side["before"], side["after"]) for side in about["sides"]]
        models = [base64.b64decode(model, validate=True) for model, *_ in sides]
    except (ValueError, TypeError, KeyError, binascii.Error):
        raise CheckpointError(f"this tokenizer's tables cannot be read: {wanted}") from None
    ids = [
        id
        for _, _, before, after in sides
        for some in (before, after)
        for id in (some if isinstance(some, list) else "?")
    ]
    texts = [token for _, tokens, *_ in sides for token in (tokens if isinstance(tokens, list) else [0])]
    fits = all(type(id) is int for id in (*special.values(), *ids)) and all(isinstance(text, str) for text in texts)
    if not fits or not 1 <= len(sides) <= 2 or len(texts) > MOST_TOKENS:
        raise CheckpointError(f"this tokenizer's tables cannot be read: {wanted}")
    return [
        TablePieces(model, tokens, special, *around) for model, (_, tokens, *around) in zip(models, sides, strict=True)
    ]
