"""A run on a ``Mixture``: steps instead of epochs, a checkpoint to go on from, a moving average of the weights."""

import contextlib
import itertools
import json
import multiprocessing
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Full

import numpy as np

from hcr_core.atomic import file_written_aside
from hcr_core.training.mixture import NOTHING, Mixture

#: Samples of a step.
BATCH = 256
PEAK, WEIGHT_DECAY, SMOOTHING = 2.5e-3, 0.03, 0.04
#: Where there is a teacher, its share of the loss.
TAUGHT = 0.7
#: Files of a run's folder: all to go on from, the averaged weights, and a line of JSON every 100 steps.
STATE, AVERAGE, LOG = "state.npz", "average.weights.h5", "log.jsonl"


def _serve(made: Callable[[int], Mixture], seed: int, first: int, queue) -> None:
    """Put batch after batch into a queue; a process of its own, so that Python's lock is not shared."""
    import cv2

    cv2.setNumThreads(1)
    batches = made(seed)
    # What is left in the queue when the trainer is gone shall not keep this process.
    queue.cancel_join_thread()
    for number in itertools.count(first):
        if not _given(queue, batches[number]):
            return


def _given(queue, batch: tuple[np.ndarray, ...]) -> bool:
    """Put it into the queue as soon as there is room; not where the trainer was killed, which cannot end us."""
    while multiprocessing.parent_process().is_alive():
        with contextlib.suppress(Full):
            queue.put(batch, timeout=5)
            return True
    return False


class Trainer:
    """The network, its optimizer and its moving average, as one thing to save and to go on with.

    Args:
        frequencies: float (sources, classes), see ``Mixture.frequencies``.
        even: bool (sources,), which sources are drawn, so that all their classes shall be as frequent.
        width: See ``character_network``.
        seed: Of the first weights.
        peak: Highest learning rate.
        teacher: From glyphs, uint8 (n, 28, 28), and their sources, int64 (n,), to probabilities, float32
            (n, classes), that the network shall give (distillation, Hinton et al. 2015, arXiv:1503.02531).
        taught: bool (sources,), where the teacher is asked; everywhere by default.
    """

    def __init__(
        self,
        frequencies: np.ndarray,
        even: Sequence[bool],
        width: int = 32,
        seed: int = 1,
        peak: float = PEAK,
        teacher: Callable | None = None,
        taught: Sequence[bool] | None = None,
    ):
        import keras
        import tensorflow as tf

        from hcr_core.training.character_network import character_network

        keras.utils.set_random_seed(seed)
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
        self._classes = frequencies.shape[1]
        self._frequencies = tf.constant(np.log(frequencies), tf.float32)
        self._even = tf.constant(even, tf.float32)
        self.model = character_network(28, self._classes, width)
        self.step, self.seconds = 0, 0.0
        self._peak, self._teacher = peak, teacher
        self._taught = TAUGHT * tf.constant(taught or (True,) * len(frequencies), tf.float32)
        self._optimizer = keras.optimizers.AdamW(peak, weight_decay=WEIGHT_DECAY, global_clipnorm=5.0)
        self._optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self._optimizer.build(self.model.trainable_variables)
        self._average = [tf.Variable(variable.value) for variable in self.model.trainable_variables]
        self._learn = tf.function(self._learned)

    def _learned(self, glyphs, labels, sources, momentum):
        import tensorflow as tf

        known = tf.cast(labels != NOTHING, tf.float32)
        wanted = tf.one_hot(tf.maximum(labels, 0), self._classes) * (1 - SMOOTHING) + SMOOTHING / self._classes
        with tf.GradientTape() as tape:
            answer = self.model(tf.cast(glyphs, tf.float32)[..., None], training=True)
            character = answer["character"][:, 0]
            given = tf.math.log(answer["label"] + 1e-7)
            label = tf.nn.log_softmax(given + tf.gather(self._frequencies, sources))
            losses = -tf.reduce_sum(wanted * label, 1)
            if self._teacher is not None:
                taught = -tf.reduce_sum(self._teacher(glyphs, sources) * given, 1)
                share = tf.gather(self._taught, sources)
                losses = (1 - share) * losses + share * taught
            loss = tf.reduce_sum(losses * known) / tf.reduce_sum(known)
            # Negatives are few: each counts twice.
            doubts = known * tf.math.log(character + 1e-7) + 2 * (1 - known) * tf.math.log(1 - character + 1e-7)
            even, drawn = tf.gather(self._even, sources), answer["drawn"][:, 0]
            looks = even * tf.math.log(drawn + 1e-7) + (1 - even) * tf.math.log(1 - drawn + 1e-7)
            total = loss - 0.5 * tf.reduce_mean(doubts) - 0.2 * tf.reduce_mean(looks)
        gradients = tape.gradient(total, self.model.trainable_variables)
        self._optimizer.apply(gradients, self.model.trainable_variables)
        for average, variable in zip(self._average, self.model.trainable_variables, strict=True):
            average.assign(average * momentum + variable * (1 - momentum))
        return loss

    def start_from(self, weights: Path) -> None:
        """Take weights that ``averaged`` saved instead of random ones."""
        self.model.load_weights(weights)
        for average, variable in zip(self._average, self.model.trainable_variables, strict=True):
            average.assign(variable)

    def learn(self, batch: tuple[np.ndarray, ...], steps: int) -> float:
        """One step of ``steps`` with a batch of the mixture; returns the loss of the labels."""
        cosine = 0.5 * (1 + np.cos(np.pi * self.step / steps))
        self._optimizer.learning_rate.assign(self._peak * min(1, (self.step + 1) / 400) * (cosine + 0.002))
        loss = self._learn(*batch, np.float32(min(0.999, 1 - 1 / (1 + self.step / 8))))
        self.step += 1
        return float(loss)

    def averaged(self, path: Path) -> None:
        """Save the averaged weights, for ``finished``."""
        kept = [variable.numpy() for variable in self.model.trainable_variables]
        for average, variable in zip(self._average, self.model.trainable_variables, strict=True):
            variable.assign(average)
        self.model.save_weights(path)
        for value, variable in zip(kept, self.model.trainable_variables, strict=True):
            variable.assign(value)

    def save(self, path: Path) -> None:
        """Everything to go on from, whole or not at all."""
        state = {f"w{i}": value for i, value in enumerate(self.model.get_weights())}
        state |= {f"o{i}": variable.numpy() for i, variable in enumerate(self._optimizer.variables)}
        state |= {f"e{i}": variable.numpy() for i, variable in enumerate(self._average)}
        with file_written_aside(path) as aside:
            np.savez(aside, step=self.step, spent=self.seconds, **state)

    def restore(self, path: Path) -> None:
        """Go on from what ``save`` wrote."""
        state = np.load(path)
        self.step, self.seconds = int(state["step"]), float(state["spent"])
        self.model.set_weights([state[f"w{i}"] for i in range(len(self.model.weights))])
        for prefix, variables in (("o", self._optimizer.variables), ("e", self._average)):
            for i, variable in enumerate(variables):
                variable.assign(state[f"{prefix}{i}"])


def train(trainer: Trainer, made: Callable[[int], Mixture], seed: int, folder: Path, steps: int) -> None:
    """Train, or go on training, until ``steps``, a checkpoint every 800.

    Args:
        trainer: What learns; it goes on from the checkpoint in ``folder`` if there is one.
        made: From the seed to what it is shown; another process calls it, so it must be picklable.
        seed: Of the order of samples.
        folder: Of the run; it exists.
        steps: In all; the learning rate falls to almost nothing until the last.
    """
    if (folder / STATE).exists():
        trainer.restore(folder / STATE)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue(8)
    process = context.Process(target=_serve, args=(made, seed, trainer.step, queue), daemon=True)
    process.start()
    started, losses = time.monotonic(), []
    while trainer.step < steps:
        losses.append(trainer.learn(queue.get(), steps))
        if trainer.step % 100 == 0:
            _log(folder, {"step": trainer.step, "of": steps, "loss": round(float(np.mean(losses)), 4)})
            losses = []
        if trainer.step % 800 == 0 or trainer.step == steps:
            trainer.seconds += time.monotonic() - started
            started = time.monotonic()
            trainer.save(folder / STATE)
            trainer.averaged(folder / AVERAGE)
    process.terminate()


def _log(folder: Path, line: dict) -> None:
    print(json.dumps(line), flush=True)
    with open(folder / LOG, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def learning(folder: Path, points: int = 60) -> list[dict]:
    """``{"step", "loss"}`` of a run in order, at most about so many points; a resumed run's later word counts."""
    lines = [json.loads(line) for line in (folder / LOG).read_text(encoding="utf-8").splitlines()]
    losses = {line["step"]: line["loss"] for line in lines}
    steps = sorted(losses)
    return [{"step": step, "loss": losses[step]} for step in steps[:: max(1, len(steps) // points)]]
