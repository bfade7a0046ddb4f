import numpy as np
import pytest
from drawn_pages import page

from hcr_core.preprocessing import Box
from hcr_core.recognition import Reading
from hcr_core.upright import quarter_turns, turned_box, upright


@pytest.mark.parametrize("turns", range(4))
def test_a_page_is_shown_as_it_is_read(recognizer, turns):
    image = page("The quick brown fox", "jumps over 13 dogs")
    lying = np.ascontiguousarray(np.rot90(image, -turns))
    reading = recognizer.read(lying, "page")
    assert quarter_turns(reading) == turns
    shown, turned = upright(lying, reading)
    assert (shown == image).all()
    assert turned.text == reading.text
    lefts = [character.box.x for character in turned.lines[0].words[0].characters]
    assert lefts == sorted(lefts)


@pytest.mark.parametrize("turns", range(4))
def test_a_box_turns_with_its_image(turns):
    image = np.zeros((30, 50), np.uint8)
    image[4:10, 7:9] = 1
    box = turned_box(Box(7, 4, 2, 6), image.shape, turns)
    turned = np.rot90(image, turns)
    assert turned[box.y : box.y + box.height, box.x : box.x + box.width].all()
    assert turned.sum() == box.width * box.height


def test_without_two_characters_of_a_word_there_is_no_telling(recognizer):
    assert quarter_turns(Reading((), "m")) == 0
    assert quarter_turns(recognizer.read(page("O"), "word")) == 0
