"""Trains ``models/characters``: more looks of writing, cleaner labels and longer than the training page does.

Run: ``HCR_DATA_DIR=... python -m hcr_core.training.characters RUN_FOLDER [--steps 24000] [--store models]``.
Started again with the same folder it goes on from its last checkpoint. What it does, in order: labels
that an earlier model denies are left out, letters are cut out of words (``words.npz``), photos and negatives
are made (``pools.npz``), the network learns from ``Mixture``, and what is kept is calibrated on validation samples.
"""

import argparse
import functools
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from hcr_core.datasets import ENTRIES, Dataset, load
from hcr_core.datasets.rendering import training_dataset
from hcr_core.datasets.splits import validation_split
from hcr_core.datasets.strokes import PenStrokes
from hcr_core.evaluation import accuracy_figures, glyphs_of
from hcr_core.preprocessing import VERSION
from hcr_core.recognition import Recognizer
from hcr_core.training.augmentation import Augmentation, random_ink
from hcr_core.training.letterforms import letterforms
from hcr_core.training.mixed_run import AVERAGE, BATCH, PEAK, SMOOTHING, STATE, WEIGHT_DECAY, Trainer, learning, train
from hcr_core.training.mixture import NOTHING, Mixture, believable, drawn, even_weights, pool, scans
from hcr_core.training.negatives import training_glyph
from hcr_core.training.photographs import photographed
from hcr_core.training.word_letters import word_letters

DATA = ("emnist62", "unipen")
SEED = 1
#: Shares of what is shown, ``redrawn`` being scans drawn anew.
SHARES = {
    "scans": 0.38,
    "redrawn": 0.14,
    "pens": 0.34,
    "photos": 0.08,
    "negatives": 0.06,
    "letterforms": 0.04,
    "word letters": 0.12,
}
#: How far classes are evened out where people draw what they like (see ``mixture``).
BALANCE = 0.6
#: A label is left out where an earlier model gives its shape less than this, in a scan as it is, in one
#: drawn anew, and in pen strokes.
LEAST_SCAN, LEAST_REDRAWN, LEAST_PEN = 0.03, 0.3, 0.08
#: Half of NIST's capital F are small f: above this probability of f they are not drawn anew.
LIKELY_SMALL_F = 0.3
PHOTOS, NEGATIVES = 60_000, 36_000
#: The model that denies labels, finds letters in words and is the second teacher.
EARLIER = "characters"
TAUGHT_STEPS, TAUGHT_PEAK = 10_000, 1.2e-3
#: Files and folders of a run's folder.
TAUGHT_FOLDER = "taught"
CHOSEN, POOLS, WORDS = "chosen.npz", "pools.npz", "words.npz"
#: What counts as refused: the score that this share of validation characters lies below; of unknown hands at most
#: 3 % are to be.
REFUSED = 0.008


def chosen() -> dict[str, np.ndarray]:
    """Positions to train and validate on, by use, in the training parts of ``DATA``."""
    recognizer = Recognizer.load(EARLIER)
    scanned, pens = (load(name, "train") for name in DATA)
    alphabet = scanned.alphabet
    training, validation = validation_split(len(scanned))
    p = recognizer.classify(glyphs_of(scanned))
    redrawn = believable(p, scanned.labels, alphabet, LEAST_REDRAWN)
    redrawn &= ~((scanned.labels == alphabet.index("F")) & (p[:, alphabet.index("f")] > LIKELY_SMALL_F))
    return {
        "e_val": validation,
        "e_train": training[believable(p, scanned.labels, alphabet, LEAST_SCAN)[training]],
        "e_redraw": training[redrawn[training]],
        "u_keep": np.flatnonzero(
            believable(recognizer.classify(glyphs_of(pens)), pens.labels, pens.alphabet, LEAST_PEN)
        ),
    }


def pools(keep: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Photos of characters with their labels, and negatives; some minutes on one core."""
    scanned, pens = (load(name, "train") for name in DATA)
    rng, settings = np.random.default_rng([77, SEED]), Augmentation()
    parts = [(pens, keep["u_keep"]), (scanned, keep["e_redraw"])]
    sums = [np.cumsum(even_weights(data.labels[rows], 0.7, _writers(data, rows))) for data, rows in parts]
    glyphs, labels = [], []
    while len(glyphs) < PHOTOS:
        part = int(rng.random() < 0.4)
        data, rows = parts[part]
        at = min(int(np.searchsorted(sums[part], rng.random() * sums[part][-1], "right")), len(rows) - 1)
        glyph = photographed(random_ink(data, int(rows[at]), rng, settings), rng)
        if glyph is not None:
            glyphs.append(glyph)
            labels.append(data.labels[rows[at]])
    letters = [scanned.take(keep["e_train"]), pens]
    negatives = np.stack([training_glyph(letters, rng) for _ in range(NEGATIVES)])
    return {"photos": np.stack(glyphs), "labels": np.array(labels), "negatives": negatives}


def _writers(data: Dataset, rows: np.ndarray) -> np.ndarray | None:
    return None if data.writers is None else data.writers[rows]


def mixture(folder: Path, seed: int) -> Mixture:
    """All that the network is shown, from what ``prepare`` left in a run's folder."""
    keep, made = (dict(np.load(folder / name)) for name in (CHOSEN, POOLS))
    scanned, pens = (load(name, "train") for name in DATA)
    forms, settings = letterforms(scanned.alphabet), Augmentation()
    words = training_dataset("word letters", PenStrokes(**np.load(folder / WORDS)), scanned.alphabet)
    nothing = np.full(len(made["negatives"]), NOTHING)
    # A scan that is left as it is would be called drawn.
    always = replace(settings, untouched=0.0)
    sources = [
        scans(scanned, keep["e_train"], SHARES["scans"], settings),
        drawn(scanned, keep["e_redraw"], SHARES["redrawn"], always, BALANCE),
        drawn(pens, keep["u_keep"], SHARES["pens"], settings, BALANCE),
        pool(made["photos"], made["labels"], SHARES["photos"], settings),
        pool(made["negatives"], nothing, SHARES["negatives"], settings),
        drawn(forms, np.arange(len(forms)), SHARES["letterforms"], settings, BALANCE, taught=False),
        # A teacher that learnt from single characters reads joined ones worse than their text tells.
        drawn(words, np.arange(len(words)), SHARES["word letters"], settings, BALANCE, taught=False),
    ]
    return Mixture(sources, BATCH, seed)


def prepare(folder: Path) -> None:
    """Choose samples, cut letters out of words and make photos and negatives, once for a run's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / CHOSEN).exists():
        np.savez(folder / CHOSEN, **chosen())
    if not (folder / WORDS).exists():
        np.savez(folder / WORDS, **vars(word_letters(Recognizer.load(EARLIER))))
    if not (folder / POOLS).exists():
        np.savez(folder / POOLS, **pools(dict(np.load(folder / CHOSEN))))


def validation(keep: dict[str, np.ndarray]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Glyphs and labels to validate on, by data set: split off NIST's training part, and UNIPEN's own."""
    scanned, pens = load("emnist62", "train"), load("unipen", "validation")
    return {
        "emnist62": (np.asarray(scanned.images[keep["e_val"]]), scanned.labels[keep["e_val"]]),
        "unipen": (glyphs_of(pens), pens.labels),
    }


def learn(folder: Path, steps: int) -> None:
    """Train from nothing; then on from there, also towards the mean of what has been learnt and an earlier model."""
    from hcr_core.training.teachers import Teachers

    made, taught = functools.partial(mixture, folder), folder / TAUGHT_FOLDER
    shown = made(SEED)
    frequencies = shown.frequencies(len(ENTRIES[DATA[0]].alphabet))
    train(Trainer(frequencies, shown.even), made, SEED, folder, steps)
    taught.mkdir(exist_ok=True)
    teacher = Teachers.of(folder / AVERAGE, EARLIER, shown.even)
    trainer = Trainer(frequencies, shown.even, seed=SEED, peak=TAUGHT_PEAK, teacher=teacher, taught=shown.taught)
    trainer.start_from(folder / AVERAGE)
    # Other batches than those of the first steps of the first part.
    train(trainer, made, SEED + 1, taught, TAUGHT_STEPS)


def finish(folder: Path, store: Path, name: str = "characters") -> dict:
    """Tune what a run has learnt on validation samples, measure it and put it into a store."""
    import keras

    from hcr_core.model_store import save_model
    from hcr_core.training.character_network import character_network, described
    from hcr_core.training.result import exports, held_out_figures
    from hcr_core.training.tuning import answered, tune

    keras.mixed_precision.set_global_policy("float32")
    alphabet = ENTRIES[DATA[0]].alphabet
    model = character_network(28, len(alphabet))
    model.load_weights(folder / TAUGHT_FOLDER / AVERAGE)
    held = validation(dict(np.load(folder / CHOSEN)))
    tuned, answers = tune(model, held, np.bincount(load(DATA[0], "train").labels), REFUSED)
    labels = np.concatenate([labels for _, labels in held.values()])
    card = {
        "name": name,
        "classes": list(alphabet),
        "preprocessing": VERSION,
        "architecture": described() | {"parameters": model.count_params()},
        "data": [{"name": data, "title": ENTRIES[data].title, "licence": ENTRIES[data].licence} for data in DATA],
        "training": training(folder),
        **tuned,
        "learning": learning(folder),
        "validation": accuracy_figures(np.concatenate(answers), labels, alphabet),
        "held_out": held_out_figures(lambda glyphs: answered(model, glyphs)["label"], alphabet, DATA),
    }
    outputs = [model.output["label"], model.output["character"]]
    save_model(store, name, card, exports(keras.Model(model.input, outputs, name=model.name)))
    return card


def training(folder: Path) -> dict:
    """What the card tells of how a run was trained."""
    states = [np.load(part / STATE) for part in (folder, folder / TAUGHT_FOLDER)]
    return {
        "command": "python -m hcr_core.training.characters",
        "steps": sum(int(state["step"]) for state in states),
        "taught_steps": int(states[1]["step"]),
        "teachers": ["itself after the other steps", f"the model {EARLIER} before it"],
        "batch": BATCH,
        "shares": SHARES,
        "balance": BALANCE,
        "learning_rate": PEAK,
        "weight_decay": WEIGHT_DECAY,
        "label_smoothing": SMOOTHING,
        "augmentation": asdict(Augmentation()),
        "seed": SEED,
        "chosen_by": "nothing: they are the averaged weights of the last step",
        "precision": "mixed_bfloat16",
        "minutes": round(sum(float(state["spent"]) for state in states) / 60, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of the run: checkpoints, photos, negatives")
    parser.add_argument("--steps", type=int, default=24_000, help="of 256 samples")
    parser.add_argument("--store", type=Path, help="folder of models to put it into (default: the run's folder)")
    given = parser.parse_args()
    prepare(given.folder)
    learn(given.folder, given.steps)
    print(json.dumps(finish(given.folder, given.store or given.folder / "models")["held_out"], indent=2))


if __name__ == "__main__":
    main()
