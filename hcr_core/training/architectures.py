"""Networks that can be trained: an entry of data each, with a short builder beside it."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import layers


@dataclass(frozen=True)
class Architecture:
    """A network for square gray glyphs.

    Attributes:
        name: What it is called on the command line.
        title: What it is, in a sentence.
        source: Where its layers come from.
        build: Side of the glyphs in pixels and number of classes to an uncompiled model that
            takes float (n, side, side, 1) of 0-255 and gives probabilities (n, classes).
    """

    name: str
    title: str
    source: str
    build: Callable[[int, int], keras.Model]


def _compact(side: int, classes: int) -> keras.Model:
    image = keras.Input((side, side, 1), name="glyph")
    x = layers.Rescaling(1 / 255)(image)
    for width in (32, 64, 128):
        for _ in range(2):
            x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization()(x)
            x = layers.ReLU()(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.3)(x)
    x = layers.Dense(256, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(name="embedding")(x)
    x = layers.Dropout(0.3)(x)
    # float32 also under mixed precision: probabilities of 62 classes need the digits.
    return keras.Model(image, layers.Dense(classes, activation="softmax", dtype="float32")(x), name="compact")


ARCHITECTURES = {
    entry.name: entry
    for entry in (
        Architecture(
            "compact",
            "six 3x3 convolutions of 32, 64 and 128 channels with batch normalization, one dense layer of 256",
            "ours, after VGG (Simonyan and Zisserman 2015, arXiv:1409.1556) with batch normalization",
            _compact,
        ),
    )
}
