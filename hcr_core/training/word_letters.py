"""Letters cut out of words of pen strokes: how hands write that join them.

Whoever is asked for single characters seldom joins them, and whoever does writes n like M and e like l. A word's text
says which letters it has, and the best path that spells it (``grouping_data.align``) where each begins and ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from hcr_core.alphabet import Alphabet
from hcr_core.datasets.places import data_folder
from hcr_core.datasets.strokes import PenStrokes
from hcr_core.grouping_model import CLASSES
from hcr_core.recognition import Recognizer
from hcr_core.segmentation import Pieces
from hcr_core.training.grouping_data import STYLES, CutLine, align, cut, drawn, unipen_words

#: Pens, in units of a word 200 high, of which the one is taken with which the text is found best.
_PENS = (6, 10, 14)
#: Pixels of a unit, and around a word.
_SCALE, _MARGIN = 0.5, 20
#: Least mean logarithm of the probabilities of a word's letters (words above it are, looked at, cut rightly but for
#: some letters), and least probability of a letter.
_LEAST_WORD, _LEAST_LETTER = -1.8, 0.01
#: UNIPEN's words do not tell case reliably: a letter is left out where the other case is so many times as probable, and
#: a word where that is so of more than this share of the letters whose two cases differ.
_OTHER_CASE, _DOUBTFUL = 3.0, 0.4


@dataclass(frozen=True)
class Letter:
    """A letter of a word.

    Attributes:
        label: As the text has it.
        probability: Of being it, case aside.
        believable: Whether the other case is not far more probable.
        strokes: Each float (n, 2), in units of the word.
    """

    label: str
    probability: float
    believable: bool
    strokes: list[np.ndarray]


def word_letters(recognizer: Recognizer, split: str = "train") -> PenStrokes:
    """Letters of the words of UNIPEN's writers of a part (see ``unipen_words``); some minutes.

    Args:
        recognizer: Finds the letters; one that it denies is left out.
        split: ``"train"``, or ``"held"`` for those of other writers.
    """
    samples, labels, writers = [], [], []
    words = unipen_words(data_folder() / "unipen" / "unipen_words.npz", split, STYLES)
    for text, strokes, writer in words:
        for letter in _kept(letters_of(recognizer, text, strokes), recognizer.alphabet):
            samples.append(_enlarged(letter.strokes))
            labels.append(letter.label)
            writers.append(writer)
    return PenStrokes.from_samples(samples, np.array(labels), np.array(writers))


def letters_of(recognizer: Recognizer, text: str, strokes: list[np.ndarray]) -> list[Letter]:
    """The letters of a word of pen strokes, int (n, 2) each and 200 high; none where its text is not found in it."""
    found = [_letters(recognizer, text, strokes, pen) for pen in _PENS]
    return max(found, key=_certainty)


def _letters(recognizer: Recognizer, text: str, strokes: list[np.ndarray], pen: float) -> list[Letter]:
    line, alphabet = cut(recognizer, drawn(strokes, pen, _SCALE, _MARGIN)), recognizer.alphabet
    spelled = "".join(c for c in text if c.lower() in CLASSES)
    chosen = align(line, spelled.lower(), alphabet)
    if chosen is None:
        return []
    low = np.min([stroke.min(axis=0) for stroke in strokes], axis=0)
    dense = [_dense(stroke) for stroke in strokes]
    paths = [(stroke, _piece(line, (stroke - low) * _SCALE + _MARGIN)) for stroke in dense]
    result = []
    for label, (group, probability) in zip(spelled, chosen, strict=True):
        first, last = line.groups.first[group], line.groups.last[group]
        parts = [run for path, piece in paths for run in _runs(path, (piece > first) & (piece <= last))]
        same, other = (float(line.probabilities[group, alphabet.index(c)]) for c in (label, label.swapcase()))
        result.append(Letter(label, probability, other <= _OTHER_CASE * same, parts))
    return result


def _certainty(letters: list[Letter]) -> float:
    return float(np.mean(np.log([max(letter.probability, 1e-3) for letter in letters]))) if letters else -np.inf


def _kept(letters: list[Letter], alphabet: Alphabet) -> Iterator[Letter]:
    """Those to learn from; none of a word that was not found, or whose case is not what its text says."""
    if _certainty(letters) < _LEAST_WORD:
        return
    alike = {letter.label for letter in letters if letter.label.swapcase() in alphabet.lookalikes(letter.label)}
    doubted = [not letter.believable for letter in letters if letter.label not in alike]
    if doubted and np.mean(doubted) > _DOUBTFUL:
        return
    for i, letter in enumerate(letters):
        # After the first letter a small c looks like a large one only because its height is not seen.
        case = letter.believable or (i > 0 and letter.label in alike)
        if case and letter.probability >= _LEAST_LETTER and letter.strokes:
            yield letter


def _dense(stroke: np.ndarray) -> np.ndarray:
    """Points of a stroke at most two units apart, float (n, 2)."""
    ends = [np.linspace(a, b, max(1, int(np.hypot(*(b - a)) / 2)), endpoint=False) for a, b in pairwise(stroke * 1.0)]
    return np.concatenate([*ends, stroke[-1:] * 1.0])


def _piece(line: CutLine, pixels: np.ndarray) -> np.ndarray:
    """1 + the piece of a line that is nearest to each pixel (n, 2) of its image, int (n,)."""
    nearest = _nearest(line.pieces)
    x, y = np.round(pixels - (line.box.x, line.box.y)).astype(int).T
    return nearest[y.clip(0, nearest.shape[0] - 1), x.clip(0, nearest.shape[1] - 1)]


def _nearest(pieces: Pieces) -> np.ndarray:
    """1 + the piece nearest to each pixel, int (h, w)."""
    inked = pieces.number > 0
    _, nearest = cv2.distanceTransformWithLabels(
        (~inked).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    numbers = np.zeros(nearest.max() + 1, np.int64)
    numbers[nearest[inked]] = pieces.number[inked]
    return numbers[nearest]


def _runs(path: np.ndarray, inside: np.ndarray) -> list[np.ndarray]:
    """The parts of a path, (n, 2), that are inside, bool (n,); single points only of a path that is no more."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(np.int8), [0]]))).reshape(-1, 2)
    return [path[a:b] for a, b in edges if b - a > 1 or len(path) == 1]


def _enlarged(strokes: list[np.ndarray]) -> list[np.ndarray]:
    """Strokes whose longer side is 1000 units, as of single characters."""
    points = np.concatenate(strokes)
    low, extent = points.min(axis=0), np.ptp(points, axis=0).max()
    return [np.round((stroke - low) * 1000 / max(extent, 1)).astype(np.int16) for stroke in strokes]
