import numpy as np
import pytest
from conftest import drawn_ink
from hostile import limited

from hcr_core import exploration
from hcr_core.alphabet import Alphabet
from hcr_core.preprocessing import ink_to_glyph


def glyphs(labels: str, seed: int = 0) -> np.ndarray:
    """Drawn characters with pens of random width, uint8 (n, 28, 28)."""
    rng = np.random.default_rng(seed)
    return np.stack([ink_to_glyph(drawn_ink(label, rng.uniform(50, 120))) for label in labels])


def test_counts_and_imbalance():
    counts = exploration.class_counts(np.array([0, 0, 0, 0, 2, 2]), 4)
    assert counts.tolist() == [4, 0, 2, 0]
    assert exploration.imbalance(counts) == 2
    assert exploration.imbalance(np.zeros(3, int)) == 1


@pytest.mark.parametrize("limit", [9, 50, 2000])
def test_a_stratified_sample_fills_all_classes_alike(limit):
    labels = np.repeat([0, 1, 2], [1000, 100, 10])
    chosen = exploration.stratified_sample(labels, limit, seed=1)
    counts = np.bincount(labels[chosen], minlength=3)
    assert len(chosen) == len(set(chosen.tolist())) == min(limit, len(labels))
    assert counts.max() - counts.min() <= 1 or counts.min() == 10  # the rare class is taken whole
    assert np.array_equal(chosen, exploration.stratified_sample(labels, limit, seed=1))


def test_a_class_sample_is_of_that_class_and_repeatable():
    labels = np.tile([0, 1], 50)
    chosen = exploration.class_sample(labels, 1, 10, seed=3)
    assert len(chosen) == 10
    assert (labels[chosen] == 1).all()
    assert np.array_equal(chosen, exploration.class_sample(labels, 1, 10, seed=3))
    assert not np.array_equal(chosen, exploration.class_sample(labels, 1, 10, seed=4))
    assert len(exploration.class_sample(labels, 1, 500, seed=3)) == 50


def test_the_most_unusual_image_is_the_one_of_another_letter():
    images = glyphs("AAAAAAAAAAAAAAXAAAAA")
    order = exploration.by_typicality(images)
    assert order[-1] == 14
    assert exploration.by_typicality(images[:1]).tolist() == [0]


def test_the_mean_of_equal_images_is_that_image():
    image = glyphs("R")
    assert np.array_equal(exploration.mean_image(image.repeat(5, axis=0)), image[0])


@pytest.mark.parametrize("width", [3, 5, 9])
def test_stroke_width_is_measured(width):
    image = np.zeros((60, 60), np.uint8)
    image[5:55, 20 : 20 + width] = 255
    assert exploration.ink_statistics(image[None]).stroke_width[0] == pytest.approx(width, rel=0.2)


@pytest.mark.parametrize("degrees", [-30, 0, 20])
def test_slant_is_measured_to_the_right(degrees):
    image = np.zeros((80, 80), np.uint8)
    for y in range(10, 70):
        x = round(40 + (40 - y) * np.tan(np.radians(degrees)))
        image[y, x - 1 : x + 2] = 255
    assert exploration.ink_statistics(image[None]).slant[0] == pytest.approx(degrees, abs=2)


def test_aspect_amount_and_no_ink():
    images = np.zeros((2, 20, 20), np.uint8)
    images[0, 5:10, 0:20] = 255
    measured = exploration.ink_statistics(images)
    assert measured.aspect.tolist() == [4, 0]
    assert measured.amount.tolist() == [0.25, 0]
    assert measured.stroke_width[1] == 0


def test_principal_components_keep_the_largest_differences():
    rng = np.random.default_rng(0)
    vectors = rng.normal(0, [10, 1, 0.1], (500, 3)).astype(np.float32)
    coordinates = exploration.principal_components(vectors, 2)
    assert coordinates.shape == (500, 2)
    assert coordinates.std(axis=0) == pytest.approx([10, 1], rel=0.1)


def test_classes_that_look_alike_are_found_and_others_are_not():
    labels = np.repeat(np.arange(3), 12)
    shares = exploration.lookalike_classes(exploration.features(glyphs("O" * 24 + "L" * 12)), labels, 4)
    assert shares[0, 1] > 0.2  # both are O
    assert shares[1, 0] > 0.2
    assert shares[2, 2] == 1
    assert shares[3].sum() == 0
    assert shares[:3].sum(axis=1) == pytest.approx(1)


def test_the_nearest_pairs_of_two_classes_are_of_both_and_nearest_first():
    images = glyphs("ALALO")
    labels = np.array([0, 1, 0, 1, 1])
    images[2] = images[4]  # an O among the A, like the O among the L
    pairs = exploration.nearest_pairs(exploration.features(images), labels, 0, 1, 5)
    assert pairs[0].tolist() == [2, 4]
    assert (labels[pairs] == [0, 1]).all()
    assert len(set(pairs[:, 1].tolist())) == len(pairs)
    assert len(exploration.nearest_pairs(exploration.features(images), labels, 0, 7, 5)) == 0


def test_a_wrong_label_is_the_first_suspicion(recognizer):
    written = "ABCDEFGHKLMNPQRTXYZ"
    labels = np.array([recognizer.alphabet.index(label) for label in written])
    labels[4] = recognizer.alphabet.index("X")
    found = exploration.suspicious_labels(
        recognizer.classify(glyphs(written)), labels, recognizer.alphabet.shape_groups
    )
    assert found.positions[0] == 4
    assert recognizer.alphabet[found.suggested[0]] in "Ee"
    assert found.suggested_probability[0] > found.given_probability[0]


def test_look_alikes_are_no_suspicion():
    alphabet = Alphabet.from_text("0Oo")
    found = exploration.suspicious_labels(np.array([[0.1, 0.8, 0.1]]), np.array([0]), alphabet.shape_groups)
    assert len(found.positions) == 0


def test_duplicates_equal_and_near():
    images = glyphs("ABCDEF")
    images = np.concatenate([images, images[[1]], images[[1]], images[[4]]])
    groups = exploration.exact_duplicates(images)
    assert [group.tolist() for group in groups] == [[1, 6, 7], [4, 8]]
    images[8, 0, 0] = 9
    assert [group.tolist() for group in exploration.exact_duplicates(images)] == [[1, 6, 7]]
    pairs, cosines = exploration.near_duplicates(exploration.features(images), 0.995)
    assert {tuple(pair) for pair in pairs.tolist()} == {(1, 6), (1, 7), (6, 7), (4, 8)}
    assert (cosines >= 0.995).all()


def test_the_neighbour_map_keeps_groups_apart_and_reports_progress():
    rng = np.random.default_rng(0)
    groups = np.repeat([0, 1], 60)
    points = rng.normal(0, 1, (120, 10)).astype(np.float32) + 30 * groups[:, None]
    shares = []
    coordinates = exploration.neighbour_map(points, 1, shares.append)
    assert coordinates.shape == (120, 2)
    centres = np.array([coordinates[groups == group].mean(axis=0) for group in (0, 1)])
    spread = max(coordinates[groups == group].std() for group in (0, 1))
    assert np.linalg.norm(centres[0] - centres[1]) > 2 * spread
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_of_thousands_that_are_all_alike_only_the_pairs_that_are_wanted_are_kept():
    vectors = np.tile(np.float32([[0.6, 0.8]]), (5000, 1))
    with limited():
        pairs, cosines = exploration.near_duplicates(vectors, 0.99)
    assert pairs.shape == (1000, 2)
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert cosines == pytest.approx(1, abs=1e-4)
