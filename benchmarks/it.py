"""Who is *it*? A hundred sentences like "The animal didn't cross the street because it was too tired", each with two endings.

    python benchmarks/it.py --model en-de
    python benchmarks/it.py --model runs/mine --rows mine.tsv --name mine

The first ending is about the first noun, the second about the other one (it.tsv: first noun, verb, second noun, both endings). Three
questions: does a head of the encoder look from *it* at the right noun, is the pronoun of the translation (er, sie, es) of the right
noun's gender, and does the translation follow the head? What counts is **movement**: a head that looks at *animal* for both endings
knows nothing. A head's movement is the weight that goes from *it* to a noun with the ending that is about it, minus what goes there
with the other ending, the mean over both nouns: 1 if the head always looks at the right one, 0 if the ending changes nothing.

The head is chosen on every other frame and reported on the rest, since the best of many heads looks good by chance; causal figures
are of that head, on the same rest. A pronoun is judged where the translation has both nouns, their genders are known (from the table
here, else from the article before the noun) and differ; otherwise nothing can be seen.
"""

import argparse
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import rows
import torch
from torch import Tensor

from glassformer.demo.head_jobs import places_of_words
from glassformer.errors import CorpusError
from glassformer.translator import Translator
from glassformer.translator.alignment import merge_words
from glassformer.what_if import heads_off, turned

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


KNOWN = {noun: gender for gender, nouns in NOUNS.items() for noun in nouns.split()}
ARTICLES = ({"der": "m", "die": "f", "das": "n"}, {"den": "m", "einen": "m", "die": "f", "eine": "f", "das": "n"})
"""Of the subject, and of what comes after it: *der* and *dem* of the latter have two genders."""
REASON = re.compile(r",?\s+(?:weil|denn|da)\s+")


class Frame(NamedTuple):
    first: str
    verb: str
    second: str
    of_first: str
    of_second: str

    def sentence(self, ending: int) -> str:
        return f"The {self.first} didn't {self.verb} the {self.second} because it was {self[3 + ending]}."

    def words(self) -> tuple[int, int, int]:
        """The numbers of both nouns' last words, and of *it*; the ending's last word is the sentence's."""
        first = len(self.first.split())
        second = first + 2 + len(self.verb.split()) + len(self.second.split())
        return first, second, second + 2


ARTICLE = Frame("animal", "cross", "street", "too tired", "too wide")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="en-de")
    parser.add_argument("--name", help="what the rows call the model")
    parser.add_argument(
        "--rows", type=Path, default=Path(__file__).parent / "it.tsv", help="another file of such frames"
    )
    wanted = parser.parse_args()
    torch.set_num_threads(1)
    found = measure(Translator.load(wanted.model), wanted.rows)
    rows.write("it", [{"model": wanted.name or wanted.model, "frames": wanted.rows.name, **row} for row in found])


def read_frames(path: Path) -> list[Frame]:
    """Raises CorpusError for a line that has not five parts, and for less than two lines."""
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    for number, line in enumerate(lines, 1):
        if len(line.split("\t")) != 5:
            raise CorpusError(
                f"{path.name}, line {number}: wanted first noun, verb, second noun and two endings with tabs between"
            )
    if len(lines) < 2:
        raise CorpusError(
            f"{path.name} has {len(lines)} frames: wanted two or more, one to choose a head on and one to report"
        )
    return [Frame(*line.split("\t")) for line in lines]


def measure(translator: Translator, path: Path = Path(__file__).parent / "it.tsv") -> list[dict[str, Any]]:
    """Two rows, heads and the article's own sentence; of a translator into German two more: pronouns, and whether they
    follow the head."""
    frames = read_frames(path)
    looks = torch.stack([torch.stack([look(translator, frame, ending) for ending in (0, 1)]) for frame in frames])
    head = best(movement(looks[::2]))
    found = [heads(looks, head), article(translator, head)]
    if translator.card.get("languages", "en-de") == "en-de":  # er, sie, es
        said = translator.translate([frame.sentence(ending) for frame in frames for ending in (0, 1)])
        found += [pronouns(said), causal(translator, frames[1::2], said_of(said)[1::2], head)]
    return found


def look(translator: Translator, frame: Frame, ending: int) -> Tensor:
    """[layer, head, key]: what *it* gives to the first noun, the second noun, and the ending's last word."""
    source_ids, target_ids = translator.ids_of(frame.sentence(ending), "", None)
    places = places_of_words(translator, source_ids)
    first, second, it = frame.words()
    words = frame.sentence(ending).rstrip(".").split()
    if len(words) != len(places) or words[it] != "it":
        raise CorpusError(
            f"{frame.sentence(ending)!r} is read as {len(places)} words: wanted {len(words)}, no marks in a frame"
        )
    trace = translator.recorded(source_ids, target_ids, "encoder.*.self_attention.weights")
    keys = [places[first], places[second], places[-1]]
    return torch.stack([merge_words(trace[name], [places[it]], keys)[:, 0] for name in trace])


def movement(looks: Tensor) -> Tensor:
    """[layer, head] of looks [frame, ending, layer, head, key]."""
    first, second = looks[..., 0], looks[..., 1]
    return ((first[:, 0] - first[:, 1]) + (second[:, 1] - second[:, 0])).mean(dim=0) / 2


def best(values: Tensor) -> tuple[int, int]:
    """The layer and the head of the largest."""
    layer, head = divmod(int(values.argmax()), values.size(1))
    return layer, head


def name_of(head: tuple[int, int]) -> str:
    return f"encoder.layers.{head[0]}.self_attention:{head[1]}"


def shares(looks: Tensor, head: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """[frame, ending]: on the right noun, and on the other one."""
    of_head = looks[:, :, head[0], head[1]]
    right = torch.stack([of_head[:, 0, 0], of_head[:, 1, 1]], dim=1)
    return right, torch.stack([of_head[:, 0, 1], of_head[:, 1, 0]], dim=1)


def percent(values: Tensor) -> float:
    return round(100 * float(values.float().mean()), 1)


def heads(looks: Tensor, head: tuple[int, int]) -> dict[str, Any]:
    """The head that moves most, chosen on every other frame; ``movement`` has all of them, a list a layer."""
    chosen_on, kept = looks[::2], looks[1::2]
    right, wrong = shares(kept, head)
    tells = best(chosen_on[..., 2].mean(dim=(0, 1)))
    either = best(chosen_on[..., :2].sum(dim=-1).mean(dim=(0, 1)))
    return {
        "question": "does a head look from it at the right noun?",
        "sentences": right.numel(),
        "head": name_of(head),
        "moves": round(float(movement(kept)[head]), 3),
        "right_noun": round(float(right.mean()), 3),
        "wrong_noun": round(float(wrong.mean()), 3),
        "right_is_more_percent": percent(right > wrong),
        "both_endings_right_percent": percent((right > wrong).all(dim=1)),
        "head_for_either_noun": name_of(either),
        "either_noun": round(float(kept[:, :, either[0], either[1], :2].sum(dim=-1).mean()), 3),
        "its_movement": round(float(movement(kept)[either]), 3),
        "head_for_the_ending": name_of(tells),
        "ending": round(float(kept[:, :, tells[0], tells[1], 2].mean()), 3),
        "movement": [[round(value, 2) + 0.0 for value in layer] for layer in movement(kept).tolist()],
    }


class Said(NamedTuple):
    """What can be seen of one translation."""

    nouns: list[str]
    """The genders of its first two nouns."""
    pronoun: str
    by_table: "Said | None" = None
    """The same by the table alone, *da* left out: what was judged before, so that old rows can be compared."""

    @property
    def judged(self) -> bool:
        return len(self.nouns) == 2 and self.nouns[0] != self.nouns[1] and bool(self.pronoun)

    def follows(self, noun: int) -> bool:
        return self.judged and self.pronoun == GENDERS[self.nouns[noun]]


def seen(translation: str) -> Said:
    """Nouns before *weil*, *denn*, *da*, the pronoun behind it; empty where there is none."""
    main_clause, *reasons = REASON.split(translation, maxsplit=1)
    nouns: list[str] = []
    words = re.findall(r"\w+", main_clause)
    for before, word in zip(["", *words], words, strict=False):
        gender = gender_of(word, before.lower(), bool(nouns))
        if gender and len(nouns) < 2:
            nouns.append(gender)
    old_clause, _, reason = re.sub(r"\b(denn)\b", "weil", translation).partition(" weil ")
    table = [KNOWN[word] for word in re.findall(r"\w+", old_clause) if word in KNOWN][:2]
    return Said(nouns, pronoun_of(*reasons), Said(table, pronoun_of(reason)))


def pronoun_of(reason: str = "") -> str:
    """One of the first two words: *er*, *die Straße*."""
    return next((PRONOUNS[word] for word in re.findall(r"\w+", reason)[:2] if word in PRONOUNS), "")


def gender_of(word: str, before: str, later: bool) -> str:
    """Of a noun, also of one that ends with one known here (Hauptstraße); "" of other words."""
    if not word[:1].isupper():
        return ""
    if word in KNOWN:
        return KNOWN[word]
    endings = [noun for noun in KNOWN if len(noun) > 3 and word.endswith(noun.lower())]
    return KNOWN[max(endings, key=len)] if endings else ARTICLES[later].get(before, "")


def said_of(translations: Sequence[str]) -> list[tuple[Said, Said]]:
    """Both endings of each frame."""
    found = [seen(translation) for translation in translations]
    return list(zip(found[::2], found[1::2], strict=True))


def pronouns(translations: Sequence[str]) -> dict[str, Any]:
    """How often er, sie, es has the gender of the right noun, in one sentence and in both of a frame."""
    pairs = said_of(translations)
    judged = [(said, ending) for pair in pairs for ending, said in enumerate(pair) if said.judged]
    both = [pair for pair in pairs if pair[0].judged and pair[1].judged]
    by_table = [
        said.by_table.follows(ending)
        for pair in pairs
        for ending, said in enumerate(pair)
        if said.by_table and said.by_table.judged
    ]
    spoken = [pair for pair in pairs if pair[0].pronoun and pair[1].pronoun]
    return {
        "question": "is er, sie, es of the right noun's gender?",
        "sentences": len(translations),
        "judged": len(judged),
        "right_percent": rate([said.follows(ending) for said, ending in judged]),
        "judged_by_the_table": len(by_table),
        "right_by_the_table_percent": rate(by_table),
        "pairs_judged": len(both),
        "both_right_percent": rate([pair[0].follows(0) and pair[1].follows(1) for pair in both]),
        "always_es_percent": rate([GENDERS[said.nouns[ending]] == "es" for said, ending in judged]),
        "as_the_first_noun_percent": rate([said.follows(0) for said, _ in judged]),
        "pairs_with_pronouns": len(spoken),
        "pronoun_changes_with_the_ending_percent": rate([a.pronoun != b.pronoun for a, b in spoken]),
    }


def rate(hits: Iterable[bool]) -> float:
    known = list(hits)
    return round(100 * sum(known) / max(len(known), 1), 1)


def turned_to(translator: Translator, asked: Sequence[tuple[Frame, int, int]], head: tuple[int, int]) -> list[str]:
    """The translation of each (frame, ending, noun) with *it* turned to that noun; sentences with the same places together."""
    groups: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = defaultdict(list)
    texts = [frame.sentence(ending) for frame, ending, _ in asked]
    for number, (frame, _, noun) in enumerate(asked):
        places = places_of_words(translator, translator.ids_of(texts[number], "", None)[0])
        words = frame.words()
        groups[tuple(places[words[2]]), tuple(places[words[noun]])].append(number)
    found = [""] * len(asked)
    attention, number_of_head = f"encoder.layers.{head[0]}.self_attention", head[1]
    for (queries, keys), numbers in groups.items():
        with ExitStack() as stack:
            for query in queries:
                stack.enter_context(turned(translator.model, attention, number_of_head, query, keys))
            for number, text in zip(numbers, translator.translate([texts[n] for n in numbers]), strict=True):
                found[number] = text
    return found


def causal(
    translator: Translator, frames: Sequence[Frame], as_it_is: Sequence[tuple[Said, Said]], head: tuple[int, int]
) -> dict[str, Any]:
    """The head turned to the right noun, to the other one, and off."""
    both = [(frame, ending) for frame in frames for ending in (0, 1)]

    def judge(translations: Sequence[str], wanted: Callable[[int], int]) -> tuple[int, float]:
        found = [(seen(text), wanted(ending)) for text, (_, ending) in zip(translations, both, strict=True)]
        judged = [said.follows(noun) for said, noun in found if said.judged]
        return len(judged), rate(judged)

    right = judge(
        turned_to(translator, [(frame, ending, ending) for frame, ending in both], head), lambda ending: ending
    )
    other = judge(
        turned_to(translator, [(frame, ending, 1 - ending) for frame, ending in both], head), lambda ending: 1 - ending
    )
    with heads_off(translator.model, [(f"encoder.layers.{head[0]}.self_attention", head[1])]):
        off = judge(translator.translate([frame.sentence(ending) for frame, ending in both]), lambda ending: ending)
    plain = [said.follows(ending) for pair in as_it_is for ending, said in enumerate(pair) if said.judged]
    return {
        "question": "do the pronouns follow the head?",
        "sentences": len(both),
        "head": name_of(head),
        "right_percent": rate(plain),
        "turned_to_the_right_noun_percent": right[1],
        "turned_to_the_other_noun_they_follow_percent": other[1],
        "head_off_right_percent": off[1],
        "judged": [len(plain), right[0], other[0], off[0]],
    }


def article(translator: Translator, head: tuple[int, int]) -> dict[str, Any]:
    """The article's own two sentences: the head that was chosen, the one that moves most here, and the one that looks at the ending."""
    looks = torch.stack([look(translator, ARTICLE, ending) for ending in (0, 1)])
    own, tells = best(movement(looks[None])), best(looks[..., 2].mean(dim=0))
    names = ("it→animal", "it→street", "it→ending")
    weights = {
        f"{ending}: {name}": round(float(looks[number, head[0], head[1], key]), 3)
        for number, ending in enumerate(("tired", "wide"))
        for key, name in enumerate(names)
    }
    translations = translator.translate([ARTICLE.sentence(ending) for ending in (0, 1)])
    turned_translations = turned_to(translator, [(ARTICLE, 0, 1), (ARTICLE, 1, 0)], head)
    return {
        "question": "the article's picture",
        "head": name_of(head),
        **weights,
        "head_that_moves_most": name_of(own),
        "moves": round(float(movement(looks[None])[own]), 3),
        "head_for_the_ending": name_of(tells),
        "it→tired": round(float(looks[0, tells[0], tells[1], 2]), 3),
        "it→wide": round(float(looks[1, tells[0], tells[1], 2]), 3),
        "tired": translations[0],
        "wide": translations[1],
        "tired, turned to street": turned_translations[0],
        "wide, turned to animal": turned_translations[1],
    }


if __name__ == "__main__":
    main()
