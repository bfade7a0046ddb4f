"""The map of evidence points at the ink that makes the difference."""

import numpy as np
import pytest
from conftest import drawn_ink

from hcr_core.explanation import coloured, evidence
from hcr_core.preprocessing import ink_to_glyph


@pytest.mark.parametrize(
    ("label", "rival", "where"),
    [
        ("Q", "O", np.s_[17:, 17:]),  # the tail
        ("E", "F", np.s_[22:, :]),  # the lowest bar
        ("G", "c", np.s_[11:17, 14:]),  # the bar
    ],
)
def test_it_points_at_the_stroke_that_makes_the_difference(recognizer, label, rival, where):
    glyph = ink_to_glyph(drawn_ink(label, 90))
    index = recognizer.alphabet.index
    spoken = evidence(recognizer.classify, glyph, index(label), index(rival))
    inside = np.zeros(glyph.shape, bool)
    inside[where] = True
    ink = glyph > 64
    assert spoken[inside & ink].mean() > 2 * max(spoken[~inside & ink].mean(), 0.01)
    assert not spoken[glyph == 0].any()


def test_what_speaks_for_one_class_speaks_against_the_other(recognizer):
    glyph = ink_to_glyph(drawn_ink("Q", 90))
    q, o = (recognizer.alphabet.index(label) for label in "QO")
    there, back = (evidence(recognizer.classify, glyph, *pair) for pair in ((q, o), (o, q)))
    assert there == pytest.approx(-back, abs=1e-4)


def test_it_follows_the_ink_that_is_moved(recognizer):
    glyph = ink_to_glyph(drawn_ink("Q", 90))
    moved = np.roll(glyph, 2, axis=1)
    q, o = (recognizer.alphabet.index(label) for label in "QO")
    maps = [evidence(recognizer.classify, image, q, o) for image in (glyph, moved)]
    strongest = [int(spoken.argmax()) % 28 for spoken in maps]
    assert strongest[1] - strongest[0] in (1, 2, 3)


def test_an_empty_glyph_has_no_evidence(recognizer):
    empty = np.zeros((28, 28), np.uint8)
    assert not evidence(recognizer.classify, empty, 0).any()
    assert (coloured(empty, np.zeros((28, 28), np.float32)) == 255).all()


def test_colours_tell_for_and_against():
    glyph = np.zeros((28, 28), np.uint8)
    glyph[10:18, 4:24] = 255
    spoken = np.zeros((28, 28), np.float32)
    spoken[10:18, 4:14], spoken[10:18, 14:24] = 1, -1
    picture = coloured(glyph, spoken, 4)
    assert picture.shape == (112, 112, 3)
    left, right, paper = picture[56, 30].astype(int), picture[56, 82].astype(int), picture[4, 4]
    assert left[2] > left[0] + 100  # blue
    assert right[0] > right[2] + 100  # orange
    assert (paper == 255).all()
