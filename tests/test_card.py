"""The figures on the shipped models' cards, measured again on a sample of the same handwriting."""

import numpy as np
import pytest

from hcr_core import Recognizer
from hcr_core.datasets import load
from hcr_core.evaluation import accuracy_figures, evaluate
from hcr_core.model_store import open_model

#: What the model has to reach at least (62 classes; with capitals and small letters folded).
WANTED = {"emnist62": (0.90, 0.93), "unipen": (0.79, 0.89), "paper_chars": (0.79, 0.92)}
SAMPLE = 2500


@pytest.mark.parametrize("name", WANTED)
def test_the_card_reaches_what_is_wanted(recognizer, name):
    figures = recognizer.card["held_out"][name]
    assert figures["accuracy"] >= WANTED[name][0]
    assert figures["folded"] >= WANTED[name][1]
    assert figures["top2"] >= figures["accuracy"]


@pytest.mark.parametrize(("model", "name"), [*(("characters", name) for name in WANTED), ("digits", "mnist")])
def test_the_cards_figures_hold(handwriting, model, name):
    recognizer, dataset = Recognizer.load(model), load(name, "test")
    positions = np.random.default_rng(0).permutation(len(dataset))[:SAMPLE]
    measured, card = evaluate(recognizer.classify, dataset, positions), recognizer.card["held_out"][name]
    assert card["images"] == len(dataset)
    for figure in ("accuracy", "top2", "folded", "shape"):
        # Four standard errors of a share measured on the sample.
        noise = 4 * np.sqrt(card[figure] * (1 - card[figure]) / len(positions)) if len(positions) < len(dataset) else 0
        assert measured[figure] == pytest.approx(card[figure], abs=noise + 0.002), figure


def test_the_digits_of_mnist_are_the_mean_of_three_seeds():
    card = open_model("digits").card
    assert [entry["name"] for entry in card["data"]] == ["mnist"]
    assert card["mean_test_accuracy"] == pytest.approx(np.mean([row["test"] for row in card["seeds"]]), abs=1e-5)
    assert card["mean_test_accuracy"] >= 0.9965
    kept = min(card["seeds"], key=lambda row: row["validation_loss"])
    assert kept["seed"] == card["training"]["seed"]
    assert kept["test"] == card["held_out"]["mnist"]["accuracy"]


def test_the_card_says_whose_data_it_is(recognizer):
    credits = {entry["name"]: entry["licence"] for entry in recognizer.card["data"]}
    assert "CC BY 4.0" in credits["unipen"]
    assert "NIST" in credits["emnist62"]
    assert "paper_chars" not in credits


def test_accuracy_figures_count_as_their_names_say():
    from hcr_core.datasets.entries import CHARACTERS as ALPHABET

    def row(first: str, second: str) -> np.ndarray:
        probabilities = np.zeros(len(ALPHABET))
        probabilities[ALPHABET.index(first)], probabilities[ALPHABET.index(second)] = 0.6, 0.4
        return probabilities

    truth = "AAAA0"
    rows = np.stack([row("A", "B"), row("a", "B"), row("B", "A"), row("B", "C"), row("O", "Q")])
    figures = accuracy_figures(rows, np.array([ALPHABET.index(label) for label in truth]), ALPHABET)
    assert figures == {"images": 5, "accuracy": 0.2, "top2": 0.4, "folded": 0.4, "shape": 0.4}
