"""A word as it was read, or the word of a language that looks nearly the same.

The groups are chosen anew for one character more or fewer, so that *rn* can become *m*.
"""

from dataclasses import replace

import numpy as np

from hcr_core.alphabet import LOWERCASE, Alphabet
from hcr_core.lattice import PlacedLine, Weights
from hcr_core.word_list import WordList
from hcr_core.word_reading import Kind, ReadWord, candidate_rows

#: Weight of the logarithm of a word's frequency, and what it costs to be no word, at all and for every letter: chosen
#: on UNIPEN words of held-back training writers, see benchmarks/accuracy.md.
FREQUENCY, UNKNOWN, UNKNOWN_LETTER = 0.4, 4.0, 0.7
#: Score of a letter that the alphabet does not have.
_NEVER = -50.0


def respelled(
    word: ReadWord, placed: PlacedLine, known: list[Kind], start: int, end: int, *, words: WordList, weights: Weights
) -> ReadWord:
    """The word that fits the pieces ``start`` to ``end - 1`` best, if it is better than the one that was read.

    A reading that is no word of the language is less likely by ``UNKNOWN`` and, for every letter, ``UNKNOWN_LETTER``; a
    word by its frequency. Numbers and single characters are left alone.

    Returns:
        ``word``, or the other with ``before``; its ``score`` is still that of what was read.
    """
    alphabet = placed.line.lattice.alphabet
    read = "".join(alphabet[c] for c in word.classes)
    if len(read) < 2 or read.isdecimal():
        return word
    letters = letter_scores(placed.scores, alphabet)
    least = word.score - word.cost - UNKNOWN - UNKNOWN_LETTER * len(read)
    best = None
    for groups, costs in paths_by_length(placed, letters.max(axis=1), start, end, len(read)):
        found = words.best(letters[groups], FREQUENCY)
        if found is None:
            continue
        spelling, share = found
        for kind in known:
            classes = _classes(alphabet, spelling, kind)
            if classes is None:
                continue
            score = float(placed.scores[groups, classes].sum()) - costs - kind.cost + share
            if score > least:
                best, least = (groups, classes, kind), score
    if best is None:
        return word
    groups, classes, kind = best
    if "".join(alphabet[c] for c in classes).lower() == read.lower():
        return word
    rows = candidate_rows(placed.scores, groups, classes, kind, weights)
    return replace(word, groups=tuple(groups), classes=tuple(classes), scores=rows, before=read)


def letter_scores(scores: np.ndarray, alphabet: Alphabet) -> np.ndarray:
    """How well every letter fits every group, small or capital, float (n, 26), from float (n, classes)."""
    columns = [[i for i, label in enumerate(alphabet) if label.lower() == letter] for letter in LOWERCASE]
    return np.stack([scores[:, c].max(axis=1) if c else np.full(len(scores), _NEVER) for c in columns], axis=1)


def paths_by_length(
    placed: PlacedLine, values: np.ndarray, start: int, end: int, length: int
) -> list[tuple[list[int], float]]:
    """The best groups for one character less than ``length``, as many, and one more; each with its costs.

    Args:
        placed: The line.
        values: float (n,), of every group the score of its best letter.
        start: First piece.
        end: One past the last piece.
        length: Of the word.
    """
    line, most = placed.line, length + 1
    gains = values - line.costs
    best = np.full((end - start + 1, most + 1), -np.inf)
    best[0, 0] = 0.0
    back = np.full((end - start + 1, most + 1, 2), -1)  # the piece before, and the group or -1
    for k in range(end - start):
        steps = [(k + 1, -1, 0, -line.skips[start + k])]
        steps += [(last - start, g, 1, gains[g]) for g, last in line.starts[start + k] if last <= end]
        for to, g, longer, gain in steps:
            reached = best[k, : most + 1 - longer] + gain
            better = np.flatnonzero(reached > best[to, longer:])
            best[to, longer + better] = reached[better]
            back[to, longer + better] = (k, g)
    paths = []
    for count in range(max(2, length - 1), most + 1):
        if not np.isfinite(best[-1, count]):
            continue
        groups, k, left = [], end - start, count
        while k > 0:
            k, g = (int(value) for value in back[k, left])
            if g >= 0:
                groups.append(g)
                left -= 1
        groups.reverse()
        paths.append((groups, float(values[groups].sum() - best[-1, count])))
    return paths


def _classes(alphabet: Alphabet, spelling: np.ndarray, kind: Kind) -> list[int] | None:
    """The classes of a kind of words that spell it; ``None`` where there are none."""
    classes = []
    for place, letter in enumerate(LOWERCASE[i] for i in spelling):
        allowed = kind.following if place else kind.initial
        fitting = [alphabet.index(c) for c in (letter, letter.upper()) if c in alphabet and allowed[alphabet.index(c)]]
        if not fitting:
            return None
        classes.append(fitting[0])
    return classes
