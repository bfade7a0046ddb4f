"""What a network is fed: variations of characters, photos of them, and what is no character."""

import numpy as np
import pytest
from conftest import drawn_ink, likeness

from hcr_core.alphabet import Alphabet
from hcr_core.datasets import Dataset
from hcr_core.datasets.pen_alphabet import pen_strokes
from hcr_core.datasets.strokes import PenStrokes
from hcr_core.preprocessing import ink_to_glyph
from hcr_core.training import negatives
from hcr_core.training.augmentation import (
    Augmentation,
    damaged,
    displaced,
    random_glyph,
    scanned_glyph,
    varied_strokes,
)
from hcr_core.training.letterforms import letterforms
from hcr_core.training.mixture import NOTHING, Mixture, believable, drawn, even_weights, pool, scans
from hcr_core.training.photographs import paper, photographed

LABELS = "AFHKRS38"


def dataset(*, strokes: bool) -> Dataset:
    """Each of ``LABELS`` twice, as scans or as pen strokes of two writers."""
    labels = LABELS * 2
    glyphs = np.stack([ink_to_glyph(drawn_ink(label)) for label in labels])
    numbers = np.array([LABELS.index(label) for label in labels])
    writers = np.repeat(["ada", "bob"], len(LABELS))
    pens = PenStrokes.from_samples([pen_strokes(label) for label in labels], np.array(list(labels)), writers)
    return Dataset(
        name="small",
        images=glyphs,
        labels=numbers,
        alphabet=Alphabet.from_text(LABELS),
        split=np.full(len(labels), "train"),
        writers=writers if strokes else None,
        strokes=pens if strokes else None,
    )


@pytest.mark.parametrize("strokes", [False, True])
def test_a_variation_is_still_the_same_character(recognizer, strokes):
    data, rng = dataset(strokes=strokes), np.random.default_rng(0)
    positions = np.arange(len(LABELS)).repeat(25)
    glyphs = np.stack([random_glyph(data, i, rng, Augmentation(damage=0)) for i in positions])
    assert glyphs.shape[1:] == (28, 28)
    assert glyphs.dtype == np.uint8
    read = [recognizer.alphabet[best].upper() for best in recognizer.classify(glyphs).argmax(axis=1)]
    assert np.mean([label == LABELS[data.labels[i]] for label, i in zip(read, positions, strict=True)]) > 0.8


def test_a_scan_keeps_its_look():
    data, rng = dataset(strokes=False), np.random.default_rng(0)
    own = [likeness(scanned_glyph(data, 0, rng, Augmentation()), data.images[0]) for _ in range(40)]
    assert np.mean(np.isclose(own, 1)) == pytest.approx(Augmentation().untouched, abs=0.2)
    assert min(own) > 0.4


def test_strokes_keep_their_order_and_number():
    strokes, rng = pen_strokes("K"), np.random.default_rng(1)
    for _ in range(30):
        varied = varied_strokes(strokes, rng, Augmentation())
        assert len(varied) == len(strokes)
        for path, stroke in zip(varied, strokes, strict=True):
            start = (np.asarray(stroke[0]) - np.concatenate(strokes).min(axis=0)) / np.ptp(
                np.concatenate(strokes), axis=0
            ).max()
            assert np.abs(path[0] - start).max() < 0.3


def test_damaged_ink_is_still_there():
    ink, rng = drawn_ink("R", 90), np.random.default_rng(2)
    shares = [np.count_nonzero(damaged(ink, rng) >= 128) / np.count_nonzero(ink >= 128) for _ in range(60)]
    assert min(shares) > 0.4
    assert len(set(shares)) > 20
    assert not damaged(np.zeros((20, 20), np.uint8), rng).any()


def test_a_photographed_character_is_read_back():
    ink, rng = drawn_ink("R", 90), np.random.default_rng(3)
    glyphs = [glyph for _ in range(30) if (glyph := photographed(ink, rng)) is not None]
    assert len(glyphs) >= 27
    assert np.median([likeness(glyph, ink_to_glyph(ink)) for glyph in glyphs]) > 0.75
    assert photographed(np.zeros((9, 9), np.uint8), rng) is None


def test_paper_is_light_and_not_quite_even():
    sheet = paper((60, 80), np.random.default_rng(4))
    assert sheet.shape == (60, 80)
    assert sheet.mean() > 100
    assert sheet.std() > 0.5


@pytest.mark.parametrize("draw", [*negatives.DRAWINGS, *negatives.UNSEEN_DRAWINGS], ids=lambda draw: draw.__name__)
def test_a_drawing_leaves_ink_and_no_two_are_alike(draw):
    first, second = (negatives.drawn_glyph(draw, np.random.default_rng(seed)) for seed in (0, 1))
    assert first.max() == 255
    assert not np.array_equal(first, second)


def test_the_kinds_to_judge_by_are_not_trained_on():
    assert not set(negatives.DRAWINGS) & set(negatives.UNSEEN_DRAWINGS)


@pytest.mark.parametrize("kind", negatives.UNSEEN_KINDS)
def test_negatives_to_judge_by(kind):
    data = [dataset(strokes=True), dataset(strokes=False)]
    glyph = negatives.unseen_glyph(kind, data, np.random.default_rng(5))
    assert glyph.shape == (28, 28)
    assert glyph.any()
    assert np.array_equal(glyph, negatives.unseen_glyph(kind, data, np.random.default_rng(5)))
    with pytest.raises(ValueError, match="unknown kind"):
        negatives.unseen_glyph("music", data, np.random.default_rng(5))


def test_a_batch_depends_on_seed_and_number_alone():
    settings, pens, forms = Augmentation(), dataset(strokes=True), dataset(strokes=False)
    everything = np.arange(len(pens))
    sources = [
        scans(forms, everything, 0.4, settings),
        drawn(pens, everything, 0.4, settings, 0.6),
        pool(
            np.stack([negatives.training_glyph([pens], np.random.default_rng(6))]), np.array([NOTHING]), 0.2, settings
        ),
    ]
    first, again = Mixture(sources, 64, seed=1), Mixture(sources, 64, seed=1)
    again[0]
    glyphs, labels, numbers = first[3]
    assert glyphs.shape == (64, 28, 28)
    assert 4 <= np.count_nonzero(labels == NOTHING) <= 24
    assert np.array_equal(numbers == 2, labels == NOTHING)
    for one, other in zip((glyphs, labels, numbers), again[3], strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(first[4][0], glyphs)


def test_letterforms_are_read(recognizer):
    data = letterforms(recognizer.alphabet)
    groups = recognizer.alphabet.shape_groups
    read = recognizer.classify(data.images).argmax(axis=1)
    assert np.mean(groups[read] == groups[data.labels]) > 0.9
    assert len(set(data.labels)) > 50
    np.testing.assert_array_equal(data.images, letterforms(recognizer.alphabet).images)
    assert all(np.ptp(np.concatenate(data.strokes[i]), axis=0).max() == 1000 for i in range(0, len(data), 50))


def test_balance_draws_rare_classes_more_often():
    labels = np.repeat([0, 1], [900, 100])
    for balance, share in ((0, 0.1), (1, 0.5), (0.5, 0.25)):
        weights = even_weights(labels, balance)
        assert weights[labels == 1].sum() / weights.sum() == pytest.approx(share, abs=0.01)


def test_the_frequencies_that_the_loss_discounts_are_those_drawn():
    labels = np.repeat([0, 1], [900, 100])
    pens = pool(np.zeros((1000, 28, 28), np.uint8), labels, 1, Augmentation())
    np.testing.assert_allclose(pens.frequencies(3), [2.7, 0.3, 0.001], rtol=1e-5)
    forms = scans(dataset(strokes=False), np.arange(16), 1, Augmentation())
    nothing = pool(np.zeros((2, 28, 28), np.uint8), np.full(2, NOTHING), 1, Augmentation())
    assert forms.frequencies(8).tolist() == nothing.frequencies(8).tolist() == [1] * 8


def test_a_busy_writer_counts_for_the_square_root_of_his_work():
    labels, writers = np.zeros(500, int), np.repeat(["busy", "idle"], [400, 100])
    weights = even_weights(labels, 0, writers)
    assert weights[:400].sum() / weights[400:].sum() == pytest.approx(2)


def test_a_label_is_believed_unless_its_shape_is_denied():
    alphabet = Alphabet.from_text("Cc6")
    probabilities = np.array([[0.02, 0.9, 0.08], [0.01, 0.02, 0.97], [0.3, 0.3, 0.4]])
    # A small c called C is only its case; a 6 called C is an error.
    assert believable(probabilities, np.array([0, 0, 0]), alphabet, 0.1).tolist() == [True, False, True]


def test_half_of_the_drawn_glyphs_are_just_as_the_app_makes_them():
    glyph, rng = dataset(strokes=True).images[0], np.random.default_rng(7)
    same = [np.array_equal(displaced(glyph, rng, Augmentation()), glyph) for _ in range(400)]
    assert np.mean(same) == pytest.approx(Augmentation().centred, abs=0.1)
