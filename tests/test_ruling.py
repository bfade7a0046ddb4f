import cv2
import numpy as np
import pytest
from drawn_pages import page

from hcr_core.ruling import remove_rules, remove_underline

TEXT = 255 - page("going 1746", "Lazy dogs jump", width=600)[..., 0]
HEIGHT, WIDTH = TEXT.shape


def ruled(step: int, first: int, *, squared: bool = False, strength: int = 170, thickness: int = 2, tilt: float = 0):
    rules = np.zeros_like(TEXT)
    for y in range(first, HEIGHT, step):
        cv2.line(rules, (0, y), (WIDTH, round(y + tilt * WIDTH)), strength, thickness)
    for x in range(7, WIDTH, step) if squared else ():
        cv2.line(rules, (x, 0), (x, HEIGHT), strength, thickness)
    return rules


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(ruled(80, 95), id="through the tails of g and j"),
        pytest.param(ruled(80, 80), id="on the baseline, along the round of o"),
        pytest.param(ruled(80, 68, strength=255), id="through all letters, as dark as the pen"),
        pytest.param(ruled(27, 3, squared=True, thickness=1), id="squared"),
        pytest.param(ruled(80, 90, tilt=0.012), id="tilted by less than a degree"),
    ],
)
def test_rules_go_and_letters_stay_whole(rules):
    kept, removed = remove_rules(np.maximum(TEXT, rules))
    beside = cv2.dilate((TEXT > 20).astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
    assert (kept[beside & (rules > 0)] >= 128).mean() < 0.04
    assert (kept[TEXT >= 200] >= 128).mean() > 0.97
    parts = [cv2.connectedComponents((ink >= 128).astype(np.uint8))[0] for ink in (TEXT, kept)]
    # Of squared paper a stub or two of a rule stays beside a letter.
    assert abs(parts[1] - parts[0]) <= 3
    assert removed.any()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(("going 1746", "Lazy dogs jump"), id="words"),
        pytest.param(("TTTTEEEE", "777 LLL ZZZ"), id="bars at one height, one after the other"),
        pytest.param(("T",), id="one bar"),
        pytest.param(("HHH iii", "lll 111"), id="stems"),
    ],
)
def test_a_page_without_rules_is_left_untouched(text):
    ink = 255 - page(*text, width=600)[..., 0]
    kept, removed = remove_rules(ink)
    assert kept is ink
    assert not removed.any()


def test_stems_as_high_as_the_picture_are_no_rules():
    ink = np.ascontiguousarray(255 - page("HILL", width=300)[30:90, :, 0])
    kept, removed = remove_rules(ink)
    assert kept is ink
    assert not removed.any()


def test_a_box_around_the_text_goes():
    box = cv2.rectangle(np.zeros_like(TEXT), (10, 8), (WIDTH - 10, HEIGHT - 8), 255, 3)
    kept, _ = remove_rules(np.maximum(TEXT, box))
    assert (kept[box > 0] >= 128).mean() < 0.02
    assert np.array_equal((kept >= 128)[box == 0], (TEXT >= 128)[box == 0])


def test_nothing_has_no_rules():
    empty = np.zeros((40, 50), np.uint8)
    assert remove_rules(empty)[0] is empty


def one_line(text: str) -> np.ndarray:
    return 255 - page(text, width=600)[..., 0]


@pytest.mark.parametrize(
    ("start", "end", "thickness"),
    [
        pytest.param((0, 12), (0, 12), 4, id="below it all"),
        pytest.param((0, 12), (0, 4), 4, id="not quite level"),
        pytest.param((20, -10), (10, -10), 4, id="through the tails of g and j"),
        pytest.param((0, 14), (0, 14), 9, id="with a broader pen"),
    ],
)
def test_an_underline_goes_and_letters_stay_whole(start, end, thickness):
    ink = one_line("going jump")
    x, y, w, h = cv2.boundingRect((ink >= 128).astype(np.uint8))
    line = np.zeros_like(ink)
    cv2.line(line, (x - start[0], y + h + start[1]), (x + w + end[0], y + h + end[1]), 255, thickness)
    kept, removed = remove_underline(np.maximum(ink, line))
    assert (kept[(line > 0) & (ink < 20)] >= 128).mean() < 0.15
    assert (kept[ink >= 200] >= 128).mean() > 0.95
    assert (removed[line > 0] >= 128).mean() > 0.7


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("going jump", id="words"),
        pytest.param("ZZZ LEE 22", id="bars at the foot of letters"),
        pytest.param("TEE", id="bars at their head"),
        pytest.param("2", id="one character"),
        pytest.param("ELLE", id="bars that nearly meet"),
    ],
)
def test_what_is_not_underlined_is_left_untouched(text):
    ink = one_line(text)
    kept, removed = remove_underline(ink)
    assert kept is ink
    assert not removed.any()


def test_bars_of_letters_that_touch_are_no_underline():
    ink = one_line("ZZZ")
    x, y, w, h = cv2.boundingRect((ink >= 128).astype(np.uint8))
    cv2.line(ink, (x + 4, y + h - 3), (x + w - 4, y + h - 3), 255, 4)
    assert remove_underline(ink)[0] is ink


def test_nothing_has_no_underline():
    ink = np.zeros((40, 60), np.uint8)
    assert remove_underline(ink)[0] is ink
