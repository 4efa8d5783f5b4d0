"""Keys: who may ask, and how much. A file holds their hashes, never the keys."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassformer.disk import json_bytes, replacing, write_durably
from glassformer.errors import ConfigError
from glassformer.http.guard import RequestError
from glassformer.strict_json import parsed

MOST_KEPT = 10_000
"""Addresses whose requests are counted at a time; the one that asked the longest ago is forgotten first."""


@dataclass(frozen=True)
class Limits:
    """How much one key, or one address without a key, may ask for; 0: without limit."""

    requests_per_minute: int = 0
    characters_per_minute: int = 0


@dataclass(frozen=True)
class Key:
    """One entry of the file."""

    name: str
    limits: Limits


@dataclass(frozen=True)
class ApiKeys:
    """The keys of a file, by their hash."""

    by_hash: dict[str, Key]

    @classmethod
    def load(cls, path: Path) -> ApiKeys:
        """Raises ConfigError for a file that is not as ``add_key`` writes it."""
        wanted = "wanted a file that `glassformer serve --new-key NAME --keys FILE` has written"
        try:
            entries = parsed(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ConfigError(f"{path} cannot be read ({error}): {wanted}") from None
        try:
            return cls({str(one["sha256"]): key_of(one) for one in entries["keys"]})
        except (TypeError, KeyError) as error:
            raise ConfigError(f"{path} is no file of keys ({error}): {wanted}") from None

    def find(self, key: str) -> Key:
        """Raises RequestError for one that is not there. A key has 256 random bits, so its hash needs no salt."""
        found = self.by_hash.get(hash_of(key))
        if not key or found is None:
            raise RequestError(403, "this key is not known: ask the client who runs this server for one")
        return found


def key_of(entry: dict[str, Any]) -> Key:
    limits = {name: int(entry[name]) for name in Limits.__dataclass_fields__ if name in entry}
    return Key(str(entry["name"]), Limits(**limits))


def hash_of(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def add_key(path: Path, name: str, limits: Limits) -> str:
    """A new key called ``name``; the file (mode 0600) has its hash from now on, and nobody can read the key again. Raises
    ConfigError for a name that is taken."""
    entries = parsed(path.read_bytes())["keys"] if path.exists() else []
    if any(one["name"] == name for one in entries):
        raise ConfigError(f"{path} has a key called {name!r} already: name another, or remove its entry first")
    key = secrets.token_urlsafe(32)
    entries.append({"name": name, "sha256": hash_of(key), **vars(limits)})
    with replacing(path) as unfinished:
        unfinished.chmod(0o600)  # before it holds anything
        write_durably(unfinished, json_bytes({"keys": entries}))
    return key


@dataclass
class Bucket:
    """The characters left for one client; it fills again within a minute."""

    left: float
    at: float


class Usage:
    """Requests and characters of each who asks, by key or by address."""

    def __init__(self) -> None:
        self.buckets: OrderedDict[tuple[str, str], Bucket] = OrderedDict()

    def take(self, who: str, what: str, amount: float, most: float, now: float | None = None) -> None:
        """Raises RequestError (429, with the seconds to wait) when ``who`` has not ``amount`` left of ``most`` a minute."""
        if not most:
            return
        now = time.monotonic() if now is None else now
        bucket = self.buckets.pop((who, what), None) or Bucket(most, now)
        bucket.left, bucket.at = min(most, bucket.left + (now - bucket.at) * most / 60), now
        self.buckets[who, what] = bucket
        while len(self.buckets) > MOST_KEPT:
            self.buckets.popitem(last=False)
        if amount > most:
            raise RequestError(
                413, f"{amount:,.0f} {what} in one request: wanted at most {most:,.0f}, the limit of a minute"
            )
        if bucket.left < amount:
            seconds = max(1, round((amount - bucket.left) * 60 / most + 0.5))
            raise RequestError(
                429, f"more than {most:,.0f} {what} a minute: ask again in {seconds} seconds", Retry_After=str(seconds)
            )
        bucket.left -= amount
