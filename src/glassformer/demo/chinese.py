"""How a plan is said in Chinese: for a part of the words, in some frames. The noun is said again, or 它 stands for it.

Chinese has no gender and no article, so *it* is understood where the noun is repeated: 动物没有穿过街道，因为街道太宽了。
"""

from dataclasses import replace
from functools import cache

from glassformer.demo.draw import Repertoire, frames
from glassformer.demo.english import pronouns_of, slot_of
from glassformer.demo.lexicon import entries
from glassformer.demo.plan import ROLES, Said, SentencePlan, marked
from glassformer.demo.situations import Situation, scenes

FRAMES = {
    "because": "{not}，因为{is}。", "because first": "因为{is}，{not}。", "since": "{not}，因为{is}。",
    "since first": "由于{is}，{not}。", "two sentences": "{not}。{is}。", "why": "为什么{not}？因为{is}。",
    "although": "虽然{is}，但是{does}。", "although first": "虽然{is}，但是{does}。", "even though": "尽管{is}，{does}。",
    "so": "{is the}，所以{not it}。", "so deshalb": "{is the}，因此{not it}。", "which is why": "{is the}，因此{not it}。",
    "because it first": "因为{is the}，所以{not it}。", "wanted but": "{wants}，但是{is}。",
    "because does": "{does}，因为{is}。", "since does": "{does}，因为{is}。", "since first does": "由于{is}，{does}。",
    "two does": "{does}。{is}。", "why does": "为什么{does}？因为{is}。", "so does": "{is the}，所以{does it}。",
    "although not": "虽然{is}，但是{not}。", "although not first": "虽然{is}，但是{not}。",
    "if last": "如果{is}，{will not}。", "if first": "如果{is}，{will not}。",
}  # fmt: skip
"""By the names in frames.txt."""
DEGREES = {
    "": "很{}",
    "too": "太{}了",
    "far too": "实在太{}了",
    "much too": "太{}了",
    "a bit too": "有点太{}了",
    "so": "非常{}",
    "simply too": "太{}了",
    "still too": "还太{}",
    "very": "非常{}",
    "really": "真的很{}",
    "quite": "相当{}",
    "rather": "相当{}",
    "extremely": "极其{}",
    "particularly": "特别{}",
}
"""An adjective alone would compare: it needs 很."""
DENIED = {
    "didn't": "没有",
    "did not": "没有",
    "couldn't": "没能",
    "could not": "没能",
    "wouldn't": "不肯",
    "didn't want to": "不想",
}
OWN = {"my": "我的", "our": "我们的", "his": "他的", "her": "她的"}


@cache
def words(section: str) -> dict[str, str]:
    """One section of chinese.txt: nouns, predicates or verbs."""
    found: dict[str, dict[str, str]] = {}
    for line in entries("chinese.txt"):
        if line.startswith("["):
            mine = found.setdefault(line.strip("[]"), {})
        else:
            mine |= dict(entry.strip().split(" = ") for entry in line.split(";"))
    return found[section]


def verb_key(situation: Situation) -> str:
    verb = situation.verb
    return f"{verb.english} {verb.preposition} {verb.infinitive}"


@cache
def chinese_repertoire() -> Repertoire:
    """The scenes of which all words are known in Chinese."""
    some = tuple(made for made in map(part_of, scenes()) if made)
    some_frames = tuple(frame for frame in frames() if frame.name in FRAMES)
    return Repertoire(some_frames, some, (), (), plain=True, knows=frozenset(words("predicates")))


def part_of(scene: Situation) -> Situation | None:
    known = words("predicates")
    participants = tuple(tuple(noun for noun in some if noun.english in words("nouns")) for some in scene.participants)
    if verb_key(scene) not in words("verbs") or not all(participants):
        return None
    against, reasons = (
        tuple(tuple(english for english in some if english in known) for some in side)
        for side in (scene.against, scene.reasons)
    )
    return replace(scene, participants=participants, against=against, reasons=reasons)


class Chinese:
    """One plan's slots."""

    def __init__(self, plan: SentencePlan) -> None:
        self.plan = plan
        self.again = len(plan.said.predicate.english if plan.said else "") % 2 == 0
        """Whether the noun is said again instead of 它: the predicate decides, so that a plan is always written alike."""

    def fill(self, slot: str) -> str:
        """The words for a slot of FRAMES."""
        kind, flags = slot_of(slot)
        if kind == "is":
            assert self.plan.said is not None
            about = self.plan.about
            subject = self.participant(about, flags) if "the" in flags else self.it(about)
            return subject + said_in_chinese(self.plan.said)
        subject = self.participant(0, flags)
        thing = self.participant(1, flags)
        verb = words("verbs")[verb_key(self.plan.situation)]
        done, bare = verb.replace("~", "了"), verb.replace("~", "")
        before = {"not": DENIED[self.plan.modal], "wants": "想", "will not": "不会", "does": ""}[kind]
        return subject + before + (done if kind == "does" else bare).replace("{y}", thing)

    def participant(self, number: int, flags: frozenset[str]) -> str:
        if number in pronouns_of(self.plan, flags):
            return self.it(number)
        phrase = self.plan.participants[number]
        own = OWN.get(phrase.determiner, "")
        return own + marked(words("nouns")[phrase.noun.english], ROLES[number])

    def it(self, number: int) -> str:
        phrase = self.plan.participants[number]
        if self.again:
            return marked(words("nouns")[phrase.noun.english], f"it {ROLES[number]}")
        return marked("它们" if phrase.plural else "它", f"it {ROLES[number]}")


def said_in_chinese(said: Said) -> str:
    word = words("predicates")[said.predicate.english]
    if said.predicate.phrase or word.startswith("!"):
        return word.removeprefix("!")
    return DEGREES[said.degree[0]].format(word)
