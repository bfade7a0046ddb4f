import numpy as np
import pytest

from hcr_core.alphabet import KINDS, LOOKALIKES, Alphabet, AlphabetError, restricted, spoken

LATIN = Alphabet.from_text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


@pytest.mark.parametrize(
    ("kind", "count"), [("all", 62), ("digits", 10), ("letters", 52), ("uppercase", 26), ("lowercase", 26), (None, 62)]
)
def test_kinds_select_their_classes(kind, count):
    assert LATIN.select(kind).sum() == count


def test_labels_can_be_selected_one_by_one():
    mask = LATIN.select(["a", "Z"])
    assert [label for label, chosen in zip(LATIN, mask, strict=True) if chosen] == ["Z", "a"]


@pytest.mark.parametrize("choice", ["vowels", ["ä"], []])
def test_a_choice_that_cannot_be_served_is_refused(choice):
    with pytest.raises(AlphabetError):
        LATIN.select(choice)


def test_digits_alone_have_no_letters_to_select():
    with pytest.raises(AlphabetError, match="knows no letters"):
        Alphabet.from_text("0123").select("letters")


@pytest.mark.parametrize("labels", [(), ("a", "a")])
def test_an_alphabet_has_labels_and_none_twice(labels):
    with pytest.raises(AlphabetError):
        Alphabet(labels)


def test_case_folds_and_digits_do_not():
    groups = LATIN.case_groups
    assert len(set(groups)) == 36
    assert groups[LATIN.index("A")] == groups[LATIN.index("a")]
    assert groups[LATIN.index("O")] != groups[LATIN.index("0")]


@pytest.mark.parametrize(("label", "others"), [("O", {"0", "o"}), ("1", {"I", "l"}), ("c", {"C"}), ("A", set())])
def test_lookalikes(label, others):
    assert set(LATIN.lookalikes(label)) == others


def test_no_label_is_in_two_groups_of_lookalikes():
    joined = "".join(LOOKALIKES)
    assert len(joined) == len(set(joined))


@pytest.mark.parametrize(("label", "words"), [("O", "capital O"), ("o", "small o"), ("0", "zero"), ("અ", "અ")])
def test_spoken(label, words):
    assert spoken(label) == words


def test_every_kind_is_offered():
    assert KINDS == ("all", "digits", "letters", "uppercase", "lowercase")


@pytest.mark.parametrize(
    ("probabilities", "shares"),
    [
        ([0.5, 0.2, 0.3], [0, 0.4, 0.6]),
        ([1.0, 0.0, 0.0], [0, 0.5, 0.5]),  # all that is allowed underflowed: none is better than another
    ],
)
def test_restricted_probabilities_add_up_to_one(probabilities, shares):
    allowed = np.array([False, True, True])
    rows = np.array([probabilities] * 2, np.float32)
    assert np.allclose(restricted(rows, allowed), [shares] * 2)
    assert np.allclose(restricted(rows[0], allowed), shares)
