"""What a network is fed: batches of the training samples, varied while it trains."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from hcr_core.preprocessing import GLYPH_SIZE
from hcr_core.training.augmentation import Augmentation, random_glyph
from hcr_core.training.data import Part

#: Batches made ahead, and the threads that make them: OpenCV and NumPy let go of the interpreter.
_AHEAD, _THREADS = 16, 2


class Batches:
    """The batches of every epoch: uint8 (n, 28, 28, 1) with classes, int32 (n,).

    An epoch is as many samples as there are. They come once each in random order, or, with several
    data sets or ``balance``, are drawn so that small data sets and rare classes count for more than
    their size: a data set by the square root of its size, a class by its size to the power
    ``1 - balance``. A batch depends on the seed and its epoch and number alone, so a resumed run
    and any number of threads give the same numbers.
    """

    def __init__(
        self,
        parts: list[Part],
        batch: int,
        seed: int,
        settings: Augmentation | None = None,
        balance: float = 0.0,
        share: tuple[int, int] = (0, 1),
    ):
        """``share``: which of how many parts of every batch to give, for workers that train together."""
        self._datasets = [dataset for dataset, _ in parts]
        self._rows = np.concatenate(
            [np.column_stack([np.full(len(positions), i), positions]) for i, (_, positions) in enumerate(parts)]
        )
        self._labels = np.concatenate([dataset.labels[positions] for dataset, positions in parts]).astype(np.int32)
        self._chances = None
        if balance or len(parts) > 1:
            chances = np.concatenate(
                [drawing_chances(dataset.labels[positions], balance) for dataset, positions in parts]
            )
            self._chances = chances / chances.sum()
        self._batch, self._seed, self._settings, self._share = batch, seed, settings, share

    @property
    def samples(self) -> int:
        """Samples of an epoch."""
        return len(self._rows)

    def __len__(self) -> int:
        """Batches of an epoch; the last one may be smaller."""
        return -(-self.samples // self._batch)

    def epoch(self, epoch: int, first: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The batches of an epoch from number ``first`` on, made ahead in threads."""
        order = self._order(np.random.default_rng([self._seed, epoch]))
        ahead: deque[Future] = deque()
        with ThreadPoolExecutor(_THREADS) as pool:
            try:
                for number in range(first, len(self)):
                    ahead.append(pool.submit(self._make, order, epoch, number))
                    if len(ahead) > _AHEAD:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                for future in ahead:
                    future.cancel()

    def _order(self, rng: np.random.Generator) -> np.ndarray:
        """The rows of an epoch, as they come."""
        count = len(self._rows)
        return rng.permutation(count) if self._chances is None else rng.choice(count, count, p=self._chances)

    def _make(self, order: np.ndarray, epoch: int, number: int) -> tuple[np.ndarray, np.ndarray]:
        part, parts = self._share
        chosen = order[number * self._batch : (number + 1) * self._batch][part::parts]
        rows = self._rows[chosen]
        if self._settings is None:
            glyphs = self._stored(rows)
        else:
            rng = np.random.default_rng([self._seed, epoch, number, part])
            glyphs = np.stack([self._glyph(d, i, rng) for d, i in rows])
        return glyphs[..., None], self._labels[chosen]

    def _glyph(self, part: int, position: int, rng: np.random.Generator) -> np.ndarray:
        return random_glyph(self._datasets[part], position, rng, self._settings)

    def _stored(self, rows: np.ndarray) -> np.ndarray:
        glyphs = np.empty((len(rows), GLYPH_SIZE, GLYPH_SIZE), np.uint8)
        for d, dataset in enumerate(self._datasets):
            mine = rows[:, 0] == d
            glyphs[mine] = dataset.images[rows[mine, 1]]
        return glyphs


class Rehearsal(Batches):
    """Batches for adapting a model: in each a fixed share is new, the rest keeps up what it knew.

    An epoch is ``steps`` batches. New samples have their classes, every class drawn alike; rehearsed ones, drawn
    from all data sets alike, have -1: what the model made of them before is what it shall go on making of them.
    """

    def __init__(
        self,
        new: list[Part],
        rehearsed: list[Part],
        batch: int,
        steps: int,
        share: float,
        seed: int,
        settings: Augmentation | None,
    ):
        """``share``: of every batch that is new, 0-1."""
        super().__init__([*new, *rehearsed], batch, seed, settings)
        self._first_rehearsed = len(new)
        self._steps, self._new = steps, max(1, round(share * batch))
        count = sum(len(positions) for _, positions in new)
        weights = 1 / np.bincount(self._labels[:count])[self._labels[:count]]
        self._new_chances = weights / weights.sum()
        self._rehearsed_rows = [len(positions) for _, positions in rehearsed]
        self._labels[count:] = -1

    @property
    def samples(self) -> int:
        return self._steps * self._batch

    def _glyph(self, part: int, position: int, rng: np.random.Generator) -> np.ndarray:
        # What is rehearsed is shown as it is in its data set, so that what is drawn anew stands for the new hand.
        if part >= self._first_rehearsed and self._datasets[part].strokes is None:
            return self._datasets[part].images[position]
        return super()._glyph(part, position, rng)

    def _order(self, rng: np.random.Generator) -> np.ndarray:
        count, others = len(self._new_chances), self._batch - self._new
        new = rng.choice(count, (self._steps, self._new), p=self._new_chances)
        sizes = np.array(self._rehearsed_rows)
        which = rng.integers(len(sizes), size=(self._steps, others))
        rehearsed = count + (np.cumsum(sizes) - sizes)[which] + rng.integers(sizes[which])
        return np.concatenate([new, rehearsed], axis=1).ravel()


def drawing_chances(labels: np.ndarray, balance: float) -> np.ndarray:
    """How often each sample of a data set is drawn, float (n,), up to a factor common to all sets."""
    weights = np.bincount(labels)[labels] ** -balance
    return weights / weights.sum() * np.sqrt(len(labels))
