import numpy as np
import pytest
from conftest import sheet
from drawn_pages import page

from hcr_core.several import has_several


@pytest.mark.parametrize(
    ("image", "several"),
    [
        (sheet("A"), False),
        (sheet("i"), False),  # of two parts
        (page("be"), True),
        (page("Hot fox", "jumps"), True),
        (np.full((200, 200), 255, np.uint8), False),
    ],
    ids=["a letter", "a dotted one", "a short word", "a page", "nothing"],
)
def test_more_than_one_character_is_noticed(recognizer, image, several):
    assert has_several(image, recognizer.read(image)) is several
