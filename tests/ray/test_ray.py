"""What of Ray's part needs no Ray; with it, a small cluster. ``benchmarks/shards.py --ray`` has two nodes; one dies."""

import importlib.util
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from glassformer.bulk.crew import LostError
from glassformer.config import DecodingConfig
from glassformer.errors import ConfigError
from glassformer.ray import Translate, application
from glassformer.ray.cluster import ActorSettings, RayCluster

THERE = importlib.util.find_spec("ray") is not None
WRITTEN = re.compile(r"(shard-\d+)\.txt \(")
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


@pytest.mark.skipif(not THERE, reason="Ray is in the extra 'ray', which the tests do without")
def test_a_driver_that_is_killed_goes_on_with_the_same_command(tmp_path: Path) -> None:
    """The cluster stays; the shards that are there are not made again, and the output is the uninterrupted one."""
    from ray.cluster_utils import Cluster

    texts = tmp_path / "lines.en"
    texts.write_text("".join(f"The dog sees {number} houses.\n" for number in range(40)))
    words = [
        sys.executable,
        "-m",
        "glassformer",
        "translate",
        str(texts),
        "--shards",
        "--beam",
        "1",
        "--shard-lines",
        "2",
    ]
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        on_ray = [*words, "--out", str(tmp_path / "ray"), "--ray", cluster.address]
        with subprocess.Popen(on_ray, stderr=subprocess.PIPE, text=True) as driver:
            assert driver.stderr is not None
            first = [line for line in driver.stderr if said_and_killed(line, driver)]
        assert driver.returncode == -signal.SIGKILL
        again = subprocess.run(on_ray, capture_output=True, text=True, check=True).stderr
    finally:
        cluster.shutdown()
    made = [WRITTEN.findall("".join(said)) for said in (first, [again])]
    assert made[0]
    assert sorted([*made[0], *made[1]]) == sorted({*made[0], *made[1]})  # none twice
    subprocess.run([*words, "--out", str(tmp_path / "here")], check=True, capture_output=True)
    ((here,), (there,)) = ((tmp_path / name).glob("*.translated.txt") for name in ("here", "ray"))
    assert there.read_text() == here.read_text()


def said_and_killed(line: str, driver: subprocess.Popen[str]) -> bool:
    """Whether a shard is said to be written; the driver is killed then."""
    written = bool(WRITTEN.search(line))
    if written:
        driver.kill()
    return written
