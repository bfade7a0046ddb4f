import numpy as np
import pytest

from hcr_core.alphabet import Alphabet
from hcr_core.line_context import LineMetrics, expected_heights, fit_metrics, misfit

LATIN = Alphabet.from_text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


def boxes_of(text: str, *, baseline: float = 100, slope: float = 0.0, x_height: float = 20) -> np.ndarray:
    """Boxes of characters as the plainest hand sets them, 20 pixels apart."""
    rows = []
    for i, letter in enumerate(text):
        top, bottom = expected_heights(LATIN)[LATIN.index(letter)]
        base = baseline + slope * (20 * i + 8)
        rows.append((20 * i, base - top * x_height, 20 * i + 16, base - bottom * x_height))
    return np.array(rows, float)


def best_of(box: np.ndarray, metrics: LineMetrics, labels: str) -> str:
    costs = misfit(box[None], metrics, expected_heights(LATIN), 10.0)[0]
    return min(labels, key=lambda label: costs[LATIN.index(label)])


@pytest.mark.parametrize("text", ["hazing", "Lazy", "ROUND", "1984", "space"])
@pytest.mark.parametrize("slope", [-0.05, 0.0, 0.08])
def test_baseline_and_x_height_come_from_what_was_read(text, slope):
    boxes = boxes_of(text, slope=slope)
    metrics = fit_metrics(boxes, list(text), np.ones(len(text)), fallback=28)
    assert metrics.x_height == pytest.approx(20, rel=0.15)
    assert metrics.heights(boxes)[:, 1] == pytest.approx(
        [expected_heights(LATIN)[LATIN.index(c)][1] for c in text], abs=0.2
    )


def test_a_misread_character_does_not_move_the_line():
    text, read = "handwriting", "handwrifing"
    metrics = fit_metrics(boxes_of(text), list(read), np.ones(len(text)), fallback=28)
    assert metrics.baseline == pytest.approx(100, abs=2)
    assert metrics.x_height == pytest.approx(20, rel=0.1)


@pytest.mark.parametrize(
    ("written", "among"),
    [
        ("o", "oO"),
        ("O", "oO"),
        ("s", "sS"),
        ("S", "sS"),
        ("x", "xX"),
        ("p", "pP"),
        ("P", "pP"),
        ("g", "g9"),
        ("9", "g9"),
    ],
)
def test_the_line_tells_apart_what_shape_cannot(written, among):
    text = "hand" + written
    metrics = fit_metrics(boxes_of("hand"), list("hand"), np.ones(4), fallback=28)
    assert best_of(boxes_of(text)[-1], metrics, among) == written


def test_a_misfit_costs_no_more_than_its_limit():
    far = np.array([[0, -500, 10, -400]], float)
    assert misfit(far, LineMetrics(100, 0, 20), expected_heights(LATIN), 4.0).max() == 4.0


def test_other_scripts_stand_anywhere():
    gujarati = Alphabet(("૦", "૧"))
    assert np.isnan(expected_heights(gujarati)).all()
    assert not misfit(np.array([[0, 0, 10, 30]], float), LineMetrics(100, 0, 20), expected_heights(gujarati), 4.0).any()


def test_a_line_without_a_known_character_has_the_usual_height():
    assert fit_metrics(np.zeros((0, 4)), [], np.zeros(0), fallback=26).x_height == pytest.approx(20)
