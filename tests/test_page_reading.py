import json

import cv2
import numpy as np
import pytest
from conftest import sheet
from drawn_pages import letters, lit, noisy, page, paper, write

from hcr_core.page_reading import Steps
from hcr_core.recognition import LAYOUTS

TEXT = ("The quick brown fox", "jumps over 13 lazy dogs", "Hot 24680 AND 97531")


def error_rate(read: str, *lines: str) -> float:
    truth, found = letters("".join(lines)), letters(read)
    row = list(range(len(found) + 1))
    for i, a in enumerate(truth):
        diagonal, row[0] = row[0], i + 1
        for j, b in enumerate(found):
            diagonal, row[j + 1] = row[j + 1], min(row[j + 1] + 1, row[j] + 1, diagonal + (a != b))
    return row[-1] / len(truth)


@pytest.fixture(scope="module")
def plain(recognizer):
    return recognizer.read(page(*TEXT), "page")


def test_a_page_is_lines_of_words_of_characters(plain):
    assert [len(line.words) for line in plain.lines] == [len(line.split()) for line in TEXT]
    assert error_rate(plain.text, *TEXT) <= 0.12
    assert plain.text.count("\n") == 2


def test_boxes_stand_where_the_characters_are(plain):
    image = page(*TEXT)
    for line, y in zip(plain.lines, (80, 160, 240), strict=True):
        for character in (c for word in line.words for c in word.characters):
            box = character.box
            assert y - 60 < box.y < y
            assert (image[box.y : box.y + box.height, box.x : box.x + box.width] < 128).any()
        lefts = [word.box.x for word in line.words]
        assert lefts == sorted(lefts)


def turned(degrees: float) -> np.ndarray:
    image = page(*TEXT)
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(image, matrix, (width, height), borderValue=(255, 255, 255))


def with_rules() -> np.ndarray:
    image = paper(*page(*TEXT).shape[:2])
    for y in range(83, image.shape[0], 80):
        cv2.line(image, (0, y), (image.shape[1], y), (150, 170, 220), 2)
    return noisy(np.minimum(image, page(*TEXT)))


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(np.rot90(page(*TEXT), 2), id="upside down"),
        pytest.param(np.rot90(page(*TEXT)), id="a quarter turn"),
        pytest.param(np.rot90(page(*TEXT), 3), id="a quarter turn the other way"),
        pytest.param(turned(5), id="tilted"),
        pytest.param(turned(-5), id="tilted the other way"),
        pytest.param(with_rules(), id="ruled"),
        pytest.param(lit(page(*TEXT), np.linspace(0.4, 0.95, 900)[None].repeat(320, 0)), id="light from one side"),
        pytest.param(cv2.resize(page(*TEXT), None, fx=3, fy=3), id="large"),
    ],
)
def test_pages_are_read_however_they_lie(recognizer, plain, image):
    reading = recognizer.read(np.ascontiguousarray(image), "page")
    assert len(reading.lines) == 3
    assert error_rate(reading.text, *TEXT) <= error_rate(plain.text, *TEXT) + 0.05


@pytest.mark.parametrize("turns", [1, 3])
@pytest.mark.parametrize("text", [("13540",), ("think",), ("Because", "be doing")])
def test_a_few_characters_on_their_side_are_turned(recognizer, text, turns):
    upright = recognizer.read(page(*text), "page")
    lying = np.ascontiguousarray(np.rot90(page(*text), turns))
    assert recognizer.read(lying, "page").text == upright.text
    assert recognizer.read(lying, "page", upright=True).text != upright.text


@pytest.mark.parametrize("text", ["13540", "1717", "HILL", "Wind", "2024"])
def test_words_are_one_word(recognizer, text):
    reading = recognizer.read(page(text, gap=12), "word")
    assert len(reading.lines) == len(reading.lines[0].words) == 1
    assert letters(reading.text) == letters(text)


def test_a_line_is_one_line_of_words(recognizer):
    reading = recognizer.read(page("It is 1984", gap=12), "line")
    assert letters(reading.text) == letters("It is 1984")
    assert len(reading.lines) == 1
    assert len(reading.lines[0].words) == 3


def test_a_page_taken_for_a_line_is_still_read_line_by_line(recognizer, plain):
    assert error_rate(recognizer.read(page(*TEXT), "line").text, *TEXT) <= error_rate(plain.text, *TEXT) + 0.05


def test_wide_set_letters_are_a_word_not_words(recognizer):
    assert " " not in recognizer.read(page("centre", gap=40), "page").text


def test_a_comma_and_a_full_stop_are_not_read_as_characters(recognizer):
    image = page("Hot")
    write(image, "fox", 320, 80)
    without = recognizer.read(image, "page").text
    cv2.line(image, (215, 80), (211, 88), (30, 30, 30), 3)
    cv2.circle(image, (425, 79), 2, (30, 30, 30), -1)
    assert recognizer.read(image, "page").text == without


@pytest.mark.parametrize(("written", "among"), [("O", "AND"), ("o", "hand"), ("0", "1984")])
def test_the_word_tells_a_zero_from_an_o(recognizer, written, among):
    word = among[:2] + written + among[2:]
    assert recognizer.read(page(word, gap=12), "word").text[2] == written


def test_joined_writing_is_said_to_be(recognizer):
    apart = recognizer.read(page("minimum", gap=12), "word").lines[0].words[0]
    image = page("nunun", gap=-4)
    assert not apart.joined
    assert recognizer.read(image, "word").lines[0].words[0].joined


@pytest.mark.parametrize("label", list("ABEHKMRTWX2358aegky"))
def test_auto_reads_one_character_as_character_does(recognizer, label):
    image = sheet(label)
    assert recognizer.read(image, "auto").to_dict() == recognizer.read(image).to_dict()


def broken(label: str, gap: int) -> np.ndarray:
    """A letter whose strokes do not meet: a white line parts it."""
    image = sheet(label, side=300, size=180, at=(60, 60), pen=10)
    image[130 : 130 + gap] = 255
    return image


@pytest.mark.parametrize("label", list("EKHRB58"))
def test_auto_reads_a_broken_character_as_one(recognizer, label):
    assert len(recognizer.read(broken(label, 6), "auto").characters) == 1


@pytest.mark.parametrize("word", ["it", "Hi", "17", "as", "On", "up", "THE", "fox"])
def test_auto_reads_a_short_word_as_a_word(recognizer, word):
    assert len(recognizer.read(page(word, gap=12), "auto").characters) == len(word)


def test_auto_reads_a_page_as_page_does(recognizer, plain):
    assert recognizer.read(page(*TEXT), "auto").to_dict() == plain.to_dict()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_empty_sheet_is_an_empty_reading(recognizer, layout):
    assert recognizer.read(paper(200, 300), layout).lines == ()
    assert recognizer.read(noisy(paper(200, 300, 180)), layout).text == ""


def test_a_restricted_alphabet_is_all_there_is(recognizer):
    reading = recognizer.read(page("SOIL 501"), "page", "digits")
    assert reading.text.replace(" ", "").isdigit()
    for character in reading.characters:
        assert sum(p for _, p in character.candidates) == pytest.approx(1)
        assert (character.label, character.probability) == character.candidates[0]


def test_lines_as_json(plain):
    document = json.loads(json.dumps(plain.lines_to_dict()))
    assert document["text"] == plain.text
    line = document["lines"][0]
    assert set(line) == {"text", "box", "words"}
    assert set(line["words"][0]) == {"text", "box", "joined", "characters"}
    assert "".join(c["label"] for c in line["words"][0]["characters"]) == line["words"][0]["text"]


def test_every_step_can_be_looked_at(recognizer):
    steps = Steps(wanted=True)
    recognizer.read(page(*TEXT), "page", steps=steps)
    assert list(steps.images) == ["original", "background", "ink", "rules", "lines"]
    assert all(image.dtype == np.uint8 and image.shape[:2] == (320, 900) for image in steps.images.values())


def test_ink_that_was_left_out_is_gray_among_the_lines(recognizer):
    image = page("HAT")
    dark = image.reshape(*image.shape[:2], -1).min(axis=2) < 128
    foot, right = np.flatnonzero(dark.any(axis=1))[-1], np.flatnonzero(dark.any(axis=0))[-1]
    full_stop = slice(foot - 5, foot + 1), slice(right + 10, right + 16)
    image[full_stop] = 0
    steps = Steps(wanted=True)
    assert recognizer.read(image, "page", steps=steps).text == "HAT"
    lines = steps.images["lines"].astype(int)
    stop, letters = lines[full_stop], lines[:, : right + 5]
    assert np.ptp(stop, axis=2).max() == 0
    assert stop.min() < 255
    assert np.ptp(letters[letters.min(axis=2) < 255], axis=1).min() > 0
