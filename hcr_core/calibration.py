"""Whether a model is right as often as it claims, how to make it so, and what is gained where it may refuse."""

from dataclasses import dataclass

import numpy as np

#: Bins of equal width, as in Guo, Pleiss, Sun, Weinberger: On calibration of modern neural networks (ICML 2017).
BINS = 15
#: Of what chance does: the same for every model that is compared.
_SEED, _DRAWS = 2024, 1000


@dataclass(frozen=True)
class Reliability:
    """Answers by how sure the model was of them.

    Attributes:
        edges: float64 (bins + 1,): limits of the bins, 0-1.
        images: int64 (bins,): answers in each.
        claimed: float64 (bins,): their mean probability; NaN in an empty bin.
        right: float64 (bins,): the share of them that is right; NaN in an empty bin.
    """

    edges: np.ndarray
    images: np.ndarray
    claimed: np.ndarray
    right: np.ndarray

    @property
    def gap(self) -> float:
        """Mean of ``claimed`` less ``right`` over all answers, signed: above 0 the model is too sure of itself."""
        filled = self.images > 0
        return float(np.average((self.claimed - self.right)[filled], weights=self.images[filled]))

    @property
    def error(self) -> float:
        """Expected calibration error: the mean distance, 0-1, between ``claimed`` and ``right`` over all answers."""
        filled = self.images > 0
        return float(np.average(np.abs(self.claimed - self.right)[filled], weights=self.images[filled]))

    def errors_by_chance(self) -> np.ndarray:
        """``error`` of models that are right just as often as they claim, on as many images: float64 (draws,).

        Bins hold few images, so that it is never 0; below these errors nothing can be told.
        """
        filled = self.images > 0
        images, claimed = self.images[filled], np.minimum(self.claimed[filled], 1)
        right = np.random.default_rng(_SEED).binomial(images, claimed, (_DRAWS, len(images))) / images
        return np.average(np.abs(claimed - right), axis=1, weights=images)


def reliability(probability: np.ndarray, right: np.ndarray, bins: int = BINS) -> Reliability:
    """Sort answers into bins of equal width.

    Args:
        probability: float (n,), 0-1: of each first answer.
        right: bool (n,): whether it is right.
        bins: How many; a bin holds its upper limit, the first one both.

    Raises:
        ValueError: No answers, or a probability outside 0-1.
    """
    probability, right = np.asarray(probability, np.float64), np.asarray(right, bool)
    if not len(probability) or probability.min() < 0 or probability.max() > 1 + 1e-6:
        raise ValueError("reliability needs at least one answer, with probabilities from 0 to 1")
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.ceil(probability * bins).astype(int) - 1, 0, bins - 1)
    images = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        claimed = np.bincount(place, probability, bins) / images
        share = np.bincount(place, right, bins) / images
    return Reliability(edges, images, claimed, share)


def expected_calibration_error(probability: np.ndarray, right: np.ndarray, bins: int = BINS) -> float:
    """``Reliability.error``."""
    return reliability(probability, right, bins).error


@dataclass(frozen=True)
class Rejection:
    """What is left when the answers the model is least sure of are refused, the most refused first.

    Attributes:
        threshold: float64 (k,): answers less probable than this are refused.
        rejected: float64 (k,): the share of them, falling to 0.
        accuracy: float64 (k,): the share of the others that is right.
    """

    threshold: np.ndarray
    rejected: np.ndarray
    accuracy: np.ndarray

    def at_accuracy(self, wanted: float) -> tuple[float, float] | None:
        """The least share to refuse so that ``wanted`` of the others are right, and its threshold."""
        reached = np.flatnonzero(self.accuracy >= wanted)
        return (float(self.rejected[reached[-1]]), float(self.threshold[reached[-1]])) if len(reached) else None


def rejection_curve(probability: np.ndarray, right: np.ndarray) -> Rejection:
    """Accuracy against the share of answers that is refused (El-Yaniv, Wiener 2010: risk and coverage).

    Args:
        probability: float (n,), 0-1: of each first answer; equal ones are refused together.
        right: bool (n,): whether it is right.
    """
    probability, right = np.asarray(probability, np.float64), np.asarray(right, bool)
    order = np.argsort(-probability, kind="stable")
    sorted_probability = probability[order]
    last_of_equals = np.flatnonzero(np.diff(sorted_probability, append=-1.0))
    kept = last_of_equals + 1
    accuracy = np.cumsum(right[order])[last_of_equals] / kept
    return Rejection(sorted_probability[last_of_equals], 1 - kept / len(order), accuracy)


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities, float (n, classes), with their logits divided by ``temperature`` (Guo et al. 2017,
    arXiv:1706.04599): above 1 less sure, below 1 surer; the order of the classes stays."""
    if temperature == 1:
        return probabilities
    logits = np.log(np.maximum(probabilities, 1e-30)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(probabilities.dtype)


def best_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature with which probabilities, float (n, classes), make the labels, int (n,), likeliest.

    Searched between 0.3 and 3, to a hundredth.
    """
    low, high = 0.3, 3.0
    for _ in range(4):
        tried = np.linspace(low, high, 12)
        losses = [_negative_log_likelihood(tempered(probabilities, t), labels) for t in tried]
        best, step = tried[int(np.argmin(losses))], tried[1] - tried[0]
        low, high = max(best - step, 0.3), min(best + step, 3.0)
    return round(float(best), 2)


def best_power(probabilities: np.ndarray, labels: np.ndarray, frequencies: np.ndarray) -> float:
    """The power of class frequencies to divide probabilities by, so that most answers are right.

    Samples and classes count alike: half of it is the share of samples, half the mean of the classes' shares.

    Args:
        probabilities: float (n, classes).
        labels: int (n,).
        frequencies: float (classes,), above 0, that a model leans to (prior shift: Saerens et al. 2002).

    Returns:
        Between 0 and 0.6, to 0.05.
    """
    counts = np.bincount(labels, minlength=len(frequencies))
    weights = 1 / len(labels) + 1 / (np.count_nonzero(counts) * counts[labels])
    powers = np.arange(0, 0.61, 0.05)
    right = [weights[(probabilities * frequencies**-power).argmax(axis=1) == labels].sum() for power in powers]
    return round(float(powers[int(np.argmax(right))]), 2)


def _negative_log_likelihood(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-12)).mean())


def auroc(positives: np.ndarray, negatives: np.ndarray) -> float:
    """Probability, 0-1, that a random score of ``positives`` lies above one of ``negatives``, ties half."""
    scores = np.sort(negatives)
    above = (np.searchsorted(scores, positives, "left") + np.searchsorted(scores, positives, "right")) / 2
    return float(above.mean() / len(negatives))
