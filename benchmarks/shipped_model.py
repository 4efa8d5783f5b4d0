"""How good is the model that ships? Scores a run's best checkpoint, and writes it with its card as a package's model.

    python benchmarks/shipped_model.py --run runs/en-de --data ../shared/data --out src/glassformer/models/en-de

The folder's name says the languages. The weights become bfloat16 on disk first, and it is these that are scored.
"""

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import it
import robust
import rows
import torch

from glassformer.checkpoint import load_model, save_model
from glassformer.disk import read_json
from glassformer.score_tokenizers import choose
from glassformer.scores import Score, bleu, chrf
from glassformer.text.lines import read_lines
from glassformer.translator import Translator

TRIED = [
    "The animal didn't cross the street because it was too tired.",
    "The animal didn't cross the street because it was too wide.",
    "Good morning! How are you today?",
    "I would like a cup of coffee, please.",
    "Where is the nearest train station?",
    "My sister lives in a small house by the sea.",
    "She has been learning German for two years.",
    "If it rains tomorrow, we will stay at home.",
    "Can you help me? I have lost my key.",
    "He gave her the book that he had bought yesterday.",
    "The children are playing in the garden.",
    "I don't know what you are talking about.",
    "How much does this cost?",
    "We have to leave now, or we will miss the bus.",
    "Tom said that he was tired and wanted to go to bed.",
    "It is easier to ask for forgiveness than permission.",
    "Click the button to save the document.",
    "Choose Insert and then select the type of chart.",
    "To delete a row, select it and press the Delete key.",
    "The doctor told me to drink more water.",
]
"""Sentences that a person would try: none was looked up in the training data."""

OWN = "Sentences that ask what *it* is, which the package makes itself (`python -m glassformer.demo`)"
DATA = {
    "en-de": [
        "Tatoeba sentence pairs English–German, from www.manythings.org/anki and tatoeba.org, licence CC BY 2.0 FR",
        "LibreOffice help texts English–German, licence MPL-2.0",
        OWN,
        "In its last training, instead of Tatoeba's pairs, their English sentences and those of Tatoeba's English–French pairs "
        "(the same source and licence), translated by the model before it: *kd* in the command",
    ],
    "en-zh": [
        "Tatoeba sentence pairs English–Chinese, from www.manythings.org/anki and tatoeba.org, licence CC BY 2.0 FR; "
        "made simplified with OpenCC, and punctuation was changed",
        "LibreOffice help texts English–Chinese, licence MPL-2.0; quotes were changed",
        OWN,
    ],
}
LANGUAGES = {"en": "English", "de": "German", "zh": "Chinese (simplified)"}
QUOTES = str.maketrans("「」", "“”")
"""LibreOffice's help in Chinese has the former; the model is trained on the latter."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--started-from", type=Path, help="the model whose weights the run began with")
    parser.add_argument(
        "--mean", action="store_true", help="ship the mean of the run's weights and of those it began with"
    )
    wanted = parser.parse_args()
    saved = load_model(wanted.run)
    if wanted.mean:
        halfway(saved.model, load_model(wanted.started_from).model)
        saved.card["mean"] = True
    languages = wanted.out.name
    saved.card["languages"] = languages
    target = languages.partition("-")[2]
    with tempfile.TemporaryDirectory() as folder:
        save_model(Path(folder) / "model", saved, dtype=torch.bfloat16)
        # CTranslate2 in float32 takes the native model's tokens, four times as fast; what looks inside is native anyway
        translator = Translator.load(Path(folder) / "model", engine="auto", quantization="float32")
        scores: list[dict[str, Any]] = []
        for name in (f"tatoeba-{languages}", f"libreoffice-help-{languages}"):
            scores += measure(translator, wanted.data / name, name, target)
        changed = robust.measure(
            translator, list(zip(*sides(wanted.data / f"tatoeba-{languages}", target), strict=True))
        )
        who = it.measure(translator)
        tried = list(zip(TRIED, translator.translate(TRIED), strict=True))
    command = saved.card["command"].replace(str(wanted.run.resolve()), str(wanted.run)).replace(f"{wanted.data}/", "")
    if wanted.started_from:
        before = read_json((wanted.started_from / "card.json").read_bytes(), wanted.started_from)
        last = {name: before[name] for name in ("training", "command", "mean") if name in before}
        saved.card["started_from"] = [*before.get("started_from", []), last]
    saved.card["sentences"] = sentences_at_a_time(changed)
    saved.card = {**saved.card, "data": DATA[languages], "command": command, "scores": scores}
    if wanted.out.exists():
        shutil.rmtree(wanted.out)
    save_model(wanted.out, saved, dtype=torch.bfloat16)
    (wanted.out / "README.md").write_text(card_page(saved.card, tried, changed, who, wanted.out), encoding="utf-8")
    rows.write("shipped_model", [{"model": wanted.out.name, **score} for score in scores])
    rows.write("robust", [{"model": wanted.out.name, **row} for row in changed])
    rows.write("it", [{"model": wanted.out.name, **row} for row in who])


def halfway(model: torch.nn.Module, other: torch.nn.Module) -> None:
    """Every weight becomes the mean of the two."""
    with torch.no_grad():
        for mine, theirs in zip(model.parameters(), other.parameters(), strict=True):
            mine.lerp_(theirs, 0.5)


def sides(folder: Path, target: str) -> tuple[list[str], list[str]]:
    """The test's sources and references."""
    sources, references = list(read_lines(folder / "test.en")), list(read_lines(folder / f"test.{target}"))
    return sources, [text.translate(QUOTES) for text in references] if target == "zh" else references


def measure(translator: Translator, folder: Path, name: str, target: str) -> list[dict[str, Any]]:
    sources, references = sides(folder, target)
    tokenize = choose(references, language=target).tokenizer
    begun = time.monotonic()
    translations = translator.translate(sources)
    seconds = round(time.monotonic() - begun, 1)
    made = [
        bleu(translations, references, resamples=1000, tokenize=tokenize),
        chrf(translations, references, resamples=1000),
    ]
    return [{"test": f"{name} test", "sentences": len(sources), "seconds": seconds, **row(score)} for score in made]


def began(card: dict[str, Any]) -> list[str]:
    """Of a run that did not begin with random weights: how those it began with were made, the last training first."""
    return [
        line
        for before in reversed(card.get("started_from", []))
        for line in (
            f"It began with weights that were made before in {minutes(before)} minutes ({before['training']['step']:,} steps) with",
            "",
            "```sh",
            before["command"],
            "```",
            "",
            *of_mean(before),
        )
    ]


def of_mean(card: dict[str, Any]) -> list[str]:
    made = "The weights are the mean of what this command made and what it began with."
    return [made, ""] if card.get("mean") else []


def minutes(*trainings: dict[str, Any]) -> str:
    return f"{sum(one['training']['seconds'] for one in trainings) / 60:.0f}"


def sentences_at_a_time(changed: list[dict[str, Any]]) -> int:
    """As many as joined sentences fare best with; 2 where that costs less than 3 %, as *it* may stand in the second
    sentence for a noun of the first."""
    values = {row["test"]: row["value"] for row in changed}
    together, two, single = (
        sum(values[f"{count} joined, {how}"] for count in (3, 6))
        for how in ("in one piece", "two sentences at a time", robust.A_TIME)
    )
    if together >= max(two, single):
        return 0
    return 2 if two > 0.97 * single else 1


def lost(row: dict[str, Any]) -> str:
    if row["measure"] != "BLEU":
        return row["measure"]
    return f"{row['lost_percent']:.0f} %" if row["lost_percent"] else ""


def row(score: Score) -> dict[str, Any]:
    low, high = score.low or 0.0, score.high or 0.0
    return {
        "name": score.name,
        "value": round(score.value, 2),
        "low": round(low, 2),
        "high": round(high, 2),
        "signature": score.signature,
    }


def card_page(
    card: dict[str, Any],
    tried: list[tuple[str, str]],
    changed: list[dict[str, Any]],
    who: list[dict[str, Any]],
    folder: Path,
) -> str:
    config = json.loads((folder / "config.json").read_bytes())
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    trained = card["training"]
    source, target = (LANGUAGES[code] for code in folder.name.split("-"))
    lines = [
        f"# {folder.name}: a model that ships",
        "",
        f"{source} → {target}, {card['parameters']:,} weights (bfloat16 on disk, {size:.1f} MB): {config['encoder_layers']} encoder and "
        f"{config['decoder_layers']} decoder layers, d_model {config['d_model']}, {config['heads']} heads, d_ff {config['d_ff']}, "
        f"{config['norm']}-norm, positions `{config['positions']}`, {config['vocabulary_size']:,} pieces.",
        "",
        f"Small and trained for {minutes(card, *card.get('started_from', []))} minutes, breaks included, on one core of a processor whose other "
        "core worked as well: a model to look into, good for short everyday sentences and software help. It knows nothing else, it makes "
        "mistakes, and it says what its data says.",
        "",
        "## Trained on",
        "",
        *[f"- {text}" for text in card["data"]],
        "",
        f"{card['pairs']:,} pairs, step {trained['step']:,} (epoch {trained['epoch']}), with this command in the folder of the data:",
        "",
        "```sh",
        card["command"],
        "```",
        "",
        *of_mean(card),
        *began(card),
        "The weights are derived from data under these licences; the names of the first two sources above are the attribution they ask for.",
        "",
        "## Scores",
        "",
        f"Beam 4, α 0.6, cased, detokenised{', two sentences of a line at a time' if card['sentences'] == 2 else ''}; 95 % bootstrap intervals. The test sets were split off for this project, so the figures compare",
        "with nothing published.",
        "",
        "| test set | sentences | score | value | interval | signature |",
        "|---|---|---|---|---|---|",
    ]
    for score in card["scores"]:
        interval = f"{score['low']:.1f} … {score['high']:.1f}"
        signature = score["signature"].replace("|", "\\|")  # or it would end the table's cell
        lines.append(
            f"| {score['test']} | {score['sentences']:,} | {score['name']} | {score['value']:.2f} | {interval} | `{signature}` |"
        )
    lines += [
        "",
        "## What people really type",
        "",
        "The Tatoeba test, changed; with *lc* both sides are compared in lower case (`benchmarks/robust.py`).",
        "",
        "| the test's sentences | BLEU | lost |",
        "|---|---|---|",
        *[f"| {row['test']} | {row['value']:.1f} | {lost(row)} |" for row in changed],
    ]
    heads, article, *of_german = who
    lines += ["", "## Who is *it*?", ""]
    if taught := card.get("taught"):
        lines += [
            f"`{taught['head']}` was **taught** where to look, from *it* to its noun, in {taught['marked_pairs']:,} marked pairs "
            f"up to step {taught['until_step']:,} (`training.guided_attention`); whether the translation uses it was left to training.",
            "",
        ]
    lines += [
        'A hundred sentences like "The animal didn\'t cross the street because it was too tired", each with two endings (`benchmarks/it.py`).',
        "",
        f"- `{heads['head']}`, which moves most with the ending, gives the right noun {heads['right_noun']:.0%} of what *it* gives and the "
        f"other {heads['wrong_noun']:.0%}; the right one gets more in {heads['right_is_more_percent']:.0f} % of the sentences (chance: 50 %).",
        *follows(*of_german),
        f"- The article's sentence: it looks from *it* at *animal* with {article['tired: it→animal']:.0%} for *tired* and "
        f"{article['wide: it→animal']:.0%} for *wide*, at *street* with {article['tired: it→street']:.0%} and {article['wide: it→street']:.0%}: "
        f"“{article['tired']}”, “{article['wide']}”",
        f"- `{article['head_for_the_ending']}` looks from *it* at *tired* with {article['it→tired']:.0%}, at *wide* with {article['it→wide']:.0%}.",
    ]
    lines += ["", "## Twenty sentences", "", "| English | what it makes of it |", "|---|---|"]
    lines += [f"| {source} | {translation} |" for source, translation in tried]
    return "\n".join(lines) + "\n"


def follows(pronouns: dict[str, Any] | None = None, causal: dict[str, Any] | None = None) -> list[str]:
    """What *it* becomes in German, and whether it follows the head."""
    if pronouns is None or causal is None:
        return []
    return [
        f"- *er, sie, es* have the gender of the right noun in {pronouns['right_percent']:.0f} % of the {pronouns['judged']} translations in "
        f"which it can be seen (always *es*: {pronouns['always_es_percent']:.0f} %), and in both of a pair in {pronouns['both_right_percent']:.0f} %.",
        f"- That head turned by hand to the other noun, {causal['turned_to_the_other_noun_they_follow_percent']:.0f} % of the pronouns follow; "
        f"turned to the right one {causal['turned_to_the_right_noun_percent']:.0f} % are right, with the head off {causal['head_off_right_percent']:.0f} %.",
    ]


if __name__ == "__main__":
    main()
