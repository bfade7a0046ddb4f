"""What a change does to a character, and what the curve of accuracy says of it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from conftest import drawn_ink

from hcr_core.datasets import load
from hcr_core.matching import match
from hcr_core.robustness import PERTURBATIONS, SHEET, changed_glyphs, curve, example_sheets, perturbed


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
        ("occlusion", 0, 60, lambda s: len(_dark(s)), lambda before, after: 0 < after < 0.8 * before),
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


def test_the_same_chance_for_every_model_and_progress_to_the_end(some):
    dataset, matched = some
    perturbation, positions, shares = replace(PERTURBATIONS["occlusion"], levels=(0, 20)), matched.positions[:50], []
    first = changed_glyphs(dataset, positions, perturbation, progress=shares.append)
    again = changed_glyphs(dataset, positions, perturbation)
    assert all(np.array_equal(a.glyphs, b.glyphs) for a, b in zip(first, again, strict=True))
    assert (first[0].glyphs != first[1].glyphs).any()
    assert len(shares) == 3
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    other = changed_glyphs(dataset, positions, perturbation, seed=1)
    assert (first[1].glyphs != other[1].glyphs).any()


def test_an_example_is_on_one_sheet_a_level(some):
    sheets = example_sheets(some[0], 5, PERTURBATIONS["blur"])
    assert [sheet.shape for sheet in sheets] == [(SHEET, SHEET)] * len(PERTURBATIONS["blur"].levels)
    assert sheets[0].min() < sheets[-1].min()


def test_what_is_not_found_counts_as_wrong(recognizer, some):
    (nothing,) = curve(recognizer.classify, *some, replace(PERTURBATIONS["contrast"], levels=(0,)))
    assert (nothing["accuracy"], nothing["images"]) == (0, 100)
