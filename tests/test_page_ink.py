import time

import cv2
import numpy as np
import pytest
from drawn_pages import lit, noisy, page, paper

from hcr_core.imaging import ImageError
from hcr_core.page_ink import find_ink

TEXT = page("Hot 24680", "brown fox", width=500)
HEIGHT, WIDTH = TEXT.shape[:2]
Y, X = np.mgrid[:HEIGHT, :WIDTH]
WRITTEN = cv2.dilate((TEXT[..., 0] < 128).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
CORE = TEXT[..., 0] < 60


def coloured(colour) -> np.ndarray:
    share = (255 - TEXT[..., :1]) / 225
    return (255 * (1 - share) + np.array(colour) * share).astype(np.uint8)


def shadow(share: float) -> np.ndarray:
    return cv2.GaussianBlur(np.where(X + 0.5 * Y < 0.6 * WIDTH, share, 0.95), (0, 0), 4)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(TEXT, id="drawn with a program"),
        pytest.param(lit(TEXT, 0.35 + 0.6 * X / WIDTH), id="light from one side"),
        pytest.param(lit(TEXT, shadow(0.5)), id="a hand's shadow, its edge through the words"),
        pytest.param(noisy(TEXT * 0.22 + 8, 2), id="a dark photo"),
        pytest.param(noisy(150 + TEXT * 0.2), id="little contrast"),
        pytest.param(noisy(120 + TEXT * 0.3, 4), id="pencil on gray paper, its grain as strong as the light"),
        pytest.param(noisy(coloured((60, 80, 200))), id="blue ink"),
        pytest.param(coloured((255, 240, 60)), id="yellow, all but invisible in gray"),
        pytest.param(noisy((255 - TEXT) * 0.75 + 35), id="chalk on a board"),
        pytest.param(np.minimum(TEXT, 255 - (255 - TEXT[:, ::-1]) // 8), id="the other side shows through"),
    ],
)
def test_all_that_is_written_is_ink_and_nothing_else(image):
    ink = find_ink(image).ink >= 128
    assert ink[CORE].mean() > 0.97
    assert ink[~WRITTEN].mean() < 0.0005


def test_the_table_around_a_sheet_is_no_ink():
    table = paper(HEIGHT + 200, WIDTH + 240)
    table[:] = (110, 75, 45)
    table[90 : 90 + HEIGHT, 120 : 120 + WIDTH] = TEXT * 0.9
    grain = np.random.default_rng(0).uniform(0.9, 1.1, (*table.shape[:2], 1))
    ink = find_ink(np.clip(table * grain, 0, 255).astype(np.uint8)).ink >= 128
    assert ink[90 : 90 + HEIGHT, 120 : 120 + WIDTH][CORE].mean() > 0.95
    ink[95 : 85 + HEIGHT, 125 : 115 + WIDTH] = False
    assert not ink.any()


@pytest.mark.parametrize("image", [paper(200, 300), noisy(paper(200, 300, 200)), paper(1, 1), paper(3, 400, 90)])
def test_an_empty_sheet_has_no_ink(image):
    assert not (find_ink(image).ink >= 128).any()


def test_a_large_photo_is_worked_on_at_a_smaller_size_within_a_second():
    large = cv2.resize(lit(TEXT, shadow(0.5)), (4000, 3000), interpolation=cv2.INTER_CUBIC)
    started = time.process_time()
    page_ink = find_ink(large)
    assert time.process_time() - started < 2  # of two processors: a second
    assert page_ink.scale == 0.5
    assert page_ink.ink.shape == (1500, 2000)


@pytest.mark.parametrize("image", [np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4)), "page.png"])
def test_what_is_no_image_is_refused(image):
    with pytest.raises(ImageError):
        find_ink(image)
