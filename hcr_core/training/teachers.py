"""Models that a network learns from besides the labels: their mean answer, with the frequencies wanted."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from hcr_core.datasets import load
from hcr_core.model_store import open_model
from hcr_core.training.result import network_of
from hcr_core.training.samples import drawing_chances


class Teachers:
    """The mean of several models' probabilities for glyphs of a ``Mixture``.

    Each model answers with the frequencies of classes that it learnt; by the source of a glyph they are
    replaced by those that are wanted there (prior shift: Saerens et al. 2002, Neural Computation 14).
    """

    def __init__(self, models: list[keras.Model], changes: list[np.ndarray]):
        """``changes``: for each model, what its probabilities are multiplied by, float (sources, classes)."""
        self._models = models
        self._changes = [tf.constant(np.log(change), tf.float32) for change in changes]

    @classmethod
    def of(cls, weights: Path, earlier: str, even: tuple[bool, ...]) -> "Teachers":
        """Two teachers: a ``character_network`` with weights that ``averaged`` saved, and a model of the store.

        Args:
            weights: Of the network.
            earlier: Name of the model.
            even: By source, whether all classes shall be as frequent, or else as in the first data set learnt from.
        """
        from hcr_core.training.character_network import character_network

        stored = open_model(earlier)
        network = character_network(28, len(stored.alphabet))
        network.load_weights(weights)
        labels = keras.Model(network.input, network.output["label"])
        nothing = np.ones((len(even), len(stored.alphabet)))
        return cls([labels, network_of(stored)], [nothing, frequency_changes(stored.card, even)])

    def __call__(self, glyphs: tf.Tensor, sources: tf.Tensor) -> tf.Tensor:
        """Probabilities, float32 (n, classes), for uint8 (n, 28, 28) and int64 (n,)."""
        image = tf.cast(glyphs, tf.float32)[..., None]
        answers = [
            tf.nn.softmax(tf.math.log(model(image, training=False) + 1e-7) + tf.gather(change, sources))
            for model, change in zip(self._models, self._changes, strict=True)
        ]
        return tf.stop_gradient(tf.add_n(answers) / len(answers))


def frequency_changes(card: dict, even: tuple[bool, ...]) -> np.ndarray:
    """What a stored model's probabilities are multiplied by, float (sources, classes).

    A model of the ``train`` command learnt classes with frequencies to the power ``1 - balance``; one of
    ``characters`` has frequencies right already.
    """
    classes, training = len(card["classes"]), card["training"]
    if "balance" not in training or "shares" in training:
        return np.ones((len(even), classes))
    labels = [load(name, "train").labels for name in training["data"]]
    weights = [drawing_chances(part, training["balance"]) for part in labels]
    learnt = sum(np.bincount(part, weight, classes) for part, weight in zip(labels, weights, strict=True))
    natural = np.bincount(labels[0], minlength=classes) ** float(training["balance"])
    return np.stack([1 / learnt if flat else natural for flat in even])
