"""How a plan is said in German: cases, endings, and where the verb stands."""

import re
from dataclasses import dataclass

from glassformer.demo.around import POSSESSORS
from glassformer.demo.english import pronouns_of, slot_of
from glassformer.demo.lexicon import GERMAN_NOW, Noun, Verb, first_person
from glassformer.demo.plan import ROLES, Phrase, Said, SentencePlan, joined, marked

THE = {"nom": "der die das die", "acc": "den die das die", "dat": "dem der dem den"}
THIS = {"nom": "er e es e", "acc": "en e es e", "dat": "em er em en"}
MY = {"nom": "- e - e", "acc": "en e - e", "dat": "em er em en"}
AFTER_THE = {"nom": "e e e en", "acc": "en e e en", "dat": "en en en en"}
AFTER_MY = {"nom": "er e es en", "acc": "en e es en", "dat": "en en en en"}
PRONOUNS = {"nom": "er sie es sie", "acc": "ihn sie es sie", "dat": "ihm ihr ihm ihnen"}
STEMS = {"a": "ein", "my": "mein", "our": "unser", "his": "sein", "her": "ihr", "this": "dies", "their": "ihr"}
CONTRACTED = {
    "in dem": "im",
    "in das": "ins",
    "an dem": "am",
    "an das": "ans",
    "von dem": "vom",
    "zu dem": "zum",
    "zu der": "zur",
    "bei dem": "beim",
}
MODALS = {"couldn't": "konnte", "could not": "konnte", "wouldn't": "wollte", "didn't want to": "wollte"}
MODALS_NOW = {"konnte": {"1": "kann", "3": "kann", "p": "können"}, "wollte": {"1": "will", "3": "will", "p": "wollen"}}
WILL = {"1": "werde", "3": "wird", "p": "werden"}
CAN = {"1": "kann", "3": "kann", "p": "können"}
ON_IN_GERMAN = {
    *("terrace", "balcony", "car park", "square", "meadow", "farm", "pasture", "field", "attic", "playground"),
    *("island", "runway", "clearing"),
}
"""Germans are *auf* them, as the English are *on* or *in* them."""
CASES = {"a": "acc", "d": "dat"}


def ending(table: dict[str, str], case: str, number: str) -> str:
    """The form for m, f, n or p."""
    return table[case].split(" ")["mfnp".index(number)].replace("-", "")


def noun_form(noun: Noun, case: str, *, plural: bool) -> str:
    """The noun in a case (nom, acc or dat), without its article."""
    if plural:
        return noun.german_plural + ("n" if case == "dat" and not re.search(r"[nsaiou]$", noun.german_plural) else "")
    if noun.weak and case != "nom":
        return noun.german + ("" if noun.german.endswith("n") else "n" if noun.german.endswith("e") else "en")
    return noun.german


def noun_phrase(phrase: Phrase, case: str, number: int) -> str:
    """*der alte Hund*, its words marked."""
    role = ROLES[number]
    owner = POSSESSORS.get(phrase.determiner, "")
    if phrase.determiner == "the" or owner.startswith(" "):
        article, endings = ending(THE, case, phrase.number), AFTER_THE
    elif owner:
        article, endings = owner, THIS  # Toms alter Hund
    else:
        this = phrase.determiner == "this"
        article = STEMS[phrase.determiner] + ending(THIS if this else MY, case, phrase.number)
        endings = AFTER_THE if this else AFTER_MY
    stem = phrase.adjective[1].removesuffix("e") if phrase.adjective else ""  # weise, weiser
    adjective = stem and stem + ending(endings, case, phrase.number)
    noun = noun_form(phrase.noun, case, plural=phrase.plural)
    behind = owner if owner.startswith(" ") else ""
    return joined(
        marked(article, f"{role} article"), marked(adjective, f"{role} adjective"), marked(noun, role) + behind
    )


def plural_of(finite: str) -> str:
    """The plural of a past form: war, waren; hatte, hatten."""
    return f"{finite}n" if finite.endswith("e") else f"{finite}en"


@dataclass(frozen=True)
class Clause:
    """A clause before its verb has its place."""

    subject: str
    finite: str
    middle: str
    end: str = ""
    """Infinitive, participle, or a separable prefix."""
    prefix: bool = False
    """Whether the end is a prefix, which the finite verb takes back at the end of its clause."""

    def said(self, flags: frozenset[str], opening: str = "") -> str:
        if "_" in flags:
            finite = self.end + self.finite if self.prefix else joined(self.end, self.finite)
            return joined(self.subject, self.middle, finite)
        if "^" in flags or opening:
            return joined(opening, self.finite, self.subject, self.middle, self.end)
        return joined(self.subject, self.finite, self.middle, self.end)


class German:
    """One plan's slots."""

    def __init__(self, plan: SentencePlan) -> None:
        self.plan = plan

    def fill(self, slot: str) -> str:
        """The words for a slot of frames.txt."""
        kind, flags = slot_of(slot)
        if kind == "thinks":
            return self.plan.thinks[1]
        if kind == "weather":
            return self.plan.weather[2 if "_" in flags else 1]
        if kind == "where":
            where = "Wohin" if "{y:a}" in self.plan.situation.german else "Wo"
            return f"{where} {self.clause('where', flags).said(frozenset('^'))}"
        if kind in ("acts", "to act", "wants to act"):
            return self.action(kind, flags)
        if kind in ("what", "which"):
            return noun_phrase(self.plan.participants[0], "acc" if kind == "what" else "nom", 0)
        of_it = kind in ("is", "else", "were not", "been not")
        clause = self.is_(kind, flags) if of_it else self.clause(kind, flags)
        return contracted(clause.said(flags, self.plan.opening[1] if "start" in flags else ""))

    def participant(self, number: int, case: str, flags: frozenset[str]) -> str:
        phrase = self.plan.participants[number]
        if number in pronouns_of(self.plan, flags):
            return marked(ending(PRONOUNS, case, phrase.number), f"it {ROLES[number]}")
        return noun_phrase(phrase, case, number)

    def is_(self, kind: str, flags: frozenset[str]) -> Clause:
        number = self.plan.other if kind == "else" else self.plan.about
        said = self.plan.other_said if kind == "else" else self.plan.said
        assert said is not None
        whole = "the" in flags or kind == "else"
        subject = self.participant(number, "nom", frozenset(() if whole else ("both",)))
        plural = self.plan.participants[number].plural
        if kind in ("were not", "been not"):
            middle = joined("nicht", marked(said.degree[1], "too"), marked(said.predicate.german, "property"))
            return Clause(subject, "wären" if plural else "wäre", middle, "gewesen" if kind == "been not" else "")
        return predicate_clause(subject, said, plural=plural, now="now" in flags or self.plan.present)

    def objects(self, flags: frozenset[str], adverb: str, without: int = -1) -> str:
        """The words between the verb's two places; *nicht* or *erst* stands before a preposition, or last."""
        text = self.plan.situation.german
        if text == "{y:d} {x:a}" and 0 in pronouns_of(self.plan, flags):
            text = "{x:a} {y:d}"  # gab ihn dem Hund
        if without >= 0:
            text = joined(*re.sub(rf"([a-zäöü]+ )?\{{{'xy'[without]}:.\}}", "", text).split(" "))
        if adverb:
            found = re.search(r"(^|(?<= ))[a-zäöü]+ \{", text)
            text = (
                joined(text[: found.start()] + adverb, text[found.start() :]) if found else f"{text} {adverb}".strip()
            )

        def words(match: re.Match[str]) -> str:
            number = "xy".index(match[2])
            preposition = match[1]
            if preposition == "in " and self.plan.participants[number].noun.english in ON_IN_GERMAN:
                preposition = "auf "
            return preposition + self.participant(number, CASES[match[3]], flags)

        return re.sub(r"((?:in )?)\{(.):(.)\}", words, text)

    def action(self, kind: str, flags: frozenset[str]) -> str:
        """The person's action on it: *wusch ihn*, *ihn zu waschen*."""
        plan = self.plan
        assert plan.action is not None
        assert plan.person is not None
        verb, person = plan.action.verb, plan.person
        it = self.participant(plan.about, "acc", frozenset(("both",)))
        if kind == "to act":
            return f"{it} {to_infinitive(verb)}"
        subject = person.german_again if "again" in flags or kind == "wants to act" else ""
        many = person.number == "p"
        if kind == "wants to act":
            return Clause(subject, "wollten" if many else "wollte", it, verb.infinitive).said(flags)
        return Clause(subject, plural_of(verb.finite) if many else verb.finite, it, verb.prefix, prefix=True).said(
            flags
        )

    def clause(self, kind: str, flags: frozenset[str]) -> Clause:
        plan, verb = self.plan, self.plan.situation.verb
        if kind in ("done", "not done"):
            return self.passive(flags, denied=kind == "not done")
        if plan.person:
            subject = plan.person.german_again if "again" in flags else plan.person.german
            number = plan.person.number
        else:
            subject, number = self.participant(0, "nom", flags), "p" if plan.participants[0].plural else "3"
        denied = kind in ("not", "will not", "cannot")
        adverb = marked("nicht", "not") if denied else "erst" if "only" in flags else ""
        without = 1 if kind == "where" else -1
        middle = joined("sich" if verb.reflexive else "", self.objects(flags, adverb, without))
        modal = {"wants": "wollte"}.get(kind) or (MODALS.get(plan.modal, "") if kind == "not" else "")
        if kind == "tries":
            now = {"1": "versuche", "3": "versucht", "p": "versuchen"}
            tried = now[number] if plan.present else plural_of("versuchte") if number == "p" else "versuchte"
            to = (
                f"{verb.prefix}zu{verb.infinitive.removeprefix(verb.prefix)}"
                if verb.prefix
                else f"zu {verb.infinitive}"
            )
            return Clause(subject, f"{tried},", middle, marked(to, "verb"))
        if kind == "would":
            return Clause(subject, "würden" if number == "p" else "würde", middle, marked(verb.infinitive, "verb"))
        if kind == "would have":
            unreal = "wäre" if verb.auxiliary == "war" else "hätte"
            finite = plural_of(unreal) if number == "p" else unreal
            return Clause(subject, finite, middle, marked(verb.german_participle, "verb"))
        if plan.present and modal:
            return Clause(subject, MODALS_NOW[modal][number], middle, marked(verb.infinitive, "verb"))
        if plan.present and kind not in ("will", "will not", "cannot"):
            return Clause(subject, marked(present(verb, number), "verb"), middle, verb.prefix, prefix=True)
        if kind in ("did", "where"):
            return Clause(subject, perfect(verb.auxiliary, number), middle, marked(verb.german_participle, "verb"))
        if kind in ("will", "will not"):
            return Clause(subject, WILL[number], middle, marked(verb.infinitive, "verb"))
        if kind == "cannot":
            return Clause(subject, CAN[number], middle, marked(verb.infinitive, "verb"))
        if modal:
            return Clause(
                subject, plural_of(modal) if number == "p" else modal, middle, marked(verb.infinitive, "verb")
            )
        if "had" in flags:
            had = plural_of(verb.auxiliary) if number == "p" else verb.auxiliary
            return Clause(subject, had, middle, marked(verb.german_participle, "verb"))
        finite = plural_of(verb.finite) if number == "p" else verb.finite
        return Clause(subject, marked(finite, "verb"), middle, verb.prefix, prefix=True)

    def passive(self, flags: frozenset[str], *, denied: bool) -> Clause:
        """*Die Straße wurde vom Tier nicht überquert*."""
        plan, verb = self.plan, self.plan.situation.verb
        done = 0 if plan.person else 1
        phrase = plan.participants[done]
        agent = "" if plan.person else f"von {self.participant(0, 'dat', flags)}"
        middle = joined(agent, self.objects(flags, marked("nicht", "not") if denied else "", without=done))
        modal = "konnte" if denied and plan.modal in ("couldn't", "could not") else ""
        finite = modal or "wurde"
        participle = marked(verb.german_participle, "verb")
        end = f"{participle} werden" if modal else participle
        form = plural_of(finite) if phrase.plural else finite
        if plan.present:
            number = "p" if phrase.plural else "3"
            form = MODALS_NOW[modal][number] if modal else WILL[number]
        return Clause(self.participant(done, "nom", flags), form, middle, end)


def to_infinitive(verb: Verb) -> str:
    """zu waschen, wegzuwerfen."""
    if not verb.prefix:
        return f"zu {verb.infinitive}"
    return f"{verb.prefix}zu{verb.infinitive.removeprefix(verb.prefix)}"


def present(verb: Verb, number: str) -> str:
    """frisst, fresse, fressen: without its prefix."""
    stem = verb.infinitive.removeprefix(verb.prefix)
    return {"1": first_person(stem), "3": verb.german_present, "p": stem}[number]


def perfect(auxiliary: str, number: str) -> str:
    forms = {"hatte": {"1": "habe", "3": "hat", "p": "haben"}, "war": {"1": "bin", "3": "ist", "p": "sind"}}
    return forms[auxiliary][number]


def predicate_clause(subject: str, said: Said, *, plural: bool, now: bool) -> Clause:
    """*er war zu müde*, *er hatte einen Platten*."""
    predicate = said.predicate
    middle = joined(marked(said.degree[1], "too"), marked(predicate.german, "property"))
    if now:
        return Clause(subject, marked(GERMAN_NOW[predicate.finite][plural], "was"), middle)
    finite = marked(plural_of(predicate.finite) if plural else predicate.finite, "was")
    return Clause(subject, finite, middle, predicate.prefix, prefix=bool(predicate.prefix))


def contracted(text: str) -> str:
    """in dem Haus: im Haus."""
    return re.sub(rf"\b({'|'.join(CONTRACTED)})\b", lambda match: CONTRACTED[match[1]], text)
