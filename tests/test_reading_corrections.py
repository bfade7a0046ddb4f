import json
from dataclasses import replace

import numpy as np
import pytest

from hcr_core.annotation import annotated
from hcr_core.preprocessing import Box
from hcr_core.reading_corrections import (
    MAX_LENGTH,
    clean,
    corrected,
    corrections,
    found_again,
    outdated,
    removed,
)
from hcr_core.reading_export import COLUMNS, reading_csv, reading_rows
from hcr_core.recognition import Character, Line, Reading, Word


def character(label: str, x: int, p: float = 0.9, y: int = 10) -> Character:
    candidates = ((label, p), ("z", 1 - p))
    return Character(label, p, candidates, Box(x, y, 8, 12), np.zeros((28, 28), np.uint8), ())


@pytest.fixture
def reading() -> Reading:
    """ "no so" over "x", whose second o is unsure."""
    words = (Word((character("n", 0), character("o", 10))), Word((character("s", 30), character("o", 40, 0.4))))
    return Reading((Line(words), Line((Word((character("x", 0, y=50),)),))), "m")


def test_a_correction_stands_where_the_character_was(reading):
    result = corrected(reading, {0: "y", 3: "e"})
    assert result.text == "yo se\nx"
    assert [c.read_as for c in result.characters] == ["n", None, None, "o", None]
    assert reading.text == "no so\nx"


def test_the_probability_is_what_the_model_gave_the_new_label(reading):
    known, unknown = (corrected(reading, {3: label}).characters[3] for label in ("z", "é"))
    assert known.probability == pytest.approx(0.6)
    assert unknown.probability == 0
    assert known.sure
    assert unknown.sure


def test_what_was_read_can_be_confirmed(reading):
    assert not reading.characters[3].sure
    result = corrected(reading, {3: "o"})
    assert result.text == reading.text
    assert result.characters[3].sure


@pytest.mark.parametrize(
    ("removed", "text"),
    [((0,), "o so\nx"), ((0, 1), "so\nx"), ((4,), "no so"), (range(5), "")],
    ids=["a character", "a word", "a line", "everything"],
)
def test_what_is_no_character_goes_with_words_and_lines_left_empty(reading, removed, text):
    assert corrected(reading, dict.fromkeys(removed, "")).text == text


def test_positions_that_are_not_there_are_ignored(reading):
    assert corrected(reading, {-1: "a", 5: "b"}) == reading


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("<b>&", "<b>&"),
        (" a  b\n", "a b"),
        ("a\x00\u202eb\u200d", "ab"),
        ("👍é", "👍é"),
        ("x" * 100, "x" * MAX_LENGTH),
        ("\n", ""),
    ],
)
def test_typed_text_is_kept_as_one_clean_line(typed, kept):
    assert clean(typed) == kept


def test_json_says_what_was_corrected(reading):
    characters = corrected(reading, {0: "y"}).lines_to_dict()["lines"][0]["words"][0]["characters"]
    assert json.loads(json.dumps(characters[0]))["read_as"] == "n"
    assert "read_as" not in characters[1]


def test_a_row_for_every_character(reading):
    rows = reading_rows(corrected(reading, {3: "a,b"}))
    assert [(row["line"], row["word"], row["character"]) for row in rows] == [
        *((1, 1, 1), (1, 1, 2), (1, 2, 1), (1, 2, 2)),
        (2, 1, 1),
    ]
    lines = reading_csv(corrected(reading, {3: "a,b"})).splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert lines[4] == '1,2,2,"a,b",0.0000,True,o,False,,40,10,8,12,o:0.400 z:0.600'


def test_what_was_removed_is_told_after_the_rest(reading):
    labels = {1: "", 4: "", 0: "y"}
    rows = reading_rows(corrected(reading, labels), removed(reading, labels))
    assert [(row["word"], row["label"], row["read_as"]) for row in rows] == [
        *((1, "y", "n"), (2, "s", ""), (2, "o", "")),
        *(("", "", "o"), ("", "", "x")),
    ]
    assert [row["top"] for row in rows] == [10, 10, 10, 10, 50]
    assert rows[0].keys() == rows[-1].keys()
    last = reading_csv(corrected(reading, labels), removed(reading, labels)).splitlines()[-1]
    assert last == ",,,,0.0000,True,x,,,0,50,8,12,x:0.900 z:0.100"


def moved(reading: Reading, by: int, **labels: str) -> Reading:
    """Every box ``by`` pixels to the right, some labels read otherwise."""

    def change(_: int, c: Character) -> Character:
        return replace(c, box=replace(c.box, x=c.box.x + by), label=labels.get(c.label, c.label))

    return reading.changed(change)


def test_corrections_are_found_again_where_the_ink_nearly_is_and_was_read_alike(reading):
    labels = {0: "y", 3: "", 4: "+"}
    made = corrections(reading, labels)
    assert found_again(reading, made) == (labels, ())
    assert found_again(moved(reading, 2), made) == (labels, ())
    assert found_again(moved(reading, 3), made) == ({}, made)
    assert found_again(moved(reading, 0, n="m"), made) == ({3: "", 4: "+"}, made[:1])


def test_corrections_are_found_again_at_other_positions(reading):
    first = Line((Word((character("A", 0, y=0),)),))
    labels, lost = found_again(replace(reading, lines=(first, *reading.lines)), corrections(reading, {0: "y", 3: "e"}))
    assert (labels, lost) == ({1: "y", 4: "e"}, ())


def test_each_correction_goes_to_one_character(reading):
    twice = Reading((Line((Word((character("n", 1), character("n", 0))),)),), "m")
    assert found_again(twice, corrections(reading, {0: "y"})) == ({1: "y"}, ())


def test_a_correction_is_outdated_while_its_place_is_read_otherwise(reading):
    made = corrections(reading, {0: "y", 3: "e"})
    other = moved(reading, 0, n="m")
    assert outdated(reading, made) == ()
    assert outdated(other, made) == made[:1]
    assert outdated(other, (*made, *corrections(other, {0: "u"}))) == ()
    assert outdated(Reading(reading.lines[1:], "m"), made) == ()  # that writing is gone


def test_the_picture_tells_sure_unsure_and_corrected_apart(reading):
    image = np.full((80, 60), 255, np.uint8)
    picture = annotated(image, corrected(reading, {0: "y"}))
    left_edges = [tuple(int(v) for v in picture[20, x]) for x in (0, 10, 40)]
    assert picture.shape == (80, 60, 3)
    assert len(set(left_edges)) == 3
    assert (image == 255).all()
