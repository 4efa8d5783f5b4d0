"""Several processes that train one model: ``torchrun`` starts them, one may be on each GPU and on several machines.

Each computes some rows of every batch, and the gradients are summed: more processes make a run faster and change
nothing else. The first one writes, validates and decides; its decisions are sent to the others. Numbers travel as
tensors and texts as UTF-8: ``torch.distributed``'s calls for objects would unpickle what comes over the network.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from glassformer.corpus.batches import Batch
from glassformer.corpus.prepare import Data, Doing
from glassformer.errors import CorpusError, TrainingError

PATIENCE = timedelta(minutes=30)
"""How long the others wait while the first process reads the corpus or validates."""


class PeerOutOfMemoryError(Exception):
    """Another process had no memory for its rows."""


class Processes:
    """This process's place among them. ``Processes()`` is one alone."""

    def __init__(self, rank: int = 0, count: int = 1) -> None:
        self.rank, self.count = rank, count

    @property
    def first(self) -> bool:
        return self.rank == 0

    @property
    def first_here(self) -> bool:
        """Whether this is its machine's first."""
        return int(os.environ.get("LOCAL_RANK", "0")) == 0

    def share(self, batch: Batch, parts: int) -> Iterator[Batch]:
        """This process's rows of a batch, in ``parts`` parts; all processes' are the whole batch, each row once."""
        if self.count * parts == 1:
            yield batch
            return
        for part in range(parts):
            if rows := batch.rows(self.rank * parts + part, self.count * parts):
                yield rows

    def sum_gradients(self, model: nn.Module, *, failed: bool = False) -> None:
        """Replace the gradients by the sum of all processes' gradients. Raises PeerOutOfMemoryError in all of them when
        one ``failed``."""
        if self.count == 1:
            return
        if self.maximum(int(failed))[0]:
            raise PeerOutOfMemoryError
        parameters = list(model.parameters())
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in parameters]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        with raise_if_peer_lost():
            dist.all_reduce(flat)
        for parameter, part in zip(parameters, torch.split(flat, [p.numel() for p in parameters]), strict=True):
            parameter.grad = part.view_as(parameter)

    def tell_peers_of_failure(self, model: nn.Module, error: Exception) -> None:
        """Tell the others, which wait in ``sum_gradients``, that this process had no memory, unless one of them said so."""
        if not isinstance(error, PeerOutOfMemoryError):
            with suppress(PeerOutOfMemoryError):
                self.sum_gradients(model, failed=True)

    def maximum(self, *numbers: int) -> list[int]:
        """The largest of what all processes say, number by number."""
        if self.count == 1:
            return list(numbers)
        tensor = torch.tensor(numbers)
        with raise_if_peer_lost():
            dist.all_reduce(tensor, dist.ReduceOp.MAX)
        return [int(number) for number in tensor]

    def sums(self, *numbers: float) -> list[float]:
        """The sums of what all processes say, in float64."""
        if self.count == 1:
            return list(numbers)
        tensor = torch.tensor(numbers, dtype=torch.float64)
        with raise_if_peer_lost():
            dist.all_reduce(tensor)
        return tensor.tolist()

    def from_first(self, number: float) -> float:
        """The first process's number."""
        return self.sums(number if self.first else 0.0)[0]

    def text_from_first(self, text: str) -> str:
        """The first process's text."""
        if self.count == 1:
            return text
        content = list(text.encode()) if self.first else []
        (size,) = self.maximum(len(content))
        tensor = torch.tensor(content or [0] * size, dtype=torch.uint8)
        self.tensors_from_first([tensor])
        return bytes(tensor.tolist()).decode()

    def tensors_from_first(self, tensors: Sequence[Tensor]) -> None:
        """Overwrite these tensors with the first process's."""
        if self.count == 1:
            return
        with raise_if_peer_lost(), torch.no_grad():
            for tensor in tensors:
                dist.broadcast(tensor, 0)

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """Each process's tensor, all of one shape."""
        if self.count == 1:
            return [tensor]
        gathered = [torch.empty_like(tensor) for _ in range(self.count)]
        with raise_if_peer_lost():
            dist.all_gather(gathered, tensor)
        return gathered

    def wait(self) -> None:
        """Until all have come here."""
        self.maximum(0)


def several() -> bool:
    """Whether ``torchrun`` started this process, and others beside it."""
    return "TORCHELASTIC_RUN_ID" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1


@contextmanager
def joined(device: torch.device) -> Iterator[Processes]:
    """The processes that ``torchrun`` started; this one alone where it did not. Raises TrainingError when they do not
    find each other."""
    if device.type == "cuda" and device.index is not None:
        torch.cuda.set_device(device)  # the one whose random state the checkpoints keep
    if not several():
        yield Processes()
        return
    try:
        backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
        store, rank, count = next(iter(rendezvous("env://", timeout=PATIENCE)))
        # torchrun keeps the store of an attempt that failed, with the addresses of processes that are gone.
        store = PrefixStore(f"attempt {os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)
        dist.init_process_group(backend, store=store, rank=rank, world_size=count, timeout=PATIENCE)
    except (RuntimeError, ValueError) as error:
        text = " ".join(str(error).split())
        raise TrainingError(f"the processes of this run do not find each other ({text}): see torchrun --help") from None
    try:
        yield Processes(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()


def prepared_by_first(processes: Processes, read: Callable[..., Data], doing: Doing) -> Data:
    """The result of ``read`` (``prepare``): the first process prepares, the others open what it left. On a machine that
    does not see the first one's folder, its own first process prepares it there from the same files.

    Raises CorpusError when that is not the same corpus.
    """
    data = None
    for turn in range(2):  # the first process; then one of each machine, which finds it done or does it
        if processes.first if turn == 0 else processes.first_here:
            data = read(doing=doing)
        processes.wait()
    data = data or read()
    if processes.text_from_first(data.pairs.fingerprint) != data.pairs.fingerprint:
        raise CorpusError(
            f"the corpus in {data.pairs.folder} is not the first process's: give each machine the same files"
        )
    return data


def local_device(name: str) -> str:
    """Of several processes on one machine each takes a GPU of its own, where no number is named and there are enough."""
    own = int(os.environ.get("LOCAL_RANK", "0"))
    return f"cuda:{own}" if name in ("", "cuda") and own < torch.cuda.device_count() else name


@contextmanager
def raise_if_peer_lost() -> Iterator[None]:
    """Raises TrainingError where another process is not there any more."""
    try:
        yield
    except RuntimeError as error:
        text = " ".join(str(error).split())
        raise TrainingError(
            f"another process of this run has ended ({text[:160]}): its own message says why; "
            "the same command goes on from the last checkpoint"
        ) from None
