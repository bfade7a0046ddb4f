"""How well a stored model tells characters from what is none, and what its probabilities are worth.

Beside the calibration error stands what a model whose probabilities are exactly true would show on as many
images, because their bins hold few: below that nothing can be told.

Negatives are of seeds, and drawings and papers of kinds, that training does not show. Run:
``HCR_DATA_DIR=... python -m benchmarks.refusal [MODEL]``.
"""

import sys

import numpy as np

from hcr_core import Recognizer
from hcr_core.calibration import auroc, reliability
from hcr_core.datasets import load
from hcr_core.evaluation import glyphs_of
from hcr_core.training.negatives import UNSEEN_KINDS, unseen_glyph

#: Negatives of each kind; none of these seeds is used in training.
COUNT, SEED = 1000, 2024
SETS = ("emnist62", "unipen", "paper_chars")


def main() -> None:
    recognizer = Recognizer.load(*sys.argv[1:2])
    threshold = recognizer.card.get("refusal", {}).get("threshold", 0.0)
    held = {name: load(name, "test") for name in SETS}
    letters = [held["emnist62"], held["unipen"]]
    rng = np.random.default_rng(SEED)
    wrong = {
        kind: recognizer.judge(np.stack([unseen_glyph(kind, letters, rng) for _ in range(COUNT)]))
        for kind in UNSEEN_KINDS
    }
    print(f"{'data set':<12} {'calib. err.':>11} {'by chance':>9} {'refused':>8}   AUROC by kind of negative", end=" ")
    print("(by largest probability)")
    for name, dataset in held.items():
        probabilities, written = recognizer.judge(glyphs_of(dataset))
        claimed = probabilities.max(axis=1)
        kinds = [
            f"{kind} {auroc(written, score):.3f} ({auroc(claimed, p.max(axis=1)):.3f})"
            for kind, (p, score) in wrong.items()
        ]
        bins = reliability(claimed, probabilities.argmax(axis=1) == dataset.labels)
        errors = f"{bins.error:11.2%} {bins.errors_by_chance().mean():9.2%}"
        print(f"{name:<12} {errors} {recognizer.refused(probabilities, written).mean():8.2%}   {'  '.join(kinds)}")
    refused = [f"{kind} {recognizer.refused(*said).mean():.1%}" for kind, said in wrong.items()]
    print(f"refused at {threshold}: {', '.join(refused)}")


if __name__ == "__main__":
    main()
