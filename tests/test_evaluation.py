"""Figures of answers made up so that every one of them can be counted by hand, or by scikit-learn."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from conftest import ROOT
from sklearn.metrics import classification_report, log_loss
from sklearn.metrics import confusion_matrix as sklearn_confusion

from hcr_core import evaluation
from hcr_core.alphabet import Alphabet
from hcr_core.datasets import Dataset
from hcr_core.evaluation import answers, class_figures, confusion_matrix, cross_entropy, evaluate, report
from hcr_core.matching import match

ABC = Alphabet.from_text("ABC")


def dataset(labels: np.ndarray, alphabet: Alphabet = ABC) -> Dataset:
    """Images whose first pixel is their number."""
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(len(labels))
    return Dataset("own", images, np.asarray(labels), alphabet, np.full(len(labels), "test"))


def answering(probabilities: np.ndarray):
    """A classifier that knows what to say to each image of ``dataset``."""
    return lambda glyphs: probabilities[glyphs[:, 0, 0]].astype(np.float32)


def reported(labels, probabilities, known: Alphabet = ABC, alphabet: Alphabet = ABC, **choice) -> evaluation.Report:
    data = dataset(np.array(labels), alphabet)
    matched = match(known, data, **choice)
    return report(answers(answering(np.array(probabilities)), data, matched), matched)


@pytest.fixture
def random_answers():
    rng = np.random.default_rng(0)
    labels, probabilities = rng.integers(0, 3, 200), rng.dirichlet(np.ones(3), 200)
    return labels, probabilities


def test_the_figures_are_scikit_learns(random_answers):
    labels, probabilities = random_answers
    measured = reported(labels, probabilities)
    predicted = probabilities.argmax(axis=1)
    expected = classification_report(labels, predicted, target_names=list(ABC), output_dict=True)
    for row in measured.per_class:
        theirs = expected[row.label]
        assert (row.precision, row.recall, row.f1) == pytest.approx(
            (theirs["precision"], theirs["recall"], theirs["f1-score"])
        )
        assert row.images == theirs["support"]
    for kind in ("macro", "weighted"):
        theirs = expected[f"{kind} avg"]
        wanted = {"precision": theirs["precision"], "recall": theirs["recall"], "f1": theirs["f1-score"]}
        assert measured.averages[kind] == pytest.approx(wanted, abs=1e-4)
    assert np.array_equal(measured.confusion, sklearn_confusion(labels, predicted))
    assert measured.figures["loss"] == pytest.approx(log_loss(labels, probabilities), abs=1e-4)


def test_the_shares_are_those_of_evaluate(random_answers, monkeypatch):
    labels, probabilities = random_answers
    monkeypatch.setattr(evaluation, "_BLOCK", 7)  # so that there are several, and the last one is short
    figures = reported(labels, probabilities).figures
    del figures["loss"]
    assert figures == evaluate(answering(probabilities), dataset(labels))


def test_a_large_set_is_read_in_blocks_with_its_progress(monkeypatch):
    monkeypatch.setattr(evaluation, "_BLOCK", 4)
    seen, shares, data = [], [], dataset(np.zeros(10, int))

    def classify(glyphs):
        seen.append(len(glyphs))
        return np.eye(3)[np.zeros(len(glyphs), int)]

    answers(classify, data, match(ABC, data), shares.append)
    assert seen == [4, 4, 2]
    assert shares == [0.4, 0.8, 1.0]


def test_the_probabilities_of_a_large_set_are_never_all_in_memory(monkeypatch):
    monkeypatch.setattr(evaluation, "_BLOCK", 256)
    count, alphabet = 20_480, Alphabet(tuple(map(str, range(62))))
    labels = np.zeros(count, np.int64)
    data = Dataset("own", np.broadcast_to(np.uint8(0), (count, 28, 28)), labels, alphabet, np.full(count, "test"))
    matched = match(alphabet, data)
    tracemalloc.start()
    answers(lambda glyphs: np.full((len(glyphs), 62), 1 / 62, np.float32), data, matched)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < count * 62 * 4  # bytes of all probabilities in single precision


def test_a_class_is_mistaken_for_the_most_frequent_first():
    matrix = np.array([[1, 2, 3], [0, 5, 0], [0, 0, 0]])
    a, b = class_figures(matrix, ABC)  # C has no images, so that nothing can be said of it
    assert list(a.mistaken_for.items()) == [("C", 3), ("B", 2)]
    assert (a.images, a.right, a.accuracy, a.precision) == (6, 1, 1 / 6, 1.0)
    assert (b.images, b.mistaken_for, b.precision, b.recall) == (5, {}, 5 / 7, 1.0)


def test_a_class_that_is_never_answered_has_no_precision_and_no_division_by_zero():
    (a,) = class_figures(np.array([[0, 4], [0, 0]]), Alphabet.from_text("AB"))
    assert (a.precision, a.recall, a.f1) == (0, 0, 0)


def test_truths_are_rows_and_answers_columns():
    assert confusion_matrix(np.array([0, 0, 1]), np.array([1, 1, 1]), 2).tolist() == [[0, 2], [0, 1]]


def test_the_loss_is_in_nats_and_stays_finite():
    assert cross_entropy(np.array([np.exp(-1.0), np.exp(-3.0)])) == pytest.approx(2)
    assert cross_entropy(np.array([0.0])) == pytest.approx(-np.log(1e-7))


def test_images_of_unknown_classes_count_as_wrong():
    data_classes = Alphabet.from_text("ABX")
    # A read right, B read as C, X (unknown) read as A; the model may still answer C.
    measured = reported([0, 1, 2], [[0.8, 0.1, 0.1], [0.1, 0.3, 0.6], [0.9, 0.1, 0]], alphabet=data_classes)
    assert measured.figures["accuracy"] == pytest.approx(1 / 3, abs=1e-4)
    assert measured.figures["top2"] == pytest.approx(2 / 3, abs=1e-4)
    assert measured.figures["loss"] == pytest.approx(-np.log([0.8, 0.3, 1e-7]).mean(), abs=1e-4)
    assert [(row.label, row.right, row.mistaken_for) for row in measured.per_class] == [
        ("A", 1, {}),
        ("B", 0, {"C": 1}),
        ("X", 0, {"A": 1}),
    ]


@pytest.mark.parametrize(
    ("choice", "accuracy", "loss"),
    [
        ({}, 1.0, -np.log(0.3 / 0.4)),  # C is out: B is the best of A and B
        ({"all_classes": True}, 0.0, -np.log(0.3)),
    ],
)
def test_a_model_restricted_to_the_data_sets_classes_answers_with_those(choice, accuracy, loss):
    measured = reported([1], [[0.1, 0.3, 0.6]], alphabet=Alphabet.from_text("AB"), **choice)
    assert measured.figures["accuracy"] == accuracy
    assert measured.figures["loss"] == pytest.approx(loss, abs=1e-4)


def test_a_single_class_has_no_second_answer():
    data = dataset(np.zeros(2, int), Alphabet.from_text("A"))
    answered = answers(answering(np.array([[0.1, 0.3, 0.6]] * 2)), data, match(ABC, data))
    assert answered.first_two.tolist() == [[0], [0]]
    assert answered.probabilities.tolist() == [[1], [1]]


def test_measuring_imports_neither_tensorflow_nor_scikit_learn():
    code = (
        "import sys, hcr_core.evaluation;"
        "print([name for name in ('tensorflow', 'keras', 'sklearn', 'streamlit') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
