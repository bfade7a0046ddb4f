import numpy as np
import pytest

from hcr_core.word_list import LANGUAGES, WordList, word_list


def fitting(word: str) -> np.ndarray:
    """Scores that say the letters of a word, float (length, 26)."""
    return np.where(np.arange(26) == np.array([ord(c) - 97 for c in word])[:, None], 0.0, -5.0)


def spelled(found: tuple[np.ndarray, float]) -> str:
    return "".join(chr(97 + letter) for letter in found[0])


def test_what_fits_best_is_found_and_of_two_the_more_frequent():
    words = WordList.of({"car": 100, "cat": 900, "cart": 50})
    assert spelled(words.best(fitting("car"), 1.0)) == "car"
    undecided = fitting("car")
    undecided[2] = 0
    word, share = words.best(undecided, 2.0)
    assert spelled((word, share)) == "cat"
    assert share == pytest.approx(2 * np.log(900 / 1050))
    assert words.best(fitting("ca"), 1.0) is None


@pytest.mark.parametrize(
    ("counted", "kept"),
    [
        ("Fädchen", "fadchen"),  # readers know no accents
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
        ("l'été", "lete"),
        ("come-back", None),
        ("naïve2", None),
        ("x", None),  # single characters are left alone
        ("a" * 25, None),
    ],
)
def test_words_are_of_plain_letters(counted, kept):
    words = WordList.of({counted: 1, "ab": 1})
    others = [spelled((row, 0.0)) for rows in words.letters.values() for row in rows]
    assert sorted(others) == sorted(filter(None, ["ab", kept]))


def test_spellings_that_become_one_are_counted_together():
    words = WordList.of({"été": 3, "ete": 1})
    assert words.frequencies[3] == pytest.approx([0.0])


@pytest.mark.parametrize(("language", "common"), [("en", "hospital"), ("de", "nicht"), ("pt", "nao")])
def test_languages_have_their_common_words(language, common):
    words = word_list(language)
    assert spelled(words.best(fitting(common), 0.2)) == common
    assert sum(map(len, words.letters.values())) > 50_000


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="'xx': choose one of en"):
        word_list("xx")
    assert "en" in LANGUAGES
