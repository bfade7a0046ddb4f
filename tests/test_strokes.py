"""Pen strokes: the alphabet written by code, rendering, synthetic samples."""

import cv2
import numpy as np
import pytest
from conftest import likeness

from hcr_core.alphabet import DIGITS, LOWERCASE, UPPERCASE
from hcr_core.datasets import DatasetError
from hcr_core.datasets.bundled import synthetic_strokes
from hcr_core.datasets.pen_alphabet import pen_strokes, style_count
from hcr_core.datasets.strokes import PenStrokes, render
from hcr_core.preprocessing import ink_to_glyph


def test_every_style_of_every_character_can_be_drawn_within_its_box():
    for label in DIGITS + UPPERCASE + LOWERCASE:
        for style in range(style_count(label)):
            points = np.concatenate(pen_strokes(label, style))
            assert np.isfinite(points).all()
            assert points.min() >= -12, (label, style)
            assert points.max() <= 146, (label, style)


def test_many_characters_have_several_styles():
    assert all(style_count(label) >= 2 for label in "1479agIlrtzZQGJ")
    with pytest.raises(IndexError):
        pen_strokes("A", 99)


def test_a_wider_pen_makes_more_ink_and_the_same_character():
    thin, wide = render(pen_strokes("S"), 40), render(pen_strokes("S"), 120)
    assert cv2.countNonZero(wide) > 2 * cv2.countNonZero(thin)
    assert likeness(ink_to_glyph(thin), ink_to_glyph(wide)) > 0.7


def test_a_dot_is_drawn_as_a_dot():
    ink = render([np.array([[5, 5]])], 100)
    assert 0 < cv2.countNonZero(ink) <= 15 * 15


def test_taken_strokes_are_those_of_the_rows_in_their_order():
    strokes = synthetic_strokes(1)
    rows = np.array([40, 3, 61])
    taken = strokes.take(rows)
    for i, row in enumerate(rows):
        assert taken.labels[i] == strokes.labels[row]
        assert all(np.array_equal(a, b) for a, b in zip(taken[i], strokes[row], strict=True))


def test_synthetic_strokes_are_seeded_and_a_larger_set_begins_with_the_smaller():
    small, large, other = synthetic_strokes(1), synthetic_strokes(2), synthetic_strokes(1, seed=1)
    assert len(large) == 2 * len(small) == 124
    assert np.array_equal(large.points[: len(small.points)], small.points)
    assert not np.array_equal(other.points[:100], small.points[:100])
    assert np.ptp(small.points[: small.stroke_starts[1]], axis=0).max() <= 1000


def test_a_bad_file_of_strokes_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", points=np.zeros((3, 2)))
    with pytest.raises(DatasetError, match="not a file of pen strokes"):
        PenStrokes.from_npz(tmp_path / "a.npz")
