"""How a plan is said in English: the values of a frame's slots."""

from functools import cache

from glassformer.demo.lexicon import ENGLISH_NOW, english_present
from glassformer.demo.plan import ROLES, Phrase, Said, SentencePlan, joined, marked

ON_IN_ENGLISH = {"terrace", "balcony", "farm", "pasture", "playground", "island", "square", "runway"}
"""One is on them, not in them."""


def noun_phrase(phrase: Phrase, number: int) -> str:
    """*the old dog*, its words marked."""
    role = ROLES[number]
    noun = marked(phrase.noun.english_plural if phrase.plural else phrase.noun.english, role)
    words = joined(marked(phrase.adjective[0], f"{role} adjective") if phrase.adjective else "", noun)
    article = "an" if phrase.determiner == "a" and words[0] in "aeiou" else phrase.determiner
    return joined(marked(article, f"{role} article"), words)


class English:
    """One plan's slots."""

    def __init__(self, plan: SentencePlan) -> None:
        self.plan = plan

    def fill(self, slot: str) -> str:
        """The words for a slot of frames.txt."""
        kind, flags = slot_of(slot)
        if kind in ("is", "else", "were not", "been not"):
            return self.is_(kind, flags)
        if kind in ("what", "which"):
            return noun_phrase(self.plan.participants[0], 0)
        if kind in ("thinks", "weather"):
            return (self.plan.thinks if kind == "thinks" else self.plan.weather)[0]
        if kind in ("acts", "act", "wants to act"):
            return self.action(kind, flags)
        text = self.clause(kind, flags)
        opening = self.plan.opening[0]
        return f"{opening} {text}" if "start" in flags and opening else text

    def pronoun(self, number: int, *, subject: bool) -> str:
        plural = self.plan.participants[number].plural
        word = ("they" if subject else "them") if plural else "it"
        return marked(word, f"it {ROLES[number]}")

    def participant(self, number: int, flags: frozenset[str], *, subject: bool) -> str:
        if number in pronouns_of(self.plan, flags):
            return self.pronoun(number, subject=subject)
        return noun_phrase(self.plan.participants[number], number)

    def is_(self, kind: str, flags: frozenset[str]) -> str:
        number = self.plan.other if kind == "else" else self.plan.about
        said = self.plan.other_said if kind == "else" else self.plan.said
        phrase = self.plan.participants[number]
        whole = "the" in flags or kind == "else"
        subject = noun_phrase(phrase, number) if whole else self.pronoun(number, subject=True)
        assert said is not None
        if kind in ("were not", "been not"):
            helper = "were not" if kind == "were not" else "had not been"
            return f"{subject} {helper} {joined(marked(said.degree[0], 'too'), marked(said.predicate.english, 'property'))}"
        words = predicate_words(said, plural=phrase.plural, now="now" in flags or self.plan.present)
        if "^" in flags:
            be, rest = words.split(" ", 1)
            return f"{be} {subject} {rest}"
        return f"{subject} {words}"

    def rest(self, flags: frozenset[str]) -> str:
        """The words behind the verb."""
        text = self.plan.situation.english
        for number, name in enumerate("xy"[: len(self.plan.participants)]):
            if self.plan.participants[number].noun.english in ON_IN_ENGLISH:
                text = text.replace(f"into {{{name}}}", f"onto {{{name}}}").replace(f"in {{{name}}}", f"on {{{name}}}")
            text = text.replace(f"{{{name}}}", self.participant(number, flags, subject=False))
        return text

    def subject(self, flags: frozenset[str]) -> str:
        person = self.plan.person
        if person is None:
            return self.participant(0, flags, subject=True)
        return person.again if "again" in flags else person.english

    def action(self, kind: str, flags: frozenset[str]) -> str:
        """The person's action on it: *washed it*, *she washed it*."""
        plan = self.plan
        assert plan.action is not None
        assert plan.person is not None
        what = plan.action.english.replace("{x}", self.pronoun(plan.about, subject=False))
        if kind == "wants to act":
            return f"{plan.person.again} wanted to {plan.action.verb.english} {what}"
        form = plan.action.verb.english if kind == "act" else plan.action.verb.past
        return joined(plan.person.again if "again" in flags else "", form, what)

    def clause(self, kind: str, flags: frozenset[str]) -> str:
        if kind in ("done", "not done"):
            return self.passive(flags, denied=kind == "not done")
        verb, now = self.plan.situation.verb, self.plan.present
        words = in_present(self.plan.modal, many=self.plan.many) if now else self.plan.modal
        modal = marked(words, "not")
        subject = self.subject(flags)
        rest = self.rest(flags)
        finite = verb.past if not now else verb.english if self.plan.many else english_present(verb.english)
        does, do = f"{marked(finite, 'verb')} {rest}", f"{marked(verb.english, 'verb')} {rest}"
        did = "did" if not now else "do" if self.plan.many else "does"
        s = "" if self.plan.many else "s"
        cannot, will_not = marked("can't", "not"), marked("won't", "not")
        first, *others = words.replace("cannot", "can't").replace(" not", "n't").split(" ")
        forms = {
            "not": f"{subject} {modal} {do}",
            "does": f"{subject} had {marked(verb.participle, 'verb')} {rest}"
            if "had" in flags
            else f"{subject} {does}",
            "wants": f"{subject} want{s} to {do}" if now else f"{subject} wanted to {do}",
            "tries": f"{subject} {english_present('try') if s else 'try'} to {do}"
            if now
            else f"{subject} tried to {do}",
            "would": f"{subject} would {do}",
            "would have": f"{subject} would have {marked(verb.participle, 'verb')} {rest}",
            "will": f"{subject} will {do}",
            "will not": f"{subject} {will_not} {do}",
            "cannot": f"{subject} {cannot} {do}",
            "why cannot": f"why {cannot} {subject} {do}",
            "asks": f"why {joined(marked(first, 'not'), subject, *others)} {do}",
            "asks does": f"why {did} {subject} {do}",
            "did": f"{did} {subject} {do}",
            "where": f"where did {subject} {marked(verb.english, 'verb')} {noun_phrase(self.plan.participants[0], 0)}",
        }
        return forms[kind]

    def passive(self, flags: frozenset[str], *, denied: bool) -> str:
        """*The street was not crossed by the animal*; a person is not named."""
        plan, verb = self.plan, self.plan.situation.verb
        done = 0 if plan.person else 1
        phrase = plan.participants[done]
        be = ("are" if phrase.plural else "is") if plan.present else ("were" if phrase.plural else "was")
        could = plan.modal in ("couldn't", "could not")
        modal = in_present(plan.modal, many=phrase.plural) if plan.present else plan.modal
        helper = f"{modal} be" if could else f"{be} not" if plan.modal == "did not" else f"{be}n't"
        agent = "" if plan.person else f"by {self.participant(0, flags, subject=False)}"
        behind = plan.situation.english.replace("{x}" if plan.person else "{y}", "")
        if plan.person and len(plan.participants) == 2:
            behind = behind.replace("{y}", self.participant(1, flags, subject=False))
        what = joined(marked(verb.participle, "verb"), *behind.split(" "), agent)
        return f"{self.participant(done, flags, subject=True)} {marked(helper, 'not') if denied else be} {what}"


def in_present(modal: str, *, many: bool) -> str:
    """*didn't* becomes *doesn't* or *don't*, *couldn't* becomes *can't*; German says *will* for both ways to refuse."""
    do = "do" if many else "does"
    return {
        "didn't": f"{do}n't",
        "did not": f"{do} not",
        "couldn't": "can't",
        "could not": "cannot",
        "wouldn't": f"{do}n't want to",
        "didn't want to": f"{do}n't want to",
    }[modal]


def predicate_words(said: Said, *, plural: bool, now: bool) -> str:
    """*was too tired*, *were …*, *is …*, or a phrase: *had a flat tyre*."""
    words = said.predicate.english
    if said.predicate.phrase:
        if plural:
            words = words.replace(" its ", " their ").replace(" itself", " themselves")
        first, _, rest = words.partition(" ")
        if now:
            return f"{ENGLISH_NOW[first][plural]} {rest}".replace("can not ", "cannot ")
        return f"were {rest}" if plural and first == "was" else words
    be = ("are" if plural else "is") if now else ("were" if plural else "was")
    return joined(marked(be, "was"), marked(said.degree[0], "too"), marked(words, "property"))


@cache
def slot_of(slot: str) -> tuple[str, frozenset[str]]:
    """A slot's kind and its flags: *will not it ^* is (will not, {it, ^})."""
    words = slot.split(" ")
    flags = frozenset(word for word in words[1:] if word in FLAGS)
    return " ".join(word for word in words if word not in flags), flags


FLAGS = {"it", "its", "both", "the", "now", "start", "only", "had", "again", "^", "_"}


def pronouns_of(plan: SentencePlan, flags: frozenset[str]) -> set[int]:
    """The participants that are pronouns in a clause with these flags."""
    if "both" in flags:
        return {0, 1}
    return ({plan.about} if "it" in flags else set()) | ({plan.other} if "its" in flags else set())
