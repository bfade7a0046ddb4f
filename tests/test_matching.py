import numpy as np
import pytest

from hcr_core.alphabet import Alphabet
from hcr_core.datasets import Dataset, DatasetError
from hcr_core.matching import match


def dataset(classes: str, labels: str) -> Dataset:
    alphabet = Alphabet.from_text(classes)
    places = np.array([alphabet.index(label) for label in labels], np.int64)
    return Dataset("own", np.zeros((len(labels), 28, 28), np.uint8), places, alphabet, np.full(len(labels), "test"))


@pytest.mark.parametrize(
    ("known", "classes", "kind", "all_classes", "answers", "restricted_to"),
    [
        ("01aA", "aA01", "all", False, "01aA", None),  # the same classes in another order
        ("01aA", "10", "all", False, "01", "the data set's 2 classes"),
        ("01aA", "10", "all", True, "01aA", None),
        ("01aA", "1x", "all", False, "01aA", None),  # a class it does not know: no part of its classes
        ("01aA", "10A", "digits", False, "01", "the data set's 2 classes (digits)"),
        ("01aA", "10A", "digits", True, "01aA", None),
        ("01aA", "12A", "digits", False, "01", "digits"),  # 2 is not known, yet only digits were asked for
    ],
)
def test_what_the_model_may_answer(known, classes, kind, all_classes, answers, restricted_to):
    alphabet = Alphabet.from_text(known)
    matched = match(alphabet, dataset(classes, classes), kind, all_classes=all_classes)
    assert "".join(label for label, allowed in zip(alphabet, matched.allowed, strict=True) if allowed) == answers
    assert matched.restricted_to == restricted_to


def test_labels_are_matched_by_name_and_unknown_ones_are_counted():
    matched = match(Alphabet.from_text("ab"), dataset("xbay", "bxxab"))  # no image of y
    assert [matched.alphabet[i] for i in matched.labels] == list("bxxab")
    assert "".join(matched.alphabet) == "abxy"
    assert (matched.unknown, matched.unknown_images) == (("x",), 2)


def test_a_kind_chooses_the_images():
    matched = match(Alphabet.from_text("ab01"), dataset("a0b1", "a0b1b0"), "digits")
    assert matched.positions.tolist() == [1, 3, 5]
    assert [matched.alphabet[i] for i in matched.labels] == list("010")


@pytest.mark.parametrize(
    ("known", "classes", "labels", "kind", "reason"),
    [
        ("ab", "૦૧", "૦૧", "all", "no class in common: it knows a b, and the data set has ૦ ૧"),
        ("ab", "a1", "a1", "digits", "no class in common"),  # of the digits, that is
        ("ab", "ab", "ab", "digits", "own has no classes that are digits"),
        ("ab1", "ab1", "ab", "digits", "own has no images of 1"),
        ("abcdefghijk", "x", "x", "all", r"a b c d e f g h i j … \(11 classes\)"),
    ],
)
def test_what_cannot_be_matched_is_one_sentence(known, classes, labels, kind, reason):
    with pytest.raises(DatasetError, match=reason):
        match(Alphabet.from_text(known), dataset(classes, labels), kind)
