"""Do other people's clients work? libretranslatepy and DeepL's official package ask ``glassformer serve``: ``make peers``.

python benchmarks/clients.py ADDRESS    # of a server that translates en-de; no key
"""

import json
import sys
import time
import urllib.request
from urllib.error import HTTPError, URLError

import deepl
from libretranslatepy import LibreTranslateAPI

SENTENCE = "I see a house."


def wait_for(address: str, seconds: int = 60) -> None:
    for _ in range(seconds):
        try:
            urllib.request.urlopen(f"{address}/ready", timeout=5).close()
            return
        except URLError:
            time.sleep(1)
    raise SystemExit(f"no server at {address} after {seconds} seconds")


def word_scores(address: str, times: int = 20) -> list[float]:
    """log P of each word. The server imports PyTorch for the first one, which can take longer than a request may on a busy
    machine: it answers 503 then, and is asked again, so that Schemathesis finds it ready."""
    body = json.dumps({"text": SENTENCE, "target": "de", "word_scores": True}).encode()
    ask = urllib.request.Request(f"{address}/v1/translate", body, {"Content-Type": "application/json"})
    for _ in range(times):
        try:
            with urllib.request.urlopen(ask, timeout=60) as answer:
                return [word["log_probability"] for word in json.load(answer)["translations"][0]["words"]]
        except HTTPError as error:
            if error.code != 503:
                raise
    raise SystemExit(f"no words' scores at {address} after {times} requests")


def main(address: str) -> None:
    wait_for(address)
    libre = LibreTranslateAPI(address)
    shown = libre.translate(SENTENCE, "en", "de")
    assert "Haus" in shown, shown
    assert libre.detect("This is the end of the road.")[0]["language"] == "en"
    assert {"en", "de"} <= {language["code"] for language in libre.languages()}
    print(f"libretranslatepy: {shown}")
    client = deepl.DeepLClient("no-key", server_url=address)
    both = client.translate_text([SENTENCE, "The dog is old."], source_lang="EN", target_lang="DE")
    assert [one.detected_source_lang for one in both] == ["EN", "EN"], both
    tagged = client.translate_text("The <b>red house</b> is old.", target_lang="DE", tag_handling="html")
    assert tagged.text.count("<b>") == tagged.text.count("</b>") == 1, tagged.text
    assert [language.code for language in client.get_target_languages()] == ["DE"]
    assert client.get_usage().character.count > 0
    refused = ""
    try:
        client.translate_text(SENTENCE, target_lang="FR")
    except deepl.DeepLException as error:
        refused = str(error)
    assert "there is en-de" in refused, refused
    print(f"deepl {deepl.__version__}: {both[0].text} {tagged.text}")
    print(f"words' scores: {word_scores(address)}")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
