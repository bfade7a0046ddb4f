"""Searches the weights of ``hcr_core.lattice`` anew, which is due when its networks change.

Run: ``HCR_DATA_DIR=... python -m benchmarks.word_weights [--words N] [--lines N] [--rounds N]``. Every weight in
turn is made smaller and larger as long as that lowers the error rate of UNIPEN words of held-back writers and
of lines of validation characters; nothing of the test parts is used. What is printed goes into ``Weights``.
"""

import argparse
from dataclasses import asdict, replace
from itertools import islice

from benchmarks.words import PENS, distance, folded
from hcr_core import Recognizer
from hcr_core.datasets.places import data_folder
from hcr_core.lattice import Lattice, Weights
from hcr_core.line_reading import Model, lattices, uncut_lines
from hcr_core.page_ink import find_ink
from hcr_core.training.grouping_data import composed, drawn, unipen_words
from hcr_core.word_reading import read_line

#: A line's text, whether it is one word, and what the networks say of it.
Sample = tuple[str, bool, Lattice]
_FACTORS = (0.7, 0.85, 1.2, 1.5)
#: Weight of a word's errors beside those of a composed line.
_WORDS = 0.5
#: Of lines that the grouping network did not learn from.
_SEED = 77
#: A step has to save at least this much: less is a matter of which words and lines were asked.
_LEAST = 1e-3


def samples(words: int, lines: int) -> list[Sample]:
    """Words and lines, through everything that weights do not change."""
    recognizer = Recognizer.load()
    allowed = recognizer.alphabet.select(None)
    model = Model(recognizer.judge, recognizer.alphabet, allowed, Weights())
    path = data_folder() / "unipen" / "unipen_words.npz"
    written = list(islice(unipen_words(path, "held", ("PRINTED",)), words))
    images = [(text, True, drawn(strokes, PENS[k % len(PENS)])) for k, (text, strokes, _) in enumerate(written)]
    images += [(line.text, False, line.image) for line in composed(lines, _SEED, held=True)]
    result = []
    for text, one_word, image in images:
        cut = [line.cut() for line in uncut_lines(find_ink(image).ink, "word")]
        result += [(text, one_word, lattice) for lattice in lattices(cut, model)]
    return result


def error_rate(chosen: list[Sample], weights: Weights) -> float:
    """Errors a character: of words and of lines, weighed by ``_WORDS``."""
    rates = []
    for kind in (True, False):
        wrong = length = 0
        for text, one_word, lattice in chosen:
            if one_word == kind:
                read = read_line(lattice, weights, one_word=one_word)
                found = "".join(lattice.alphabet[c] for word in read for c in word.classes)
                wrong, length = wrong + distance(folded(text), folded(found)), length + len(folded(text))
        rates.append(wrong / max(length, 1))
    return _WORDS * rates[0] + (1 - _WORDS) * rates[1]


def search(chosen: list[Sample], weights: Weights, rounds: int) -> Weights:
    """The best weights that single steps lead to."""
    best = error_rate(chosen, weights)
    print(f"start {best:.4f}", flush=True)
    for _ in range(rounds):
        before = best
        for name in asdict(weights):
            for factor in _FACTORS:
                tried = replace(weights, **{name: getattr(weights, name) * factor})
                rate = error_rate(chosen, tried)
                if rate < best - _LEAST:
                    best, weights = rate, tried
                    break
        print(f"{best:.4f} { ({name: round(value, 3) for name, value in asdict(weights).items()}) }", flush=True)
        if best > before - _LEAST:
            break
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--words", type=int, default=200)
    parser.add_argument("--lines", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    search(samples(options.words, options.lines), Weights(), options.rounds)


if __name__ == "__main__":
    main()
