"""Networks shared out among threads."""

import threading

import numpy as np
import pytest

from hcr_core.inference import BATCH, Network
from hcr_core.model_store import open_model


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(open_model("characters").read("model.tflite"))


def glyphs(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 28, 28, 1)).astype(np.uint8)


@pytest.mark.parametrize("count", [0, 1, 2, 15, 16, 17, BATCH, 2 * BATCH + 1])
def test_every_row_is_answered_as_if_it_were_alone(network, count):
    images = glyphs(count)
    (together, *_) = network.run({"glyph": images})
    assert len(together) == count
    for i in {0, count // 2, count - 1} if count else ():
        (alone, *_) = network.run({"glyph": images[i : i + 1]})
        assert np.abs(together[i] - alone[0]).max() < 1e-5


def test_threads_may_call_at_once(network):
    images, answers = glyphs(64), {}

    def ask(name: int) -> None:
        answers[name] = [network.run({"glyph": images[: 8 + name]})[0] for _ in range(5)]

    threads = [threading.Thread(target=ask, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (expected, *_) = network.run({"glyph": images})
    for name in range(8):
        for answer in answers[name]:
            assert np.abs(answer - expected[: 8 + name]).max() < 1e-5


def test_what_is_no_network_is_refused():
    with pytest.raises((ValueError, RuntimeError)):
        Network(b"not a network")
