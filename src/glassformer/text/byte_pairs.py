"""GPT-2's byte pairs (Radford et al. 2019), with which BART's words are cut: the library ``tokenizers`` computes them.

Its own pieces are spelt in stand-ins for bytes (Ġ is a blank, Ã¼ an ü). Here a piece is shown as what it says, with ▁ for a
blank as SentencePiece has it, and what is no whole character as its bytes: <0xC3>.

A side's model, where ``pieces`` keeps SentencePiece's, is {"vocabulary": [their pieces by id], "merges": [[left, right]]}.
"""

import json
import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from glassformer.errors import CheckpointError, ConfigError
from glassformer.strict_json import parsed

UNKNOWN = "<unk>"
BLANK = "▁"


def stand_ins() -> dict[str, int]:
    """The byte that each character of their pieces stands for: itself where it is printable, the others from Ā on."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(0x100 + n): byte for n, byte in enumerate(others)}


BYTES = stand_ins()


def byte_pairs(vocabulary: Sequence[str], merges: Sequence[Sequence[str]]) -> bytes:
    """A side's model."""
    return json.dumps({"vocabulary": list(vocabulary), "merges": [list(pair) for pair in merges]}).encode()


class BytePairs:
    """The methods of a SentencePieceProcessor that ``TablePieces`` uses."""

    def __init__(self, model: bytes) -> None:
        """Raises CheckpointError for what ``byte_pairs`` did not write, ConfigError without ``tokenizers``."""
        try:
            about = parsed(model)
            self._theirs = [str(piece) for piece in about["vocabulary"]]
            merges = [(str(left), str(right)) for left, right in about["merges"]]
        except (ValueError, TypeError, KeyError):
            raise CheckpointError("these byte pairs cannot be read: wanted a vocabulary and merges") from None
        self._made = set(BYTES) | {left + right for left, right in merges}
        self._cut = self._cutter(merges)
        self._shown = self._shown_once()
        self._ids = {piece: id for id, piece in enumerate(self._shown)}

    def _cutter(self, merges: list[tuple[str, str]]) -> Any:
        try:
            import tokenizers
        except ImportError:
            raise ConfigError("BART's byte pairs want tokenizers: pip install 'glassformer[bart]'") from None
        ids = {piece: id for id, piece in enumerate(self._theirs)}
        try:
            cutter = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=ids, merges=merges, unk_token=UNKNOWN))
        except Exception as error:  # its own, a plain Exception: a merge of pieces that are not there
            raise CheckpointError(f"these byte pairs do not fit together ({error})") from None
        cutter.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
        return cutter

    def _shown_once(self) -> list[str]:
        """Each piece as it is shown; one that would be shown as another is, in bytes."""
        found: dict[str, None] = {}
        for piece in self._theirs:
            one = shown(piece)
            found[in_bytes(piece) if one in found else one] = None
        if len(found) < len(self._theirs):
            raise CheckpointError("these byte pairs name a piece twice: wanted each once")
        return list(found)

    @property
    def pieces(self) -> list[str]:
        """By id."""
        return self._shown

    def unk_id(self) -> int:
        return self._ids.get(UNKNOWN, -1)

    def get_piece_size(self) -> int:
        return len(self._shown)

    def id_to_piece(self, id: int) -> str:
        return self._shown[id] if id >= 0 else UNKNOWN

    def piece_to_id(self, piece: str) -> int:
        """Of a piece that text is made of; special tokens are not."""
        id = self._ids.get(piece, -1)
        return id if id >= 0 and self._theirs[id] in self._made else self.unk_id()

    def get_score(self, id: int) -> float:
        """log P by Zipf's law: pieces stand in the order in which they were merged, the frequent ones first."""
        return -math.log((id + 1) * self._harmonic)

    @cached_property
    def _harmonic(self) -> float:
        return sum(1 / rank for rank in range(1, len(self._shown) + 1))

    def is_byte(self, id: int) -> bool:
        return self._shown[id].startswith("<0x")

    def is_control(self, id: int) -> bool:
        return self._theirs[id] not in self._made

    def encode(self, text: str | list[str], out_type: type = str) -> Any:
        """The pieces of a text, or of each."""
        if isinstance(text, str):
            return [self._shown[id] for id in self._cut.encode(text, add_special_tokens=False).ids]
        found = self._cut.encode_batch(text, add_special_tokens=False)
        return [[self._shown[id] for id in one.ids] for one in found]

    def nbest_encode(self, text: str, *, nbest_size: int, out_type: type = str) -> list[list[str]]:
        """The one way that there is."""
        return [self.encode(text)]

    def decode(self, pieces: Sequence[str]) -> str:
        """The text; bytes that are no UTF-8 as U+FFFD, what is no piece of text not at all."""
        ids = [self._ids[piece] for piece in pieces if piece in self._ids]
        raw = b"".join(raw_of(self._theirs[id]) for id in ids if not self.is_control(id))
        return raw.decode(errors="replace").removeprefix(" ")


def raw_of(piece: str) -> bytes:
    """The text that a piece of theirs stands for; a character that stands for no byte as itself."""
    return b"".join(bytes([BYTES[sign]]) if sign in BYTES else sign.encode("utf-8", "replace") for sign in piece)


def shown(piece: str) -> str:
    """A piece of theirs as people see it: its text, or its bytes where these are no text alone."""
    raw = raw_of(piece)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return in_bytes(piece)
    return text.replace(" ", BLANK) if text.replace(" ", "x").isprintable() else in_bytes(piece)


def in_bytes(piece: str) -> str:
    return "".join(f"<0x{byte:02X}>" for byte in raw_of(piece))
