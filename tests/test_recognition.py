import json
import threading

import numpy as np
import pytest
from conftest import drawn_ink, sheet

from hcr_core import Recognizer
from hcr_core.alphabet import AlphabetError
from hcr_core.imaging import ImageError
from hcr_core.preprocessing import ink_to_glyph

DIGITS_AND_CAPITALS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_the_shipped_model_knows_all_62_characters(recognizer):
    assert "".join(recognizer.alphabet) == DIGITS_AND_CAPITALS + "abcdefghijklmnopqrstuvwxyz"


def test_probabilities_are_float32_rows_that_add_up_to_one(recognizer):
    glyphs = np.stack([ink_to_glyph(drawn_ink(label)) for label in "AbC"])
    probabilities = recognizer.classify(glyphs)
    assert probabilities.shape == (3, 62)
    assert probabilities.dtype == np.float32
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_a_batch_gives_what_its_glyphs_give_alone(recognizer):
    rng = np.random.default_rng(0)
    glyphs = rng.integers(0, 256, (600, 28, 28), dtype=np.uint8)
    together = recognizer.classify(glyphs)
    for i in (0, 255, 256, 599):
        assert np.allclose(together[i], recognizer.classify(glyphs[i : i + 1])[0], atol=1e-5)


def test_pages_are_judged_as_single_characters_are(recognizer):
    glyphs = np.stack([ink_to_glyph(drawn_ink(label, width)) for label in recognizer.alphabet for width in (40, 150)])
    exact, quick = recognizer.judge(glyphs), recognizer.judge_quickly(glyphs)
    for one, other in zip(exact, quick, strict=True):
        assert other == pytest.approx(one, abs=0.03)
    assert not np.array_equal(exact[0], quick[0])
    # A glyph's answer depends on no other glyph.
    assert quick[0][:1] == pytest.approx(recognizer.judge_quickly(glyphs[:1])[0], abs=1e-5)


def test_a_model_without_a_network_for_pages_reads_them_all_the_same():
    digits = Recognizer.load("digits")
    glyphs = np.stack([ink_to_glyph(drawn_ink(label)) for label in "0123456789"])
    assert np.array_equal(digits.judge_quickly(glyphs)[0], digits.classify(glyphs))


def test_no_glyphs_give_no_rows(recognizer):
    assert recognizer.classify(np.zeros((0, 28, 28), np.uint8)).shape == (0, 62)


@pytest.mark.parametrize(
    "glyphs", [np.zeros((28, 28), np.uint8), np.zeros((1, 28, 28)), np.zeros((1, 20, 20), np.uint8)]
)
def test_other_arrays_are_no_glyphs(recognizer, glyphs):
    with pytest.raises(ValueError, match="glyphs are uint8"):
        recognizer.classify(glyphs)


@pytest.mark.parametrize("pen", [2, 8, 16])
def test_drawn_capitals_and_digits_are_read(recognizer, pen):
    read = [recognizer.read(sheet(label, pen=pen)).text for label in DIGITS_AND_CAPITALS]
    wrong = [(a, b) for a, b in zip(DIGITS_AND_CAPITALS, read, strict=True) if a.casefold() != b.casefold()]
    assert len(wrong) <= 3, wrong


@pytest.mark.parametrize(
    ("kind", "labels"), [("digits", "0123456789"), ("uppercase", DIGITS_AND_CAPITALS[10:]), (["x", "y"], "xy")]
)
def test_a_restricted_alphabet_is_all_there_is(recognizer, kind, labels):
    character = recognizer.read(sheet("S"), alphabet=kind).characters[0]
    assert sorted(label for label, _ in character.candidates) == sorted(labels)
    assert sum(p for _, p in character.candidates) == pytest.approx(1)


def test_a_zero_is_a_zero_among_digits_and_an_o_among_letters(recognizer):
    assert recognizer.read(sheet("0"), alphabet="digits").text == "0"
    assert recognizer.read(sheet("0"), alphabet="letters").text in "Oo"


def test_candidates_come_best_first_and_the_answer_is_the_best(recognizer):
    character = recognizer.read(sheet("R")).characters[0]
    shares = [p for _, p in character.candidates]
    assert shares == sorted(shares, reverse=True)
    assert (character.label, character.probability) == character.candidates[0]
    assert len(character.candidates) == 62


def test_nothing_written_is_an_empty_reading(recognizer):
    reading = recognizer.read(np.full((50, 50, 3), 255, np.uint8))
    assert reading.text == ""
    assert reading.characters == ()
    assert reading.to_dict() == {"text": "", "model": "characters", "characters": []}


def test_a_reading_as_json(recognizer):
    reading = recognizer.read(sheet("F", at=(60, 30)))
    document = json.loads(json.dumps(reading.to_dict()))
    (character,) = document["characters"]
    assert document["text"] == character["label"] == "F"
    assert set(character) == {"label", "probability", "box", "candidates"}
    assert np.allclose(character["box"][:2], [60, 30], atol=3)
    assert character["candidates"][0] == ["F", character["probability"]]


def test_lookalikes_are_those_allowed(recognizer):
    assert set(recognizer.read(sheet("O")).characters[0].lookalikes) <= set("0Oo")
    only_capitals = recognizer.read(sheet("O"), alphabet="uppercase").characters[0]
    assert only_capitals.lookalikes == ()
    assert only_capitals.sure


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"image": np.zeros((4, 4, 2), np.uint8)}, ImageError),
        ({"image": np.zeros((4, 4))}, ImageError),
        ({"image": sheet("A"), "alphabet": "vowels"}, AlphabetError),
        ({"image": sheet("A"), "layout": "spiral"}, ValueError),
    ],
    ids=["two channels", "float", "unknown alphabet", "unknown layout"],
)
def test_wrong_arguments_are_refused(recognizer, arguments, error):
    with pytest.raises(error):
        recognizer.read(**arguments)


def test_threads_do_not_mix_up_their_answers(recognizer):
    labels = "ABEHKMRTWX"
    expected = {label: recognizer.read(sheet(label)).to_dict() for label in labels}
    wrong = []

    def read(label):
        for _ in range(20):
            if recognizer.read(sheet(label)).to_dict() != expected[label]:
                wrong.append(label)

    threads = [threading.Thread(target=read, args=(label,)) for label in labels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
