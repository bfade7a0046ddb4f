"""Accuracy of models as characters are turned, thinned, broken, faded ...: ``hcr_core.robustness``.

Run: ``HCR_DATA_DIR=... python -m benchmarks.robustness [--data unipen] [--images 1000] [MODEL ...]``. Figures are
shares of right answers up to look-alike shapes, of a fixed random part of the test images.
"""

import argparse
from dataclasses import replace

import numpy as np

from hcr_core import Recognizer
from hcr_core.datasets import load
from hcr_core.matching import match
from hcr_core.robustness import PERTURBATIONS, curve
from hcr_core.terminal import ProgressBar, quiet


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", default=["characters"])
    parser.add_argument("--data", default="unipen")
    parser.add_argument("--images", type=int, default=1000)
    options = parser.parse_args()
    dataset = load(options.data, "test")
    for name in options.models:
        with quiet():
            recognizer = Recognizer.load(name)
        matched = match(recognizer.alphabet, dataset)
        chosen = np.sort(np.random.default_rng(0).permutation(len(matched.positions))[: options.images])
        matched = replace(matched, positions=matched.positions[chosen], labels=matched.labels[chosen])
        print(f"{name} on {len(chosen):,} images of {options.data}, shape accuracy")
        for kind, perturbation in PERTURBATIONS.items():
            with ProgressBar() as bar:
                figures = curve(recognizer.classify, dataset, matched, perturbation, progress=bar.share)
            cells = "  ".join(f"{row['level']:g}: {row['shape']:.1%}" for row in figures)
            print(f"  {kind:<9} {cells}   ({perturbation.unit})", flush=True)


if __name__ == "__main__":
    main()
