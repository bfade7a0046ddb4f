"""Probabilities that mean what they say: temperature scaling, and how far off they are."""

import numpy as np

#: Confidences are compared with the share of right answers in this many bins (Guo et al. 2017).
BINS = 15


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


def _negative_log_likelihood(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-12)).mean())


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """Expected calibration error, 0-1: by how much the first answer's probability differs from the
    share of right answers, in bins of equal width, weighed by their samples (Guo et al. 2017)."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    off = np.bincount(number, confidence - right, minlength=bins)
    return float(np.abs(off).sum() / len(labels))
