import cv2
import numpy as np
import pytest
from drawn_pages import page, paper, write
from hostile import limited

from hcr_core.group_features import context_images
from hcr_core.layout import typical_height
from hcr_core.segmentation import _with_dots_on_bodies, cut_line, group, group_glyphs, group_ink, slant, stroke_width


def ink_of(text: str, **how) -> np.ndarray:
    return 255 - page(text, **how)[..., 0]


def pieces_of(ink: np.ndarray):
    return cut_line(ink, typical_height(ink))


def touching(left: str, right: str) -> np.ndarray:
    """Two letters whose boxes overlap by a stroke."""
    image = paper(160, 300)
    write(image, right, write(image, left, 50, 100, gap=-3), 100)
    return 255 - image[..., 0]


@pytest.mark.parametrize("text", ["i", "j", "Hi", "ijij"])
def test_dots_belong_to_the_bodies_below_them(text):
    pieces = pieces_of(ink_of(text))
    low = np.percentile(pieces.boxes[:, 3], 75)
    assert not (pieces.boxes[:, 3] < low - 0.6 * pieces.height).any()


def test_an_i_hardly_higher_than_a_dot_has_its_dot_from_its_neighbour():
    image = paper(160, 300)
    end = write(image, "h", 50, 100)
    cv2.line(image, (round(end) + 6, 93), (round(end) + 6, 100), (30, 30, 30), 3)
    cv2.circle(image, (round(end) - 1, 70), 2, (30, 30, 30), -1)
    write(image, "nk", end + 16, 100)
    pieces = pieces_of(255 - image[..., 0])
    stem = pieces.number[95, round(end) + 6]
    assert stem > 0
    assert pieces.number[70, round(end) - 1] == stem


def test_a_tail_under_other_letters_is_not_cut_with_them():
    letters = [paper(200, 300)[..., 0].copy() for _ in range(2)]
    end = round(write(letters[0], "nn", 50, 100, colour=0))
    # A q whose bowl touches the second n, and whose tail goes back under both.
    cv2.circle(letters[1], (end + 10, 88), 12, 0, 3)
    tail = np.array([[end + 22, 78], [end + 22, 125], [end, 140], [40, 140]], np.int32)
    cv2.polylines(letters[1], [tail], False, 0, 3)
    ink = 255 - np.minimum(*letters)
    assert cv2.connectedComponents(ink)[0] == 3
    pieces = pieces_of(ink)
    groups = group(pieces)
    n, q = (pieces.number[letter < 128] for letter in letters)
    # Of each group the shares of the n and of the q that it has.
    shares = [
        [((letter > first) & (letter <= last)).mean() for letter in (n, q)]
        for first, last in zip(groups.first, groups.last, strict=True)
    ]
    assert any(of_n < 0.05 and of_q > 0.95 for of_n, of_q in shares)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param("o", "o", id="rounds touch in a point"),
        pytest.param("L", "L", id="a foot touches a stem"),
        pytest.param("E", "H", id="arms reach a stem"),
    ],
)
def test_touching_characters_may_be_parted_where_they_touch(left, right):
    ink = touching(left, right)
    assert cv2.connectedComponents((ink >= 128).astype(np.uint8))[0] == 2
    pieces = pieces_of(ink)
    groups = group(pieces)
    alone = [ink_of(letter) for letter in (left, right)]
    widths = [int(np.ptp(np.nonzero((one >= 128).any(axis=0))[0])) + 1 for one in alone]
    parts = [
        (boxes_a[2] - boxes_a[0], boxes_b[2] - boxes_b[0])
        for a, boxes_a in enumerate(groups.boxes)
        for b, boxes_b in enumerate(groups.boxes)
        if groups.first[a] == 0 and groups.last[a] == groups.first[b] and groups.last[b] == len(pieces)
    ]
    assert any(abs(a - widths[0]) <= 8 and abs(b - widths[1]) <= 8 for a, b in parts)


def test_a_one_beside_a_seven_is_cut_nowhere_between_them_twice():
    pieces = pieces_of(ink_of("17"))
    begins = pieces.cut == 0
    assert begins[:-1].sum() == 2


def test_every_pixel_of_ink_is_in_one_piece():
    pieces = pieces_of(ink_of("Handwriting 1746"))
    solid = pieces.ink >= 128
    assert (pieces.number[solid] > 0).all()
    assert set(np.unique(pieces.number)) == set(range(len(pieces) + 1))
    assert pieces.area.sum() == solid.sum()


def test_pieces_come_from_left_to_right():
    middles = pieces_of(ink_of("Handwriting 1746")).boxes[:, [0, 2]].mean(axis=1)
    assert (np.diff(middles) >= 0).all()


def test_groups_are_runs_no_wider_than_a_character():
    pieces = pieces_of(ink_of("Handwriting   1746"))
    groups = group(pieces)
    assert (groups.last > groups.first).all()
    alone = groups.last - groups.first == 1
    assert alone.sum() == len(pieces)
    assert ((groups.boxes[:, 2] - groups.boxes[:, 0])[~alone] <= 1.9 * pieces.height).all()
    assert (groups.gap <= 0.45).all()


def test_a_group_shows_its_own_ink_alone():
    pieces = pieces_of(ink_of("ox"))
    halves = [group_ink(pieces, 0, 1), group_ink(pieces, 1, len(pieces))]
    assert sum(int((ink >= 128).sum()) for ink, _ in halves) == int((pieces.ink >= 128).sum())
    ink, box = group_ink(pieces, 0, len(pieces))
    assert np.array_equal(ink >= 128, pieces.ink[box.y : box.y + box.height, box.x : box.x + box.width] >= 128)


def test_every_group_has_a_glyph_and_a_place():
    pieces = pieces_of(ink_of("ox"))
    groups = group(pieces)
    glyphs, boxes = group_glyphs(pieces, groups)
    assert glyphs.shape == (len(groups), 28, 28)
    assert (glyphs.max(axis=(1, 2)) == 255).all()
    assert [box.y for box in boxes] == groups.boxes[:, 1].astype(int).tolist()


@pytest.mark.parametrize("shear", [-0.2, 0.0, 0.3, 0.6])
def test_the_slant_of_writing_is_found(shear):
    ink = ink_of("Hill HIT")
    matrix = np.float32([[1, -shear, shear * 80], [0, 1, 0]])
    leaning = cv2.warpAffine(ink, matrix, (ink.shape[1] + 100, ink.shape[0]))
    assert slant(leaning) == pytest.approx(shear, abs=0.11)


@pytest.mark.parametrize("gap", [-3, 0, 5])
@pytest.mark.parametrize("pen", [3, 5, 8])
def test_round_letters_stand_upright(pen, gap):
    ink = np.zeros((160, 300), np.uint8)
    for i in range(3):
        cv2.ellipse(ink, (64 + i * (28 + pen + gap), 80), (14, 16), 0, 0, 360, 255, pen, cv2.LINE_AA)
    assert slant(ink) == 0.0


def test_stroke_width_is_the_pens():
    assert stroke_width(ink_of("Hot", pen=3)) == pytest.approx(4, abs=1.5)
    assert stroke_width(ink_of("Hot", pen=9)) == pytest.approx(10, abs=2.5)


def test_nothing_has_no_pieces():
    pieces = cut_line(np.zeros((30, 40), np.uint8), 20)
    assert len(pieces) == 0
    assert len(group(pieces)) == 0


def test_of_a_line_full_of_dust_the_largest_pieces_are_looked_at():
    """More than the numbers of pieces that a pixel can have."""
    ink = np.zeros((1100, 1100), np.uint8)
    for row in range(2):
        for column in range(2):
            ink[row::4, column::4] = 255
    ink[500:540, 500:520] = 255
    with limited():
        pieces = cut_line(ink, 40.0)
    assert len(pieces) <= 4000
    assert pieces.area.max() >= 40 * 20


def test_dots_find_their_bodies_among_thousands():
    boxes = [(x, y, x + side, y + side) for x in range(0, 60_000, 10) for y, side in ((0, 3), (10, 9))]
    with limited():
        joined = _with_dots_on_bodies([(box, np.zeros(1, int), 0.0, True) for box in boxes], 20.0)
    assert len(joined) == 6000


def test_the_surroundings_of_dust_are_not_enlarged_beyond_all_bounds():
    ink = np.zeros((2000, 2000), np.uint8)
    ink[::400, ::400] = 255
    pieces = cut_line(ink, 2.0)
    groups = group(pieces)
    boxes = group_glyphs(pieces, groups)[1]
    with limited():
        images = context_images(pieces, groups, boxes)
    assert images.shape == (len(groups), 32, 32, 2)
