"""What a line of writing says about its characters: baseline, x-height, and kinds of words.

They settle what 28 x 28 pixels cannot: whether a round shape is o, O or 0.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hcr_core.alphabet import Alphabet

#: Top and bottom of each character over the baseline, in x-heights; capitals and digits end at
#: ``CAP`` and descenders at -``DESCENT``. Where hands differ (f, z, J), the plainer form.
CAP, DESCENT = 1.75, 0.85
_TALL = "bdfhkl"
_LOW = "gpqy"
_TOPS = {"t": 1.5, "i": 1.6, "j": 1.6}
_BOTTOMS = {"j": -DESCENT, **dict.fromkeys(_LOW, -DESCENT)}
#: How much tops and bottoms vary, in x-heights, and the most that a misfit may cost: a hand that
#: writes f or J below the line is not wrong.
SPREAD = 0.33


@dataclass(frozen=True)
class LineMetrics:
    """Where a line's characters stand.

    Attributes:
        baseline: y at x = 0, in pixels.
        slope: Rows the baseline falls per column.
        x_height: Height of a, c, e ... in pixels.
    """

    baseline: float
    slope: float
    x_height: float

    def heights(self, boxes: np.ndarray) -> np.ndarray:
        """Top and bottom over the baseline in x-heights, float (n, 2), of boxes (n, 4)."""
        base = self.baseline + self.slope * (boxes[:, 0] + boxes[:, 2]) / 2
        return (base[:, None] - boxes[:, [1, 3]]) / self.x_height


@lru_cache(maxsize=16)
def expected_heights(alphabet: Alphabet) -> np.ndarray:
    """Top and bottom of every class in x-heights over the baseline, float (classes, 2); NaN outside Latin."""
    return np.array([_expected(label) for label in alphabet])


def _expected(label: str) -> tuple[float, float]:
    if not (label.isascii() and label.isalnum() and len(label) == 1):
        return (np.nan, np.nan)
    tall = label.isdigit() or label.isupper() or label in _TALL
    return _TOPS.get(label, CAP if tall else 1.0), _BOTTOMS.get(label, 0.0)


def misfit(boxes: np.ndarray, metrics: LineMetrics, expected: np.ndarray, limit: float) -> np.ndarray:
    """How badly each class fits each box's place in the line: float (n, classes), 0 to ``limit``."""
    heights = metrics.heights(boxes)
    # Few classes differ in their heights from all others.
    different, place = np.unique(expected, axis=0, return_inverse=True)
    deviation = (heights[:, None, :] - different[None]) / SPREAD
    return np.nan_to_num(np.minimum(0.5 * (deviation**2).sum(axis=2), limit))[:, place]


def fit_metrics(boxes: np.ndarray, labels: list[str], weights: np.ndarray, fallback: float) -> LineMetrics:
    """Baseline and x-height from characters as they were read at first.

    Args:
        boxes: float (n, 4): left, top, right, bottom.
        labels: What each was read as.
        weights: How sure each reading is, 0-1.
        fallback: Height of a typical component, for lines without a known character.
    """
    expected = np.array([_expected(label) for label in labels]).reshape(-1, 2)
    known = ~np.isnan(expected[:, 0])
    boxes, expected, weights = boxes[known], expected[known], weights[known]
    if not len(boxes):
        return LineMetrics(float(boxes[:, 3].mean()) if len(boxes) else 0.0, 0.0, fallback / 1.3)
    x = (boxes[:, 0] + boxes[:, 2]) / 2
    # Unknowns: baseline, slope, x-height. Every top and every bottom gives an equation
    # y = baseline + slope * x - height * x_height. Slopes and x-heights far from the usual are held back.
    rows = np.concatenate([np.column_stack([np.ones_like(x), x - x.mean(), -expected[:, i]]) for i in (0, 1)])
    values = np.concatenate([boxes[:, 1], boxes[:, 3]])
    weight = np.concatenate([weights, weights])
    unit = fallback / 1.3
    prior = np.array([[0, 4 * max(np.ptp(x), fallback), 0], [0, 0, 1.0]])
    prior_values, prior_weight = np.array([0, unit]), np.array([0.02, 0.15])
    for _ in range(6):
        a = np.concatenate([rows * weight[:, None], prior * prior_weight[:, None]])
        b = np.concatenate([values * weight, prior_values * prior_weight])
        solution = np.linalg.lstsq(a, b, rcond=None)[0]
        residual = np.abs(values - rows @ solution) / (0.3 * max(solution[2], 0.3 * unit))
        # Misread characters pull little (Cauchy weights).
        weight = np.concatenate([weights, weights]) / (1 + residual**2)
    x_height = float(np.clip(solution[2], 0.4 * unit, 2 * unit))
    return LineMetrics(float(solution[0] - solution[1] * x.mean()), float(solution[1]), x_height)
