"""Translating on a Ray cluster: ``translate --shards --ray``, a callable for ``map_batches``, the server's application for
Ray Serve. Ray is the extra ``ray``; ``Translate`` alone does not need it, and serves Spark or Dask as well."""

from glassformer.ray.application import application
from glassformer.ray.columns import Translate

__all__ = ["Translate", "application"]
