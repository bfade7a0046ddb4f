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
    return _classifier(image, x, classes, "compact")


def _az_cnn(side: int, classes: int) -> keras.Model:
    image = keras.Input((side, side, 1), name="glyph")
    x = layers.Rescaling(1 / 255)(image)
    for width, padding in ((32, "valid"), (64, "same"), (128, "valid")):
        x = layers.Conv2D(width, 3, padding=padding, activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(64, activation="relu")(x)
    x = layers.Dense(128, activation="relu")(x)
    return _classifier(image, x, classes, "az-cnn")


def _two_convolutions(name: str, widths: tuple[int, int], dense: int) -> Callable[[int, int], keras.Model]:
    def build(side: int, classes: int) -> keras.Model:
        image = keras.Input((side, side, 1), name="glyph")
        x = layers.Rescaling(1 / 255)(image)
        for width in widths:
            x = layers.Conv2D(width, 3, activation="relu")(x)
        # One of the two documents gives no rates; Keras's own MNIST example has these, as the other does.
        x = layers.Dropout(0.25)(layers.MaxPooling2D()(x))
        x = layers.Dropout(0.5)(layers.Dense(dense, activation="relu")(layers.Flatten()(x)))
        return _classifier(image, x, classes, name)

    return build


def _mlp(name: str, widths: tuple[int, ...], activation: str) -> Callable[[int, int], keras.Model]:
    def build(side: int, classes: int) -> keras.Model:
        image = keras.Input((side, side, 1), name="glyph")
        x = layers.Flatten()(layers.Rescaling(1 / 255)(image))
        for width in widths:
            x = layers.Dense(width, activation=activation)(x)
        return _classifier(image, x, classes, name)

    return build


def _classifier(image, features, classes: int, name: str) -> keras.Model:
    # float32 also under mixed precision: probabilities of 62 classes need the digits.
    probabilities = layers.Dense(classes, activation="softmax", dtype="float32")(features)
    return keras.Model(image, probabilities, name=name)


ARCHITECTURES = {
    entry.name: entry
    for entry in (
        Architecture(
            "compact",
            "six 3x3 convolutions of 32, 64 and 128 channels with batch normalization, one dense layer of 256",
            "ours, after VGG (Simonyan and Zisserman 2015, arXiv:1409.1556) with batch normalization",
            _compact,
        ),
        Architecture(
            "az-cnn",
            "three 3x3 convolutions of 32, 64 and 128 channels with pooling, dense layers of 64 and 128",
            "a tutorial on the A-Z Handwritten Alphabets (over 97 % after one epoch)",
            _az_cnn,
        ),
        Architecture(
            "mlp-sigmoid",
            "three hidden layers of 100, logistic",
            "a tutorial on NIST SD19's capitals (95.6 %)",
            _mlp("mlp-sigmoid", (100, 100, 100), "sigmoid"),
        ),
        Architecture(
            "mnist-cnn",
            "3x3 convolutions of 32 and 64 channels, pooling, a dense layer of 256, dropout",
            "a tutorial on MNIST (over 98 % in validation)",
            _two_convolutions("mnist-cnn", (32, 64), 256),
        ),
        Architecture(
            "mlp-256",
            "two hidden layers of 256, ReLU",
            "a tutorial on MNIST as CSV (96 %)",
            _mlp("mlp-256", (256, 256), "relu"),
        ),
        Architecture(
            "mnist-cnn-128",
            "two 3x3 convolutions of 32 channels, pooling, a dense layer of 128, dropout",
            "the same tutorial on MNIST as CSV (99 %)",
            _two_convolutions("mnist-cnn-128", (32, 32), 128),
        ),
    )
}
