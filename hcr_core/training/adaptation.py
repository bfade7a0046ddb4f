"""A trained network that learns one hand more, without forgetting what it knew.

Three things hold it back, all measured in ``benchmarks/adaptation.py``. Only what comes after the last
convolution learns: strokes look the same in every hand. Two of three samples of every batch are such as it
learned from before, and it shall go on answering to them as it did (distillation: Hinton et al. 2015,
arXiv:1503.02531; against forgetting: Li and Hoiem 2016, arXiv:1606.09282). And where these are only drawn by
code, it goes part of the way (Wortsman et al. 2022, arXiv:2109.01903).
"""

import keras
import numpy as np
import tensorflow as tf

from hcr_core.model_store import open_model
from hcr_core.training.adaptation_data import NEW_SHARE, STEPS, TOLD, way
from hcr_core.training.augmentation import STRENGTHS
from hcr_core.training.config import TrainingConfig
from hcr_core.training.data import TrainingData
from hcr_core.training.result import held_out_figures, judging_network_of
from hcr_core.training.samples import Rehearsal
from hcr_core.training.trainer import Trainer, optimizer_of

#: The least probability that a logarithm is taken of, as in Keras.
_LEAST = 1e-7
#: Layers that make a vector of an image's channels.
_TO_VECTORS = (keras.layers.Flatten, keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D)


def prepared(config: TrainingConfig, data: TrainingData) -> tuple[Rehearsal, "AdaptingTrainer"]:
    """What an adaptation learns from, and its network."""
    recipe = config.recipe
    batches = Rehearsal(
        data.parts, data.rehearsed, recipe.batch, STEPS, NEW_SHARE, config.seed, STRENGTHS[recipe.augment]
    )
    base = judging_network_of(open_model(config.base))
    return batches, AdaptingTrainer(config, base, len(data.alphabet), len(batches) * recipe.epochs, way(data))


class AdaptingTrainer(Trainer):
    """A copy of a network while it is adapted, on this machine alone.

    A label of -1 means: as the base answers. Of several outputs the first one is the classes'
    probabilities; the others shall stay as they were on everything.
    """

    def __init__(self, config: TrainingConfig, base: keras.Model, classes: int, steps: int, way: float = 1.0):
        """``steps``: of the whole run, for the schedule; ``way``: how far to go from the base, 0-1."""
        recipe = config.recipe
        self._strategy, self._classes, self._machine, self._gpus = tf.distribute.get_strategy(), classes, 0, 1
        keras.utils.set_random_seed(config.seed)
        self._base, self._network, self.shown = base, _copied(base), _copied(base)
        self._features, self._before = _parts(base)
        self._after = _parts(self._network)[1]
        self._optimizer = optimizer_of(recipe, steps)
        self._optimizer.build(self._after.trainable_variables)
        self._averages: list = []
        self._smoothing, self._way = recipe.label_smoothing, way
        side = base.inputs[0].shape[1]
        glyphs, labels = tf.TensorSpec((None, side, side, 1), tf.uint8), tf.TensorSpec((None,), tf.int32)
        scalar = tf.TensorSpec((), tf.float32)
        self._step = tf.function(self._adapt, input_signature=[glyphs, labels, scalar, scalar])
        self._classify, self._remember = (
            tf.function(lambda images, of=model: _outputs(of, tf.cast(images, tf.float32))[0], input_signature=[glyphs])
            for model in (self.shown, base)
        )

    def look(self, images: np.ndarray) -> None:
        """Nothing to begin with: what batch normalization learned stays as it is."""

    def _adapt(self, images, labels, samples, stop):
        features = self._features(tf.cast(images, tf.float32), training=False)
        before = _outputs(self._before, features)
        variables = self._after.trainable_variables
        with tf.GradientTape() as tape:
            # Not as in training: batch normalization and dropout belong to learning from thousands.
            after = _outputs(self._after, features)
            loss = self._loss_of(before, after, labels)
            scaled = loss / samples
        self._optimizer.apply(tape.gradient(scaled, variables), variables)
        wanted = tf.where(labels < 0, tf.argmax(before[0], 1, tf.int32), labels)
        right = tf.equal(tf.argmax(after[0], 1, tf.int32), wanted)
        return tf.stack([loss, tf.reduce_sum(tf.cast(right, tf.float32)), stop])

    def _loss_of(self, before: list, after: list, labels):
        """Sum over the batch: cross-entropy to the new labels, and to the base's answers elsewhere."""
        told = tf.one_hot(labels, self._classes) * (1 - self._smoothing) + self._smoothing / self._classes
        # Where shapes are alike, what the base knew of their frequencies shall not be lost to three samples of each.
        wanted = tf.where(labels[:, None] < 0, before[0], TOLD * told + (1 - TOLD) * before[0])
        loss = -tf.reduce_sum(wanted * tf.math.log(after[0] + _LEAST))
        for was, now in zip(before[1:], after[1:], strict=True):
            loss += tf.reduce_sum(tf.square(was - now))
        return loss

    def refresh(self) -> None:
        for target, start, now in zip(self.shown.weights, self._base.weights, self._network.weights, strict=True):
            target.assign(start + self._way * (now - start))

    def remembered(self, glyphs: np.ndarray) -> np.ndarray:
        """Probabilities, float32 (n, classes), that the base gives glyphs, uint8 (n, side, side)."""
        own, self._classify = self._classify, self._remember
        try:
            return self.classify(glyphs)
        finally:
            self._classify = own


def _copied(network: keras.Model) -> keras.Model:
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy


def _parts(network: keras.Model) -> tuple[keras.Model, keras.Model]:
    """A network up to its vectors, one of each branch, and from there on: what learns here."""
    vectors = [layer.output for layer in network.layers if isinstance(layer, _TO_VECTORS)] or network.inputs
    return keras.Model(network.inputs, vectors), keras.Model(vectors, network.outputs)


def _outputs(network: keras.Model, images) -> list:
    return tf.nest.flatten(network(images, training=False))


def on_the_card(config: TrainingConfig, data: TrainingData, trainer: AdaptingTrainer) -> dict:
    """What an adapted model's card says differently: whose network it is, and how it read before and after."""
    base = open_model(config.base).card

    def right(classify) -> float:
        return float((classify(data.glyphs).argmax(axis=1) == data.labels).mean())

    new = [dataset for dataset, _ in data.parts]
    return {
        "architecture": base.get("architecture", {}),
        "data": base.get("data", [])
        + [{"name": part.name, "title": "the hand it was adapted to", "licence": part.licence} for part in new],
        "adaptation": {
            "base": config.base,
            "writer": config.writer,
            "samples": data.samples,
            "rehearsed": [part.name for part, _ in data.rehearsed],
            "held_back": {
                "images": len(data.labels),
                "before": right(trainer.remembered),
                "after": right(trainer.classify),
            },
            # As it reads them now stands under ``held_out``.
            "before": held_out_figures(trainer.remembered, data.alphabet, ()),
        },
    } | {key: base[key] for key in ("refusal",) if key in base and len(trainer.shown.outputs) > 1}
