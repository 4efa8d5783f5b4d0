"""What LibreTranslate's, DeepL's and our own clients ask, and what they read of the answers."""

import json
import time
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.serve.conftest import Fake, client_of, office_of
from tests.toy_translator import ENGLISH, GERMAN

CLOCK, ALTE_UHR = ENGLISH[1], GERMAN[1]


def test_libretranslate_takes_json_and_forms(real: TestClient) -> None:
    ask = {"q": CLOCK, "source": "en", "target": "de", "format": "text", "api_key": ""}
    for answer in (real.post("/translate", json=ask), real.post("/translate", data=ask)):
        assert answer.json() == {"translatedText": ALTE_UHR}


def test_a_list_comes_back_as_a_list_with_alternatives_and_the_language(real: TestClient) -> None:
    ask = {"q": ENGLISH[:3], "source": "auto", "target": "de", "alternatives": 2}
    answer = real.post("/translate", json=ask).json()
    assert answer["translatedText"] == GERMAN[:3]
    for best, others in zip(GERMAN, answer["alternatives"], strict=False):
        assert len(set(others)) == len(others) <= 2
        assert best not in others
    assert [one["language"] for one in answer["detectedLanguage"]] == ["en"] * 3


def test_a_list_of_one_text_comes_back_as_a_list_of_one(real: TestClient) -> None:
    ask = {"q": [CLOCK], "source": "auto", "target": "de", "alternatives": 1}
    answer = real.post("/translate", json=ask).json()
    assert answer["translatedText"] == [ALTE_UHR]
    assert [len(others) for others in answer["alternatives"]] == [1]
    assert [one["language"] for one in answer["detectedLanguage"]] == ["en"]
    form = {**ask, "q": CLOCK}
    assert real.post("/translate", data=form).json()["translatedText"] == ALTE_UHR
    one = real.post("/translate", json=form).json()
    assert (one["translatedText"], one["alternatives"]) == (ALTE_UHR, answer["alternatives"][0])
    several = real.post("/translate", data={**ask, "q": [CLOCK, CLOCK]}).json()
    assert several["translatedText"] == [ALTE_UHR] * 2
    assert real.post("/translate", json={**ask, "source": ["en"]}).status_code == 400  # no text, but a list of one


def test_lines_stay(real: TestClient) -> None:
    ask = {"q": f"{CLOCK}\n\n{CLOCK}", "source": "en", "target": "de"}
    assert real.post("/translate", json=ask).json() == {"translatedText": f"{ALTE_UHR}\n\n{ALTE_UHR}"}


def test_html_keeps_its_tags_and_translates_its_text(fake: TestClient) -> None:
    html = '<p class="x">The old <b>clock</b> is slow.</p><script>if (a < b) {}</script><!-- a --><p>The &amp; sign</p>'
    ask = {"q": html, "source": "en", "target": "de", "format": "html"}
    assert fake.post("/translate", json=ask).json() == {"translatedText": html}


def test_languages_settings_health(fake: TestClient) -> None:
    assert {"code": "en", "name": "English", "targets": ["de"]} in fake.get("/languages").json()
    settings = fake.get("/frontend/settings").json()
    assert settings["language"]["target"] == {"code": "de", "name": "German"}
    assert ".srt" in settings["supportedFilesFormat"]
    assert fake.get("/health").json() == {"status": "ok"}
    assert fake.get("/ready").status_code == 200
    assert fake.post("/detect", json={"q": "This is the end of the road."}).json()[0]["language"] == "en"


def test_a_file_goes_in_and_comes_out(real: TestClient) -> None:
    subtitles = f"1\n00:00:01,000 --> 00:00:02,000\n{CLOCK}\n"
    sent = real.post("/translate_file", files={"file": ("a b.srt", subtitles)}, data={"source": "en", "target": "de"})
    answer = real.get(sent.json()["translatedFileUrl"])
    assert answer.text == subtitles.replace(CLOCK, ALTE_UHR)
    assert answer.headers["content-disposition"] == 'attachment; filename="a_b_de.srt"'
    assert real.get("/download_file/nothing.srt").status_code == 404
    wrong = real.post("/translate_file", files={"file": ("a.exe", b"MZ")}, data={"source": "en", "target": "de"})
    assert (wrong.status_code, "wanted a file that ends in" in wrong.json()["error"]) == (400, True)


@pytest.mark.parametrize("file", [{"a": 1}, 5, True, "abc", [], [1], None, ["abc"], [["a"]]])
def test_what_is_no_file_is_refused(fake: TestClient, file: Any) -> None:
    answer = fake.post("/translate_file", json={"file": file, "source": "en", "target": "de"})
    assert (answer.status_code, "file is missing" in answer.text) == (400, True)
    assert fake.post("/translate_file", data={"file": "abc", "source": "en", "target": "de"}).status_code == 400


def test_a_file_where_a_text_is_wanted_is_refused(fake: TestClient) -> None:
    answer = fake.post("/translate", files={"q": ("a.txt", "x")}, data={"source": "en", "target": "de"})
    assert (answer.status_code, answer.json()["error"][:28]) == (400, "q is a file: wanted a text o")


def test_deepl_as_its_clients_ask(real: TestClient) -> None:
    headers = {"Authorization": "DeepL-Auth-Key anything"}
    ask: dict[str, Any] = {"text": ENGLISH[:2], "target_lang": "DE", "source_lang": "EN", "formality": "default"}
    wanted = [{"detected_source_language": "EN", "text": text} for text in GERMAN[:2]]
    for answer in (
        real.post("/v2/translate", json=ask, headers=headers),
        real.post("/v2/translate", data=ask, headers=headers),
    ):
        assert answer.json() == {"translations": wanted}
    guessed = real.post("/v2/translate", data={"text": CLOCK, "target_lang": "de"}).json()
    assert guessed["translations"][0]["text"] == ALTE_UHR
    assert real.get("/v2/languages", params={"type": "target"}).json()[0]["language"] == "DE"
    as_deepls_client = real.request("GET", "/v2/languages", data={"type": "target"})
    assert [one["language"] for one in as_deepls_client.json()] == ["DE"]
    assert real.get("/v2/usage").json()["character_count"] > 0
    assert "message" in real.post("/v2/translate", json={"text": ["x"], "target_lang": "FR"}).json()


def test_deepls_tags_and_glossary(fake: TestClient) -> None:
    ask = {"text": ["The <x>old</x> <keep>clock</keep> stops."], "target_lang": "DE", "source_lang": "EN"}
    tags = {"tag_handling": "xml", "ignore_tags": ["keep"]}
    assert fake.post("/v2/translate", json={**ask, **tags}).json()["translations"][0]["text"] == ask["text"][0]
    missing = fake.post("/v2/translate", json={**ask, "glossary_id": "none"})
    assert (missing.status_code, missing.json()["message"]) == (404, "there is no glossary 'none': there is terms")


def test_our_own_says_what_each_word_looked_at(real: TestClient) -> None:
    ask = {"text": CLOCK, "source": "en", "n_best": 2, "attention": True, "word_scores": True}
    answer = real.post("/v1/translate", json=ask).json()
    (found,) = answer["translations"]
    assert (answer["source"], answer["target"], found["text"]) == ("en", "de", ALTE_UHR)
    assert found["hypotheses"][0]["text"] == ALTE_UHR
    assert [ALTE_UHR[word["start"] : word["end"]] for word in found["words"]] == ALTE_UHR.split()
    assert sum(word["log_probability"] for word in found["words"]) > found["hypotheses"][0]["log_probability"] - 1
    for word in found["words"]:
        assert all(0 <= start < end <= len(CLOCK) and 0 <= weight <= 1 for start, end, weight in word["looks_at"])


@pytest.mark.parametrize("text", ["", " ", "\n", "\0", "<p", "\u4f60\u597d"])
def test_a_text_of_hardly_anything_has_word_scores(real: TestClient, text: str) -> None:
    answer = real.post("/v1/translate", json={"text": text, "source": "en", "word_scores": True, "attention": True})
    assert answer.status_code == 200, answer.text


def test_word_scores_have_the_time_of_the_request(engine: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch is loaded for the first one, which may take longer than anybody waits."""
    office = office_of(engine, longest=0.3)
    monkeypatch.setattr(office, "_word_scores", lambda *_: time.sleep(0.6) or {})
    with client_of(office) as client:
        answer = client.post("/v1/translate", json={"text": CLOCK, "source": "en", "word_scores": True})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_our_own_streams_paragraph_by_paragraph(real: TestClient) -> None:
    ask = {"text": [f"{CLOCK}\n\n{ENGLISH[2]}", CLOCK], "stream": True}
    with real.stream("POST", "/v1/translate", json=ask) as answer:
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        lines = [json.loads(line) for line in answer.iter_lines()]
    assert [(one["index"], one["part"], one["before"], one["text"]) for one in lines] == [
        (0, 0, "", ALTE_UHR), (0, 1, "\n\n", GERMAN[2]), (1, 0, "", ALTE_UHR),
    ]  # fmt: skip


def test_a_glossary_is_applied_or_said_not_to_be(real: TestClient) -> None:
    answer = real.post("/v1/translate", json={"text": CLOCK, "terms": [["clock", "Glocke"]]}).json()
    (found,) = answer["translations"]
    assert ("Glocke" in found["text"]) != bool(found["not_applied"])


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/translate", {"source": "en", "target": "de"}, 400, "q is missing"),
        ("/translate", {"q": 3, "source": "en", "target": "de"}, 400, "q is 3: wanted a text or a list"),
        ("/translate", {"q": "x", "source": "fr", "target": "de"}, 400, "there is en-de"),
        ("/translate", {"q": "x", "source": "en", "target": "de", "format": "pdf"}, 400, "wanted text or html"),
        ("/translate", {"q": "x", "source": "en", "target": "de", "alternatives": 99}, 400, "wanted 0 … 10"),
        ("/translate", {"q": "x" * 200_000, "source": "en", "target": "de"}, 413, "wanted at most 100,000"),
        ("/translate", {"q": ["x"] * 2000, "source": "en", "target": "de"}, 413, "wanted at most 1,000"),
        ("/v1/translate", {"text": "x", "beam": 99}, 400, "wanted 1 … 16"),
        ("/v1/translate", {"text": "x", "terms": [["", "y"]]}, 400, "wanted words on both sides"),
        ("/v1/translate", [1], 400, "no object"),
    ],
)
def test_what_cannot_be_is_said(fake: TestClient, path: str, body: Any, status: int, message: str) -> None:
    answer = fake.post(path, json=body)
    assert answer.status_code == status, answer.text
    assert message in answer.json()["error"]


def test_half_a_surrogate_pair_in_a_text_is_translated(engine: Fake) -> None:
    """With the page beside it, our own request ended in a 500: the link to look inside could not be written."""
    with client_of(office_of(engine, look=True)) as client:
        for path in ("/v1/translate", "/translate"):
            body = b'{"q": "a \\ud800", "text": "a \\ud800", "source": "en", "target": "de"}'
            body = body if path == "/translate" else b'{"text": "a \\ud800"}'
            answer = client.post(path, content=body, headers={"content-type": "application/json"})
            assert answer.status_code == 200
    assert "ud800" not in answer.text


def test_an_empty_text_stays_empty(fake: TestClient) -> None:
    assert fake.post("/translate", json={"q": "", "source": "en", "target": "de"}).json() == {"translatedText": ""}
    assert fake.post("/translate", json={"q": [], "source": "en", "target": "de"}).json() == {"translatedText": []}


@pytest.mark.parametrize("path", ["/translate", "/v2/translate", "/v1/translate"])
def test_half_a_surrogate_pair_in_a_languages_name_is_refused(fake: TestClient, path: str) -> None:
    names = {"source": "\ud800", "target": "\udfff", "source_lang": "\ud800", "target_lang": "\udfff"}
    body = {"q": "The clock.", "text": ["The clock."] if path.startswith("/v2") else "The clock."}
    wanted = {"/translate": ("q", "source", "target"), "/v2/translate": ("text", "source_lang", "target_lang")}
    fields = wanted.get(path, ("text", "source", "target"))
    answer = fake.post(path, content=json.dumps({name: {**names, **body}[name] for name in fields}).encode())
    assert answer.status_code == 400
    assert "\\ud" in answer.text
