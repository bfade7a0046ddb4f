"""Trains the grouping networks of ``hcr_core.grouping_model`` anew, which is due when ``models/characters`` changes.

Run: ``HCR_DATA_DIR=... python -m hcr_core.training.grouping [--words N] [--lines N] [--epochs N] [--out FOLDER]``.
Lines and words are cut up and their groups recognized by the model of the store, then both networks learn, and the
figures of held-back writers and lines are printed: 52 minutes on two cores in ``mixed_bfloat16``, beside other work,
and over 9 GB of memory. Nothing of the test parts of any data set is used.
"""

import argparse
import time
from pathlib import Path

import keras
import numpy as np

from hcr_core.calibration import auroc
from hcr_core.datasets import load
from hcr_core.evaluation import glyphs_of
from hcr_core.grouping_model import CLASSES, FIRST_LOOK, NETWORK
from hcr_core.recognition import Recognizer
from hcr_core.training.grouping_data import Examples, gather
from hcr_core.training.grouping_networks import (
    answers,
    as_litert,
    first_look_arrays,
    first_look_network,
    fit,
    fit_first_look,
    grouping_network,
)

#: Single characters that are learned from beside those in lines, of each data set.
_ALONE = {"emnist62": 40_000, "unipen": 40_000, "mnist": 8_000}
#: The first network may drop this share of the characters it is validated on.
_DROPPED = 0.006
_FIRST_EPOCHS = 12


def single_characters(share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Glyphs, uint8 (n, 28, 28), and their positions in ``CLASSES``, int (n,); ``share`` of ``_ALONE``."""
    rng, glyphs, classes = np.random.default_rng(seed), [], []
    for name, count in _ALONE.items():
        data = load(name, "train")
        rows = np.sort(rng.permutation(len(data))[: round(count * share)])
        place = np.array([CLASSES.index(label.lower()) for label in data.alphabet])
        glyphs.append(glyphs_of(data, rows))
        classes.append(place[np.asarray(data.labels)[rows]])
    return np.concatenate(glyphs), np.concatenate(classes)


def train(words: int, lines: int, epochs: int, out: Path, seed: int, precision: str) -> None:
    """Make the examples, train both networks and write them to ``out``."""
    started = time.monotonic()
    keras.utils.set_random_seed(seed)
    recognizer = Recognizer.load()
    training = gather(recognizer, words, lines, held=False, seed=seed)
    held = gather(recognizer, max(1, words // 32), max(1, lines // 36), held=True, seed=seed)
    print(f"{len(training.classes)} groups, {(training.classes >= 0).mean():.1%} characters, ", end="")
    print(f"in {time.monotonic() - started:.0f} s", flush=True)

    first = first_look_network(training.geometry)
    fit_first_look(first, training, _FIRST_EPOCHS)
    probability = first.predict(held.geometry, batch_size=4096, verbose=0)[:, 0]
    least = float(np.quantile(probability[held.classes >= 0], _DROPPED))
    print(f"first look: {(probability < least).mean():.1%} of the groups dropped, {_DROPPED:.1%} of the characters")
    kept = first.predict(training.geometry, batch_size=4096, verbose=0)[:, 0] >= least
    training, held = training.take(np.flatnonzero(kept)), held.take(np.flatnonzero(probability >= least))

    keras.config.set_dtype_policy(precision)
    rows = np.column_stack([training.geometry, training.sureness])
    network = grouping_network(rows)
    share = min(1.0, len(training.classes) / 20_000)
    fit(network, training, single_characters(share, seed), epochs, seed)
    report(network, held)
    out.mkdir(parents=True, exist_ok=True)
    np.savez(out / FIRST_LOOK.name, **first_look_arrays(first, least))
    (out / NETWORK.name).write_bytes(as_litert(network, rows))
    print(f"written to {out} after {time.monotonic() - started:.0f} s")


def report(network: keras.Model, held: Examples) -> None:
    """Print how good the second network is on held-back groups."""
    labels, whole = answers(network, held)
    characters = held.classes >= 0
    right = (labels[characters].argmax(axis=1) == held.classes[characters]).mean()
    told = auroc(whole[characters], whole[~characters])
    print(f"held back: {right:.1%} of characters right, case aside; AUROC of whole {told:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--words", type=int, default=9200, help="UNIPEN words (default: %(default)s)")
    parser.add_argument("--lines", type=int, default=9000, help="composed lines (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=NETWORK.parent, help="folder (default: where the app reads them)")
    parser.add_argument(
        "--precision",
        choices=("float32", "mixed_bfloat16"),
        default="float32",
        help="mixed_bfloat16 is faster on processors with AVX512-BF16 or AMX (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    train(options.words, options.lines, options.epochs, options.out, options.seed, options.precision)


if __name__ == "__main__":
    main()
