"""What there is to see in a data set: counts, typical and unusual images, ink, a map, likely errors.

Functions of arrays: images uint8 (n, H, W) white on black, labels int64 (n,). What is costly is
computed on a sample drawn with a seed, so that every answer comes within a second on hundreds of
thousands of images, and comes out the same for a colleague.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from hcr_core.datasets.splits import shuffled_within_classes

#: Images are compared at this many pixels a side: enough for shape, and 50 times cheaper than 28.
_THUMB = 14
#: Components of the map's and the comparisons' principal component analysis.
COMPONENTS = 30


def class_counts(labels: np.ndarray, classes: int) -> np.ndarray:
    """Images of each class, int64 (classes,)."""
    return np.bincount(labels, minlength=classes)


def imbalance(counts: np.ndarray) -> float:
    """How many times more images the largest class has than the smallest that has any."""
    present = counts[counts > 0]
    return float(present.max() / present.min()) if len(present) else 1.0


def stratified_sample(labels: np.ndarray, limit: int, seed: int) -> np.ndarray:
    """Positions of at most ``limit`` images, every class as nearly equal as it can be, int64 (m,)."""
    by_class, rank = shuffled_within_classes(labels, seed)
    # Taking the first of every class, then the second ..., fills all classes alike.
    return np.sort(by_class[np.argsort(rank, kind="stable")[:limit]])


def class_sample(labels: np.ndarray, wanted: int, count: int, seed: int) -> np.ndarray:
    """Positions of ``count`` random images of one class (all, if it has fewer), int64 (m,)."""
    members = np.flatnonzero(labels == wanted)
    return np.random.default_rng([seed, wanted]).permutation(members)[:count]


def mean_image(images: np.ndarray) -> np.ndarray:
    """The average of images (m, H, W), uint8 (H, W)."""
    return images.mean(axis=0, dtype=np.float32).round().astype(np.uint8)


def features(images: np.ndarray) -> np.ndarray:
    """Images as vectors for comparing shapes, float32 (m, 196): reduced, blurred, of length 1."""
    thumbs = [
        cv2.resize(
            cv2.GaussianBlur(image, (0, 0), max(image.shape) / 28), (_THUMB, _THUMB), interpolation=cv2.INTER_AREA
        )
        for image in images
    ]
    vectors = np.array(thumbs, np.float32).reshape(len(images), _THUMB * _THUMB)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)


def principal_components(vectors: np.ndarray, components: int = COMPONENTS) -> np.ndarray:
    """Coordinates along the directions of largest variance, float32 (m, components)."""
    centred = vectors - vectors.mean(axis=0)
    values, directions = np.linalg.eigh(centred.T @ centred)
    return centred @ directions[:, np.argsort(-values)[:components]]


def by_typicality(images: np.ndarray) -> np.ndarray:
    """Order of one class's images from the most typical to the most unusual, int64 (m,).

    An image is typical when its ten nearest others are near; the average image of a class that is
    written in two ways is like neither.
    """
    vectors = features(images)
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    neighbours = min(10, max(1, len(images) - 1))
    nearness = -np.sort(-likeness, axis=1)[:, :neighbours].mean(axis=1)
    return np.argsort(-nearness, kind="stable")


@dataclass(frozen=True)
class InkStatistics:
    """How images are written, each float32 (m,).

    Attributes:
        stroke_width: Mean width of the strokes, in pixels.
        slant: Lean of the writing to the right, in degrees.
        aspect: Width of the ink's box over its height.
        amount: Share of the image that is ink.
    """

    stroke_width: np.ndarray
    slant: np.ndarray
    aspect: np.ndarray
    amount: np.ndarray


def ink_statistics(images: np.ndarray) -> InkStatistics:
    """Measure images (m, H, W); an image without ink measures 0 in everything."""
    rows = np.array([_measure(image) for image in images], np.float32).reshape(len(images), 4)
    return InkStatistics(*rows.T)


def _measure(image: np.ndarray) -> tuple[float, float, float, float]:
    mask = (image >= 128).astype(np.uint8)
    area = cv2.countNonZero(mask)
    if not area:
        return 0.0, 0.0, 0.0, 0.0
    _, _, width, height = cv2.boundingRect(mask)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    outline = sum(cv2.arcLength(contour, closed=True) for contour in contours)
    moments = cv2.moments(mask, binaryImage=True)
    # The shear that would make the ink's second moments upright (as in LeCun's deskewing).
    slant = -np.degrees(np.arctan2(moments["mu11"], moments["mu02"])) if moments["mu02"] > 1e-6 else 0.0
    return 2 * area / max(outline, 1.0), float(slant), width / height, area / mask.size


def lookalike_classes(vectors: np.ndarray, labels: np.ndarray, classes: int, neighbours: int = 5) -> np.ndarray:
    """How often images of one class have their nearest others in another, float (classes, classes).

    Row ``i`` holds the shares of the classes among the ``neighbours`` nearest images, by cosine,
    of images of class ``i``; rows of classes without images are zero.
    """
    shares = np.zeros((classes, classes))
    for start in range(0, len(vectors), 1000):
        likeness = vectors[start : start + 1000] @ vectors.T
        likeness[np.arange(len(likeness)), start + np.arange(len(likeness))] = -1
        nearest = np.argpartition(-likeness, neighbours - 1, axis=1)[:, :neighbours]
        own = np.repeat(labels[start : start + 1000], neighbours)
        np.add.at(shares, (own, labels[nearest].ravel()), 1)
    return shares / np.maximum(shares.sum(axis=1, keepdims=True), 1)


def nearest_pairs(vectors: np.ndarray, labels: np.ndarray, first: int, second: int, count: int) -> np.ndarray:
    """Images of one class with those of another that they are most like, int64 (<= count, 2).

    Each image of ``first`` stands with its nearest of ``second``; the most alike pairs come first,
    and no image of ``second`` twice.
    """
    one, other = np.flatnonzero(labels == first), np.flatnonzero(labels == second)
    if not len(one) or not len(other):
        return np.empty((0, 2), np.int64)
    likeness = vectors[one] @ vectors[other].T
    order = np.argsort(-likeness.max(axis=1), kind="stable")
    pairs = np.column_stack([one, other[likeness.argmax(axis=1)]])[order]
    _, unique = np.unique(pairs[:, 1], return_index=True)
    return pairs[np.sort(unique)][:count]


@dataclass(frozen=True)
class Suspicions:
    """Labels that are likely wrong, the most suspicious first.

    Attributes:
        positions: int64 (m,): which images.
        suggested: int64 (m,): the class that the model sees instead.
        given_probability: float32 (m,): what the model gives the label it has.
        suggested_probability: float32 (m,): what it gives its own.
    """

    positions: np.ndarray
    suggested: np.ndarray
    given_probability: np.ndarray
    suggested_probability: np.ndarray


def suspicious_labels(probabilities: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> Suspicions:
    """Rank labels a model contradicts, by how much surer it is of another (confident learning's
    margin: Northcutt, Jiang, Chuang 2021, arXiv:1911.00068).

    Args:
        probabilities: float (n, classes), of a model on the images.
        labels: int64 (n,).
        groups: int64 (classes,): classes of one group are no contradiction (O and 0).
    """
    suggested = probabilities.argmax(axis=1)
    rows = np.arange(len(labels))
    group_probability = np.zeros((len(labels), int(groups.max()) + 1), np.float32)
    for i, group in enumerate(groups):
        group_probability[:, group] += probabilities[:, i]
    given, best = group_probability[rows, groups[labels]], group_probability[rows, groups[suggested]]
    positions = np.flatnonzero(groups[suggested] != groups[labels])
    positions = positions[np.argsort((given - best)[positions], kind="stable")]
    return Suspicions(positions, suggested[positions], given[positions], best[positions])


def exact_duplicates(images: np.ndarray) -> list[np.ndarray]:
    """Groups of positions, int64, whose images are equal pixel by pixel; the largest group first."""
    alike: dict[int, list[int]] = {}
    for i, image in enumerate(images):
        alike.setdefault(hash(image.tobytes()), []).append(i)
    groups: dict[bytes, list[int]] = {}
    # Equal hashes are nearly always equal images; only these are compared in full.
    for positions in alike.values():
        for i in positions if len(positions) > 1 else ():
            groups.setdefault(images[i].tobytes(), []).append(i)
    return sorted((np.array(group) for group in groups.values() if len(group) > 1), key=len, reverse=True)


def near_duplicates(vectors: np.ndarray, likeness: float, most: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of images that look the same without being equal, the most alike first.

    Args:
        vectors: float32 (n, d) of ``features``.
        likeness: Least cosine.
        most: At most so many pairs.

    Returns:
        Positions int64 (pairs, 2), the lower one first, and cosines float32 (pairs,).
    """
    pairs, cosines = [np.empty((0, 2), np.int64)], [np.empty(0, np.float32)]
    for start in range(0, len(vectors), 1000):
        block = vectors[start : start + 1000] @ vectors.T
        rows, columns = np.nonzero(np.triu(block >= likeness, start + 1))
        # Of many that are all alike, no more than are wanted: each is alike to each other.
        best = np.argsort(-block[rows, columns], kind="stable")[:most]
        rows, columns = rows[best], columns[best]
        pairs.append(np.column_stack([rows + start, columns]))
        cosines.append(block[rows, columns])
    joined, values = np.concatenate(pairs), np.concatenate(cosines)
    order = np.argsort(-values, kind="stable")[:most]
    return joined[order], values[order]


def neighbour_map(
    components: np.ndarray, seed: int, progress: Callable[[float], None] = lambda share: None
) -> np.ndarray:
    """A map on which near neighbours stay near: t-SNE (van der Maaten, Hinton 2008), float (m, 2).

    Args:
        components: float32 (m, d), of ``principal_components``.
        seed: Of the optimization; the same map for the same seed.
        progress: Called with the share done, 0-1.
    """
    from openTSNE import TSNE  # slow to import, and only this needs it

    early, late, every = 150, 350, 10
    done = 0

    def step(iteration: int, error: float, embedding: np.ndarray) -> None:
        nonlocal done
        done += every
        progress(min(1.0, done / (early + late)))

    tsne = TSNE(
        initialization="pca",
        early_exaggeration_iter=early,
        n_iter=late,
        random_state=seed,
        n_jobs=2,
        callbacks=step,
        callbacks_every_iters=every,
    )
    return np.asarray(tsne.fit(components.astype(np.float64)))
