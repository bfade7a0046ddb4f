"""Trains ``models/digits`` on MNIST's training part alone, by a recipe fixed beforehand.

Run: ``HCR_DATA_DIR=... python -m hcr_core.training.digits RUN_FOLDER [--store models]``. Three networks
of three seeds are trained, one after the other; started again it goes on from the last checkpoint.
MNIST's test part is read once at the end: nothing is chosen by it. The network that is kept is the
one with the lowest loss on validation samples.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from hcr_core.datasets import ENTRIES, load
from hcr_core.datasets.splits import validation_split
from hcr_core.preprocessing import VERSION
from hcr_core.training.augmentation import Augmentation
from hcr_core.training.mixed_run import AVERAGE, BATCH, PEAK, SMOOTHING, STATE, WEIGHT_DECAY, Trainer, learning, train
from hcr_core.training.mixture import Mixture, drawn, scans

DATA, CLASSES = "mnist", 10
#: Networks of these seeds; the mean of their accuracies is what the recipe is worth.
SEEDS = (1, 2, 3)
#: 28 passes over the training samples.
STEPS, WIDTH, VALIDATION = 6000, 24, 5000
#: Shares of what is drawn: digits as they are or slightly turned, and through the app's own path.
SHARES = (0.65, 0.35)
SETTINGS = Augmentation(rotation=15, widths=(40, 160))


def split() -> tuple[np.ndarray, np.ndarray]:
    """Positions in MNIST's training part to train and to validate on; the same for every seed."""
    return validation_split(len(load(DATA, "train")), VALIDATION, seed=0)


def mixture(seed: int) -> Mixture:
    """What the network is shown."""
    digits, (training, _) = load(DATA, "train"), split()
    sources = [
        scans(digits, training, SHARES[0], SETTINGS),
        drawn(digits, training, SHARES[1], SETTINGS, balance=0.0),
    ]
    return Mixture(sources, BATCH, seed)


def finish(folder: Path, store: Path, name: str = "digits") -> dict:
    """Measure the networks of a finished run and put the best one in validation into a store; returns its card."""
    import keras

    from hcr_core.calibration import best_temperature
    from hcr_core.model_store import save_model
    from hcr_core.training.character_network import calibrate, character_network, described
    from hcr_core.training.result import exports, held_out_figures
    from hcr_core.training.tuning import answered

    keras.mixed_precision.set_global_policy("float32")
    alphabet = ENTRIES[DATA].alphabet
    both = character_network(28, CLASSES, WIDTH)
    rows = [{"seed": seed} | measured(both, folder / str(seed) / AVERAGE) for seed in SEEDS]
    best = min(rows, key=lambda row: row["validation_loss"])
    both.load_weights(folder / str(best["seed"]) / AVERAGE)
    glyphs, labels = validation()
    temperature = best_temperature(answered(both, glyphs)["label"], labels)
    calibrate(both, temperature, temperature)
    model = keras.Model(both.input, both.output["label"], name=both.name)
    card = {
        "name": name,
        "classes": list(alphabet),
        "preprocessing": VERSION,
        "architecture": described(WIDTH) | {"parameters": model.count_params()},
        "data": [{"name": DATA, "title": ENTRIES[DATA].title, "licence": ENTRIES[DATA].licence}],
        "training": training(folder) | {"seed": best["seed"]},
        "calibration": {"divided_by": {DATA: temperature}},
        "learning": learning(folder / str(best["seed"])),
        "seeds": rows,
        "mean_test_accuracy": round(float(np.mean([row["test"] for row in rows])), 5),
        "validation": best["validation"],
        "held_out": held_out_figures(lambda images: answered(both, images)["label"], alphabet, (DATA,)),
    }
    save_model(store, name, card, exports(model))
    return card


def validation() -> tuple[np.ndarray, np.ndarray]:
    """Glyphs, uint8 (n, 28, 28), and labels, int (n,), to validate on."""
    digits, (_, held) = load(DATA, "train"), split()
    return np.asarray(digits.images[held]), digits.labels[held]


def measured(network, weights: Path) -> dict:
    """What one seed's weights are worth: ``{"validation_loss", "validation", "test"}``; they stay in the network."""
    from hcr_core.evaluation import accuracy_figures, cross_entropy
    from hcr_core.training.tuning import answered

    network.load_weights(weights)
    alphabet, test, (glyphs, labels) = ENTRIES[DATA].alphabet, load(DATA, "test"), validation()
    p = answered(network, glyphs)["label"]
    return {
        "validation_loss": round(cross_entropy(p[np.arange(len(labels)), labels]), 5),
        "validation": accuracy_figures(p, labels, alphabet),
        "test": accuracy_figures(answered(network, test.images)["label"], test.labels, alphabet)["accuracy"],
    }


def training(folder: Path) -> dict:
    """What the card tells of how all seeds were trained."""
    return {
        "command": "python -m hcr_core.training.digits",
        "steps": STEPS,
        "batch": BATCH,
        "shares": dict(zip(("scans", "redrawn"), SHARES, strict=True)),
        "learning_rate": PEAK,
        "weight_decay": WEIGHT_DECAY,
        "label_smoothing": SMOOTHING,
        "augmentation": asdict(SETTINGS),
        "chosen_by": "the lowest loss on 5,000 validation samples among three seeds",
        "precision": "mixed_bfloat16",
        "minutes": round(sum(float(np.load(folder / str(seed) / STATE)["spent"]) for seed in SEEDS) / 60, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of the run: one folder a seed")
    parser.add_argument("--store", type=Path, help="folder of models to put it into (default: the run's folder)")
    given = parser.parse_args()
    for seed in SEEDS:
        (given.folder / str(seed)).mkdir(parents=True, exist_ok=True)
        shown = mixture(seed)
        trainer = Trainer(shown.frequencies(CLASSES), shown.even, WIDTH, seed)
        train(trainer, mixture, seed, given.folder / str(seed), STEPS)
    card = finish(given.folder, given.store or given.folder / "models")
    print(json.dumps({key: card[key] for key in ("seeds", "mean_test_accuracy", "held_out")}, indent=2))


if __name__ == "__main__":
    main()
