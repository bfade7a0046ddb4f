from dataclasses import replace

import numpy as np
import pytest

from hcr_core.preprocessing import Box
from hcr_core.reading_corrections import corrected
from hcr_core.recognition import Character, Line, Reading, Word
from hcr_core.verdict import verdict


def word(sure: int, unsure: int, joined: bool = False) -> Word:
    """Of so many characters that are sure, and unsure."""
    characters = [
        Character("n", p, (("n", p), ("z", 1 - p)), Box(0, 0, 8, 12), np.zeros((28, 28), np.uint8), ())
        for p in (*[0.9] * sure, *[0.4] * unsure)
    ]
    return Word(tuple(characters), joined)


def reading(*words: Word) -> Reading:
    return Reading((Line(words),), "m")


@pytest.mark.parametrize(
    "words",
    [[word(5, 5)], [word(0, 9)], [word(4, 0, True)] * 2, [word(4, 0, True)] * 3 + [word(4, 0)] * 3],
    ids=["half unsure", "few characters", "few words", "half joined"],
)
def test_nothing_is_said_of_what_may_be_read_well(words):
    assert verdict(reading(*words)) is None


def test_most_characters_unsure_are_said_with_their_number():
    said = verdict(reading(word(4, 6), word(1, 1)))
    assert said.startswith("This was mostly not read well: 7 of 12 characters are unsure")
    assert "faint" in said


def test_words_that_the_language_put_in_are_said_to_flatter():
    bad, chosen = word(4, 6), replace(word(1, 1), before="nz")
    assert verdict(reading(bad, chosen)).endswith("Words of the language make it look more like text than it is.")
    assert "language" not in verdict(reading(bad))


def test_most_words_joined_are_the_reason():
    joined = [word(1, 3, joined=True)] * 3
    assert verdict(reading(*joined)).endswith("9 of 12 characters are unsure, as most words look joined up.")
    sure = [word(4, 0, joined=True)] * 3
    assert "3 of 4 words look joined up" in verdict(reading(*sure, word(4, 0)))


def test_corrections_take_the_verdict_back():
    page = reading(word(4, 6))
    assert verdict(page)
    assert verdict(corrected(page, {9: "n"})) is None
