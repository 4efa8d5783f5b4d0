"""Lines in UPPER CASE and Title Case, read as plain ones."""

import pytest

from glassformer.text.case import in_upper_case, known_in_small, lower, plain, shouted, titled


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("THE ANIMAL DIDN'T CROSS THE STREET.", "The animal didn't cross the street."),
        ("STOP! WHO IS THERE?", "Stop! Who is there?"),
        ("MR. SMITH IS HERE.", "Mr. Smith is here."),
        ("“GO AWAY!”", "“Go away!”"),
        ("GRÖSSE ÄNDERN", "Grösse ändern"),
        ("PRESS F1 TO GO ON", "Press F1 to go on"),
        ("The Animal Didn't Cross The Street", "The animal didn't cross the street"),
        ("Tom Is Here.", "Tom is here."),
        ("1. Who Is There?", "1. Who is there?"),
    ],
)
def test_shouted_and_titled_lines_become_sentences(line: str, read: str) -> None:
    assert plain(line) == read
    assert plain(read) == read


@pytest.mark.parametrize(
    "line",
    [
        "",
        "   ",
        "123",
        "USA",
        "STOP!",
        "A 4",
        "The animal didn't cross the street.",
        "New York City",
        "Thank You!",
        "The Lord of the Rings",
        "I am SO tired",
        "iPhone And Its Makers",
        "pH dB",
        "eBay iPhone getElementById",
        "x AND y",
        "你好。您好。",
        "мир и Война",
        "שלום לכולם כאן עכשיו.",
    ],
)
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert plain(line) == line
    assert not shouted(line)
    assert not titled(line)


def test_no_letter_is_lost() -> None:
    line = "ΟΔΌΣ ΚΑΙ ΣΠΊΤΙ, STRASSE №7 (A–B)"
    assert shouted(line)
    assert plain(line).upper() == line.upper()
    assert titled("Война И Мир, Том Первый")


SHOUTED = [
    ("en", "THE USA AND THE EU USE PDF FILES.", "The USA and the EU use PDF files."),
    ("en", "IT IS COLD. WHO TOLD US?", "It is cold. Who told us?"),
    ("en", "TELL US WHO IT IS.", "Tell us who it is."),
    ("en", "THE US ARMY AND THE WHO MET OUR IT TEAM.", "The US army and the WHO met our IT team."),
    ("en", "HE WORKS IN IT. I BELIEVE IN IT.", "He works in IT. I believe in it."),
    ("en", "THEY GAVE IT TO US AND LEFT.", "They gave it to us and left."),
    ("en", "THE MAN WHO SAW US RAN.", "The man who saw us ran."),
    ("en", "I SAW HIM AT 5 P.M. ON MONDAY, AND I'M TIRED", "I saw him at 5 p.m. on Monday, and I'm tired"),
    ("en", "PRESS F1 ON THE 7TH DAY OF WORLD WAR II", "Press F1 on the 7th day of world war II"),
    ("en", "NATO'S DVDS ARE OLD", "NATO's DVDs are old"),
    ("en", "PLUG THE USB CABLE INTO THE TV.", "Plug the USB cable into the TV."),
    ("en", "SAVE THE HTML AS AN MP3 FILE", "Save the HTML as an MP3 file"),
    ("en", "J. R. R. TOLKIEN TOOK PLAN B.", "J. R. R. Tolkien took plan B."),
    ("en", "SEND AN E-MAIL TO DR. HILL", "Send an e-mail to Dr. Hill"),
    ("en", "WHY DO MY SHY FRIENDS CRY?", "Why do my shy friends cry?"),
    (
        "de",
        "DAS PDF KOMMT AUS DEN USA, Z. B. VOM US-PRÄSIDENTEN",
        "Das PDF kommt aus den USA, z. B. vom US-Präsidenten",
    ),
    ("de", "WHO UND IT SIND HIER BEKANNT", "WHO und IT sind hier bekannt"),
    ("fr", "UN HOMME DE L'ONU A LA TVA", "Un homme de l'ONU a la TVA"),
    ("tr", "IŞIK İYİ Mİ? KIZ GELDİ.", "Işık iyi mi? Kız geldi."),
    ("az", "QIZ İŞIQ İSTƏYİR", "Qız işıq istəyir"),
    ("nl", "IJSLAND IS MOOI", "IJsland is mooi"),
    ("ru", "США И НАТО БЫЛИ ЗДЕСЬ", "США и НАТО были здесь"),
    ("en", "The USA And The EU Agree On It", "The USA and the EU agree on it"),
    ("en", "AIDS IS A DISEASE, AND HEARING AIDS HELP", "AIDS is a disease, and hearing aids help"),
    ("en", "US POLICY HAS CHANGED. TELL US IN LA.", "US policy has changed. Tell us in LA."),
    ("en", "WE NEED PINS AND DVDS", "We need pins and DVDs"),
    ("fr", "IL EST D'ACCORD.", "Il est d'accord."),
    ("es", "LOS EE. UU. Y LA ONU", "Los EE. UU. y la ONU"),
    ("de", "DIE STRAßE IST GESPERRT", "Die straße ist gesperrt"),
    ("en", "MY iPHONE AND McDONALD'S ARE CLOSED AT 5pm", "My iPHONE and McDONALD'S are closed at 5pm"),
    ("en", "THE DVDs ARE OLD", "The DVDs are old"),
    ("en", "hELLO tOM, i AM HERE.", "Hello Tom, I am here."),
    ("de", "wIR SIND AUF DER sTRAßE", "Wir sind auf der Straße"),
    ("en", "hElLo tHeRe My FrIeNd", "Hello there my friend"),
    ("en", "I told him. DO NOT OPEN THE DOOR! He did.", "I told him. Do not open the door! He did."),
]


@pytest.mark.parametrize(("language", "line", "read"), SHOUTED)
def test_acronyms_and_the_letters_of_a_language_stay(language: str, line: str, read: str) -> None:
    assert plain(line, language) == read


def test_a_shouted_word_in_a_plain_line_is_small_where_it_is_known_to_be_a_word() -> None:
    line = "Hello WORLD, this is SO IMPORTANT to NATO and the USA."
    assert plain(line, "en") == line
    known = {"WORLD", "IMPORTANT", "SO", "NATO"}
    assert plain(line, "en", known.__contains__) == "Hello world, this is SO important to NATO and the USA."
    assert plain("NEVER open It.", "en", {"NEVER"}.__contains__) == "Never open It."


def test_known_are_words_that_the_vocabulary_has_in_small_letters_alone(tokenizer) -> None:
    known = known_in_small(tokenizer)
    pieces = [tokenizer.tokens([id])[0] for id in range(4, len(tokenizer))]
    word = next(piece[1:] for piece in pieces if piece.startswith("▁") and len(piece) > 4 and piece[1:].islower())
    assert known(word.upper())
    assert not known("QXZJ")


def test_capitals_of_a_language() -> None:
    assert in_upper_case("istanbul ışık", "tr") == "İSTANBUL IŞIK"
    assert in_upper_case("Straße in Köln", "de") == "STRASSE IN KÖLN"
    assert in_upper_case("ο δρόμος", "el") == "Ο ΔΡΟΜΟΣ"
    assert in_upper_case("გამარჯობა", "ka") == "გამარჯობა"
    assert lower("İSTANBUL IŞIK", "tr") == "istanbul ışık"
    assert lower("İSTANBUL", "en") == "istanbul"
