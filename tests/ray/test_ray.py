"""What of Ray's part needs no Ray; with it, a small cluster. ``benchmarks/shards.py --ray`` has two nodes; one dies."""

import importlib.util
from pathlib import Path

import pytest

from glassformer.bulk.crew import LostError
from glassformer.config import DecodingConfig
from glassformer.errors import ConfigError
from glassformer.ray import Translate, application
from glassformer.ray.cluster import ActorSettings, RayCluster

THERE = importlib.util.find_spec("ray") is not None
JOB = ActorSettings("en-de", "another", {}, DecodingConfig(), None)


def test_columns_for_other_peoples_map_batches() -> None:
    columns = Translate(field="en")
    columns.translate = lambda texts: [text.upper() for text in texts]
    assert columns({"en": ["a", "b"], "id": [1, 2]}) == {"en": ["a", "b"], "id": [1, 2], "translation": ["A", "B"]}


def test_an_application_on_a_cluster_wants_keys() -> None:
    with pytest.raises(ConfigError, match="give --keys FILE, or say --open-to-all"):
        application("en-de")()
    assert application("en-de", open_to_all=True, threads=1)().routes  # type: ignore[attr-defined]


@pytest.mark.skipif(THERE, reason="Ray is installed")
def test_without_ray_it_is_said() -> None:
    with pytest.raises(ConfigError, match=r"pip install 'glassformer\[ray\]'"):
        RayCluster("auto", JOB)


def test_a_share_is_a_part_of_a_core() -> None:
    for share in (0.0, 1.5):
        with pytest.raises(ConfigError, match="wanted a part of a core"):
            RayCluster("auto", JOB, share)


@pytest.mark.skipif(not THERE, reason="Ray is in the extra 'ray', which the tests do without")
def test_another_model_on_a_node_is_said_and_a_death_is_told(tmp_path: Path) -> None:
    cluster = RayCluster("auto", JOB)
    try:
        with pytest.raises(ConfigError, match="is another model on this machine"):
            cluster.result(cluster.ask(cluster.start(), ["a"]))
        worker = cluster.start()
        ticket = cluster.ask(worker, ["a"])
        cluster.ray.kill(worker)
        with pytest.raises(LostError):
            cluster.result(ticket)
    finally:
        cluster.end()
