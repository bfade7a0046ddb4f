import numpy as np
import pytest

from hcr_core.calibration import best_temperature, calibration_error, tempered


def sample(count: int = 20000, classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and labels drawn with just these."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (count, classes))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (rng.random((count, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
    return probabilities, np.minimum(labels, classes - 1)


def test_true_probabilities_are_calibrated():
    probabilities, labels = sample()
    assert calibration_error(probabilities, labels) < 0.015
    assert best_temperature(probabilities, labels) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("temperature", [0.5, 1.7])
def test_the_temperature_undoes_what_made_them_too_sure_or_unsure(temperature):
    probabilities, labels = sample()
    distorted = tempered(probabilities, temperature)
    assert calibration_error(distorted, labels) > 0.05
    found = best_temperature(distorted, labels)
    assert found == pytest.approx(1 / temperature, abs=0.05)
    assert calibration_error(tempered(distorted, found), labels) < 0.015


def test_a_temperature_keeps_the_order_and_the_sum():
    probabilities, _ = sample(100)
    cooler = tempered(probabilities.astype(np.float32), 1.4)
    assert cooler.dtype == np.float32
    assert (cooler.argsort(axis=1) == probabilities.argsort(axis=1)).all()
    np.testing.assert_allclose(cooler.sum(axis=1), 1, rtol=1e-5)


def test_the_error_of_answers_that_are_always_sure_is_their_share_of_errors():
    probabilities = np.eye(4)[[0, 1, 2, 3]]
    assert calibration_error(probabilities, np.array([0, 1, 2, 0])) == pytest.approx(0.25)
