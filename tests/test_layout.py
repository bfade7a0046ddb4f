import numpy as np
import pytest
from drawn_pages import page, paper, write
from hostile import limited

from hcr_core.layout import _joined, find_lines, single_line, typical_height


def ink_of(image: np.ndarray) -> np.ndarray:
    return 255 - image[..., 0]


def drifting() -> np.ndarray:
    image = paper(300, 900)
    for row, y in enumerate((100, 170)):
        x = 40.0
        for word in ("Lazy", "dogs", "jump", "high", "often")[row:]:
            x = write(image, word, x, y + 0.06 * x) + 30
    return image


@pytest.mark.parametrize(
    ("image", "count"),
    [
        pytest.param(page("Hot 24680", "brown fox", "lazy dogs"), 3, id="lines apart"),
        pytest.param(
            page("going jumpy", "higher Hill", pitch=62), 2, id="tails of g and y between the stems of h and l"
        ),
        pytest.param(page("going jumpy", "higher Hill", pitch=56), 2, id="tails and stems touch"),
        pytest.param(drifting(), 2, id="lines that fall"),
        pytest.param(page("iii jjj"), 1, id="dots are no line of their own"),
        pytest.param(page("a            b"), 1, id="a gap of half the page"),
        pytest.param(page("A"), 1, id="one letter"),
    ],
)
def test_lines_are_found_in_reading_order(image, count):
    ink = ink_of(image)
    lines = find_lines(ink, typical_height(ink))
    assert len(lines) == count
    tops = [line.box.y for line in lines]
    assert tops == sorted(tops)


def test_all_ink_is_in_some_line_and_none_in_two():
    ink = ink_of(page("Hot i jug", "lying off", pitch=62))
    total = np.zeros(ink.shape, int)
    for line in find_lines(ink, typical_height(ink)):
        box = line.box
        total[box.y : box.y + box.height, box.x : box.x + box.width] += line.ink >= 128
    assert np.array_equal(total, (ink >= 128).astype(int))


def test_the_typical_height_is_that_of_letters_not_of_dust():
    image = page("xxx xxx")
    dusty = image.copy()
    for x in range(10, 890, 9):
        dusty[20 : 20 + 2, x : x + 2] = 0
    height = typical_height(ink_of(image))
    assert height == pytest.approx(26, abs=3)
    assert typical_height(ink_of(dusty)) == pytest.approx(height, abs=2)


def test_nothing_has_no_lines():
    empty = np.zeros((40, 60), np.uint8)
    assert typical_height(empty) == 0
    assert single_line(empty) == []
    assert find_lines(empty, 20) == []


def test_two_specks_that_each_seem_to_continue_the_other_are_one_line():
    labels = np.zeros((30, 40), np.int32)
    labels[10, 10:13], labels[12, 11:14] = 1, 2
    assert set(np.unique(_joined(labels, np.array([0.0, 1.0, 1.0]), 8.0))) == {0, 1}


def test_a_page_full_of_dust_is_not_searched_once_for_every_speck():
    labels = np.zeros((2000, 2000), np.int32)
    labels[::25, ::25] = np.arange(1, 6401).reshape(80, 80)
    with limited():
        joined = _joined(labels, np.ones(6401), 3.0)
    assert np.count_nonzero(joined) == 6400
