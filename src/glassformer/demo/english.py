"""How a plan is said in English: the values of a frame's slots."""

from glassformer.demo.plan import NOUN_MARK, PRONOUN_MARK, Phrase, Plan, Said, joined

DENIED = {
    "didn't": "didn't", "did not": "did not", "couldn't": "couldn't", "could not": "could not", "wouldn't": "wouldn't",
    "didn't want to": "didn't want to",
}  # fmt: skip
ON_IN_ENGLISH = {"terrace", "balcony", "farm", "pasture", "playground", "island", "square", "runway"}
"""One is on them, not in them."""


def noun_phrase(phrase: Phrase, number: int) -> str:
    """*the old dog*, its head noun marked."""
    noun = phrase.noun.english_plural if phrase.plural else phrase.noun.english
    words = joined(phrase.adjective[0] if phrase.adjective else "", noun)
    article = "an" if phrase.determiner == "a" and words[0] in "aeiou" else phrase.determiner
    return f"{joined(article, words)}{chr(NOUN_MARK + number)}"


class English:
    """One plan's slots."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def fill(self, slot: str) -> str:
        """The words for a slot of frames.txt."""
        kind, flags = slot_of(slot)
        if kind in ("is", "else"):
            return self.is_(kind, flags)
        if kind == "thinks":
            return self.plan.thinks[0]
        text = self.clause(kind, flags)
        opening = self.plan.opening[0]
        return f"{opening} {text}" if "start" in flags and opening else text

    def pronoun(self, number: int, *, subject: bool) -> str:
        plural = self.plan.participants[number].plural
        word = ("they" if subject else "them") if plural else "it"
        return f"{word}{chr(PRONOUN_MARK + number)}"

    def participant(self, number: int, flags: set[str], *, subject: bool) -> str:
        if number in pronouns_of(self.plan, flags):
            return self.pronoun(number, subject=subject)
        return noun_phrase(self.plan.participants[number], number)

    def is_(self, kind: str, flags: set[str]) -> str:
        number = self.plan.other if kind == "else" else self.plan.about
        said = self.plan.other_said if kind == "else" else self.plan.said
        phrase = self.plan.participants[number]
        whole = "the" in flags or kind == "else"
        subject = noun_phrase(phrase, number) if whole else self.pronoun(number, subject=True)
        assert said is not None
        return f"{subject} {predicate_words(said, plural=phrase.plural, now='now' in flags)}"

    def rest(self, flags: set[str]) -> str:
        """What stands behind the verb."""
        text = self.plan.situation.english
        for number, name in enumerate("xy"[: len(self.plan.participants)]):
            if self.plan.participants[number].noun.english in ON_IN_ENGLISH:
                text = text.replace(f"into {{{name}}}", f"onto {{{name}}}").replace(f"in {{{name}}}", f"on {{{name}}}")
            text = text.replace(f"{{{name}}}", self.participant(number, flags, subject=False))
        return text

    def subject(self, flags: set[str]) -> tuple[str, bool]:
        """The words, and whether they are plural (or *I*, for which only be differs)."""
        plan = self.plan
        if plan.person is None:
            return self.participant(0, flags, subject=True), plan.participants[0].plural
        return (plan.person.again if "again" in flags else plan.person.english), plan.person.number == "p"

    def clause(self, kind: str, flags: set[str]) -> str:
        if kind in ("done", "not done"):
            return self.passive(flags, denied=kind == "not done")
        verb, modal = self.plan.situation.verb, DENIED[self.plan.modal]
        subject, _ = self.subject(flags)
        rest = self.rest(flags)
        does, do = f"{verb.past} {rest}", f"{verb.english} {rest}"
        match kind:
            case "not":
                return f"{subject} {modal} {do}"
            case "does":
                return f"{subject} had {verb.participle} {rest}" if "had" in flags else f"{subject} {does}"
            case "wants":
                return f"{subject} wanted to {do}"
            case "tries":
                return f"{subject} tried to {do}"
            case "will":
                return f"{subject} will {do}"
            case "will not":
                return f"{subject} won't {do}"
            case "cannot":
                return f"{subject} can't {do}"
            case "why cannot":
                return f"why can't {subject} {do}"
            case "asks":
                first, *others = modal.split(" ") if modal not in ("did not", "could not") else [modal.replace(" not", "n't")]
                return f"why {first} {joined(subject, *others)} {do}"
            case "asks does":
                return f"why did {subject} {do}"
            case "did":
                return f"did {subject} {do}"
        raise AssertionError(kind)

    def passive(self, flags: set[str], *, denied: bool) -> str:
        """*The street was not crossed by the animal*; a person is not named."""
        plan, verb = self.plan, self.plan.situation.verb
        done = 0 if plan.person else 1
        phrase = plan.participants[done]
        be = "were" if phrase.plural else "was"
        could = plan.modal in ("couldn't", "could not")
        helper = f"{plan.modal} be" if could else f"{be} not" if plan.modal == "did not" else f"{be}n't"
        agent = "" if plan.person else f"by {self.participant(0, flags, subject=False)}"
        behind = plan.situation.english.replace("{x}" if plan.person else "{y}", "")
        if plan.person and len(plan.participants) == 2:
            behind = behind.replace("{y}", self.participant(1, flags, subject=False))
        what = joined(verb.participle, *behind.split(" "), agent)
        return f"{self.participant(done, flags, subject=True)} {helper if denied else be} {what}"


def predicate_words(said: Said, *, plural: bool, now: bool) -> str:
    """*was too tired*, *were …*, *is …*, or a phrase: *had a flat tyre*."""
    words = said.predicate.english
    if said.predicate.phrase:
        return f"were {words[4:]}" if plural and words.startswith("was ") else words
    be = ("are" if plural else "is") if now else ("were" if plural else "was")
    return joined(be, said.degree[0], words)


def slot_of(slot: str) -> tuple[str, set[str]]:
    """A slot's kind and its flags: *will not it ^* is (will not, {it, ^})."""
    words = slot.split(" ")
    flags = {word for word in words[1:] if word in FLAGS}
    return " ".join(word for word in words if word not in flags), flags


FLAGS = {"it", "its", "both", "the", "now", "start", "only", "had", "again", "^", "_"}


def pronouns_of(plan: Plan, flags: set[str]) -> set[int]:
    """The participants that are pronouns in a clause with these flags."""
    if "both" in flags:
        return {0, 1}
    return ({plan.about} if "it" in flags else set()) | ({plan.other} if "its" in flags else set())
