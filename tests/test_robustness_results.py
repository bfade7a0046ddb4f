"""Curves kept on disk: the same figures as measured, and only what is missing is measured."""

from dataclasses import replace

import numpy as np
import pytest

from hcr_core import robustness_results
from hcr_core.alphabet import Alphabet
from hcr_core.datasets import DatasetError, load
from hcr_core.datasets.places import evaluations_folder
from hcr_core.matching import match
from hcr_core.robustness import PERTURBATIONS, curve
from hcr_core.robustness_results import measured_curves, sampled


@pytest.fixture(autouse=True)
def few_levels(tmp_path, monkeypatch):
    """A cache of its own, and two levels of one change."""
    monkeypatch.setenv("HCR_CACHE_DIR", str(tmp_path))
    few = {"rotation": replace(PERTURBATIONS["rotation"], levels=(0, 60))}
    monkeypatch.setattr(robustness_results, "PERTURBATIONS", few)
    return few


@pytest.fixture
def data():
    return load("digits", "test")


class Deaf:
    """A model of the given classes that always says the first of them."""

    def __init__(self, alphabet: Alphabet, checksum: str):
        self.alphabet, self.seen, self.card = alphabet, 0, {"files": {"model.tflite": checksum}}

    def classify(self, glyphs: np.ndarray) -> np.ndarray:
        self.seen += len(glyphs)
        return np.eye(len(self.alphabet), dtype=np.float32)[np.zeros(len(glyphs), int)]


def test_the_figures_are_those_of_the_curve(recognizer, data, few_levels):
    (found,) = measured_curves({"a": recognizer}, data, "rotation", 30).values()
    rows = curve(recognizer.classify, data, sampled(match(recognizer.alphabet, data), 30), few_levels["rotation"])
    for figure in ("level", "accuracy", "top2", "folded", "shape"):
        assert found[figure].tolist() == [row[figure] for row in rows]
    assert found["accuracy"][1] < found["accuracy"][0]


def test_the_second_time_nothing_is_changed_nor_read(recognizer, data, monkeypatch):
    first = measured_curves({"a": recognizer}, data, "rotation", 10)["a"]

    def refuse(*args):
        raise AssertionError("measured again")

    monkeypatch.setattr(robustness_results, "changed_glyphs", refuse)
    again = measured_curves({"another name": recognizer}, data, "rotation", 10)["another name"]
    assert {name: values.tolist() for name, values in again.items()} == {k: v.tolist() for k, v in first.items()}
    with pytest.raises(AssertionError):
        measured_curves({"a": recognizer}, data, "rotation", 11)


def test_only_a_new_model_is_measured(data):
    old, new = Deaf(data.alphabet, "1"), Deaf(data.alphabet, "2")
    measured_curves({"old": old}, data, "rotation", 10)
    seen = old.seen
    curves = measured_curves({"old": old, "new": new}, data, "rotation", 10)
    assert (old.seen, new.seen) == (seen, 20)
    assert curves["old"]["accuracy"].tolist() == curves["new"]["accuracy"].tolist()


def test_other_strengths_of_a_change_are_measured_anew(data, few_levels):
    reader = Deaf(data.alphabet, "1")
    measured_curves({"a": reader}, data, "rotation", 10)
    few_levels["rotation"] = replace(few_levels["rotation"], levels=(0, 30))
    assert measured_curves({"a": reader}, data, "rotation", 10)["a"]["level"].tolist() == [0, 30]


def test_a_damaged_file_is_measured_anew(data):
    reader = Deaf(data.alphabet, "1")
    first = measured_curves({"a": reader}, data, "rotation", 10)["a"]["accuracy"].tolist()
    (file,) = evaluations_folder().glob("*.npz")
    np.savez(file, level=np.zeros(2))
    assert measured_curves({"a": reader}, data, "rotation", 10)["a"]["accuracy"].tolist() == first


def test_images_of_unknown_classes_count_as_wrong(data):
    zero = Deaf(Alphabet.from_text("0"), "1")
    found = measured_curves({"a": zero}, data, "rotation", 100)["a"]
    chosen = sampled(match(zero.alphabet, data), 100)
    assert found["accuracy"][0] == pytest.approx((data.labels[chosen.positions] == 0).mean())


def test_a_model_that_knows_none_of_it_is_an_error(data):
    with pytest.raises(DatasetError):
        measured_curves({"a": Deaf(Alphabet.from_text("A"), "1")}, data, "rotation", 10)
