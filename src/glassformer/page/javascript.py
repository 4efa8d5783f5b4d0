r"""A regular expression of Python's as JavaScript reads it (with its flag ``u``), so that the page needs no second one.

They differ in what ``\w``, ``\d``, ``\s``, ``\b`` and ``.`` stand for, in what must be escaped, in how characters and groups
are written, and JavaScript has no quantifiers that give nothing back (``++``): there a lookahead captures what they took.
"""

import re

BLANK = r"\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
CLASSES = {
    "re": {"w": r"\p{L}\p{N}_", "d": r"\p{Nd}", "s": rf"\t-\r\x1c- {BLANK}"},
    "regex": {"w": r"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}", "d": r"\p{Nd}", "s": rf"\t-\r {BLANK}"},
}
"""The characters of ``\\w``, ``\\d`` and ``\\s`` in Python's own module, and in the module ``regex``."""
ESCAPE = re.compile(r"\\(?:U([0-9a-fA-F]{8})|(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2})|[pP]\{(\w+)\}|(.))", re.DOTALL)
PROPERTIES = {"RI": "Regional_Indicator"}
SYNTAX = "^$\\.*+?()[]{}|/"
QUANTIFIER = re.compile(r"(?:[*+?]|\{\d*,?\d*\})([+?]?)")
GROUP = re.compile(r"\((?:\?P(<\w+>)|\?(?:[:=!]|<[=!]))?")
KEPT = {"n", "t", "r", "f", "v"}


def javascript(pattern: str, module: str = "re") -> str:
    """``pattern`` without flags and without references, of Python's ``re`` or of ``regex``. Raises ValueError for what is
    not known here."""
    return _Translation(pattern, CLASSES[module]).made()


class _Translation:
    """One pattern, from its first character to its last."""

    def __init__(self, pattern: str, classes: dict[str, str]) -> None:
        self.pattern, self.classes = pattern, classes
        self.at = 0
        self.out: list[str] = []
        self.opened: list[int] = []
        self.kept = 0

    def made(self) -> str:
        atom = 0  # where in ``out`` the last one begins, which a quantifier repeats
        while self.at < len(self.pattern):
            character = self.pattern[self.at]
            if (found := QUANTIFIER.match(self.pattern, self.at)) and self.out and found.end() > self.at:
                self.at = found.end()
                self.quantify(atom, found.group(), found[1])
            elif group := GROUP.match(self.pattern, self.at):
                self.at = group.end()
                self.opened.append(len(self.out))
                self.out.append(f"(?{group[1]}" if group[1] else group.group())
            elif character == ")":
                atom = self.opened.pop()
                self.one(")")
            else:
                atom = len(self.out)
                self.literal(character)
        return "".join(self.out)

    def one(self, text: str, length: int = 1) -> None:
        self.out.append(text)
        self.at += length

    def literal(self, character: str) -> None:
        if character == "\\":
            self.one(*self.escaped())
        elif character == "[":
            self.out.append(self.of_class())
        elif character == ".":
            self.one(r"[^\n]")
        elif character in "^$|":
            self.one(character)
        else:
            self.one(f"\\{character}" if character in SYNTAX else character)

    def quantify(self, atom: int, text: str, kind: str) -> None:
        if kind != "+":
            self.out.append(re.sub(r"\{,", "{0,", text))
            return
        self.kept += 1
        self.out[atom:] = [f"(?=(?<kept{self.kept}>{''.join(self.out[atom:])}{text[:-1]}))\\k<kept{self.kept}>"]

    def escaped(self, inside: str = "") -> tuple[str, int]:
        """The escape at ``at``, and its length. ``inside`` a class: what stands around an escape that is one itself."""
        found = ESCAPE.match(self.pattern, self.at)
        if found is None:
            raise ValueError(f"a lone backslash at the end of {self.pattern!r}")
        length = len(found.group())
        large, small, name, letter = found.groups()
        if large:
            return f"\\u{{{int(large, 16):x}}}", length
        if small or letter in KEPT:
            return f"\\{small or letter}", length
        if name:
            return f"\\{found.group()[1]}{{{PROPERTIES.get(name, name)}}}", length
        known = self.classes.get(letter.lower())
        if known and letter.islower():
            return (known if inside else f"[{known}]"), length
        if known:
            return f"[^{known}]", length
        if letter == "b" and not inside:
            is_word = f"[{self.classes['w']}]"
            return f"(?:(?<={is_word})(?!{is_word})|(?<!{is_word})(?={is_word}))", length
        if letter.isalnum():
            raise ValueError(f"\\{letter} in {self.pattern!r} is not known here")
        return (f"\\{letter}" if letter in (SYNTAX + "-" if inside else SYNTAX) else letter), length

    def of_class(self) -> str:
        r"""The class at ``at``. One that excludes ``\W`` is a lookahead and ``\w``: JavaScript has no such class."""
        self.at += 1
        negated = self.pattern[self.at] == "^"
        self.at += negated
        items, others = "", []
        begin = self.at
        while self.pattern[self.at] != "]" or self.at == begin:
            character = self.pattern[self.at]
            if character == "\\":
                text, length = self.escaped("class")
                if text.startswith("[^"):
                    others.append(text)
                else:
                    items += text
                self.at += length
            elif character == "-" and not self.is_range(begin):
                items += r"\-"
                self.at += 1
            else:
                items += f"\\{character}" if character in SYNTAX else character
                self.at += 1
        self.at += 1
        if not others:
            return f"[{'^' if negated else ''}{items}]"
        if negated and len(others) == 1:
            return f"(?:(?![{items}])[{others[0][2:]})" if items else f"[{others[0][2:]}"
        if negated:
            raise ValueError(f"a class in {self.pattern!r} excludes two complements: not known here")
        return f"(?:{'|'.join([*others, *([f'[{items}]'] if items else [])])})"

    def is_range(self, begin: int) -> bool:
        """Whether the hyphen at ``at`` stands between two characters, and not beside a class or at an end."""
        before, after = self.pattern[begin : self.at], self.pattern[self.at + 1 : self.at + 3]
        behind_class = re.search(r"(?<!\\)(?:\\\\)*(?:\\[wdsWDS]|\\p\{\w+\})$", before)
        return bool(before) and not behind_class and after[0] != "]" and not re.match(r"\\[wdsWDSp]", after)
