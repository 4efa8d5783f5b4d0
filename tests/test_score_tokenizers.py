"""What BLEU counts as a word: by language, name and script, or as asked for."""

import socket
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from glassformer import score_tokenizers
from glassformer.errors import ConfigError
from glassformer.score_tokenizers import choose, code_in_name, language_of_code, ready
from glassformer.scores import bleu, scored, ter_measure
from tests.toy_translator import GERMAN, toy

TEXTS = {
    "zh": ["小鸟早上在屋顶上唱歌。", "邻居轻轻地打开了窗户。"],
    "ja": ["小鳥は朝、屋根の上で歌います。", "隣の人が静かに窓を開けた。"],
    "ko": ["작은 새가 아침에 지붕 위에서 노래한다.", "이웃이 조용히 창문을 열었다."],
    "th": ["นกตัวเล็กร้องเพลงบนหลังคาในตอนเช้า", "เพื่อนบ้านเปิดหน้าต่างเบาๆ"],
    "lo": ["ນົກນ້ອຍຮ້ອງເພງໃນຕອນເຊົ້າ"],
    "km": ["បក្សីតូចច្រៀងនៅពេលព្រឹក"],
    "my": ["ငှက်ကလေးသည် မနက်တွင် သီချင်းဆိုသည်။"],
    "bo": ["བྱིའུ་ཆུང་ཆུང་གིས་གླུ་ལེན་གྱི་འདུག"],
    "de": ["Der kleine Vogel singt am Morgen auf dem Dach."],
    "ru": ["Маленькая птица поёт утром на крыше."],
    "hi": ["छोटी चिड़िया सुबह छत पर गाती है।"],
    "ar": ["يغني الطائر الصغير في الصباح."],
}
WANTED = {
    "zh": "zh",
    "ja": "ja-mecab",
    "ko": "ko-mecab",
    "th": "char",
    "lo": "char",
    "km": "char",
    "my": "char",
    "bo": "char",
}


@pytest.fixture(autouse=True)
def _all_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which one is chosen does not depend on MeCab here."""
    monkeypatch.setattr(score_tokenizers, "ready", lambda name: None)


@pytest.mark.parametrize("language", TEXTS)
def test_the_script_decides(language: str) -> None:
    choice = choose(TEXTS[language])
    assert choice.tokenizer == WANTED.get(language, "13a")
    assert bool(choice.said) == (language in WANTED)
    assert choose(TEXTS[language], language=f"en-{language}").tokenizer == choice.tokenizer
    assert choose(TEXTS[language], guess=language).tokenizer == choice.tokenizer


@pytest.mark.parametrize(
    ("lines", "guess", "tokenizer"),
    [
        (["東京都中央区"], "", "zh"),  # Japanese in Chinese characters alone: only its name can tell
        (["東京都中央区"], "en-ja", "ja-mecab"),
        (TEXTS["ja"], "zh", "ja-mecab"),  # a name that is wrong
        (TEXTS["zh"], "de", "zh"),
        (TEXTS["de"], "ja", "13a"),  # "ja" in a German file's name
        (TEXTS["de"], "my", "13a"),
        (["请在 Settings 里打开 Network Manager 再试一次"], "", "zh"),
        (["The sign reads 出口, which means exit, and nothing else is written there."], "", "13a"),
        (["Install the package with apt and restart 系统 afterwards, please"], "zh", "zh"),
        (["这家有名的小店叫花の屋，开在河边"], "", "zh"),
        ([""], "zh", "13a"),
    ],
)
def test_a_name_holds_unless_the_text_says_otherwise(lines: list[str], guess: str, tokenizer: str) -> None:
    assert choose(lines, guess=guess).tokenizer == tokenizer


def test_what_is_said_holds_in_any_case() -> None:
    assert choose(TEXTS["de"], language="ja").tokenizer == "ja-mecab"
    assert choose(TEXTS["zh"], language="zh-de").tokenizer == "13a"  # German is the target
    assert choose(TEXTS["zh"], language="ja", tokenize="intl").tokenizer == "intl"


@pytest.mark.parametrize(
    ("code", "tokenizer"),
    [
        ("zh", "zh"), ("zh-CN", "zh"), ("zh_tw", "zh"), ("en-zh", "zh"), ("zho_Hans", "zh"),
        ("eng_Latn-jpn_Jpan", "ja-mecab"), ("zh-en", None), ("en", None), ("run", None), ("ZH", "zh"),
        ("km", "char"), ("", None),
    ],
)  # fmt: skip
def test_codes(code: str, tokenizer: str | None) -> None:
    found = language_of_code(code)
    assert (found and found.tokenizer) == tokenizer


def test_names_of_files() -> None:
    assert code_in_name("/data/test.zh") == "zh"
    assert code_in_name("test.en-zh.tsv.gz") == "en-zh"
    assert code_in_name("ja.hyp") == "ja"
    assert code_in_name("km.d/test.de") == ""
    assert code_in_name("-") == ""


def test_chinese_is_counted_by_characters() -> None:
    """Before, a sentence was a word, and BLEU of nearly right ones 0.00."""
    nearly = ["小鸟早上在屋顶上唱歌！", "邻居轻轻地打开了大窗户。"]
    found = bleu(nearly, TEXTS["zh"])
    assert "tok:zh" in found.signature
    assert found.value > 60
    assert bleu(nearly, TEXTS["zh"], tokenize="13a").value == 0
    assert bleu(TEXTS["th"], TEXTS["th"]).signature.find("tok:char") > 0
    assert scored(ter_measure("zh"), nearly, [TEXTS["zh"]]).value < 30
    assert scored(ter_measure("char"), TEXTS["th"], [TEXTS["th"]]).value == 0


@pytest.mark.parametrize(("language", "package"), [("ja", "MeCab"), ("ko", "mecab_ko")])
def test_mecab(language: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    pytest.importorskip(package, reason="sacrebleu[ja,ko] is in the extra 'test'")
    found = bleu(TEXTS[language], TEXTS[language])
    assert f"tok:{language}-mecab" in found.signature
    assert found.value == pytest.approx(100)
    assert bleu(["", "窓"], ["", ""], tokenize=f"{language}-mecab").value == 0


def missing(*_: object) -> None:
    raise RuntimeError("\nplease install …")


@pytest.mark.parametrize("language", ["ja", "ko"])
def test_without_mecab_characters_count_and_the_user_is_told(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(score_tokenizers, "_get_tokenizer", lambda name: missing if "mecab" in name else list)
    choice = choose(TEXTS[language])
    assert choice.tokenizer == "char"
    assert f"pip install 'sacrebleu[{language}]'" in choice.said
    assert "\n" not in choice.said
    with pytest.raises(ConfigError, match=r"needs MeCab and its dictionary: pip install"):
        choose(TEXTS[language], tokenize=f"{language}-mecab")  # asked for: not replaced


def test_a_tokenizer_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"'chinese' is no tokenizer of sacreBLEU's: choose none, zh"):
        ready("chinese")


def no_network(*_: Any, **__: Any) -> Any:
    raise OSError("Network is unreachable")


@pytest.mark.parametrize("name", ["flores200", "flores101", "spm"])
def test_a_model_that_cannot_be_downloaded_is_one_line(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sacrebleu.tokenizers.tokenizer_spm.SACREBLEU_DIR", str(tmp_path))
    monkeypatch.setattr("sacrebleu.utils.SACREBLEU_DIR", str(tmp_path))
    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    with pytest.raises(
        ConfigError, match=r"needs a model that sacreBLEU downloads once.*unreachable.*or put \S+ at"
    ) as e:
        ready(name)
    assert "\n" not in str(e.value)
    assert socket.getdefaulttimeout() is None
    place = Path(str(e.value).rsplit(" at ", 1)[1])
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"half of it")
    with pytest.raises(ConfigError, match=r"damaged: delete .*, and sacreBLEU downloads it again"):
        ready(name)


def test_a_downloaded_model_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The user put it there, or sacreBLEU did."""
    monkeypatch.undo()
    monkeypatch.setattr("sacrebleu.tokenizers.tokenizer_spm.SACREBLEU_DIR", str(tmp_path))
    (tmp_path / "models").mkdir()
    for name in ("flores200sacrebleuspm", "sacrebleu_tokenizer_spm.model"):
        (tmp_path / "models" / name).write_bytes(toy().tokenizer.to_bytes())
    for name, signature in (("flores200", "flores200"), ("spm", "flores101")):
        found = bleu([GERMAN[0]], [GERMAN[0]], tokenize=name)
        assert found.value == pytest.approx(100)
        assert f"tok:{signature}" in found.signature
