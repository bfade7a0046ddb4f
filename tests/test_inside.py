"""Looking into networks of several forms: feature maps, embeddings, nearest examples; and adapting one."""

import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT

from hcr_core.alphabet import DIGITS, Alphabet
from hcr_core.datasets import DatasetError, load
from hcr_core.explanation import map_sheet
from hcr_core.inference import Network
from hcr_core.model_store import LITERT, add_file, open_folder, save_model
from hcr_core.nearest import INDEX, Index, build
from hcr_core.network_graph import NetworkGraph

#: Run by a process that may load TensorFlow: small networks, and what Keras says is inside them.
NETWORKS = """
import sys, numpy as np, keras, tensorflow as tf
from keras import layers
from hcr_core.training.result import exports
folder = sys.argv[1]
glyphs = np.load(folder + "/glyphs.npy")[..., None].astype("float32")
keras.utils.set_random_seed(1)

def convolved(image):
    x = layers.Conv2D(6, 3, activation="relu", name="first")(layers.Rescaling(1 / 255)(image))
    return layers.Conv2D(8, 3, strides=2, activation="relu", name="second")(layers.MaxPooling2D()(x))

def plain(image):
    x = layers.Flatten()(convolved(image))
    x = layers.Dense(16, activation="relu", name="embedding")(x)
    return layers.Dense(10, activation="softmax")(layers.Dropout(0.3)(x))

def two(image):
    x = layers.Dropout(0.3)(layers.Flatten(name="flat")(convolved(image)))
    x = layers.BatchNormalization()(layers.Dense(16, use_bias=False)(x))
    x = layers.ReLU(name="embedding")(x)
    label = layers.Dense(10, activation="softmax", name="label")(x)
    return [label, layers.Dense(1, activation="sigmoid", name="character")(x)]

def branched(image):
    x = layers.Dense(16, activation="relu", name="embedding")(layers.Flatten()(convolved(image)))
    y = layers.Conv2D(4, 5, strides=2, activation="relu")(layers.Rescaling(1 / 255)(image))
    drawn = layers.Dense(1, activation="sigmoid")(layers.Flatten()(y))
    logits = layers.Add()([layers.Dense(10)(x), layers.Dense(10, use_bias=False)(drawn)])
    return layers.Softmax()(layers.Multiply()([logits, layers.Dense(1)(drawn)]))

def dense(image):
    x = layers.Dense(12, activation="sigmoid", name="embedding")(layers.Flatten()(layers.Rescaling(1 / 255)(image)))
    return layers.Dense(10, activation="softmax")(x)

def convolutional(image):
    x = layers.Conv2D(10, 3, name="embedding")(convolved(image))
    return layers.Softmax()(layers.GlobalAveragePooling2D()(x))

arrays = {}
for make in (plain, two, branched, dense, convolutional):
    image = keras.Input((28, 28, 1), name="glyph")
    model = keras.Model(image, make(image), name=make.__name__)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.moving_mean.assign(np.linspace(-1, 1, 16))
    open(f"{folder}/{make.__name__}.tflite", "wb").write(exports(model)["model.tflite"])
    inner = keras.Model(image, model.get_layer("embedding").output)
    arrays[make.__name__] = inner.predict(glyphs, verbose=0)
    if make is plain:
        for name in ("first", "second"):
            arrays[name] = keras.Model(image, model.get_layer(name).output).predict(glyphs[:1], verbose=0)[0]
    if make is two:
        adapted = model
    if make is branched:
        model.save(folder + "/branched.keras")
np.savez(folder + "/inner.npz", **arrays)

from hcr_core.training.adaptation import AdaptingTrainer
from hcr_core.training.adaptation_data import RECIPE
from hcr_core.training.config import TrainingConfig
images = np.load(folder + "/glyphs.npy")
before = [np.asarray(part) for part in adapted(images[..., None].astype("float32"))]
new = np.full(len(images), -1, np.int32)
new[:4] = (before[0][:4].argmax(1) + 1) % 10
config = TrainingConfig("x", ("mine",), "two", RECIPE, base="y")
results = {}
for way in (1.0, 0.5):
    trainer = AdaptingTrainer(config, adapted, 10, 300, way)
    first = trainer.step(images[..., None], new, len(images)).numpy()
    for _ in range(299):
        last = trainer.step(images[..., None], new, len(images)).numpy()
    trainer.refresh()
    after = [np.asarray(part) for part in trainer.shown(images[..., None].astype("float32"))]
    kept, moved = trainer.shown.get_weights(), adapted.get_weights()
    results[str(way)] = {
        "learned": (after[0][range(4), new[:4]] / before[0][range(4), new[:4]]).tolist(),
        "kept": float(np.abs(after[0][4:] - before[0][4:]).max()),
        "other": float(np.abs(after[1] - before[1]).max()),
        "convolutions": float(max(np.abs(kept[i] - moved[i]).max() for i in range(4))),
        "rest": float(max(np.abs(a - b).max() for a, b in zip(kept[4:], moved[4:]))),
        "remembered": float(np.abs(trainer.remembered(images) - before[0]).max()),
        "classified": float(np.abs(trainer.classify(images) - after[0]).max()),
        "losses": [float(first[0]), float(last[0])],
    }
branched = keras.saving.load_model(folder + "/branched.keras", compile=False)
trainer = AdaptingTrainer(config, branched, 10, 5)
trainer.step(images[..., None], new, len(images))
trainer.refresh()
moved = [float(np.abs(a - b).max()) for a, b in zip(trainer.shown.get_weights(), branched.get_weights())]
shapes = [weight.shape for weight in branched.weights]
results["branched"] = [m for m, shape in zip(moved, shapes) if len(shape) == 4]
import json
open(folder + "/adapted.json", "w").write(json.dumps(results))
"""


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """A folder with the networks, and what Keras says of them."""
    folder = tmp_path_factory.mktemp("networks")
    np.save(folder / "glyphs.npy", load("digits", "test").images[:40])
    done = subprocess.run(
        [sys.executable, "-c", NETWORKS, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.mark.parametrize("name", ["plain", "two", "branched", "dense"])
def test_the_embedding_is_what_the_label_is_decided_by(networks, name):
    graph = NetworkGraph((networks / f"{name}.tflite").read_bytes(), 10)
    found = graph.embed(np.load(networks / "glyphs.npy"))
    assert found == pytest.approx(np.load(networks / "inner.npz")[name], abs=1e-4)
    assert graph.embed(np.zeros((0, 28, 28), np.uint8)).shape == (0, found.shape[1])


def test_feature_maps_are_those_of_the_convolutions(networks):
    graph = NetworkGraph((networks / "plain.tflite").read_bytes(), 10)
    inner = np.load(networks / "inner.npz")
    layers = graph.layers(np.load(networks / "glyphs.npy")[0])
    assert [(layer.title, layer.maps.shape) for layer in layers] == [
        ("convolution 1", (26, 26, 6)),
        ("convolution 2", (6, 6, 8)),
    ]
    assert layers[0].maps == pytest.approx(inner["first"], abs=1e-4)
    assert layers[1].maps == pytest.approx(inner["second"], abs=1e-4)


def test_what_has_a_say_after_the_embedding_is_a_side_branch(networks):
    graph = NetworkGraph((networks / "branched.tflite").read_bytes(), 10)
    layers = graph.layers(np.load(networks / "glyphs.npy")[0])
    assert {layer.title: layer.maps.shape[-1] for layer in layers} == {
        "convolution 1": 6,
        "convolution 2": 8,
        "side branch 1": 4,
    }


def test_a_network_without_convolutions_has_no_feature_maps(networks):
    graph = NetworkGraph((networks / "dense.tflite").read_bytes(), 10)
    assert graph.layers(np.zeros((28, 28), np.uint8)) == []


@pytest.mark.parametrize(("name", "classes"), [("convolutional", 10), ("plain", 11)])
def test_a_network_without_an_embedding_is_refused(networks, name, classes):
    with pytest.raises(ValueError, match="no fully connected layer"):
        NetworkGraph((networks / f"{name}.tflite").read_bytes(), classes)


def test_a_sheet_of_maps_has_the_strongest_first():
    maps = np.zeros((4, 4, 3), np.float32)
    maps[:, :, 1], maps[0, 0, 2], maps[:, :, 0] = 0.5, 1.0, -3.0
    sheet = map_sheet(maps, columns=2, most=3, tile=16)
    assert sheet.shape == (40, 40, 3)
    brightness = sheet.astype(int).sum(axis=2)
    assert brightness[2, 2] > brightness[2, 22] > brightness[22, 2]  # the strongest, the flat one, the silent one
    assert brightness[22, 22] == 3 * 255  # paper


@pytest.fixture
def model(networks, tmp_path):
    """A small network in a store, with its index of the bundled digits."""
    content = (networks / "plain.tflite").read_bytes()
    card = {"classes": list(DIGITS), "preprocessing": 1, "data": [{"name": "digits"}]}
    stored = open_folder(save_model(tmp_path, "small", card, {LITERT: content, "model.keras": b""}))
    index = build(content, stored.card["files"][LITERT], stored.alphabet, ["digits"])
    return add_file(stored, INDEX, index)


def test_a_sample_of_the_index_is_its_own_nearest(networks, model):
    index = Index.of(model)
    digits = load("digits", "train")
    assert len(index) == 1438
    graph = NetworkGraph(model.read(LITERT), 10)
    for i in (3, 200, 999):
        embedding = graph.embed(digits.images[i][None])[0]
        first, second = index.nearest(embedding, 2)
        # Quantised to 8 bits.
        assert (first.position, first.label, first.data) == (i, digits.alphabet[int(digits.labels[i])], "digits")
        assert first.similarity == pytest.approx(1, abs=0.01)
        assert second.similarity <= first.similarity
        assert np.array_equal(index.image(first), digits.images[i])


def test_every_class_has_a_centre(networks, model):
    embeddings = NetworkGraph(model.read(LITERT), 10).embed(load("digits", "train").images[:1])
    centres = Index.of(model).centres(embeddings[0])
    assert set(centres) == set(DIGITS)
    assert list(centres.values()) == sorted(centres.values(), reverse=True)
    assert all(-1 <= share <= 1.001 for share in centres.values())


def test_an_index_holds_no_image(model):
    arrays = np.load(model.folder / INDEX)
    assert arrays["vectors"].shape[1] == 16
    assert arrays["vectors"].dtype == np.int8


def test_an_index_of_another_network_is_not_used(model):
    card = {key: value for key, value in model.card.items() if key != "files"}
    files = {name: model.read(name) for name in model.card["files"]} | {LITERT: b"another"}
    other = open_folder(save_model(model.folder.parent, "other", card, files))
    assert Index.of(other) is None
    plain = open_folder(save_model(model.folder.parent, "plain", card, {LITERT: b"1"}))
    assert Index.of(plain) is None


def test_images_of_data_that_is_gone_or_changed_are_not_shown(model, monkeypatch):
    index = Index.of(model)
    (neighbour,) = index.nearest(np.ones(16, np.float32), 1)
    monkeypatch.setattr("hcr_core.nearest.fingerprint", lambda part: "another")
    assert index.image(neighbour) is None
    monkeypatch.setattr("hcr_core.nearest.available", list)
    assert index.image(neighbour) is None


def test_without_the_data_there_can_be_no_index(networks):
    with pytest.raises(DatasetError, match="not on this machine"):
        build((networks / "plain.tflite").read_bytes(), "0", Alphabet.from_text(DIGITS), ["gone"])


def test_the_shipped_models_index_is_small_and_its_own(recognizer):
    from hcr_core.model_store import open_model

    shipped = open_model("characters")
    index = Index.of(shipped)
    assert index is not None, "run python -m hcr_core models index characters"
    assert (shipped.folder / INDEX).stat().st_size < 1e6
    assert 2000 < len(index) <= 3000
    checksum = hashlib.sha256((shipped.folder / LITERT).read_bytes()).hexdigest()
    assert str(np.load(shipped.folder / INDEX)["network"]) == checksum


@pytest.fixture(scope="module")
def adapted(networks) -> dict:
    return json.loads((networks / "adapted.json").read_text())


def test_an_adapted_network_learns_the_new_and_keeps_the_rest(adapted):
    whole = adapted["1.0"]
    # Of random weights, which give all digits much the same answers.
    assert min(whole["learned"]) > 1.5
    assert whole["losses"][1] < whole["losses"][0]
    assert whole["kept"] < 0.2
    assert whole["other"] < 0.1
    assert whole["rest"] > 0


JUDGING = """
import sys, numpy as np
from hcr_core.model_store import KERAS, LITERT, QUICK, open_model
from hcr_core.training.result import exports, judging_network_of, network_of
folder = sys.argv[1]
shipped = open_model("characters")
judging = judging_network_of(shipped)
glyphs = np.load(folder + "/glyphs.npy")[..., None].astype("float32")
label, character = (np.asarray(part) for part in judging(glyphs, training=False))
files = exports(judging)
open(folder + "/judging.tflite", "wb").write(files[LITERT])
open(folder + "/quick.tflite", "wb").write(files[QUICK])
open(folder + "/judging.keras", "wb").write(files[KERAS])
import keras
alone = keras.saving.load_model(folder + "/judging.keras", compile=False)
assert len(alone.outputs) == len(network_of(shipped).outputs) == 1
np.savez(folder + "/judged.npz", label=label, character=character, alone=np.asarray(alone(glyphs, training=False)))
"""


def test_a_copy_of_the_shipped_model_refuses_as_it_does(networks, recognizer):
    done = subprocess.run(
        [sys.executable, "-c", JUDGING, str(networks)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    judged, glyphs = np.load(networks / "judged.npz"), np.load(networks / "glyphs.npy")
    probabilities, written = recognizer.judge(glyphs)
    assert np.ptp(written) > 0.001
    assert judged["character"][:, 0] == pytest.approx(written, abs=1e-4)
    assert judged["label"] == pytest.approx(probabilities, abs=1e-4)
    assert judged["alone"] == pytest.approx(probabilities, abs=1e-4)
    # Probabilities come first, as in every model of the store.
    # Digits of 8 x 8 pixels are hard for weights of 8 bits.
    for name, near in (("judging", 1e-4), ("quick", 0.15)):
        label, character = Network((networks / f"{name}.tflite").read_bytes()).run({"glyph": glyphs[..., None]})
        assert label == pytest.approx(probabilities, abs=near)
        assert character[:, 0] == pytest.approx(written, abs=near)
    assert (networks / "quick.tflite").stat().st_size < (networks / "judging.tflite").stat().st_size / 3


@pytest.mark.parametrize("name", ["plain", "branched", "dense"])
def test_a_network_without_a_refusing_output_has_none(networks, name):
    assert NetworkGraph((networks / f"{name}.tflite").read_bytes(), 10).refusal() is None


def test_strokes_are_seen_as_before(adapted):
    assert adapted["1.0"]["convolutions"] == 0


def test_a_network_with_branches_is_adapted_after_all_its_convolutions(adapted):
    assert adapted["branched"] == [0, 0, 0]


def test_half_the_way_is_half_of_the_change(adapted):
    assert adapted["0.5"]["rest"] == pytest.approx(adapted["1.0"]["rest"] / 2, rel=0.02)


def test_what_it_was_is_remembered(adapted):
    for figures in (adapted["1.0"], adapted["0.5"]):
        assert figures["remembered"] < 1e-5
        assert figures["classified"] < 1e-5
