"""The network behind ``models/characters``: which character a glyph is, and whether it is one at all.

A small branch of its own tells scans of forms, whose classes have the frequencies of the forms, from
what is drawn, where any character may come; by its answer the classes' logits are moved.
"""

import keras
import numpy as np
from keras import layers

#: Where its layers come from.
SOURCE = (
    "ours, after all-convolutional networks (Springenberg et al. 2015, arXiv:1412.6806) and residual ones (He et al. "
    "2016, arXiv:1512.03385)"
)

#: Name of the layer by which it decides.
EMBEDDING = "embedding"


def described(width: int = 32) -> dict[str, str]:
    """What the network's card says of it."""
    title = (
        f"six convolutions of {width} to {4 * width} channels with batch normalization and strides, one dense layer of "
        f"{8 * width}"
    )
    return {"name": "strided", "title": title, "source": SOURCE}


def character_network(side: int, classes: int, width: int = 32) -> keras.Model:
    """An uncompiled model from glyphs, float (n, side, side, 1) of 0-255, to three outputs.

    ``label``: probabilities, float32 (n, classes). ``character``: float32 (n, 1), how likely the
    glyph is a character. ``drawn``: float32 (n, 1), how likely it is drawn and no scan. ``width``:
    channels of the first convolution; the others go by it.
    """
    image = keras.Input((side, side, 1), name="glyph")
    ink = x = layers.Rescaling(1 / 255)(image)
    # Halved by strides and early: at 28 x 28 pixels a layer costs four times what it does at 14 x 14.
    x = _convolved(x, width, 5, 2)
    x = _convolved(_convolved(x, 2 * width), 2 * width)
    x = _convolved(x, 4 * width, 3, 2)
    y = layers.Conv2D(4 * width, 3, padding="same", use_bias=False)(_convolved(x, 4 * width))
    x = layers.MaxPooling2D()(layers.ReLU()(layers.Add()([x, layers.BatchNormalization()(y)])))
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    x = layers.BatchNormalization()(layers.Dense(8 * width, use_bias=False)(x))
    embedding = layers.ReLU(name=EMBEDDING)(x)
    drawn = _drawn(ink)
    # float32 also under mixed precision: probabilities of 62 classes need the digits.
    logits = layers.Dense(classes, dtype="float32", name="logits")(layers.Dropout(0.3)(embedding))
    change = layers.Dense(classes, use_bias=False, kernel_initializer="zeros", dtype="float32", name="frequencies")
    moved = layers.Multiply(dtype="float32")([layers.Add(dtype="float32")([logits, change(drawn)]), _sharpness(drawn)])
    outputs = {
        "label": layers.Softmax(dtype="float32", name="probabilities")(moved),
        "character": layers.Dense(1, activation="sigmoid", dtype="float32", name="character")(embedding),
        "drawn": drawn,
    }
    return keras.Model(image, outputs, name="strided")


def _sharpness(drawn):
    """What logits are multiplied by: 1, until ``calibrate`` sets it by the look of the glyph."""
    options = {"kernel_initializer": "zeros", "bias_initializer": "ones", "trainable": False, "dtype": "float32"}
    return layers.Dense(1, name="sharpness", **options)(drawn)


def calibrate(model: keras.Model, scans: float, drawn: float) -> None:
    """Divide the logits of scans and of what is drawn by a temperature each (Guo et al. 2017, arXiv:1706.04599)."""
    model.get_layer("sharpness").set_weights([np.array([[1 / drawn - 1 / scans]]), np.array([1 / scans])])


def disfavour(model: keras.Model, frequencies: np.ndarray, power: float) -> None:
    """Divide the probabilities of what is drawn by class frequencies, float (classes,), to a power."""
    layer = model.get_layer("frequencies")
    layer.set_weights([layer.get_weights()[0] - power * np.log(frequencies)])


def _drawn(ink):
    # At full size: what tells them apart is how edges are blurred.
    x = _convolved(_convolved(_convolved(ink, 16), 16, 3, 2), 32, 3, 2)
    x = layers.Dense(32, activation="relu")(layers.Flatten()(x))
    return layers.Dense(1, activation="sigmoid", dtype="float32", name="drawn")(x)


def _convolved(x, width: int, side: int = 3, stride: int = 1):
    x = layers.Conv2D(width, side, strides=stride, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))
