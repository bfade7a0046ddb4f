"""Pages of notebooks as a phone sees them: ruled or squared, from the side, under a shadow."""

import cv2
import numpy as np
import pytest
from drawn_pages import PITCH, lit, page, paper

from hcr_core.page_ink import find_ink
from hcr_core.ruling import remove_rules

TEXT = ("The quick brown fox", "jumps over 13 lazy dogs", "Hot 24680 AND 97531", "going up the hill")
PALE, DARK = (170, 185, 220), (90, 110, 170)


def rules(height: int, width: int, step: int, colour: tuple[int, int, int], *, squared: bool) -> np.ndarray:
    """A sheet of a notebook, uint8 (h, w, 3): every ``step`` rows a rule, one under each line of writing."""
    sheet = paper(height, width, 245)
    for y in range((PITCH + 2) % step, height, step):
        cv2.line(sheet, (0, y), (width, y), colour, 1 if squared else 2)
    for x in range(8, width, step) if squared else (40,):
        cv2.line(sheet, (x, 0), (x, height), colour if squared else (190, 60, 60), 1 if squared else 2)
    return sheet


def photographed(sheet: np.ndarray) -> np.ndarray:
    """From the side and below, twice as large, with the shadow of a hand and darker to the right."""
    height, width = 2 * sheet.shape[0], 2 * sheet.shape[1]
    corners = np.float32([[0, 0], [sheet.shape[1], 0], sheet.shape[1::-1], [0, sheet.shape[0]]])
    seen = np.float32([[72, 22], [width - 14, 72], [width, height], [0, height - 50]])
    matrix = cv2.getPerspectiveTransform(corners, seen)
    photo = cv2.warpPerspective(sheet, matrix, (width, height), borderValue=(245, 245, 245))
    shadow = cv2.fillPoly(
        np.zeros((height, width), np.float32),
        [np.int32([[0.55 * width, 0], [width, 0], [width, height], [0.8 * width, height]])],
        0.4,
    )
    light = np.linspace(1, 0.75, width)[None] * (1 - cv2.GaussianBlur(shadow, (0, 0), 12))
    return lit(cv2.GaussianBlur(photo, (0, 0), 0.8), light)


def notebook(step: int, colour: tuple[int, int, int], *, squared: bool = False) -> np.ndarray:
    text = page(*TEXT)
    return photographed(np.minimum(text, rules(*text.shape[:2], step, colour, squared=squared)))


UNRULED = photographed(page(*TEXT))
PAGES = [
    pytest.param(notebook(PITCH, PALE), id="pale rules"),
    pytest.param(notebook(PITCH, DARK), id="dark rules"),
    pytest.param(notebook(27, PALE, squared=True), id="pale squares"),
    pytest.param(notebook(27, DARK, squared=True), id="dark squares"),
]


def solid(ink: np.ndarray) -> np.ndarray:
    return (ink >= 128).astype(np.uint8)


@pytest.mark.parametrize("photo", PAGES)
def test_rules_go_and_writing_stays(photo):
    expected, ink = solid(find_ink(UNRULED).ink), solid(remove_rules(find_ink(photo).ink)[0])
    assert (ink[expected > 0]).mean() > 0.95
    beside = cv2.dilate(expected, np.ones((13, 13), np.uint8)) == 0
    assert ink[beside].sum() < 0.01 * expected.sum()
    # Letters are not broken, nor joined by what is left of a rule.
    assert abs(cv2.connectedComponents(ink)[0] - cv2.connectedComponents(expected)[0]) <= 4


def test_an_unruled_photo_is_left_untouched():
    ink = find_ink(UNRULED).ink
    assert remove_rules(ink)[0] is ink
