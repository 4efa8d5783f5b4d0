"""Who is *it*? A hundred sentences like "The animal didn't cross the street because it was too tired", each with two endings.

    python benchmarks/it.py --model en-de

The first ending is about the first noun, the second about the other one (it.tsv). Two questions: does a head of the encoder look from
*it* at the right noun, and is the pronoun of the translation (er, sie, es) of the right noun's gender? The head is chosen on every other
sentence and reported on the rest, since the best of many heads looks good by chance. A pronoun is judged where the noun's translation is
one of those known here, and where the two nouns differ in gender; otherwise nothing can be seen.
"""

import argparse
import re
from pathlib import Path
from typing import Any, NamedTuple

import rows
import torch

from glassformer.translator import Translator
from glassformer.translator.head_jobs import Look, head_shares

GENDERS = {"m": "er", "f": "sie", "n": "es"}
PRONOUNS = {"er": "er", "der": "er", "sie": "sie", "die": "sie", "es": "es", "das": "es"}
NOUNS = {
    "m": (
        "Hund Wolf Löwe Bär Hase Affe Esel Fuchs Elefant Vogel Fisch Welpe Tiger Frosch Lastwagen Laster LKW Wagen Zug Bus Schlüssel Hammer Ball"
        " Kleiderschrank Schrank Computer Rechner Drucker Nagel Haken Korb Damm Ofen Herd Kühlschrank Brief Sturm Wind Regen Stein Pfeil Traktor"
        " Baum Käse Fluss Karren Sack Zaun See Hut Wurm Raum Garten Berg Sumpf Tunnel Hügel Hafen Flughafen Koffer Aufzug Fahrstuhl Lift"
        " Mantel Schnee Topf Teich Pool Apfel Knochen Hang"
    ),
    "f": (
        "Katze Maus Kuh Ziege Ente Schlange Biene Spinne Fliege Krähe Henne Lampe Kamera Maschine Pumpe Heizung Kerze Uhr Glocke Klingel"
        " Nachricht Botschaft Bombe Pflanze Firma Gesellschaft Tasche Schublade Kiste Schachtel Wand Mauer Sonne Trophäe Straße Milch Banane"
        " Scheune Brücke Blume Wiese Nuss Tür Insel Seite Suppe Flasche Vase Stadt Flut Kirche Armee Fabrik Küche Datei Jury Pfeife Pflaume"
    ),
    "n": (
        "Tier Pferd Kaninchen Schaf Kamel Schwein Huhn Hündchen Auto Schiff Boot Flugzeug Messer Buch Klavier Telefon Handy Seil Regal Dach Lied"
        " Paket Feuer Fahrrad Rad Unternehmen Nest Gras Feld Wasser Ei Zimmer Bett Dorf Haus Fenster Brot Bild Foto Netz Netzwerk Hemd Bier Büro Ziel"
        " Loch Programm Publikum Zebra Tor Tuch Spiel Gebäude"
    ),
}


class Frame(NamedTuple):
    first: str
    verb: str
    second: str
    of_first: str
    of_second: str

    def sentence(self, ending: str) -> str:
        return f"The {self.first} didn't {self.verb} the {self.second} because it was {ending}."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="en-de")
    parser.add_argument("--name", help="what the rows call the model")
    wanted = parser.parse_args()
    translator = Translator.load(wanted.model)
    name = wanted.name or wanted.model
    rows.write("it", [{"model": name, **row} for row in measure(translator)])


def measure(translator: Translator) -> list[dict[str, Any]]:
    """Three rows: heads, pronouns, and the article's own sentence."""
    lines = (Path(__file__).parent / "it.tsv").read_text(encoding="utf-8").split("\n")
    frames = [Frame(*line.split("\t")) for line in lines if line]
    return [heads(translator, frames), pronouns(translator, frames), article(translator)]


def looks(translator: Translator, frame: Frame, ending: str) -> dict[str, torch.Tensor]:
    """From *it* at the first and at the second noun (their last words), for every head: [head, 2] by attention."""
    text = frame.sentence(ending)
    words = text.rstrip(".").split()
    verb = len(frame.verb.split())
    first = len(frame.first.split())
    second = first + 2 + verb + len(frame.second.split())
    it = second + 2
    assert (words[first], words[second], words[it]) == (frame.first.split()[-1], frame.second.split()[-1], "it"), text
    return head_shares(translator, text, "", Look("encoder", [(it, first), (it, second)]))


def heads(translator: Translator, frames: list[Frame]) -> dict[str, Any]:
    """The head that looks best at the right noun, chosen on every other sentence."""
    found = [[looks(translator, frame, ending) for ending in frame[3:]] for frame in frames]
    right = {  # [frame, ending, head]
        name: torch.stack([torch.stack([both[ending][name][:, ending] for ending in (0, 1)]) for both in found])
        for name in found[0][0]
    }
    wrong = {
        name: torch.stack([torch.stack([both[ending][name][:, 1 - ending] for ending in (0, 1)]) for both in found])
        for name in found[0][0]
    }
    better = {name: (right[name] - wrong[name])[::2].mean(dim=(0, 1)) for name in right}
    attention = max(better, key=lambda name: float(better[name].max()))
    head = int(better[attention].argmax())
    kept, lost = right[attention][1::2, :, head], wrong[attention][1::2, :, head]
    most = max(right, key=lambda name: float((right[name] + wrong[name])[::2].mean(dim=(0, 1)).max()))
    nouns = int((right[most] + wrong[most])[::2].mean(dim=(0, 1)).argmax())
    return {
        "question": "does a head look from it at the right noun?",
        "sentences": kept.numel(),
        "head": f"{attention}:{head}",
        "right_noun": round(float(kept.mean()), 3),
        "wrong_noun": round(float(lost.mean()), 3),
        "right_first": round(float(kept[:, 0].mean()), 3),
        "right_second": round(float(kept[:, 1].mean()), 3),
        "right_is_more_percent": round(100 * float((kept > lost).float().mean()), 1),
        "head_for_either_noun": f"{most}:{nouns}",
        "either_noun": round(float((right[most] + wrong[most])[1::2, :, nouns].mean()), 3),
        "its_right_is_more_percent": round(100 * float((right[most] > wrong[most])[1::2, :, nouns].float().mean()), 1),
    }


def pronouns(translator: Translator, frames: list[Frame]) -> dict[str, Any]:
    """How often er, sie, es has the gender of the right noun."""
    texts = [frame.sentence(ending) for frame in frames for ending in frame[3:]]
    found = translator.translate(texts)
    judged = right = changed = pairs = always_first = 0
    for number in range(len(frames)):
        two = found[2 * number : 2 * number + 2]
        seen = [genders(text) for text in two]
        for ending, (nouns, pronoun) in enumerate(seen):
            if len(nouns) == 2 and nouns[0] != nouns[1] and pronoun:
                judged += 1
                right += pronoun == GENDERS[nouns[ending]]
                always_first += pronoun == GENDERS[nouns[0]]
        if all(pronoun for _, pronoun in seen):
            pairs += 1
            changed += seen[0][1] != seen[1][1]
    return {
        "question": "is er, sie, es of the right noun's gender?",
        "sentences": len(texts),
        "judged": judged,
        "right_percent": round(100 * right / max(judged, 1), 1),
        "as_the_first_noun_percent": round(100 * always_first / max(judged, 1), 1),
        "pairs_with_pronouns": pairs,
        "pronoun_changes_with_the_ending_percent": round(100 * changed / max(pairs, 1), 1),
    }


def genders(translation: str) -> tuple[list[str], str]:
    """The genders of the first two nouns that are known here, and the pronoun behind *weil* or *da*; empty where there is none."""
    main, _, reason = re.sub(r"\b(denn)\b", "weil", translation).partition(" weil ")
    known = {noun: gender for gender, nouns in NOUNS.items() for noun in nouns.split()}
    nouns = [known[word] for word in re.findall(r"\w+", main) if word in known][:2]
    pronoun = next((PRONOUNS[word] for word in re.findall(r"\w+", reason)[:2] if word in PRONOUNS), "")
    return nouns, pronoun


def article(translator: Translator) -> dict[str, Any]:
    """The article's own two sentences."""
    frame = Frame("animal", "cross", "street", "too tired", "too wide")
    tired, wide = (looks(translator, frame, ending) for ending in frame[3:])
    attention = max(tired, key=lambda name: float(tired[name][:, 0].max()))
    head = int(tired[attention][:, 0].argmax())
    shift = {name: (wide[name][:, 1] - tired[name][:, 1]).max() for name in wide}
    mover = max(shift, key=lambda name: float(shift[name]))
    moved = int((wide[mover][:, 1] - tired[mover][:, 1]).argmax())
    texts = [frame.sentence(ending) for ending in frame[3:]]
    return {
        "question": "the article's picture",
        "head": f"{attention}:{head}",
        "tired: it→animal": round(float(tired[attention][head, 0]), 3),
        "wide: it→animal": round(float(wide[attention][head, 0]), 3),
        "wide: it→street": round(float(wide[attention][head, 1]), 3),
        "head_that_moves_most_to_street": f"{mover}:{moved}",
        "moves_from_to": [round(float(tired[mover][moved, 1]), 3), round(float(wide[mover][moved, 1]), 3)],
        **dict(zip(("tired", "wide"), translator.translate(texts), strict=True)),
    }


if __name__ == "__main__":
    main()
