"""The tensors in a model's windows: ``with record(model) as trace:`` and every number has a name, axes and a place."""

import fnmatch
import hashlib
import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import safetensors
import torch
import torch.nn.functional as F
from safetensors.torch import save
from torch import Tensor, nn

from glassformer.brief import brief
from glassformer.disk import replace_file
from glassformer.errors import ShapeError, TraceFileError
from glassformer.probe import Probe
from glassformer.strict_json import parsed

FORMAT = "glassformer trace 1"
LARGEST_HEADER = 2**25
"""Bytes: a trace of one pass has some 60,000, and each step of decoding adds as many."""
GROWING = ("query", "position", "key")  # the axis along which decoding adds rows, the first of these that a window has


@brief
class Window(NamedTuple):
    """One tensor that passed a probe, with a word for each axis and its place in the paper."""

    tensor: Tensor
    axes: tuple[str, ...]
    place: str


@dataclass
class Trace:
    """Everything that was seen, as plain data: ``trace["encoder.layers.4.self_attention.weights"]``.

    A trace of one sentence has no batch axis; of several, each tensor begins with ``batch``. ``steps`` has one part for
    each pass of the decoder: a whole sentence at once (teacher forcing) is one, decoding one word at a time has one a
    word. ``trace[name]`` joins them: the rows of all steps, in order. ``about`` is free for its maker (tokens,
    the model's name); it is saved with it.
    """

    steps: list[dict[str, Window]] = field(default_factory=lambda: [{}])
    about: dict[str, Any] = field(default_factory=dict)
    shown: Callable[["Trace"], str] | None = field(default=None, repr=False, compare=False)
    """Makes its HTML, which a notebook shows; None where its maker cannot."""

    def __repr__(self) -> str:
        steps = f"{len(self.steps)} step{'' if len(self.steps) == 1 else 's'}"
        return f"Trace({len(self)} windows in {steps}; trace.describe() names them)"

    def _repr_html_(self) -> str | None:
        return self.shown(self) if self.shown else None

    def see(self, name: str, window: Window) -> None:
        """Add what passed a probe. A probe that is passed a second time begins the next step."""
        if name in self.steps[-1]:
            self.steps.append({})
        self.steps[-1][name] = window

    @property
    def names(self) -> list[str]:
        """Every window that was passed, in the order in which the model passed them."""
        return list(dict.fromkeys(name for step in self.steps for name in step))

    def __contains__(self, name: str) -> bool:
        return any(name in step for step in self.steps)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, name: str) -> Tensor:
        return self.window(name).tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def window(self, name: str) -> Window:
        """One window with its axes and place, all steps joined. Raises KeyError naming the nearest windows."""
        seen = [step[name] for step in self.steps if name in step]
        if not seen:
            last = name.rsplit(".", 1)[-1]
            near = [known for known in self.names if known.endswith("." + last)] or self.names
            raise KeyError(f"no window {name!r} in this trace; there are {', '.join(near[:6])} … ({len(self)} in all)")
        return seen[0] if len(seen) == 1 else join(seen, -math.inf if name.endswith(".scores") else 0)

    def attention(self, side: Literal["encoder", "decoder"], layer: int = -1, *, cross: bool = False) -> Tensor:
        """The attention weights [head, query, key] of one layer, counted from 0 or, with a negative number, from the last:
        self-attention, or with ``cross`` the decoder's attention to the source. Raises KeyError for a layer that was not
        seen."""
        kind = "cross_attention" if cross else "self_attention"
        seen = [name for name in self.names if name.startswith(f"{side}.layers.") and name.endswith(f".{kind}.weights")]
        wanted = f"{side}.layers.{layer}.{kind}.weights"
        if layer < 0 and -layer <= len(seen):
            wanted = seen[layer]
        if wanted not in seen:
            raise KeyError(f"layer {layer} of the {side}'s {kind}: wanted one of the {len(seen)} that this trace has")
        return self[wanted]

    @property
    def source_tokens(self) -> list[str]:
        """The source's tokens, ending with ``</s>``: row i of a window of the encoder belongs to token i. A translator's
        trace has them, and also ``target_tokens``; KeyError for another."""
        return list(self.about["source_tokens"])

    @property
    def target_tokens(self) -> list[str]:
        """The target's tokens, beginning with ``<s>``: row i of a window of the decoder belongs to token i."""
        return list(self.about["target_tokens"])

    def describe(self) -> list[tuple[str, str, tuple[int, ...], str]]:
        """For each window: name, axes, shape, place in the paper."""
        rows = []
        for name in self.names:
            window = self.window(name)
            rows.append((name, " ".join(window.axes), tuple(window.tensor.shape), window.place))
        return rows

    def save(self, path: str | Path) -> None:
        """Write one file, whole or not at all: safetensors, with the axes, places and ``about`` as JSON in its header, and a
        checksum. A file of this name is replaced."""
        tensors: dict[str, Tensor] = {}
        header = []
        for number, step in enumerate(self.steps):
            header.append({name: [list(window.axes), window.place] for name, window in step.items()})
            tensors |= {f"{number}/{name}": window.tensor.cpu().contiguous().clone() for name, window in step.items()}
        text = json.dumps({"steps": header, "about": self.about}, ensure_ascii=False)
        metadata = {"format": FORMAT, "trace": text, "sha256": checksum(text, tensors)}
        replace_file(Path(path), save(tensors, metadata))

    @classmethod
    def load(cls, path: str | Path) -> "Trace":
        """Raises TraceFileError for a file that is not there, truncated, altered or something else."""
        try:
            check_head(Path(path))
            with safetensors.safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                if metadata.get("format") != FORMAT:
                    raise TraceFileError(
                        f"{path} is not a trace: its format is {metadata.get('format')!r}, not {FORMAT!r}"
                    )
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except FileNotFoundError:
            raise TraceFileError(f"{path} cannot be read: there is no such file") from None
        except OSError as error:
            raise TraceFileError(f"{path} cannot be read: {error.strerror or error}") from None
        except safetensors.SafetensorError as error:
            raise TraceFileError(f"{path} is truncated or not a safetensors file ({error}): record it again") from None
        text = metadata.get("trace", "")
        if checksum(text, tensors) != metadata.get("sha256"):
            raise TraceFileError(f"{path} was altered after it was saved (its checksum differs): record it again")
        try:
            content = parsed(text)
            steps = [
                {
                    name: Window(tensors[f"{number}/{name}"], tuple(axes), str(place))
                    for name, (axes, place) in step.items()
                }
                for number, step in enumerate(content["steps"])
            ]
            about = dict(content["about"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise TraceFileError(f"{path} has a header that no trace has ({error!r}): record it again") from None
        return cls(steps, about)


def check_head(path: Path) -> None:
    """Raises TraceFileError for a file whose header, which becomes many times as large in memory, has more than
    LARGEST_HEADER bytes."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if LARGEST_HEADER < length < path.stat().st_size:
        raise TraceFileError(
            f"{path} has a header of {length:,} bytes, at most {LARGEST_HEADER:,} are read: record fewer windows or steps"
        )


def join(parts: list[Window], missing: float) -> Window:
    """Put the rows of all steps under each other. An earlier step knew fewer keys: what it could not see is ``missing``."""
    axes = parts[0].axes
    batches = {part.tensor.size(0) if "batch" in part.axes else 0 for part in parts}
    if len(batches) > 1:
        raise ShapeError(
            "the steps are of different numbers of sentences, as a beam's are: record a greedy translation, or look at "
            "each of trace.steps alone"
        )
    along = next(axes.index(axis) for axis in GROWING if axis in axes)
    tensors = [part.tensor for part in parts]
    if "key" in axes[along + 1 :]:
        widest = max(tensor.size(-1) for tensor in tensors)
        tensors = [F.pad(tensor, (0, widest - tensor.size(-1)), value=missing) for tensor in tensors]
    return Window(torch.cat(tensors, dim=along), axes, parts[0].place)


def checksum(text: str, tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


@contextmanager
def record(model: nn.Module, only: str = "*", *, keep_graph: bool = False) -> Iterator[Trace]:
    """Look through every window of ``model`` whose name fits the pattern ``only`` (``*.weights``) until the end of the
    ``with`` block, also when it ends by an error. ``keep_graph`` keeps the tensors
    as they passed, on the autograd graph and with their batch axis, for gradients.

        with record(model) as trace:
            model(source_ids, target_ids)
    """
    trace = Trace()
    handles = []

    def look(name: str, probe: Any, _: Any, value: Tensor) -> None:
        value = value if keep_graph else value.detach()
        alone = value.size(0) == 1 and not keep_graph  # a row of a tensor is not on the way to the result
        axes = probe.axes if alone else ("batch", *probe.axes)
        trace.see(name, Window(value[0] if alone else value, axes, probe.place))

    try:
        for name, module in model.named_modules():
            if isinstance(module, Probe) and fnmatch.fnmatchcase(name, only):
                handles.append(module.register_forward_hook(partial(look, name)))
        yield trace
    finally:
        for handle in handles:
            handle.remove()
