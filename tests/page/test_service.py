"""A run that is still training shows its newest checkpoint; the server listens on this machine only."""

import dataclasses
import json
import shutil
import socket
import threading
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from glassformer.errors import ConfigError
from glassformer.http.listening import address_of, listen
from glassformer.page.app import make_app
from glassformer.page.look import Seen
from glassformer.page.serve import serve
from glassformer.page.service import Service, Services, load_service
from glassformer.page.wire import Ask, RowsAsk, WeightsAsk
from glassformer.translator import Translator
from tests.toy_translator import save_toy_translator


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    for step in ("step-1", "step-2"):
        save_toy_translator(folder / "checkpoints" / step)
    (folder / "best.json").write_text('{"checkpoint": "step-1"}')
    return folder


def test_the_newest_checkpoint_is_served(run_folder: Path) -> None:
    service = Service(Translator.load(run_folder), run_folder)
    first = service.translator
    assert service.model().model.checkpoint == "step-1"
    assert service.model().model.name == "run"
    service.look(Ask("it"))
    assert service.translator is first
    (run_folder / "best.json").write_text('{"checkpoint": "step-2"}')
    assert service.model().model.checkpoint == "step-2"
    assert service.translator is not first
    assert not service.kept


def test_what_belongs_to_a_look_is_of_its_checkpoint(run_folder: Path) -> None:
    """With a newer one's W^Q the page's Q would not come out."""
    service = Service(Translator.load(run_folder), run_folder)
    service.look(Ask("it"))
    rows = RowsAsk("encoder.memory", [], "it", checkpoint="step-1")
    weights = WeightsAsk("decoder.layers.1.feed_forward.w_2.weight", "step-1")
    before = service.rows(rows), service.weights(weights)
    (run_folder / "best.json").write_text('{"checkpoint": "step-2"}')
    assert (service.rows(rows), service.weights(weights)) == before
    service.rank(Ask("it"))
    service.decoded(Ask("it"))
    assert service.checkpoint == "step-1"
    service.look(Ask("it"))
    for question in (lambda: service.rows(rows), lambda: service.weights(weights)):
        with pytest.raises(
            ConfigError, match="the checkpoint 'step-1' is gone, 'step-2' is loaded: change the sentence"
        ):
            question()


@pytest.mark.parametrize(("path", "asked"), [("/api/look", 1), ("/api/decode", 0), ("/api/rank", 0)])
def test_the_deadline_is_that_of_the_model_that_answers(run_folder: Path, path: str, asked: int) -> None:
    service = Service(Translator.load(run_folder), run_folder)
    (run_folder / "best.json").write_text('{"checkpoint": "step-2"}')
    with TestClient(make_app(service, longest_answer=-1), base_url="http://127.0.0.1:8000") as client:
        answer = client.post(path, json={"text": "it"})
    assert (answer.status_code, service.checkpoint) == (503, f"step-{1 + asked}")


@pytest.mark.parametrize("content", ["", '{"checkpoint": "step-3"}', '{"checkpoint": "step-2"}'])
def test_while_a_checkpoint_is_not_whole_the_old_one_stays(run_folder: Path, content: str) -> None:
    service = Service(Translator.load(run_folder), run_folder)
    shutil.rmtree(run_folder / "checkpoints" / "step-2")
    (run_folder / "best.json").write_text(content)
    assert service.model().model.checkpoint == "step-1"
    assert service.look(Ask("it"))


@pytest.fixture
def going_on(run_folder: Path) -> Path:
    """A run whose best checkpoint is not its newest, as training leaves it."""
    for step in ("step-1", "step-2"):
        (run_folder / "checkpoints" / step / "training.json").write_text('{"ended": ""}')
    return run_folder


def test_while_a_run_goes_on_its_newest_checkpoint_is_shown(going_on: Path) -> None:
    service = load_service(str(going_on))
    translator = service.translator
    assert (translator.name, service.checkpoint) == (str(going_on), "step-2")
    assert service.model().model.checkpoint == "step-2"
    save_toy_translator(going_on / "checkpoints" / "step-3")
    (going_on / "checkpoints" / "step-3" / "training.json").write_text('{"ended": ""}')
    assert service.model().model.checkpoint == "step-3"
    assert service.model().model.name == "run"
    assert service.translator is not translator


def test_before_anything_was_the_best_there_is_something_to_see(going_on: Path) -> None:
    (going_on / "best.json").unlink()
    assert load_service(str(going_on)).checkpoint == "step-2"


def test_of_a_run_that_has_ended_the_best_checkpoint_is_shown(going_on: Path) -> None:
    (going_on / "checkpoints" / "step-2" / "training.json").write_text('{"ended": "3 epochs, as set by max_epochs"}')
    assert load_service(str(going_on)).checkpoint == "step-1"


def test_a_models_folder_is_not_looked_at_again(tmp_path: Path, translator: Translator) -> None:
    assert Service(translator, tmp_path).folder is None


def test_what_the_page_opens_with(translator: Translator) -> None:
    turn = ("encoder.layers.0.self_attention", 1, 0, [1])
    start = Service(translator, start=Ask("it", "es", [turn[:2]], turned=[turn])).model()
    assert (start.text, start.target, start.heads_off, start.turned) == ("it", "es", [turn[:2]], [turn])
    assert dataclasses.replace(start, target="").target == Service(translator).model().target


def test_a_ranking_reads_the_pieces_that_are_shown(translator: Translator) -> None:
    """The page gives the translation's text; the model may have cut it into other pieces than the tokenizer would."""
    source, whole = translator.tokenizer.encode("it"), translator.tokenizer.encode("Der")
    cut = next(list(ids) for ids, _ in translator.tokenizer.ways_to_cut(whole, 8) if len(ids) > len(whole))
    about = translator.about("it", source, cut)
    assert about["target"] == "Der"
    service = Service(translator)
    assert len(service.rank(Ask("it", "Der")).log_probabilities) == len(whole) + 1
    seen = Seen(translator.trace("it"), "it", about["source_ids"], about["target_ids"])
    service.kept["it", None, repr(([("encoder.layers.0.self_attention", 1)], []))] = seen
    assert len(service.rank(Ask("it", "Der")).log_probabilities) == len(cut) + 1


def test_it_listens_on_this_machine_only() -> None:
    with listen() as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        assert address_of(listener) == f"http://127.0.0.1:{port}/"
        listener.listen()
        with pytest.raises(ConfigError, match=f"port {port} of 127.0.0.1 cannot be used"):
            listen(port)


def test_it_serves(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real server, a real socket; it ends as Ctrl-C ends it."""
    import uvicorn

    servers: list[uvicorn.Server] = []

    class Kept(uvicorn.Server):
        def __init__(self, config: uvicorn.Config) -> None:
            super().__init__(config)
            servers.append(self)

    monkeypatch.setattr(uvicorn, "Server", Kept)
    ready, addresses = threading.Event(), []

    def tell(address: str) -> None:
        addresses.append(address)
        ready.set()

    thread = threading.Thread(target=serve, args=(service, listen(), tell))
    thread.start()
    try:
        assert ready.wait(20)
        with urllib.request.urlopen(f"{addresses[0]}api/model", timeout=20) as answer:
            assert json.load(answer)["model"]["name"] == "toy"
            assert answer.headers["server"] is None
    finally:
        servers[0].should_exit = True
        thread.join(20)
    with socket.socket() as free:
        assert free.connect_ex(("127.0.0.1", int(addresses[0].rsplit(":")[-1].strip("/")))) != 0


def test_a_page_may_choose_another_model_which_is_loaded_when_it_is_asked(translator: Translator) -> None:
    loaded = []

    def other() -> Service:
        loaded.append("other")
        return Service(replace(translator, name="other"))

    services = Services(Service(translator), {"other": other})
    with TestClient(make_app(services), base_url="http://127.0.0.1:8000") as client:
        start = client.get("/api/model").json()
        assert (start["model"]["name"], start["models"], loaded) == ("toy", ["toy", "other"], [])
        start = client.get("/api/model?model=other").json()
        assert (start["model"]["name"], start["models"]) == ("other", ["toy", "other"])
        assert client.post("/api/look?model=other", json={"text": "it"}).status_code == 200
        assert client.post("/api/decode?model=other", json={"text": "it"}).status_code == 200
        assert loaded == ["other"]
        for path in ("/api/look", "/api/decode"):
            answer = client.post(f"{path}?model=nobody", json={"text": "it"})
            assert answer.status_code == 400
            assert answer.json()["error"] == "no model 'nobody' is served here: wanted toy or other"
        assert client.post("/api/look", json={"text": "it"}).status_code == 200  # and the model is free again
