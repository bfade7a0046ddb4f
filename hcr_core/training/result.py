"""From trained weights to a model with its card."""

import contextlib
import tempfile
from dataclasses import asdict
from pathlib import Path

import keras
import tensorflow as tf

from hcr_core.alphabet import Alphabet
from hcr_core.datasets import ENTRIES, DatasetError, load
from hcr_core.evaluation import accuracy_figures, evaluate
from hcr_core.preprocessing import VERSION
from hcr_core.training.architectures import ARCHITECTURES
from hcr_core.training.augmentation import STRENGTHS
from hcr_core.training.checkpoint import Position
from hcr_core.training.config import TrainingConfig
from hcr_core.training.data import TrainingData, of_classes


def card(config: TrainingConfig, data: TrainingData, position: Position, model: keras.Model, classify) -> dict:
    """A model's card, but for its files' checksums.

    Args:
        config: What was asked for.
        data: What it was trained on.
        position: How the run went.
        model: The network with the weights that are kept.
        classify: Its probabilities for glyphs, uint8 (n, 28, 28).
    """
    titles = {name: ENTRIES[name].title if name in ENTRIES else "a data set of the user's own" for name in config.data}
    architecture = ARCHITECTURES[config.architecture]
    settings = STRENGTHS[config.recipe.augment]
    return {
        "name": config.name,
        "classes": list(data.alphabet),
        "preprocessing": VERSION,
        "architecture": {
            "name": config.architecture,
            "title": architecture.title,
            "source": architecture.source,
            "parameters": model.count_params(),
        },
        "data": [
            {"name": dataset.name, "title": titles[dataset.name], "licence": dataset.licence}
            for dataset, _ in data.parts
        ],
        "training": asdict(config)
        | {
            "augmentation": asdict(settings) if settings else None,
            "samples": data.samples,
            "best_epoch": position.best,
            "chosen_by": "accuracy on validation samples split off the training part",
            "minutes": round(position.total / 60, 1),
            "versions": {"keras": keras.__version__, "tensorflow": tf.__version__},
        },
        "history": position.history,
        "validation": accuracy_figures(classify(data.glyphs), data.labels, data.alphabet),
        "held_out": held_out_figures(classify, data.alphabet, config.data),
    }


def held_out_figures(classify, alphabet: Alphabet, trained_on: tuple[str, ...]) -> dict[str, dict]:
    """Accuracy, by data set, on the test parts of what was trained on and of all handwriting with its classes here."""
    others = [entry.name for entry in ENTRIES.values() if not entry.synthetic and set(alphabet) <= set(entry.alphabet)]
    figures = {}
    for name in dict.fromkeys([*trained_on, *others]):
        with contextlib.suppress(DatasetError):  # not on this machine, or without a test part
            figures[name] = evaluate(classify, *of_classes(load(name, "test"), alphabet))
    return figures


def exports(model: keras.Model) -> dict[str, bytes]:
    """The files of a stored model: Keras for training on, LiteRT for predicting."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return {"model.keras": path.read_bytes(), "model.tflite": converter.convert()}
