"""A network while it learns: one loop for one machine, several GPUs and several machines.

``Model.fit`` of Keras 3.15 fails under ``tf.distribute.MultiWorkerMirroredStrategy``, cannot stop
and go on within an epoch with the same numbers, and pauses between epochs; a step under
``strategy.run`` does all three (see ``benchmarks/training_speed.py`` for its speed beside ``fit``).
"""

import json
import os

import keras
import numpy as np
import tensorflow as tf

from hcr_core.training.architectures import Recipe
from hcr_core.training.config import TrainingConfig
from hcr_core.training.networks import MOMENTUM, build

#: Images that are classified at once.
BLOCK = 512


def strategy_here() -> tf.distribute.Strategy:
    """How to train here: over the cluster of ``TF_CONFIG``, over several GPUs, or simply.

    To be called before anything else of TensorFlow.
    """
    cluster = json.loads(os.environ.get("TF_CONFIG") or "{}").get("cluster", {})
    if sum(len(cluster.get(job, ())) for job in ("chief", "worker")) > 1:
        return tf.distribute.MultiWorkerMirroredStrategy()
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def machines(strategy: tf.distribute.Strategy) -> tuple[int, int]:
    """This machine's number among those that train together, and how many there are."""
    resolver = strategy.cluster_resolver
    cluster = resolver.cluster_spec().as_dict() if resolver else {}
    count = sum(len(cluster.get(job, ())) for job in ("chief", "worker"))
    if count < 2:
        return 0, 1
    # The chief, where there is one, comes before the workers.
    return resolver.task_id + (len(cluster.get("chief", ())) if resolver.task_type == "worker" else 0), count


class Trainer:
    """A network, its optimizer, and its copy that is looked at.

    The copy has float32 arithmetic and, if the recipe says so, the weights' moving averages: it is
    what is validated, shown and kept.
    """

    def __init__(self, config: TrainingConfig, side: int, classes: int, steps: int, strategy: tf.distribute.Strategy):
        """``steps``: of the whole run, for the schedule."""
        recipe = config.recipe
        self._strategy, self._classes = strategy, classes
        self._machine, count = machines(strategy)
        self._gpus = strategy.num_replicas_in_sync // count
        keras.utils.set_random_seed(config.seed)
        with strategy.scope():
            keras.mixed_precision.set_global_policy(config.precision)
            self._network = build(config.architecture, side, classes)
            self._optimizer = optimizer_of(recipe, steps)
            self._optimizer.build(self._network.trainable_variables)
            averaged = self._network.trainable_variables if recipe.average else []
            self._averages = [tf.Variable(_array(variable), trainable=False) for variable in averaged]
        keras.mixed_precision.set_global_policy("float32")
        self.shown = build(config.architecture, side, classes)
        self._loss = keras.losses.CategoricalCrossentropy(reduction="sum", label_smoothing=recipe.label_smoothing)
        # The average of the last 500 steps, of a short run the last tenth.
        self._momentum = 1 - 1 / min(500, max(steps / 10, 2))
        glyphs = tf.TensorSpec((None, side, side, 1), tf.uint8)
        # The last batch of an epoch may be smaller: one graph serves any size.
        self._step = tf.function(self._run_step, reduce_retracing=True)
        if self._gpus == 1:
            labels, scalar = tf.TensorSpec((None,), tf.int32), tf.TensorSpec((), tf.float32)
            # Traced now, not in the first step, from which the time left is told.
            self._step = self._step.get_concrete_function(glyphs, labels, scalar, scalar)
        self._classify = tf.function(
            lambda images: self.shown(tf.cast(images, tf.float32), training=False), input_signature=[glyphs]
        )

    @property
    def learning_rate(self) -> float:
        """That of the next step."""
        return float(_array(self._optimizer.learning_rate))

    def look(self, images: np.ndarray) -> None:
        """Begin batch normalization's running means with those of some images, uint8 (n, side, side, 1).

        It would begin with a mean of 0 and a variance of 1, which a short run hardly gets rid of: it was
        validated at 10 % for two epochs while it had 90 % right in training.
        """
        if self._strategy.num_replicas_in_sync > 1:
            return
        layers = [layer for layer in self._network.layers if isinstance(layer, keras.layers.BatchNormalization)]
        for layer in layers:
            layer.momentum = 0.0
        if layers:
            self._network(tf.cast(images, tf.float32), training=True)
        for layer in layers:
            layer.momentum = MOMENTUM

    def step(self, images: np.ndarray, labels: np.ndarray, samples: int, stop: bool = False) -> tf.Tensor:
        """Learn from a batch.

        Args:
            images: uint8 (n, side, side, 1), this machine's part of the batch.
            labels: int32 (n,).
            samples: In the whole batch, over all machines.
            stop: Whether this machine wants to end the run.

        Returns:
            float32 (3,), of the whole batch: the sum of losses, how many were right, and how many
            machines want to stop.
        """
        return self._step(
            self._spread(images), self._spread(labels), tf.constant(samples, tf.float32), tf.constant(stop, tf.float32)
        )

    def _spread(self, array: np.ndarray):
        """An array's rows dealt out to the GPUs of this machine."""
        if self._gpus == 1:
            return tf.constant(array)
        first = self._machine * self._gpus
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(array[context.replica_id_in_sync_group - first :: self._gpus])
        )

    def _run_step(self, images, labels, samples, stop):
        sums = self._strategy.run(self._replica_step, args=(images, labels, samples, stop))
        sums = self._strategy.reduce(tf.distribute.ReduceOp.SUM, sums, axis=None)
        # Shorter at first, as in TensorFlow's ExponentialMovingAverage: the first weights are soon forgotten.
        steps = tf.cast(self._optimizer.iterations, tf.float32)
        share = 1 - tf.minimum(self._momentum, (1 + steps) / (10 + steps))
        for average, variable in zip(self._averages, self._network.trainable_variables, strict=False):
            self._strategy.extended.update(average, _averaged, args=(variable.value, share))
        return sums

    def _replica_step(self, images, labels, samples, stop):
        with tf.GradientTape() as tape:
            probabilities = self._network(tf.cast(images, tf.float32), training=True)
            loss = self._loss(tf.one_hot(labels, self._classes), probabilities)
            scaled = loss / samples
        variables = self._network.trainable_variables
        self._optimizer.apply(tape.gradient(scaled, variables), variables)
        right = tf.equal(tf.argmax(probabilities, axis=1, output_type=tf.int32), labels)
        return tf.stack([loss, tf.reduce_sum(tf.cast(right, tf.float32)), stop])

    def refresh(self) -> None:
        """Give the shown copy the weights of the moment."""
        weights = {id(variable): variable for variable in self._network.weights}
        for variable, average in zip(self._network.trainable_variables, self._averages, strict=False):
            weights[id(variable)] = average
        for target, source in zip(self.shown.weights, weights.values(), strict=True):
            target.assign(_array(source))

    def classify(self, glyphs: np.ndarray) -> np.ndarray:
        """Probabilities, float32 (n, classes), that the shown copy gives glyphs, uint8 (n, side, side)."""
        blocks = [glyphs[start : start + BLOCK, ..., None] for start in range(0, len(glyphs), BLOCK)]
        return np.concatenate([self._classify(tf.constant(block)).numpy() for block in blocks])

    def state(self) -> dict[str, np.ndarray]:
        """Everything the next step depends on, by name."""
        return {f"state/{i}": _array(variable) for i, variable in enumerate(self._variables())}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Go on from what ``state`` gave."""
        for i, variable in enumerate(self._variables()):
            variable.assign(arrays[f"state/{i}"])

    def _variables(self) -> list:
        # ``variables``, other than ``weights``, has the states of dropout's random numbers too.
        return [*self._network.variables, *self._optimizer.variables, *self._averages]

    def shown_weights(self) -> dict[str, np.ndarray]:
        """The shown copy's weights, by name."""
        return {f"best/{i}": _array(variable) for i, variable in enumerate(self.shown.weights)}

    def show(self, arrays: dict[str, np.ndarray]) -> None:
        """Give the shown copy what ``shown_weights`` gave."""
        for i, variable in enumerate(self.shown.weights):
            variable.assign(arrays[f"best/{i}"])


def _array(variable) -> np.ndarray:
    """The value of a variable of Keras or TensorFlow, also of one that is mirrored on several devices."""
    return getattr(variable, "value", variable).numpy() if isinstance(variable, keras.Variable) else variable.numpy()


def _averaged(average, value, share):
    average.assign_add((value - average) * share)


def optimizer_of(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """A recipe's optimizer, for a run of so many steps."""
    rate = recipe.learning_rate
    if recipe.schedule == "cosine":
        warmup = min(500, max(steps // 10, 1))
        rate = keras.optimizers.schedules.CosineDecay(
            rate / 20, max(steps - warmup, 1), warmup_target=rate, warmup_steps=warmup
        )
    if recipe.optimizer == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=1e-3)
    return keras.optimizers.Adam(rate)
