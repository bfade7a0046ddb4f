"""Which samples are for training and which for testing, where a data set does not say so itself."""

import zlib

import numpy as np

#: The share of samples held back for testing, as in the A-Z tutorials (80/20).
TEST_SHARE = 0.2


def writer_splits(writers: np.ndarray) -> np.ndarray:
    """Split of every sample by a checksum of its writer's name, so that no writer is in two.

    A fifth of the writers is for testing, a twentieth for validation; str (n,).
    """
    names, inverse = np.unique(writers, return_inverse=True)
    buckets = np.array([zlib.crc32(str(name).encode()) % 20 for name in names])
    return np.select([buckets < 4, buckets == 4], ["test", "validation"], "train")[inverse]


def validation_split(count: int, size: int = 4000, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Positions of a training part to train on, and ``size`` to validate on; int64, in order.

    The same for all networks that ask: none is validated on what another that it builds on has learnt from.
    """
    shuffled = np.random.default_rng(seed).permutation(count)
    return np.sort(shuffled[size:]), np.sort(shuffled[:size])


def stratified_splits(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """A fifth of every class for testing, drawn with a seed; the rest for training.

    Args:
        labels: int (n,), the classes.
        seed: The same seed and labels give the same split.

    Returns:
        str (n,). A class of a single sample is in ``"train"`` alone; one of two or more is in both.
    """
    counts = np.bincount(labels)
    wanted = np.clip(np.round(counts * TEST_SHARE), counts > 1, None).astype(np.int64)
    return _drawn(labels, wanted, seed)


def balanced_splits(labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """The same number of every class for testing (a fifth of the rarest, at least one); str (n,).

    For test figures that frequent classes do not rule. A class of a single sample is left out of
    both considerations: it is in ``"train"`` alone.
    """
    counts = np.bincount(labels)
    several = counts > 1
    each = max(1, round(int(counts[several].min()) * TEST_SHARE)) if several.any() else 0
    return _drawn(labels, np.where(several, each, 0), seed)


def shuffled_within_classes(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """All positions, class by class and in random order in each, and the how-manieth of its class
    each of them is; two int64 (n,)."""
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    counts = np.bincount(labels)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    return by_class, np.arange(len(labels)) - starts


def _drawn(labels: np.ndarray, wanted: np.ndarray, seed: int) -> np.ndarray:
    """``"test"`` for ``wanted[c]`` random samples of each class ``c``, else ``"train"``."""
    by_class, rank = shuffled_within_classes(labels, seed)
    split = np.full(len(labels), "train", "<U10")
    split[by_class[rank < np.repeat(wanted, np.bincount(labels))]] = "test"
    return split
