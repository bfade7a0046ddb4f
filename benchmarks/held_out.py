"""Accuracy of a stored model on the handwriting held back from training.

Run: ``HCR_DATA_DIR=... python -m benchmarks.held_out [MODEL]``.
"""

import sys

import numpy as np

from hcr_core import Recognizer
from hcr_core.alphabet import KINDS
from hcr_core.datasets import ENTRIES, available, load
from hcr_core.evaluation import accuracy_figures, glyphs_of


def main() -> None:
    recognizer = Recognizer.load(*sys.argv[1:2])
    print(f"{'data set':<12} {'classes':<10} {'images':>6} {'right':>7} {'top 2':>7} {'folded':>7} {'shape':>7}")
    here = available()
    for name, entry in ENTRIES.items():
        if name not in here or entry.alphabet != recognizer.alphabet or entry.synthetic:
            continue
        dataset = load(name, "test")
        probabilities = recognizer.classify(glyphs_of(dataset))
        for kind in KINDS:
            allowed = dataset.alphabet.select(kind)
            members = allowed[dataset.labels]
            restricted = np.where(allowed, probabilities[members], -1)
            figures = accuracy_figures(restricted, dataset.labels[members], dataset.alphabet)
            shares = " ".join(f"{figures[key]:7.2%}" for key in ("accuracy", "top2", "folded", "shape"))
            print(f"{name:<12} {kind:<10} {figures['images']:>6} {shares}")


if __name__ == "__main__":
    main()
