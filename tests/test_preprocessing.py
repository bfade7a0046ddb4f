import cv2
import numpy as np
import pytest
from conftest import drawn_ink, likeness, sheet

from hcr_core import sheet_ink
from hcr_core.preprocessing import GLYPH_SIZE, Box, _blur_kernel, extract_character, image_to_glyph, ink_to_glyph

REFERENCE = image_to_glyph(sheet("F"))


def lit(image: np.ndarray, seed: int = 0) -> np.ndarray:
    """A sheet as a phone sees it: unevenly lit, with a shadow's edge, a little blur and noise."""
    rng = np.random.default_rng(seed)
    height, width = image.shape
    y, x = np.mgrid[:height, :width] / max(height, width)
    light = 0.45 + 0.3 * x + 0.2 * y
    light = np.where(x + 0.3 * y > 0.75, light * 0.72, light)
    ink = cv2.GaussianBlur(image.astype(float), (0, 0), 1.0) / 255
    reflected = 0.25 + 0.75 * ink  # ink is not perfectly black
    return np.clip(255 * light * reflected + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8)


def test_a_glyph_is_emnists():
    glyph = REFERENCE
    assert glyph.shape == (GLYPH_SIZE, GLYPH_SIZE)
    assert glyph.dtype == np.uint8
    assert glyph.max() == 255
    rows, columns = np.flatnonzero(glyph.max(axis=1) > 60), np.flatnonzero(glyph.max(axis=0) > 60)
    assert 22 <= np.ptp(rows) + 1 <= 24  # the longer side fills 24 of 28
    assert abs((rows[0] + rows[-1]) / 2 - 13.5) <= 1  # centred by its box
    assert abs((columns[0] + columns[-1]) / 2 - 13.5) <= 1


@pytest.mark.parametrize("work", [96, 97, 150, 211, 303, 384])
def test_ink_is_blurred_as_gaussian_blur_does(work):
    """Bit for bit, or the models' glyphs would be others."""
    ink = cv2.threshold(drawn_ink("g", 60), 127, 255, cv2.THRESH_BINARY)[1]
    ink = cv2.resize(ink, (work * 2 // 3, work), interpolation=cv2.INTER_NEAREST)
    kernel = _blur_kernel(work / 72)
    assert np.array_equal(cv2.sepFilter2D(ink, -1, kernel, kernel), cv2.GaussianBlur(ink, (0, 0), work / 72))


def test_it_is_upright_and_not_mirrored():
    """F has its stem at the left and its bars at the top: true of no turn or mirror image of it."""
    assert REFERENCE[:, :14].sum() > 1.2 * REFERENCE[:, 14:].sum()
    assert REFERENCE[:14].sum() > 1.2 * REFERENCE[14:].sum()


@pytest.mark.parametrize(
    "image",
    [
        sheet("F", at=(0, 0)),
        sheet("F", at=(100, 100)),
        sheet("F", at=(99, 3)),
        sheet("F", side=600, size=500),
        sheet("F", side=600, size=40, at=(480, 300), pen=4),
        sheet("F", side=3000, size=90, at=(2400, 1700), pen=8),
        sheet("F", side=2500, size=2400, at=(40, 60), pen=190),
        sheet("F", side=300, size=200, pen=1),
        sheet("F", side=900, size=800, pen=1),
    ],
    ids=["corner", "far corner", "edge", "large", "small", "tiny on 9 MP", "fills 6 MP", "1 px", "1 px large"],
)
def test_place_size_and_pen_do_not_matter(image):
    assert likeness(image_to_glyph(image), REFERENCE) > 0.8


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((0, 0, 0), (255, 255, 255)),
        ((255, 255, 255), (0, 0, 0)),
        ((255, 255, 255), (20, 70, 40)),
        ((255, 230, 0), (255, 255, 255)),
        ((200, 30, 30), (120, 90, 90)),
        ((0, 160, 0), (255, 0, 0)),
        ((190, 190, 190), (255, 255, 255)),
        ((30, 30, 30), (70, 70, 70)),
    ],
    ids=["black", "inverted", "chalk", "yellow", "red on brown", "green on red", "pencil", "dark on dark"],
)
def test_ink_may_have_any_colour(ink, paper):
    share = (255 - sheet("F")).astype(float)[..., None] / 255
    image = (share * np.array(ink) + (1 - share) * np.array(paper)).round().astype(np.uint8)
    assert likeness(image_to_glyph(image), REFERENCE) > 0.97


@pytest.mark.parametrize("label", ["i", "R", "j", "8"])
@pytest.mark.parametrize("at", [(50, 50), (0, 0), (100, 100)])
@pytest.mark.parametrize("paper", [(255, 255, 255), (20, 70, 40)])
def test_a_canvas_gives_the_same_ink_as_its_picture(label, at, paper):
    """Of an opaque RGBA sheet only the inked part is looked at, of its RGB all."""
    share = sheet(label, at=at).astype(float)[..., None] / 255
    picture = (share * np.array(paper) + (1 - share) * np.array([200, 30, 30])).round().astype(np.uint8)
    canvas = np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])
    one, other = extract_character(canvas), extract_character(picture)
    assert one.box == other.box
    assert np.array_equal(one.map, other.map)


@pytest.mark.parametrize("alpha", [254, 0])
def test_ink_inside_an_opaque_sheet_may_be_transparent(alpha):
    canvas = np.full((60, 60, 4), 255, np.uint8)
    canvas[20:40, 28:32] = (0, 0, 0, alpha)
    assert (extract_character(canvas) is None) == (alpha == 0)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (255, 255, 0)])
def test_ink_on_a_transparent_sheet(colour):
    image = np.dstack([np.full((200, 200, 3), colour, np.uint8), 255 - sheet("F")])
    assert likeness(image_to_glyph(image), REFERENCE) > 0.97


@pytest.mark.parametrize("label", list("BEHMR8"))
def test_a_bold_letter_cropped_tightly_is_mostly_ink_and_still_found(label):
    bold = sheet(label, side=300, size=260, at=(20, 20), pen=54)
    rows, columns = np.flatnonzero(bold.min(axis=1) < 128), np.flatnonzero(bold.min(axis=0) < 128)
    crop = bold[rows[0] - 3 : rows[-1] + 4, columns[0] - 3 : columns[-1] + 4]
    assert (crop < 128).mean() > 0.45
    assert likeness(image_to_glyph(crop), image_to_glyph(bold)) > 0.97


@pytest.mark.parametrize("shape", [(h, w, *c) for h in (1, 2, 4) for w in (1, 2, 4) for c in ((), (3,), (4,))])
def test_the_smallest_images_are_taken(shape):
    image = np.full(shape, 200, np.uint8)
    image.flat[0] = 0
    extract_character(image)


@pytest.mark.parametrize("side", [200, 900, 2400])
@pytest.mark.parametrize("label", list("FaS8"))
def test_unevenly_lit_paper(label, side):
    image = sheet(label, side=side, size=side // 3, at=(side // 3, side // 4), pen=side // 30)
    assert likeness(image_to_glyph(lit(image)), image_to_glyph(image)) > 0.9


def test_what_a_pen_wrote_lightly_belongs_to_the_letter():
    """The bars of an F are a third as dark as its stem."""
    image = sheet("F", side=200, size=120, at=(40, 40), pen=10)
    pale = image.copy()
    pale[:, 66:] = 255 - (255 - image[:, 66:]) // 3
    assert likeness(image_to_glyph(lit(pale)), image_to_glyph(lit(image))) > 0.65


def test_chalk_on_an_unevenly_lit_board():
    board = 255 - lit(sheet("F", side=400, size=180, at=(100, 90), pen=14))
    assert likeness(image_to_glyph(board), REFERENCE) > 0.85


@pytest.mark.parametrize(
    "image",
    [
        np.full((200, 200), 255, np.uint8),
        np.zeros((200, 200), np.uint8),
        np.full((1, 1), 7, np.uint8),
        np.full((1, 300, 3), 200, np.uint8),
        np.zeros((50, 50, 4), np.uint8),
        lit(np.full((300, 400), 255, np.uint8)),
        lit(np.full((1500, 2000), 255, np.uint8)),
        np.linspace(60, 220, 300).astype(np.uint8)[None].repeat(200, axis=0),
    ],
    ids=["white", "black", "1x1", "one row", "transparent", "lit paper", "lit paper 3 MP", "gradient"],
)
def test_nothing_written_is_no_character(image):
    assert extract_character(image) is None


def test_the_box_is_where_the_ink_is():
    box = extract_character(sheet("F", side=600, size=120, at=(300, 80), pen=10)).box
    assert abs(box.x - 300) <= 3
    assert abs(box.y - 80) <= 3
    assert abs(box.height - 120) <= 5


def test_the_box_of_a_small_character_on_a_large_photo_is_found_to_a_pixel():
    box = extract_character(sheet("F", side=3000, size=100, at=(2400, 1700), pen=8)).box
    assert abs(box.x - 2400) <= 4
    assert abs(box.y - 1700) <= 4
    assert 94 <= box.height <= 108


@pytest.mark.parametrize("label", ["i", "j"])
def test_the_dot_belongs_to_the_letter(label):
    glyph = image_to_glyph(sheet(label))
    rows = glyph.max(axis=1) > 100
    gaps = np.flatnonzero(np.diff(rows.astype(int)) != 0)
    assert len(gaps) == 4  # the dot, a gap, the body


def test_a_ruled_line_and_a_neighbours_tail_at_the_border_are_left_out():
    image = sheet("F", side=300, size=150, at=(80, 60), pen=14)
    with_scraps = image.copy()
    with_scraps[288:294] = 60
    with_scraps[0:20, 280:290] = 40
    assert likeness(image_to_glyph(lit(with_scraps)), image_to_glyph(image)) > 0.88


def test_a_ruled_line_that_the_letter_stands_on_is_left_out():
    image = sheet("F", side=120, size=70, at=(25, 42), pen=7)
    on_a_line = image.copy()
    on_a_line[110:114] = 60
    assert likeness(image_to_glyph(lit(on_a_line)), image_to_glyph(image)) > 0.85


def test_a_soft_crop_that_hardly_varies_is_a_photo_too():
    """Crops of 30 pixels of bright paper vary by 1 in 255: once they passed for drawings, whose specks stay."""
    image = cv2.GaussianBlur(sheet("P", side=40, size=22, at=(9, 6), pen=3), (0, 0), 0.8) // 2 + 80
    image = image - np.random.default_rng(0).integers(0, 2, image.shape).astype(np.uint8)
    with_a_tail = image.copy()
    with_a_tail[36:39, 15:18] = 100
    assert likeness(image_to_glyph(with_a_tail), image_to_glyph(image)) > 0.97


@pytest.mark.parametrize("label", list("LEZ2"))
def test_a_letters_own_foot_is_no_ruled_line(label):
    image = sheet(label, side=120, size=100, at=(10, 10), pen=12)
    crop = image[5:114, 5:114]
    assert likeness(image_to_glyph(lit(crop)), image_to_glyph(image)) > 0.85


def test_empty_ink_is_an_empty_glyph():
    assert not ink_to_glyph(np.zeros((40, 40), np.uint8)).any()


def test_strokes_are_at_least_as_wide_as_a_pens():
    thin, usual = ink_to_glyph(drawn_ink("H", 5)), ink_to_glyph(drawn_ink("H", 80))
    assert likeness(thin, usual) > 0.9


def test_a_box_is_in_whole_pixels_of_the_image():
    box = extract_character(sheet("F")).box
    assert isinstance(box, Box)
    assert all(type(value) is int for value in (box.x, box.y, box.width, box.height))


def test_mostly_black_ink_is_found_as_ink_of_any_colour_is(monkeypatch):
    """Where a tenth of the ink is black, whatever the rest is, its darkest part is; a pixel less, and it is not."""
    rng, paper, short = np.random.default_rng(0), np.full(3, 255.0), 0
    for _ in range(300):
        part = rng.integers(0, 256, (int(rng.integers(1, 12)), int(rng.integers(1, 12)), 3), dtype=np.uint8)
        part[rng.random(part.shape[:2]) < 0.5] = 255
        part[rng.random(part.shape[:2]) < 0.05] = 0
        short += sheet_ink._is_mostly_black(sheet_ink._difference(part, paper))
        found = sheet_ink.ink_on_flat(part, paper)
        with monkeypatch.context() as without:
            without.setattr(sheet_ink, "_is_mostly_black", lambda difference: False)
            expected = sheet_ink.ink_on_flat(part, paper)
        assert (found is None) == (expected is None)
        assert found is None or np.array_equal(found, expected)
    assert 30 < short < 270
