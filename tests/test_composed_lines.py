"""Lines put together from characters, and what the grouping networks are told of them."""

import numpy as np
import pytest
from conftest import drawn_ink

from hcr_core.alphabet import DIGITS, LOWERCASE, UPPERCASE
from hcr_core.datasets.pen_alphabet import pen_strokes
from hcr_core.datasets.strokes import render
from hcr_core.grouping_model import CLASSES
from hcr_core.training import grouping_data
from hcr_core.training.composed_lines import ComposedLine, compose, random_words
from hcr_core.training.grouping_data import drawn, varied


def line(text: str, seed: int = 0) -> ComposedLine:
    return compose(text, [drawn_ink(letter, 50) for letter in text.replace(" ", "")], np.random.default_rng(seed))


def test_words_are_of_one_kind():
    kinds = {DIGITS: 0, UPPERCASE: 0, LOWERCASE: 0}
    for word in random_words(np.random.default_rng(0), 200):
        assert 2 <= len(word) <= 8
        (kind,) = [pool for pool in kinds if set(word[1:]) <= set(pool)]
        kinds[kind] += 1
        assert word[0] in kind or (kind is LOWERCASE and word[0].isupper())
    assert min(kinds.values()) > 20


def test_words_are_of_the_letters_that_a_hand_has():
    known = frozenset("abcXYZ")
    for word in random_words(np.random.default_rng(0), 100, known):
        assert set(word) <= known


def test_every_character_owns_its_ink():
    composed = line("Hot 17")
    assert composed.owner.shape == composed.image.shape
    assert set(np.unique(composed.owner)) == {0, 1, 2, 3, 4, 5}
    assert ((composed.owner > 0) == (composed.image <= 155)).mean() > 0.99
    lefts = [np.nonzero(composed.owner == i)[1].min() for i in range(1, 6)]
    assert lefts == sorted(lefts)


def test_an_i_without_its_dot_is_as_high_as_an_x():
    stem = [stroke for stroke in pen_strokes("i") if np.ptp(np.asarray(stroke)[:, 1]) > 20]
    for i, tall in ((drawn_ink("i", 50), True), (render(stem, 50), False)):
        composed = compose("oi", [drawn_ink("o", 50), i], np.random.default_rng(0))
        o, found = (np.ptp(np.nonzero(composed.owner == number)[0]) for number in (1, 2))
        assert (found > 1.3 * o) == tall


def test_the_same_seed_writes_the_same_line():
    assert np.array_equal(line("Hot 17", 3).image, line("Hot 17", 3).image)
    assert line("Hot 17", 3).image.shape != line("Hot 17", 4).image.shape


@pytest.mark.parametrize("text", ["Hot", "1746", "minimum", "XYZ abc"])
def test_each_character_of_a_line_is_a_group_of_its_class(recognizer, text):
    examples = grouping_data.of_line(recognizer, line(text, seed=3))
    found = [CLASSES[c] for c in examples.classes if c >= 0]
    assert set(found) <= set(text.lower())
    # Cuts may miss where two characters touch.
    assert len(found) >= 0.7 * len(text.replace(" ", ""))
    assert (examples.classes < 0).any()
    assert len(examples.glyphs) == len(examples.contexts) == len(examples.geometry) == len(examples.sureness)


def written(text: str) -> np.ndarray:
    strokes, x = [], 0.0
    for letter in text:
        letter_strokes = pen_strokes(letter)
        points = np.concatenate(letter_strokes)
        strokes += [stroke - [points[:, 0].min(), 0] + [x, 0] for stroke in letter_strokes]
        x += np.ptp(points[:, 0]) + 25
    return drawn(strokes, 8, scale=0.6)


def test_the_text_of_a_word_says_which_groups_are_characters(recognizer):
    examples = grouping_data.of_word(recognizer, "hand", written("hand"))
    assert sorted(CLASSES[c] for c in examples.classes if c >= 0) == sorted("hand")


def test_a_word_that_is_not_its_text_is_left_out(recognizer):
    assert grouping_data.of_word(recognizer, "XWQ8MK"[:4], written("ill")) is None


def test_a_varied_word_is_as_high_and_says_the_same():
    strokes = [np.array([[0, 0], [0, 200]], np.int16), np.array([[100, 0], [100, 200], [300, 200]], np.int16)]
    other = varied(strokes, np.random.default_rng(0))
    assert [len(stroke) for stroke in other] == [2, 3]
    assert all(np.array_equal(a[:, 1], b[:, 1]) for a, b in zip(strokes, other, strict=True))
    # One slant and one width for all of it.
    lean = [float(np.diff(stroke[:2, 0])[0]) for stroke in other]
    assert lean[0] == pytest.approx(lean[1]) != 0
    width = float(other[1][2, 0] - other[1][1, 0])
    assert 160 < width < 250
    assert width != 200
