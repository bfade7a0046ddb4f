"""Characters that readers got wrong: fat and thin pens, f against F and t, loops, tilts, rules and broken strokes.

The strokes were written for this test; no person's hand is in them.
"""

import cv2
import numpy as np
import pytest

from hcr_core.alphabet import Alphabet
from hcr_core.datasets.pen_alphabet import parsed, pen_strokes
from hcr_core.datasets.strokes import render

#: What it is; how it is written (a path of ``pen_alphabet``); pen in thousandths of the height; degrees of tilt.
CASES = [
    # Fat pens close what is open: a thick c was read as 6, a thick s as 8.
    ("c", "A 52,68 34,32 -45,-315", 230, 0),
    ("c", "M 78,44 C 50,24 18,44 20,70 C 22,106 60,108 80,88", 200, 0),
    ("s", "M 70,44 C 58,28 30,32 32,50 C 34,68 72,64 72,82 C 72,104 38,104 26,90", 200, 0),
    ("S", "M 80,16 C 62,-8 20,-4 22,26 C 24,52 80,46 80,74 C 80,108 26,108 16,82", 200, 0),
    ("e", "M 20,68 L 80,68 A 50,68 30,32 0,-310", 150, 0),
    ("3", "A 46,26 30,26 205,450 A 46,76 34,25 -90,160", 200, 0),
    ("5", "M 80,0 L 28,0 L 26,44 A 48,68 34,32 -130,145", 200, 0),
    ("R", "M 20,100 L 20,0 L 52,0 A 52,26 30,26 -90,90 L 20,52 M 45,52 L 86,100", 180, 0),
    ("k", "M 24,0 L 24,100 M 68,40 L 24,74 M 40,64 L 72,100", 180, 0),
    # Hairlines.
    ("B", "M 20,0 L 20,100 M 20,0 L 48,0 A 48,24 26,24 -90,90 L 20,48 M 48,48 A 50,74 32,26 -90,90 L 20,100", 8, 0),
    ("g", "A 46,62 28,27 0,-360 M 74,34 L 74,108 A 48,108 26,26 0,150", 8, 0),
    ("8", "M 72,12 C 50,-12 18,10 30,34 C 42,54 84,60 72,88 C 60,110 22,104 26,78 C 32,52 80,40 72,12", 8, 0),
    # A single stroke was refused as a mere line.
    ("l", "M 50,0 L 50,100", 14, 0),
    ("l", "M 50,0 C 52,40 48,70 51,100", 50, 10),
    ("1", "M 50,0 L 50,100", 80, -10),
    # f against F and t.
    ("f", "M 76,10 C 62,-6 44,2 44,28 L 44,100 M 20,44 L 70,44", 70, 0),
    ("f", "M 74,12 C 58,-12 44,10 46,40 L 44,138 M 22,44 L 72,42", 60, 0),
    ("F", "M 24,100 L 24,0 L 84,0 M 24,44 L 66,44", 60, 0),
    ("F", "M 22,0 L 22,100 M 12,2 L 84,0 M 22,46 L 70,44", 90, 0),
    ("t", "M 48,8 L 48,86 C 48,98 58,102 70,94 M 22,38 L 74,38", 70, 0),
    ("t", "M 50,6 L 48,100 M 22,36 L 78,34", 70, 0),
    # r against n, h against n.
    ("r", "M 28,36 L 28,100 M 28,64 C 32,44 48,34 66,42", 80, 0),
    ("n", "M 20,44 C 30,36 28,70 26,100 C 30,50 72,30 70,66 L 70,92 C 72,100 78,100 84,96", 80, 0),
    ("h", "M 26,0 C 22,40 24,80 24,100 C 26,50 70,40 70,70 L 72,100", 80, 0),
    # Loops and tails.
    ("l", "M 34,80 C 60,60 74,4 54,2 C 36,0 38,70 44,92 C 50,104 62,98 70,90", 50, 0),
    ("e", "M 18,76 C 60,74 90,52 66,40 C 40,28 14,56 24,82 C 34,108 66,102 82,88", 70, 0),
    ("z", "M 22,40 L 76,40 L 22,100 L 80,100 M 30,70 L 70,68", 70, 0),
    ("y", "M 20,40 C 18,84 66,90 70,42 C 72,90 66,140 26,136", 60, 0),
    ("2", "M 16,22 C 24,-8 84,-8 82,26 C 80,52 40,74 18,92 A 26,90 9,9 160,400 C 48,84 64,108 88,92", 60, 0),
    # Bars: European one and seven, crossed zero, capital J.
    ("1", "M 20,34 L 52,0 L 52,100", 70, 0),
    ("7", "M 14,0 L 86,0 C 66,30 46,66 40,100 M 34,52 L 78,48", 70, 0),
    ("J", "M 70,0 L 70,70 A 43,70 27,30 0,170 M 42,0 L 96,0", 70, 0),
    ("4", "M 22,0 L 18,52 L 84,52 M 76,0 L 72,100", 70, 0),
    # Tilted as paper and tablets are.
    ("A", "M 8,100 L 50,0 L 92,100 M 24,64 L 76,64", 70, 20),
    ("A", "M 8,100 L 50,0 L 92,100 M 24,64 L 76,64", 70, -20),
    ("E", "M 80,0 L 20,0 L 20,100 L 80,100 M 20,48 L 70,48", 70, 20),
    ("H", "M 15,0 L 15,100 M 85,0 L 85,100 M 15,50 L 85,50", 70, -20),
    ("4", "M 58,0 L 12,66 L 92,66 M 66,36 L 66,100", 70, 20),
    ("d", "A 44,68 30,32 0,-360 M 74,0 L 74,100", 70, 20),
    ("M", "M 8,100 L 16,0 L 50,70 L 84,0 L 92,100", 70, -20),
    ("5", "M 80,0 L 28,0 L 26,44 A 48,68 34,32 -130,145", 70, -20),
]


def canvas(path: str, pen: float, tilt: float) -> np.ndarray:
    """A white canvas of 340 x 340 pixels with the character drawn on it in black."""
    turn = np.deg2rad(tilt)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return on_paper(render(parsed(path), pen, matrix))


def on_paper(ink: np.ndarray, side: int = 340) -> np.ndarray:
    """Ink, 255 for black, reduced to 60 % of a white sheet and put in its middle."""
    scale = 0.6 * side / max(ink.shape)
    small = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    sheet = np.full((side, side), 255, np.uint8)
    top, left = (side - small.shape[0]) // 2, (side - small.shape[1]) // 2
    sheet[top : top + small.shape[0], left : left + small.shape[1]] -= small
    return sheet


def same_shape(alphabet: Alphabet, label: str, answer: str) -> bool:
    groups = alphabet.shape_groups
    return groups[alphabet.index(label)] == groups[alphabet.index(answer)]


@pytest.mark.parametrize(("label", "path", "pen", "tilt"), CASES)
def test_a_hard_character_is_read_by_its_shape(recognizer, label, path, pen, tilt):
    character = recognizer.read(canvas(path, pen, tilt)).characters[0]
    assert same_shape(recognizer.alphabet, label, character.label), character.candidates[:3]
    assert not character.refused


@pytest.mark.parametrize("label", "ABDEGHKMNQRT2358abdefghkty")
def test_a_broken_or_speckled_stroke_is_still_read(recognizer, label):
    rng, ink = np.random.default_rng(1), render(pen_strokes(label), 90)
    speckled, broken = ink.copy(), ink.copy()
    coarse = cv2.resize(rng.random((ink.shape[0] // 3, ink.shape[1] // 3)), ink.shape[::-1])
    speckled[coarse < 0.25] = 0
    broken[ink.shape[0] // 2 : ink.shape[0] // 2 + 4] = 0
    for damaged in (speckled, broken):
        answer = recognizer.read(on_paper(damaged)).characters[0]
        assert same_shape(recognizer.alphabet, label, answer.label), answer.candidates[:3]


def test_a_rule_under_a_photographed_letter_is_no_part_of_it(recognizer):
    wrong = []
    for label in "ABDEFGHKMNPRSTabdeghnrt2345679":
        paper = on_paper(render(pen_strokes(label), 70)).astype(np.float32) * 0.5 + 90
        paper[285:288] = 130  # a printed rule below it
        answer = recognizer.read(cv2.GaussianBlur(paper, (0, 0), 1.2).astype(np.uint8)).characters[0]
        if not same_shape(recognizer.alphabet, label, answer.label):
            wrong.append((label, answer.label))
    assert len(wrong) <= 1, wrong
