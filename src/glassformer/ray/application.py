"""The translations' server as Ray Serve has it: each replica has its own models, queue and threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp


def application(*models: str, **settings: Any) -> Callable[[], ASGIApp]:
    """The settings of the application of ``glassformer serve``, for ``ray.serve.ingress``:

        @serve.deployment(num_replicas=2, ray_actor_options={"num_cpus": 1})
        @serve.ingress(application("en-de", keys=Path("/keys/keys.json")))
        class Translations:
            pass

    ``settings``: those of ``glassformer.serve.run.ServerSettings``. Limits are each replica's own. The page to look
    inside is not there. When it is called it raises ConfigError for an application without ``keys`` that is not
    ``open_to_all``: Ray's proxy decides who can reach it.
    """

    def made() -> ASGIApp:
        from glassformer.serve.app import make_app
        from glassformer.serve.run import ServerSettings, check, make_office

        chosen = ServerSettings(models=models or ["en-de"], **{"host": "ray", **settings})
        check(chosen)
        return make_app(make_office(chosen, lambda _: None), hosts=chosen.names, origins=chosen.origins)

    return made
