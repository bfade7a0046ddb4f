"""Sheets for any alphabet: what was typed, what comes next, which cell a stroke belongs to."""

import numpy as np
import pytest

from hcr_core.datasets import DatasetError
from hcr_core.datasets.pen_alphabet import pen_strokes
from hcr_core.guided_sheet import by_cell, characters_of, glyph_of, mistaken, next_characters


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("", []),
        ("  ", []),
        ("abca", ["a", "b", "c"]),
        ("αβγ δ", ["αβγ", "δ"]),  # with spaces, each piece is one
        ("α, β,γ", ["α", "β", "γ"]),
        ("A\u0308O\u0308", ["Ä", "Ö"]),
        ("कखग", ["क", "ख", "ग"]),
        ("किकी", ["कि", "की"]),  # vowel signs belong to their consonant
        ("क्षत्र", ["क्ष", "त्र"]),  # and so do conjuncts
        ("กิน", ["กิ", "น"]),
        ("e\u0301x\u0323", ["é", "x\u0323"]),
        ("10 11", ["10", "11"]),
    ],
)
def test_what_was_typed_becomes_characters(text, characters):
    assert characters_of(text) == characters


@pytest.mark.parametrize("text", ["x" * 17 + " y", " ".join(map(str, range(401)))], ids=["long", "many"])
def test_what_is_too_much_is_said(text):
    with pytest.raises(DatasetError, match="at most"):
        characters_of(text)


def test_what_was_written_least_comes_next_in_rounds():
    counts: dict[str, int] = {}
    written = []
    while sheet := next_characters("ABCDE", counts, each=2, many=3):
        written += sheet
        for label in sheet:
            counts[label] = counts.get(label, 0) + 1
    assert "".join(written) == "ABCDEABCDE"
    assert next_characters("ABC", {"A": 5, "C": 1}, each=2) == ["B", "B", "C"]


def test_of_a_few_characters_a_sheet_asks_for_several_of_each():
    assert "".join(next_characters("жюя", {}, each=5)) == "жюяжюяжюя"
    assert "".join(next_characters("жюя", {"ж": 3, "ю": 3, "я": 3}, each=5)) == "жюяжюя"


def test_strokes_belong_to_the_cell_they_are_mostly_in():
    body, dot = np.array([[150, 140], [150, 190]]), np.array([[150, 125]])
    wild = np.array([[230, 300], [345, 345]])  # beyond the edge
    cells = by_cell([body.astype(float), wild.astype(float), dot.astype(float)], side=340)
    assert list(cells) == [4, 8]
    assert [len(stroke) for stroke in cells[4]] == [2, 1]


def test_a_written_letter_is_seen_as_it_would_be_read(recognizer):
    glyphs = np.stack([glyph_of(pen_strokes(label)) for label in "ABEHKMR"])
    read = recognizer.classify(glyphs).argmax(axis=1)
    assert "".join(recognizer.alphabet[i] for i in read) == "ABEHKMR"
    assert glyph_of([np.array([[5.0, 5.0]])]).any()  # a dot


def test_what_is_written_for_another_character_is_found(recognizer):
    glyphs = [glyph_of(pen_strokes(label)) for label in "AKo3LB"]
    assert mistaken(recognizer, glyphs, list("AKO3жB")) == []  # O and o are one shape; nothing is known of ж
    assert mistaken(recognizer, glyphs, list("KAO3жM")) == [("K", "A"), ("A", "K"), ("M", "B")]
    assert mistaken(recognizer, [], []) == []
