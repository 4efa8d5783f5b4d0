"""A text in another language of the same script is noticed where that is sure."""

import pytest

from glassformer.text.other_language import other_language


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("Nous avons vu les chats dans le jardin avec une amie.", "en", "French"),
        ("Wir haben gestern die Katze mit dem Hund im Garten gesehen.", "en-US", "German"),
        ("They could see the cat, and we have the dog from your garden now.", "de", "English"),
        ("Вчера мы были там, и она была с ним.", "en", "Russian"),
    ],
)
def test_another_language_is_said(text, language, said):
    assert other_language(text, language).startswith(f"the text seems to be {said}; this model reads ")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I saw the cat and the dog.", "en"),
        ("The film Les Enfants du Paradis was on.", "en"),
        ("Angela Merkel, Paris, Rio de Janeiro", "en"),
        ("a + b + e = o", "de"),
        ("Bonjour", "en"),
        ("Nous avons vu les chats dans le jardin.", "zh"),
        ("Nous avons vu les chats dans le jardin.", ""),
        ("", "en"),
    ],
)
def test_what_is_not_sure_is_not_said(text, language):
    assert other_language(text, language) == ""
