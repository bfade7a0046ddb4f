"""Calibration of answers made up so that it is known, or computed the long way."""

import numpy as np
import pytest

from hcr_core.calibration import (
    auroc,
    best_power,
    best_temperature,
    expected_calibration_error,
    rejection_curve,
    reliability,
    tempered,
)


@pytest.mark.parametrize("power", [0.0, 0.3, 0.55])
def test_frequencies_that_were_put_into_answers_are_found(power):
    rng, frequencies = np.random.default_rng(0), np.array([900.0, 60, 30, 10])
    # Each label is a draw from what an unbiased model would answer; a bias can then only do harm.
    even = rng.dirichlet(np.full(4, 0.5), 6000)
    labels = (even.cumsum(axis=1) > rng.random((6000, 1))).argmax(axis=1)
    assert best_power(even * frequencies**power, labels, frequencies) == pytest.approx(power, abs=0.1)


def test_a_model_that_is_right_as_often_as_it_claims():
    probability = np.repeat([0.25, 0.5, 0.75], 400)
    right = np.concatenate([np.arange(400) % 4 < share for share in (1, 2, 3)])
    assert expected_calibration_error(probability, right) == pytest.approx(0)
    assert reliability(probability, right).gap == pytest.approx(0)


@pytest.mark.parametrize(
    ("probability", "share", "error", "gap"),
    [(1.0, 0.5, 0.5, 0.5), (0.6, 1.0, 0.4, -0.4), (0.9, 0.8, 0.1, 0.1)],
    ids=["boasts", "too modest", "a little too sure"],
)
def test_a_constant_claim_is_off_by_its_distance(probability, share, error, gap):
    right = np.arange(100) < 100 * share
    claimed = np.full(100, probability)
    assert expected_calibration_error(claimed, right) == pytest.approx(error)
    assert reliability(claimed, right).gap == pytest.approx(gap)


def test_the_error_is_that_of_guo_and_others():
    """Against the sum over bins as their paper writes it (equation 3)."""
    rng = np.random.default_rng(0)
    probability, right = rng.random(1000), rng.random(1000) < 0.6
    error = 0.0
    for m in range(15):
        inside = (probability > m / 15) & (probability <= (m + 1) / 15)
        error += inside.sum() / 1000 * abs(right[inside].mean() - probability[inside].mean())
    assert expected_calibration_error(probability, right) == pytest.approx(error)


def test_too_sure_here_and_too_modest_there_do_not_cancel_out():
    probability, right = np.array([0.9] * 10 + [0.1] * 10), np.array([False] * 10 + [True] * 10)
    assert reliability(probability, right).gap == pytest.approx(0)
    assert expected_calibration_error(probability, right) == pytest.approx(0.9)


@pytest.mark.parametrize("images", [200, 20_000])
def test_the_error_of_true_probabilities_is_that_of_chance(images):
    rng = np.random.default_rng(3)
    probability = 0.3 + 0.7 * rng.beta(5, 1, images)
    drawn = [expected_calibration_error(probability, rng.random(images) < probability) for _ in range(200)]
    by_chance = reliability(probability, np.ones(images, bool)).errors_by_chance()
    assert by_chance.mean() == pytest.approx(np.mean(drawn), rel=0.07)
    assert np.percentile(by_chance, 95) == pytest.approx(np.percentile(drawn, 95), rel=0.15)


def test_every_answer_is_in_a_bin_and_limits_belong_below():
    found = reliability(np.array([0.0, 0.2, 0.2000001, 1.0]), np.array([0, 1, 0, 1], bool), bins=5)
    assert found.images.tolist() == [2, 1, 0, 0, 1]
    assert found.right[0] == 0.5
    assert np.isnan(found.claimed[2])
    assert found.edges.tolist() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])


@pytest.mark.parametrize("probability", [[], [-0.1], [1.5]])
def test_what_is_no_probability_is_refused(probability):
    with pytest.raises(ValueError, match="from 0 to 1"):
        reliability(np.array(probability), np.ones(len(probability), bool))


def test_the_least_sure_are_refused_first():
    curve = rejection_curve(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True]))
    assert curve.threshold.tolist() == [0.9, 0.8, 0.7, 0.6]
    assert curve.rejected.tolist() == [0.75, 0.5, 0.25, 0.0]
    assert curve.accuracy.tolist() == pytest.approx([1, 1, 2 / 3, 3 / 4])


def test_answers_that_are_equally_sure_go_together():
    right = np.array([True, False, True, False])
    curve = rejection_curve(np.array([0.5, 0.5, 0.9, 0.5]), right)
    assert curve.threshold.tolist() == [0.9, 0.5]
    assert curve.accuracy.tolist() == [1.0, 0.5]


def test_how_much_to_refuse_for_a_wanted_accuracy():
    curve = rejection_curve(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True]))
    assert curve.at_accuracy(0.75) == (0.0, 0.6)  # all may stay
    assert curve.at_accuracy(0.9) == (0.5, 0.8)
    assert rejection_curve(np.array([0.9]), np.array([False])).at_accuracy(0.5) is None


def sample(count: int = 20000, classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and labels drawn with just these."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (count, classes))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (rng.random((count, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
    return probabilities, np.minimum(labels, classes - 1)


def off(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return expected_calibration_error(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels)


def test_true_probabilities_are_calibrated():
    probabilities, labels = sample()
    assert off(probabilities, labels) < 0.015
    assert best_temperature(probabilities, labels) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("temperature", [0.5, 1.7])
def test_the_temperature_undoes_what_made_them_too_sure_or_unsure(temperature):
    probabilities, labels = sample()
    distorted = tempered(probabilities, temperature)
    assert off(distorted, labels) > 0.05
    found = best_temperature(distorted, labels)
    assert found == pytest.approx(1 / temperature, abs=0.05)
    assert off(tempered(distorted, found), labels) < 0.015


def test_a_temperature_keeps_the_order_and_the_sum():
    probabilities, _ = sample(100)
    cooler = tempered(probabilities.astype(np.float32), 1.4)
    assert cooler.dtype == np.float32
    assert (cooler.argsort(axis=1) == probabilities.argsort(axis=1)).all()
    np.testing.assert_allclose(cooler.sum(axis=1), 1, rtol=1e-5)


def test_auroc_counts_the_pairs_in_the_right_order():
    assert auroc(np.array([0.9, 0.8]), np.array([0.1, 0.8])) == pytest.approx(3.5 / 4)
    assert auroc(np.array([0.1]), np.array([0.2, 0.3])) == 0
