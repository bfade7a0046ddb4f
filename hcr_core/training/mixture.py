"""What a network is shown, and how often: sources of glyphs mixed in fixed shares.

Two looks of writing have two frequencies. Scans of forms keep theirs: a form has more capital O
than small o. What goes through the app's own path (pens, redrawn scans, photos) should be answered
as if each class were as frequent, since a person may draw anything. It is drawn almost evenly, and
for what is left the loss multiplies the network's probabilities by the frequencies drawn (balanced
softmax, Ren et al. 2020, arXiv:2007.10740). A network that can tell the looks apart learns both.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hcr_core.alphabet import Alphabet
from hcr_core.datasets import Dataset
from hcr_core.training.augmentation import Augmentation, displaced, random_glyph, scanned_glyph

#: The label of what is not a character.
NOTHING = -1


@dataclass(frozen=True)
class Source:
    """Samples of one look.

    Attributes:
        glyph: Makes a variation, uint8 (28, 28), of the sample at a position.
        positions: int (n,): the samples to draw from.
        labels: int (n,): their classes, or ``NOTHING``.
        weights: float (n,): how often each is drawn, up to a factor.
        share: Of all that is drawn.
        even: Whether to answer as if its classes were equally frequent.
        taught: Whether an earlier model has seen such writing, so that it can teach it.
    """

    glyph: Callable[[int, np.random.Generator], np.ndarray]
    positions: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    share: float
    even: bool = True
    taught: bool = True

    def frequencies(self, classes: int) -> np.ndarray:
        """What the loss multiplies probabilities by, float32 (classes,): 1 on average."""
        known = self.labels != NOTHING
        if not self.even or not known.any():
            return np.ones(classes, np.float32)
        sums = np.bincount(self.labels[known], self.weights[known], minlength=classes)
        return np.maximum(sums / sums.mean(), 1e-3).astype(np.float32)


class Mixture:
    """Batches drawn from sources; each depends on the seed and its number alone, so that several
    processes give the same as one."""

    def __init__(self, sources: Sequence[Source], batch: int, seed: int):
        self._sources, self._batch, self._seed = sources, batch, seed
        shares = np.array([source.share for source in sources])
        self._shares = shares / shares.sum()
        self._sums = [np.cumsum(source.weights) for source in sources]

    def frequencies(self, classes: int) -> np.ndarray:
        """``Source.frequencies`` of every source, float32 (sources, classes)."""
        return np.stack([source.frequencies(classes) for source in self._sources])

    @property
    def even(self) -> tuple[bool, ...]:
        """``Source.even`` of every source."""
        return tuple(source.even for source in self._sources)

    @property
    def taught(self) -> tuple[bool, ...]:
        """``Source.taught`` of every source."""
        return tuple(source.taught for source in self._sources)

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Glyphs, uint8 (batch, 28, 28), labels and numbers of their sources, int64 (batch,), of batch ``number``."""
        rng = np.random.default_rng([self._seed, number])
        chosen = rng.choice(len(self._sources), self._batch, p=self._shares)
        glyphs, labels = [], []
        for index in chosen:
            source, sums = self._sources[index], self._sums[index]
            at = min(int(np.searchsorted(sums, rng.random() * sums[-1], "right")), len(sums) - 1)
            glyphs.append(source.glyph(int(source.positions[at]), rng))
            labels.append(int(source.labels[at]))
        return np.array(glyphs), np.array(labels), chosen


def even_weights(labels: np.ndarray, balance: float, writers: np.ndarray | None = None) -> np.ndarray:
    """How often to draw each sample: a class by its size to the power ``1 - balance``, and a writer
    by the square root of what he wrote; float (n,)."""
    weights = np.bincount(labels)[labels] ** -float(balance)
    if writers is None:
        return weights
    _, inverse, counts = np.unique(writers, return_inverse=True, return_counts=True)
    return weights * counts[inverse] ** -0.5


def scans(dataset: Dataset, positions: np.ndarray, share: float, settings: Augmentation) -> Source:
    """Scanned glyphs as they are or slightly turned, with the frequencies of their data set."""

    def glyph(position: int, rng: np.random.Generator) -> np.ndarray:
        return scanned_glyph(dataset, position, rng, settings)

    return Source(glyph, positions, dataset.labels[positions], np.ones(len(positions)), share, even=False)


def drawn(
    dataset: Dataset,
    positions: np.ndarray,
    share: float,
    settings: Augmentation,
    balance: float,
    *,
    taught: bool = True,
) -> Source:
    """Samples through the app's path (pen strokes, or scans drawn anew), classes almost even."""
    writers = None if dataset.writers is None else dataset.writers[positions]
    labels = dataset.labels[positions]

    def glyph(position: int, rng: np.random.Generator) -> np.ndarray:
        return random_glyph(dataset, position, rng, settings)

    return Source(glyph, positions, labels, even_weights(labels, balance, writers), share, taught=taught)


def pool(glyphs: np.ndarray, labels: np.ndarray, share: float, settings: Augmentation) -> Source:
    """Glyphs made beforehand, because they take long (photos, negatives), moved and shrunk a little."""

    def glyph(position: int, rng: np.random.Generator) -> np.ndarray:
        return displaced(glyphs[position], rng, settings)

    return Source(glyph, np.arange(len(glyphs)), labels, np.ones(len(glyphs)), share)


def believable(probabilities: np.ndarray, labels: np.ndarray, alphabet: Alphabet, threshold: float) -> np.ndarray:
    """Which labels a trained model does not contradict, bool (n,).

    A few per cent of NIST's and UNIPEN's labels are plain errors. Where a model gives the shape
    that the label says (the class or its look-alikes) less than ``threshold``, it is taken for one.

    Args:
        probabilities: float (n, classes), of the stored samples.
        labels: int (n,).
        alphabet: Their classes.
        threshold: 0-1.
    """
    groups = alphabet.shape_groups
    same_shape = groups[None, :] == groups[labels][:, None]
    return (probabilities * same_shape).sum(axis=1) >= threshold
