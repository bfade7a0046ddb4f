import cv2
import numpy as np
import pytest
from drawn_pages import page

from hcr_core import deskew

TEXT = 255 - page("The quick brown fox", "jumps over 13 lazy dogs", "Pack my box with")[..., 0]


@pytest.mark.parametrize("degrees", [-12, -5, -2, 2, 5, 12])
def test_the_skew_of_a_page_is_found_within_half_a_degree(degrees):
    assert deskew.skew(deskew.rotated(TEXT, -degrees)) == pytest.approx(degrees, abs=0.5)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(("The quick brown fox", "jumps over 13 lazy dogs"), id="level lines"),
        pytest.param(("think",), id="one word: its t, h and k say more than the line"),
        pytest.param(("Al",), id="two characters"),
    ],
)
def test_what_is_level_or_too_little_to_tell_is_left(text):
    assert abs(deskew.skew(255 - page(*text)[..., 0])) < 0.5


def test_nothing_lies_straight():
    assert deskew.skew(np.zeros((50, 60), np.uint8)) == 0
    assert not deskew.is_sideways(np.zeros((50, 60), np.uint8))


@pytest.mark.parametrize(("turns", "sideways"), [(0, False), (1, True), (2, False), (3, True)])
def test_lines_that_run_up_the_page_are_sideways(turns, sideways):
    assert deskew.is_sideways(np.ascontiguousarray(np.rot90(TEXT, turns))) is sideways


def test_turning_says_where_pixels_go():
    dot = cv2.circle(np.zeros((101, 101), np.uint8), (70, 50), 3, 255, -1)
    turned = deskew.rotated(dot, 90)
    to = deskew.rotation(dot.shape, 90) @ [70, 50, 1]
    assert turned[round(to[1]), round(to[0])] == 255
