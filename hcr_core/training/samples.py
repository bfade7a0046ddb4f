"""What a network is fed: random variations of the training samples, made while it trains."""

import keras
import numpy as np

from hcr_core.datasets import Dataset
from hcr_core.training.augmentation import Augmentation, random_glyph


class AugmentedBatches(keras.utils.PyDataset):
    """Batches of fresh variations, float32 (n, 28, 28, 1) of 0-255 with one-hot labels.

    An epoch is as many samples as there are, drawn anew so that small data sets and rare classes
    count for more than their size: a data set by the square root of its size, a class by its
    size to the power ``1 - balance``. Batch ``b`` of epoch ``e`` depends on the seed, ``e`` and
    ``b`` alone, so several workers give the same numbers as one.
    """

    def __init__(
        self,
        parts: list[tuple[Dataset, np.ndarray]],
        batch: int,
        seed: int,
        settings: Augmentation,
        balance: float,
        workers: int = 2,
    ):
        """``parts``: data sets of one alphabet with the positions of each to train on."""
        super().__init__(workers=workers, max_queue_size=16)
        self._datasets = [dataset for dataset, _ in parts]
        self._rows = np.concatenate(
            [np.column_stack([np.full(len(positions), i), positions]) for i, (_, positions) in enumerate(parts)]
        )
        self._shares = np.concatenate([_shares(dataset.labels[positions], balance) for dataset, positions in parts])
        self._shares /= self._shares.sum()
        self._batch, self._seed, self._settings = batch, seed, settings
        self._classes = len(self._datasets[0].alphabet)
        self._epoch = 0
        self._draw()

    def _draw(self) -> None:
        rng = np.random.default_rng([self._seed, self._epoch])
        self._order = rng.choice(len(self._rows), len(self._rows), p=self._shares)

    def __len__(self) -> int:
        return len(self._rows) // self._batch

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng([self._seed, self._epoch, number])
        chosen = self._rows[self._order[number * self._batch : (number + 1) * self._batch]]
        glyphs = [random_glyph(self._datasets[d], i, rng, self._settings) for d, i in chosen]
        labels = [self._datasets[d].labels[i] for d, i in chosen]
        one_hot = np.zeros((len(labels), self._classes), np.float32)
        one_hot[np.arange(len(labels)), labels] = 1
        return np.array(glyphs, np.float32)[..., None], one_hot

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._draw()


def _shares(labels: np.ndarray, balance: float) -> np.ndarray:
    """How often each sample of a data set is drawn, float (n,), up to a factor common to all sets."""
    weights = np.bincount(labels)[labels] ** -balance
    return weights / weights.sum() * np.sqrt(len(labels))
