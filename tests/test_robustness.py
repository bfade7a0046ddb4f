"""What a change does to a character, and what the curve of accuracy says of it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from conftest import drawn_ink

from hcr_core.datasets import load
from hcr_core.matching import match
from hcr_core.robustness import PERTURBATIONS, SHEET, curve, perturbed


def _sheet(kind: str, level: float, label: str = "R") -> np.ndarray:
    return perturbed(drawn_ink(label), PERTURBATIONS[kind], level, np.random.default_rng(0))


@pytest.mark.parametrize("kind", PERTURBATIONS)
def test_every_level_is_a_sheet_and_changes_it(kind):
    sheets = [_sheet(kind, level) for level in PERTURBATIONS[kind].levels]
    assert all(sheet.shape == (SHEET, SHEET) and sheet.dtype == np.uint8 for sheet in sheets)
    assert all((a != b).any() for a, b in pairwise(sheets))


def _dark(sheet: np.ndarray) -> np.ndarray:
    return np.argwhere(sheet < 128)


@pytest.mark.parametrize(
    ("kind", "neutral", "level", "measure", "holds"),
    [
        ("scale", 1, 0.5, lambda s: np.ptp(_dark(s)[:, 0]), lambda before, after: abs(after - before / 2) < 4),
        ("stroke", 0, 100, lambda s: len(_dark(s)), lambda before, after: after > 1.5 * before),
        ("gaps", 0, 8, lambda s: len(_dark(s)), lambda before, after: after < before),
        ("shift", 0, 0.1, lambda s: _dark(s).mean(axis=0), lambda before, after: 30 < np.hypot(*(after - before)) < 38),
        ("contrast", 100, 30, lambda s: int(s.min()), lambda before, after: (before, after) == (0, 178)),
    ],
)
def test_a_change_does_what_it_is_called(kind, neutral, level, measure, holds):
    assert holds(measure(_sheet(kind, neutral)), measure(_sheet(kind, level)))


@pytest.fixture(scope="module")
def some(recognizer):
    """A hundred characters that a program drew."""
    dataset = load("synthetic", "test")
    matched = match(recognizer.alphabet, dataset)
    chosen = np.random.default_rng(0).permutation(len(matched.positions))[:100]
    return dataset, replace(matched, positions=matched.positions[chosen], labels=matched.labels[chosen])


def test_accuracy_falls_where_the_change_is_large_and_chance_is_seeded(recognizer, some):
    perturbation = replace(PERTURBATIONS["rotation"], levels=(0, 90))
    upright, lying = curve(recognizer.classify, *some, perturbation)
    assert upright["shape"] > 0.85
    assert lying["shape"] < upright["shape"] - 0.3
    assert upright["images"] == 100
    assert curve(recognizer.classify, *some, perturbation) == [upright, lying]


def test_what_is_not_found_counts_as_wrong(recognizer, some):
    (nothing,) = curve(recognizer.classify, *some, replace(PERTURBATIONS["contrast"], levels=(0,)))
    assert (nothing["accuracy"], nothing["images"]) == (0, 100)
