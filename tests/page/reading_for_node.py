"""How Python reads texts and writes translations, for the page's own tests: web/test/reading.test.ts does the same."""

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sentencex

from glassformer.carried import places
from glassformer.page.rules import rules_of
from glassformer.text.case import plain
from glassformer.text.normalise import normalised
from glassformer.text.protected import protect
from glassformer.text.reading import Reader
from glassformer.text.sentences import sentences
from glassformer.text.tokenizer import Tokenizer
from glassformer.translator import Translator
from tests.toy_translator import ENGLISH, toy

HARD = """
See https://example.org/a_(b)?c=d, or write to me.you+x@mail.example.com.
Open the file C:\\Users\\me\\x.txt or ~/notes/today.md or setup.cfg, then run --verbose now.
Dear {name}, you have %d new messages and %(count)s old ones; press <b>Enter</b> &amp; wait.
Call me at 12:30 or 9:05:11 on 2026-01-31, version 2.10.3-beta, or v7.
The price of [url=x]this[/url] is $total$ in `code` and ${more}.
Ask bob.o'neil@example.co.uk at 192.168.0.1:22, fe80::1 or localhost:8080/a, 1.2.3-rc.1+build5.
Call foo.bar() with x_count in C# or c++; use %s%s or %d%%, \\t, \\u00e9, [here](https://a.b/c_(d)).
{n, plural, one {# dog} other {# dogs}} on 12/05/2021.
Send it to 1A1zP1eP5QGefi2DMPTf, DE89 3704 0044 0532 0130 00, +49 (0)30 123-456.
Hello @friend, look at #weather and 0xFF, #ffcc00, 123e4567-e89b-12d3-a456-426614174000.
I am happy :-) and sad ;( and <3 you :wave: :smile: :fire::fire:!
🦉 Owls fly at night. 🦉🦉
👩‍👩‍👧 are here 🇩🇪 and there ☂️ 1️⃣!
😀😀 😀
Ticket OPS-77 of RFC 7231: run ls -l in hotfix/red-lamp with depth=12, app.lamp.colour and List<String>.
Run git pull --rebase, rm -rf or docker compose up -d at 46.5763, 7.9904, 54.3213° N, 10.1349° E, 46°33'12\"N or 20° C.
Use --mode=slow, arXiv:1234.56789 or <%= name %>.
Loading the file {name}...
Wait for it .... 🦉
What is it…
Dear [FULL NAME], ~~this~~ is ||hidden|| in r/owls and t.me/owls2 since 3h07m, [[Owls]], k8s, SW1A 2AA, [Y/n].
BORN IN 1999. See Ref. No. 12 here. Two ways: a) First, call. b) Second, write. My owl is ill. Nobody knows.
1. Peel them. 2. Boil them for 20 min. 3. Serve. Do so: 1. open it, 2. Water it.
Take vitamin C. b) Drink. In the sun. Cats sleep.
(see www.example.com.)
{a} {b} {c} {d} {e} {f} {g} {h} {i} {j} {k} are eleven things.
<p class="x">A text</p> <!-- and a note --> __name__ print() \\n
It costs 5 € or ½ of that ² → there ©.
今天天气很好。
“I love you,” he said. ‘Yes,’ said she; it’s late.
From Monday–Friday he—the ﬁrst—didn`t come, «no» non‑stop — at all, 1914–1918.
He ran 10km in 42min; std::vector is 1.5GB, call (555) 123-4567 or see 10.1000/xyz123.
We ate 寿司 and 天ぷら at http://x.org/寿司 together.
Привет, мир! Это другой язык.
Ελληνικά γράμματα εδώ.
x π y Ω
Das ist der Hund, den wir gestern mit der Katze im Garten gesehen haben.
Les enfants sont dans la maison avec une pomme et ils mangent.
No. 5 is alive. He met Mr. Smith at 6 p.m. Then they left. It was fun, etc. And more.
HE MET MR. SMITH AT 6 P.M. THEN THEY LEFT. IT WAS FUN, ETC. AND MORE.
THE US ARMY AND THE WHO ASK US WHO WILL FIX IT. IT IS AN IT PROBLEM.
MY DVDS AND CDS ARE IN THE USA; X-RAY, PLAN B AND MP3 FILES OF THE BBC!
JOHN'S E-MAIL SAYS: "I AM AT 10KM FROM LONDON ON MONDAY." REALLY? YES... NO!
THE 7TH OF WORLD WAR II WITH HENRY VIII. AND J. S. BACH.
AIDS IS A DISEASE. HEARING AIDS ARE NOT. US POLICY IN LA. WE NEED PINS, DVDS AND L'EAU.
hELLO tOM, i AM HERE. pLEASE cLOSE tHE dOOR.
hElLo tHeRe mY fRiEnD. HeLlO aGaIn!
MY iPHONE AND McDONALD'S ARE HERE AT 5pm WITH DVDs, NATO's FILES AND THE STRAßE.
It weighs 3 kg. Lift it. Add 20 cl. Stir. It takes 5 min. Anna ran 3 km. Bo 4 m. Then 2 m of it.
Give it to me. Come here. He voted no. Rep. Roe did not. 他说:"好的."然后走了。
He ate apples, etc. London was far. И т. д. и т. п. Конец. Домов и др. Москва.
The Quick Brown Fox Jumps Over The Lazy Dog.
Tom Is Here Now.
New York City
This is VERY IMPORTANT and NOT a test. STOP RIGHT THERE! Go on.
"Stop!" he said. "Why?" she asked. (It was late.) He left.
J. R. R. Tolkien wrote it. U.S. troops came. At 5 a.m. Mr. X left.
Wait... what? Wait... What? I… I did not know. Well… Yes.
He came [3] and went.[4] Then he came back.
A.B. Smith and Dr. House, Ph.D., live in St. Paul. They like it vs. them.
He lives in Washington D.C. She does not. See Fig. 3 and Sec. II. of p. 12.
DAS IST DIE Z. B. DRITTE STRASSE AM 3. MAI, U. A. MIT DER DB-LOUNGE. UND PKW!
Am 3. Mai um 5 Uhr kam Hr. Müller, z. B. mit dem 2. Zug. Dann ging er. Ludwig XIV. war da.
Er kam im 2. Stock an. Es war der 15. Und er ging. Siehe S. 12 ff. Danach usw. Aber ja.
L'ONU ET L'OTAN SONT ICI. C'EST À 5 KM DE M. DUPONT ET DE LA SNCF!
Il est né le 3 févr. Paul est là. M. Dupont arrive. « Bonjour. » dit-il. Voilà.
ÉCOLE FERMÉE À CAUSE DE LA NEIGE
İSTANBUL'DA I VE İ HARFLERİ VAR
STRASSE, STRAẞE UND ẞ GROSS
ООН И США ЗАЯВИЛИ О МИРЕ. КГБ МОЛЧИТ.
Он приехал в 2001 г. и уехал. Это т.е. всё. Проф. Иванов здесь.
你好!再见。“你去哪儿？”他问。我说：“回家。”然后走了。
「はい。」と言った。次の文です。
Ο ΑΓΓΛΟΣ ΕΊΝΑΙ ΕΔΏ; ΝΑΙ. ΚΑΙ ΕΚΕΊ.
e\u0301te\u0301 a\tb\u00a0c\u2028d\u200be\u00adf\ufeffg
\x20 two  spaces\x20\x20
one line\\nand another\\r\\nand a third
XQ7 and XZ7 are words of the text {here} and {there}.
\ue000 stands in \ue003 the text {x}
a
?!
{x}
🦉
"""
"""Lines that ask for something; the escapes \\n and \\r are read."""
PAIRS = ["en-ka", "de-en", "fr-tr", "ru-el", "tr-en", "zh-de", "-"]


def texts() -> list[str]:
    """Some hundred: the hard ones, each in capitals and in titles, too; a toy's sentences with a thing in them."""
    hard = [line.replace("\\n", "\n").replace("\\r", "\r") for line in HARD.strip("\n").split("\n")]
    chance = random.Random(1)
    things = ["{name}", "https://example.org", "🦉", "%s", "a@b.org", "<b>", "12:30", "寿司", "U.S."]
    mixed = []
    for line in ENGLISH:
        words = line.split(" ")
        words.insert(chance.randrange(len(words) + 1), chance.choice(things))
        mixed.append(" ".join(words))
        mixed.append(" ".join(word.upper() if chance.random() < 0.4 else word for word in words))
    return [*hard, *(line.upper() for line in hard), *(line.title() for line in hard), *mixed]


def write_readings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file a reader: what it knows, and what it does with each text."""
    taught = toy().tokenizer
    shipped = Translator.load("en-de")
    readers = {pair: Reader.of(taught, {"languages": pair}) for pair in PAIRS}
    readers["signs"] = Reader.of(taught.with_signs(), {"languages": "en-de"})
    readers["shipped"] = shipped.reader
    readers["as_typed"] = replace(shipped.reader, plain_case=False, protect=False)
    folder.mkdir(parents=True)
    library = sentencex.segment
    asked: list[str] = []
    monkeypatch.setattr(sentencex, "segment", lambda code, text: (asked.append(text), library(code, text))[1])
    for name, reader in readers.items():
        tokenizer = reader.tokenizer
        special = {"pad_id": tokenizer.pad_id, "bos_id": tokenizer.bos_id, "eos_id": tokenizer.eos_id}
        told = {
            "rules": vars(rules_of(reader)),
            "vocabulary": tokenizer.table(),
            "special": {**special, "unk_id": tokenizer.unk_id},
            "readings": [reading_of(reader, text, asked) for text in texts()],
        }
        (folder / f"{name}.json").write_text(json.dumps(told))


def reading_of(reader: Reader, text: str, asked: list[str]) -> dict[str, Any]:
    """``asked``: what the library of sentence ends was asked; the page has its answers for single words alone."""
    asked.clear()
    reading = reader.whole(text)
    (part,) = reading.parts
    tokenizer: Tokenizer = reader.tokenizer
    ids = part.ids
    middle = tokenizer.encode("The tired one") + [id for id in ids if tokenizer.decode([id]) in reader.signs] + ids[:3]
    own = (tokenizer.unknown, tokenizer.plainer) if tokenizer.signs else ()
    seen = protect(text, *own).text if reader.protect else normalised(text)
    return {
        "text": text,
        "sentences": sentences(seen, reader.source),
        "plain": plain(seen, reader.source, reader._known),
        "ids": ids,
        "shown": reader.shown(reading, tokenizer.tokens(ids)),
        "foreign": bool(reader.foreigner(text)),
        "said": middle,
        "written": reader.write(reading, [tokenizer.decode(middle)]).text,
        "places": [places(tokenizer, middle, unspaced) for unspaced in (False, True)],
        "as_target": reader.as_target(reading, text),
        "by_library": bool(asked),
    }
