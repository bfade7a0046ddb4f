"""From trained weights to a model with its card."""

import contextlib
import hashlib
import tempfile
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from hcr_core.alphabet import Alphabet
from hcr_core.datasets import ENTRIES, DatasetError, load
from hcr_core.evaluation import accuracy_figures, evaluate
from hcr_core.model_store import KERAS, LITERT, QUICK, StoredModel
from hcr_core.nearest import INDEX, build
from hcr_core.network_graph import NetworkGraph
from hcr_core.preprocessing import VERSION
from hcr_core.training.architectures import ARCHITECTURES
from hcr_core.training.augmentation import STRENGTHS
from hcr_core.training.character_network import EMBEDDING
from hcr_core.training.checkpoint import Position
from hcr_core.training.config import TrainingConfig
from hcr_core.training.data import TrainingData, of_classes

#: Images of each data set that a model was not trained on: the first look at it shall not keep its owner waiting.
_OTHERS = 2000


def card(config: TrainingConfig, data: TrainingData, position: Position, model: keras.Model, classify) -> dict:
    """A model's card, but for its files' checksums.

    Args:
        config: What was asked for.
        data: What it was trained on.
        position: How the run went.
        model: The network with the weights that are kept.
        classify: Its probabilities for glyphs, uint8 (n, 28, 28).
    """
    titles = {name: ENTRIES[name].title if name in ENTRIES else "a data set of the user's own" for name in config.data}
    architecture = ARCHITECTURES.get(config.architecture)
    settings = STRENGTHS[config.recipe.augment]
    return {
        "name": config.name,
        "classes": list(data.alphabet),
        "preprocessing": VERSION,
        "architecture": {
            "name": config.architecture,
            "title": architecture.title if architecture else "",
            "source": architecture.source if architecture else "",
            "parameters": model.count_params(),
        },
        "data": [
            {"name": dataset.name, "title": titles[dataset.name], "licence": dataset.licence}
            for dataset, _ in data.parts
        ],
        # Not where it was saved to: a card goes with every copy of the model.
        "training": {key: value for key, value in asdict(config).items() if key != "store"}
        | {
            "augmentation": asdict(settings) if settings else None,
            "samples": data.samples,
            "best_epoch": position.best,
            "chosen_by": chosen_by(config, position.best),
            "minutes": round(position.total / 60, 1),
            "versions": {"keras": keras.__version__, "tensorflow": tf.__version__},
        },
        "history": position.history,
        "validation": accuracy_figures(classify(data.glyphs), data.labels, data.alphabet),
        "held_out": held_out_figures(classify, data.alphabet, config.data),
    }


def chosen_by(config: TrainingConfig, best: int) -> str:
    """What chose the epoch whose weights are kept, number ``best`` (0: none was complete), in words."""
    if not best:
        return "nothing: no epoch was complete"
    if config.base:
        return "nothing: it is the last"
    return "accuracy on validation samples split off the training part"


def held_out_figures(classify, alphabet: Alphabet, trained_on: tuple[str, ...]) -> dict[str, dict]:
    """Accuracy, by data set, on the test parts of what was trained on and of all handwriting with its classes here."""
    others = [entry.name for entry in ENTRIES.values() if not entry.synthetic and set(alphabet) <= set(entry.alphabet)]
    figures = {}
    for name in dict.fromkeys([*trained_on, *others]):
        with contextlib.suppress(DatasetError):  # not on this machine, or without a test part
            dataset, positions = of_classes(load(name, "test"), alphabet)
            if name not in trained_on:
                positions = np.sort(np.random.default_rng(0).permutation(positions)[:_OTHERS])
            figures[name] = evaluate(classify, dataset, positions)
    return figures


def index(content: bytes, card: dict) -> dict[str, bytes]:
    """The file of a network's nearest examples (see ``nearest``); none where it cannot be made."""
    names = [entry["name"] for entry in card["data"]]
    try:
        made = build(content, hashlib.sha256(content).hexdigest(), Alphabet(tuple(card["classes"])), names)
    except (DatasetError, ValueError):  # data that went away meanwhile, or a network without an embedding
        return {}
    return {INDEX: made}


def network_of(model: StoredModel) -> keras.Model:
    """A stored model's network, its checksum verified; raises ``ModelError``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / KERAS
        path.write_bytes(model.read(KERAS))
        return keras.saving.load_model(path, safe_mode=True, compile=False)


def judging_network_of(model: StoredModel) -> keras.Model:
    """``network_of``, which gives probabilities alone, with the output that refuses what is no character beside them.

    That output is in the file for predicting only: its layer is taken from there. Of a model that has none, or is not
    built as ``character_network``, it is ``network_of``.
    """
    network = network_of(model)
    embeddings = [layer.output for layer in network.layers if layer.name == EMBEDDING]
    if len(network.outputs) > 1 or not embeddings:
        return network
    try:
        refusal = NetworkGraph(model.read(LITERT), len(model.alphabet)).refusal()
    except ValueError:  # a form that cannot be looked into
        return network
    if refusal is None or embeddings[0].shape[1:] != refusal[0].shape:
        return network
    weights, bias = refusal
    layer = keras.layers.Dense(1, activation="sigmoid", dtype="float32", name="character")
    joined = keras.Model(network.inputs, [network.outputs[0], layer(embeddings[0])], name=network.name)
    layer.set_weights([weights[:, None], np.array([bias])])
    return joined


def exports(model: keras.Model) -> dict[str, bytes]:
    """The files of a stored model: Keras for training on, LiteRT for predicting.

    Keras's gives probabilities alone, for other programs; LiteRT's all outputs, probabilities first. A model that
    tells what is no character is made for pages, and also gets the form that reads them.
    """
    if len(model.outputs) == 1:
        return {KERAS: keras_file(model), LITERT: litert_file(model)}
    alone = keras.Model(model.inputs, model.outputs[0], name=model.name)
    # The converter turns their order round.
    both = keras.Model(model.inputs, model.outputs[::-1])
    return {KERAS: keras_file(alone), LITERT: litert_file(both), QUICK: litert_file(both, int8=True)}


def keras_file(model: keras.Model) -> bytes:
    """The network as Keras reads it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / KERAS
        model.save(path)
        return path.read_bytes()


def litert_file(model: keras.Model, *, int8: bool = False) -> bytes:
    """The network as LiteRT reads it; ``int8``: with weights of 8 bits, and activations rounded to as many for each
    glyph by itself (dynamic range quantization)."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT] if int8 else []
    return converter.convert()
