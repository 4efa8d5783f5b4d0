"""Ray's actors as the workers of ``bulk.crew``. Ray Core alone is needed: no Ray Data, no shared folder, no dashboard."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from glassformer.bulk.crew import LostError
from glassformer.bulk.plan import fingerprint
from glassformer.bulk.shards import translate_with
from glassformer.config import DecodingConfig
from glassformer.errors import ConfigError
from glassformer.text.glossary import Glossary

SHARE = 0.5
"""Of a core, that an actor reserves. It uses a whole one while it translates; what is left keeps whatever else runs in the
cluster from waiting for ever, and lets the actors of a node that died begin again on another."""


@dataclass(frozen=True)
class ActorSettings:
    """The settings of each actor: they travel to other machines."""

    model: str
    fingerprint: str
    """The model that has to be there."""
    loading: dict[str, Any]
    """``Translator.load``'s options."""
    config: DecodingConfig
    glossary: Glossary | None


class Worker:
    """One actor: a model on one core."""

    def __init__(self, job: ActorSettings) -> None:
        from glassformer.translator import Translator
        from glassformer.translator.shipped import find_model

        if fingerprint(find_model(job.model)) != job.fingerprint:
            raise ConfigError(f"{job.model} is another model on this machine: put the same one on every node")
        translator = Translator.load(job.model, **job.loading, threads=1, remark=print)
        self.texts = translate_with(translator, job.config, job.glossary)

    def translate(self, texts: list[str]) -> list[str]:
        return self.texts(texts)


class RayCluster:
    """``bulk.crew.Cluster``. ``address``: a cluster's; ``auto``: the one that this machine is part of, else a new one."""

    def __init__(self, address: str, job: ActorSettings, share: float = SHARE) -> None:
        """Raises ConfigError where Ray is not installed, or nobody answers at ``address``."""
        if not 0 < share <= 1:
            raise ConfigError(f"a share of {share:g}: wanted a part of a core, such as {SHARE}")
        self.ray, self.share = ray_itself(), share
        connect(self.ray, address)
        self.job = self.ray.put(job)
        # An actor that dies is replaced by us, with what it was asked; Ray would begin it anew without.
        self.actor = self.ray.remote(num_cpus=share, max_restarts=0)(Worker)

    @property
    def cores(self) -> int:
        """Of the whole cluster: as many actors as that keep them busy."""
        return max(1, int(self.ray.cluster_resources().get("CPU", 1)))

    def start(self) -> Any:
        return self.actor.remote(self.job)

    def ask(self, worker: Any, texts: Sequence[str]) -> Any:
        return worker.translate.remote(list(texts))

    def wait(self, tickets: Sequence[Any], seconds: float) -> Sequence[Any]:
        ready, _ = self.ray.wait(list(tickets), timeout=seconds)
        if ready:  # and whatever else is ready
            ready, _ = self.ray.wait(list(tickets), num_returns=len(tickets), timeout=0)
        return ready

    def result(self, ticket: Any) -> list[str]:
        errors = self.ray.exceptions
        try:
            return list(self.ray.get(ticket))
        except errors.ActorDiedError as error:
            cause = getattr(error, "cause", None) or error
            # Of its __init__ Ray passes on the text alone. No other actor would do better.
            if any(name in str(error) for name in ("ConfigError", "CheckpointError")):
                raise ConfigError(last_line(error)) from None
            raise LostError(last_line(cause)) from None
        except errors.RayTaskError as error:
            raise ConfigError(f"a worker could not translate: {last_line(error)}") from None
        except errors.RayError as error:
            raise LostError(last_line(error)) from None

    def why_none(self) -> str:
        free = self.ray.available_resources().get("CPU", 0.0)
        return (
            f"{free:g} cores are free, an actor wants {self.share:g} of one; name a smaller --ray-share, or add nodes"
        )

    def end(self) -> None:
        """Leave the cluster; the actors end with it."""
        self.ray.shutdown()


def last_line(error: BaseException) -> str:
    """The last line of Ray's long accounts."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__


def connect(ray: Any, address: str) -> None:
    """Raises ConfigError where nobody answers."""
    options = {"logging_level": logging.ERROR, "log_to_driver": False, "include_dashboard": False}
    joined = {name: value for name, value in options.items() if name != "include_dashboard"}
    try:
        ray.init(address=address, **joined)
    except ConnectionError as error:
        if address != "auto":
            raise ConfigError(f"--ray {address}: no cluster answers there ({last_line(error)})") from None
        ray.init(**options)
    except (ValueError, RuntimeError) as error:
        raise ConfigError(f"--ray {address}: {last_line(error)}") from None


def ray_itself() -> Any:
    """The package. Raises ConfigError where it is not installed."""
    try:
        import ray
    except ImportError:
        raise ConfigError("--ray wants Ray: pip install 'glassformer[ray]'") from None
    return ray
