import keras
import numpy as np
import pytest

from hcr_core.training.character_network import character_network
from hcr_core.training.mixed_run import Trainer
from hcr_core.training.mixture import NOTHING


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
    }
    assert model.count_params() == 738_782 + 257
    assert model.get_layer("embedding").output.shape == (None, 256)


def test_a_restored_run_goes_on_as_if_it_had_not_stopped(tmp_path):
    rng = np.random.default_rng(0)
    sources = rng.integers(0, 2, 32)
    batches = [(rng.integers(0, 256, (32, 28, 28), np.uint8), rng.integers(NOTHING, 5, 32), sources) for _ in range(6)]
    frequencies = np.array([[1, 1, 1, 1, 1], [0.2, 0.4, 0.8, 1.6, 2]], np.float32)
    whole, halves = [], []
    for losses, stop in ((whole, 6), (halves, 3)):
        trainer = Trainer(frequencies)
        losses += [trainer.learn(batch, steps=6) for batch in batches[:stop]]
    trainer.save(tmp_path / "state.npz")
    restored = Trainer(frequencies)
    restored.restore(tmp_path / "state.npz")
    assert restored.step == 3
    halves += [restored.learn(batch, steps=6) for batch in batches[3:]]
    assert halves[:3] == pytest.approx(whole[:3], rel=0.01)
    # Dropout draws anew after a restart.
    assert halves[3:] == pytest.approx(whole[3:], rel=0.5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.npz"]
