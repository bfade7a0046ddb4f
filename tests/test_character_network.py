import keras
import numpy as np
import pytest

from hcr_core.calibration import tempered
from hcr_core.datasets import ENTRIES, load
from hcr_core.training.character_network import calibrate, character_network, disfavour
from hcr_core.training.mixed_run import TAUGHT, Trainer
from hcr_core.training.mixture import NOTHING
from hcr_core.training.teachers import Teachers, frequency_changes
from hcr_core.training.tuning import answered, tune


@pytest.fixture(autouse=True)
def _precision():
    """Other tests find Keras as it was."""
    yield
    keras.mixed_precision.set_global_policy("float32")


def test_it_names_the_class_and_says_whether_it_is_one():
    model = character_network(28, 62)
    assert {name: output.shape for name, output in model.output.items()} == {
        "label": (None, 62),
        "character": (None, 1),
        "drawn": (None, 1),
    }
    assert model.get_layer("embedding").output.shape == (None, 256)


def test_scans_and_drawings_are_calibrated_by_a_temperature_each():
    model, rng = character_network(28, 5, 4), np.random.default_rng(0)
    glyphs = rng.integers(0, 256, (8, 28, 28, 1)).astype(np.float32)
    before = model.predict(glyphs, verbose=0)["label"]
    for certain, temperature in ((-50, 2.0), (50, 0.5)):  # scans, drawings
        kernel, bias = model.get_layer("drawn").get_weights()
        model.get_layer("drawn").set_weights([0 * kernel, 0 * bias + certain])
        calibrate(model, scans=2.0, drawn=0.5)
        after = model.predict(glyphs, verbose=0)["label"]
        np.testing.assert_allclose(after, tempered(before, temperature), atol=1e-4)


def test_frequencies_are_taken_out_of_what_is_drawn_alone():
    model, glyphs = character_network(28, 5, 4), np.random.default_rng(0).integers(0, 256, (8, 28, 28), np.uint8)
    frequencies, (kernel, bias) = np.array([1, 2, 4, 8, 16]), model.get_layer("drawn").get_weights()
    before = answered(model, glyphs)["label"]
    disfavour(model, frequencies, 0.5)
    for certain, wanted in ((-50, before), (50, before / np.sqrt(frequencies))):  # scans, drawings
        model.get_layer("drawn").set_weights([0 * kernel, 0 * bias + certain])
        wanted = wanted / wanted.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(answered(model, glyphs)["label"], wanted, atol=1e-4)


def test_what_is_tuned_is_what_the_card_says():
    keras.utils.set_random_seed(1)  # how many of so few are below depends on the first weights
    model, rng = character_network(28, 5, 4), np.random.default_rng(0)
    held = {name: (rng.integers(0, 256, (n, 28, 28), np.uint8), np.arange(n) % 5) for name, n in (("a", 40), ("b", 60))}
    card, answers = tune(model, held, np.array([9, 7, 5, 3, 1]), refused=0.1)
    assert set(card["calibration"]["divided_by"]) == set(held)
    for (glyphs, _), answer in zip(held.values(), answers, strict=True):
        np.testing.assert_allclose(answered(model, glyphs)["label"], answer, atol=1e-6)
    # As many of each set: 40 and 40.
    written = np.concatenate([answered(model, glyphs[:40])["character"][:, 0] for glyphs, _ in held.values()])
    assert np.count_nonzero(written < card["refusal"]["threshold"] - 1e-4) == pytest.approx(8, abs=1)


def test_a_restored_run_goes_on_as_if_it_had_not_stopped(tmp_path):
    rng = np.random.default_rng(0)
    sources = rng.integers(0, 2, 32)
    batches = [(rng.integers(0, 256, (32, 28, 28), np.uint8), rng.integers(NOTHING, 5, 32), sources) for _ in range(6)]
    frequencies = np.array([[1, 1, 1, 1, 1], [0.2, 0.4, 0.8, 1.6, 2]], np.float32)
    whole, halves = [], []
    for losses, stop in ((whole, 6), (halves, 3)):
        trainer = Trainer(frequencies, [False, True], width=4)
        losses += [trainer.learn(batch, steps=6) for batch in batches[:stop]]
    trainer.save(tmp_path / "state.npz")
    restored = Trainer(frequencies, [False, True], width=4)
    restored.restore(tmp_path / "state.npz")
    assert restored.step == 3
    halves += [restored.learn(batch, steps=6) for batch in batches[3:]]
    assert halves[:3] == pytest.approx(whole[:3], rel=0.01)
    # Dropout draws anew after a restart.
    assert halves[3:] == pytest.approx(whole[3:], rel=0.5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.npz"]


@pytest.mark.parametrize("share", [TAUGHT, 0.0])
def test_a_teacher_is_followed_where_it_differs_from_the_labels(share):
    """With a teacher that always says class 3, labels of class 1 are unlearnt, unless it is not asked."""
    rng, always = np.random.default_rng(0), np.eye(5, dtype=np.float32)[[3] * 64]
    batch = (rng.integers(0, 256, (64, 28, 28), np.uint8), np.ones(64, int), np.zeros(64, int))
    teacher = {"teacher": lambda glyphs, sources: always, "taught": [share > 0]}
    trainer = Trainer(np.ones((1, 5)), [True], width=4, peak=0.02, **teacher)
    for _ in range(120):
        trainer.learn(batch, 400)
    # As in training: the means of batch normalization have not yet followed.
    answer = trainer.model(batch[0][..., None].astype(np.float32), training=True)["label"].numpy().mean(axis=0)
    # Cross-entropy with 0.7 of one and 0.3 of the other is least at just these shares.
    assert answer[3] == pytest.approx(share, abs=0.15)
    assert answer[1] == pytest.approx(1 - share, abs=0.15)


def test_frequencies_learnt_are_taken_out_where_classes_shall_be_even():
    card = {"classes": list(ENTRIES["digits"].alphabet), "training": {"data": ["digits"], "balance": 0.5}}
    counts = np.bincount(load("digits", "train").labels)
    scans, pens = frequency_changes(card, (False, True))
    # Learnt was the square root of the frequencies.
    np.testing.assert_allclose(scans / scans[0], np.sqrt(counts / counts[0]), rtol=1e-6)
    np.testing.assert_allclose(pens / pens[0], 1 / np.sqrt(counts / counts[0]), rtol=1e-6)
    assert (frequency_changes({"classes": list("ab"), "training": {"shares": {}}}, (False, True)) == 1).all()


def test_teachers_answer_with_their_mean():
    image = keras.Input((28, 28, 1))
    flat = keras.layers.Flatten()(image)
    models = [
        keras.Model(image, keras.layers.Dense(2, "softmax", kernel_initializer="zeros", bias_initializer=bias)(flat))
        for bias in (keras.initializers.Constant([np.log(9.0), 0]), "zeros")
    ]
    teachers = Teachers(models, [np.array([[1, 1], [1, 9]]), np.ones((2, 2))])
    answer = teachers(np.zeros((2, 28, 28), np.uint8), np.array([0, 1])).numpy()
    np.testing.assert_allclose(answer, [[0.7, 0.3], [0.5, 0.5]], atol=1e-4)
