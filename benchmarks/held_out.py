"""Accuracy of a stored model on the handwriting held back from training.

Run: ``HCR_DATA_DIR=... python -m benchmarks.held_out [MODEL]``. The last column is the share of images for which the
network with weights of 8 bits, which reads pages, gives the same answer; all, where the model has none.
"""

import sys

import numpy as np

from hcr_core import Recognizer
from hcr_core.alphabet import KINDS
from hcr_core.datasets import ENTRIES, available, load
from hcr_core.evaluation import accuracy_figures, glyphs_of


def main() -> None:
    recognizer = Recognizer.load(*sys.argv[1:2])
    names = ("right", "top 2", "folded", "shape", "8 bits")
    print(f"{'data set':<12} {'classes':<10} {'images':>6} {' '.join(f'{name:>7}' for name in names)}")
    here = available()
    for name, entry in ENTRIES.items():
        if name not in here or entry.alphabet != recognizer.alphabet or entry.synthetic:
            continue
        dataset = load(name, "test")
        glyphs = glyphs_of(dataset)
        probabilities, quick = recognizer.classify(glyphs), recognizer.judge_quickly(glyphs)[0]
        for kind in KINDS:
            allowed = dataset.alphabet.select(kind)
            members = allowed[dataset.labels]
            exact, other = (np.where(allowed, answers[members], -1) for answers in (probabilities, quick))
            figures = accuracy_figures(exact, dataset.labels[members], dataset.alphabet)
            shares = [figures[key] for key in ("accuracy", "top2", "folded", "shape")]
            shares.append(float((exact.argmax(axis=1) == other.argmax(axis=1)).mean()))
            print(f"{name:<12} {kind:<10} {figures['images']:>6} {' '.join(f'{share:7.2%}' for share in shares)}")


if __name__ == "__main__":
    main()
