"""The network behind ``models/characters``: which character a glyph is, and whether it is one at all."""

import keras
from keras import layers

#: Where its layers come from.
SOURCE = (
    "ours, after all-convolutional networks (Springenberg et al. 2015, arXiv:1412.6806) and residual ones (He et al. "
    "2016, arXiv:1512.03385)"
)


def described(width: int = 32) -> dict[str, str]:
    """What the network's card says of it."""
    title = (
        f"six convolutions of {width} to {4 * width} channels with batch normalization and strides, one dense layer of "
        f"{8 * width}"
    )
    return {"name": "strided", "title": title, "source": SOURCE}


def character_network(side: int, classes: int, width: int = 32) -> keras.Model:
    """An uncompiled model from glyphs, float (n, side, side, 1) of 0-255, to two outputs.

    ``label``: probabilities, float32 (n, classes). ``character``: float32 (n, 1), how likely the
    glyph is a character. ``width``: channels of the first convolution; the others go by it.
    """
    image = keras.Input((side, side, 1), name="glyph")
    x = layers.Rescaling(1 / 255)(image)
    # Halved by strides and early: at 28 x 28 pixels a layer costs four times what it does at 14 x 14.
    x = _convolved(x, width, 5, 2)
    x = _convolved(_convolved(x, 2 * width), 2 * width)
    x = _convolved(x, 4 * width, 3, 2)
    y = layers.Conv2D(4 * width, 3, padding="same", use_bias=False)(_convolved(x, 4 * width))
    x = layers.MaxPooling2D()(layers.ReLU()(layers.Add()([x, layers.BatchNormalization()(y)])))
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    x = layers.BatchNormalization()(layers.Dense(8 * width, use_bias=False)(x))
    embedding = layers.ReLU(name="embedding")(x)
    # float32 also under mixed precision: probabilities of 62 classes need the digits.
    label = layers.Dense(classes, activation="softmax", dtype="float32", name="probabilities")
    outputs = {
        "label": label(layers.Dropout(0.3)(embedding)),
        "character": layers.Dense(1, activation="sigmoid", dtype="float32", name="character")(embedding),
    }
    return keras.Model(image, outputs, name="strided")


def _convolved(x, width: int, side: int = 3, stride: int = 1):
    x = layers.Conv2D(width, side, strides=stride, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))
