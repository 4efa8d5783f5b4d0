"""A server put together from models, and run until it is asked to end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import ASGIApp

from glassformer.errors import ConfigError
from glassformer.http.guard import HOSTS
from glassformer.http.listening import HOST, listen, serve_app
from glassformer.serve.app import DRAINING, make_app
from glassformer.serve.desk import LONGEST, Desk
from glassformer.serve.keys import ApiKeys, Limits
from glassformer.serve.models import Models, offer_of
from glassformer.serve.office import Office, Sizes
from glassformer.serve.queue import BUDGET, MOST_WAITING, Queue
from glassformer.text.glossary import Glossary
from glassformer.translator import Translator
from glassformer.translator.translator import nothing

CONNECTIONS = 1024


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """All that a server can be informed."""

    models: Sequence[str]
    host: str = HOST
    port: int = 5000
    open_to_all: bool = False
    """Whether it may be reached from other machines without keys."""
    names: Collection[str] = ()
    """Names under which other machines ask it; none: any."""
    origins: Collection[str] = ()
    keys: Path | None = None
    glossaries: Sequence[Path] = ()
    threads: int = 1
    engine: str = "auto"
    quantization: str = "int8"
    beam: int = 4
    seconds: float = LONGEST
    """For one request, from its body to its answer."""
    most_memory: int = 0
    """Bytes of models' weights that are held at a time; 0: all of them."""
    budget: int = BUDGET
    most_waiting: int = MOST_WAITING
    sizes: Sizes = field(default_factory=Sizes)
    per_address: Limits = field(default_factory=Limits)

    @property
    def is_local(self) -> bool:
        return self.host in HOSTS


def check(settings: ServerSettings) -> None:
    """Raises ConfigError for a server that anybody on the network could use without being asked for a key."""
    if not settings.is_local and settings.keys is None and not settings.open_to_all:
        raise ConfigError(
            f"--host {settings.host} can be reached from other machines: give --keys FILE, or say --open-to-all"
        )


def make_office(settings: ServerSettings, tell: Callable[[str], None], look: bool = False) -> Office:
    """The models' desk and its rules. Raises as ``offer_of``, ``ApiKeys.load`` and ``Glossary.from_tsv``."""

    def load(name: str) -> Translator:
        tell(f"loading {name}")
        return Translator.load(
            name,
            engine=settings.engine,
            quantization=settings.quantization,
            threads=settings.threads,
            spread=False,
            tell=tell,
            remark=nothing,  # of one person's text, and said on a terminal to another
        )

    models = Models([offer_of(name) for name in settings.models], load, most_memory=settings.most_memory)
    desk = Desk(
        models,
        workers=settings.threads,
        glossaries=glossaries_of(settings.glossaries),
        longest=settings.seconds,
        queue=Queue(settings.budget, settings.most_waiting),
    )
    keys = ApiKeys.load(settings.keys) if settings.keys is not None else None
    return Office(
        desk, keys=keys, per_address=settings.per_address, limits=settings.sizes, beam=settings.beam, look=look
    )


def glossaries_of(paths: Sequence[Path]) -> Mapping[str, Glossary]:
    """Each by its file's name without the ending. Raises ConfigError for two of one name."""
    found: dict[str, Glossary] = {}
    for path in paths:
        if path.stem in found:
            raise ConfigError(f"two glossaries are called {path.stem!r}: rename one of the files")
        found[path.stem] = Glossary.from_tsv(path)
    return found


def serve(settings: ServerSettings, tell: Callable[[str], None], look: Callable[[], ASGIApp] | None = None) -> None:
    """Until the process is interrupted or asked to end. ``look`` makes the page's application,
    for this machine alone."""
    check(settings)
    shown = look if settings.is_local else None
    listener = listen(settings.port, settings.host)
    office = make_office(settings, tell, look=shown is not None)
    app = make_app(office, hosts=HOSTS if settings.is_local else settings.names, origins=settings.origins, look=shown)

    def ready(address: str) -> None:
        pairs = ", ".join("-".join(pair) for pair in office.desk.models.offers)
        tell(f"Translating {pairs} at {address}. Ctrl-C ends it.")

    serve_app(app, listener, ready, seconds=settings.seconds + DRAINING, connections=CONNECTIONS)
