"""From an architecture's description to a Keras model."""

import keras
from keras import layers

from hcr_core.training.architectures import ARCHITECTURES, Conv, Dense, Dropout, Layer, Pool

#: Of the running means of batch normalization. Keras's 0.99 needs several hundred steps, more than a
#: short run has: after 280 steps a network was validated at 34 % that had 97 % right in training.
_MOMENTUM = 0.9


def build(architecture: str, side: int, classes: int) -> keras.Model:
    """An uncompiled model: float (n, side, side, 1) of 0-255 to probabilities, float32 (n, classes)."""
    entry = ARCHITECTURES[architecture]
    image = keras.Input((side, side, 1), name="glyph")
    x = layers.Rescaling(1 / 255)(image)
    last_dense = max(i for i, layer in enumerate(entry.layers) if isinstance(layer, Dense))
    for i, layer in enumerate(entry.layers):
        x = _applied(layer, x, "embedding" if i == last_dense else None)
    # float32 also under mixed precision: probabilities of many classes need the digits.
    probabilities = layers.Dense(classes, activation="softmax", dtype="float32", name="probabilities")(x)
    return keras.Model(image, probabilities, name=architecture)


def _applied(layer: Layer, x, name: str | None):
    match layer:
        case Conv(width, padding):
            return _normalized(layers.Conv2D, (width, 3), {"padding": padding}, "relu", layer.normalized, x, name)
        case Dense(width, activation):
            return _normalized(layers.Dense, (width,), {}, activation, layer.normalized, x, name)
        case Pool():
            return layers.MaxPooling2D()(x)
        case Dropout(rate):
            return layers.Dropout(rate)(x)
    return layers.Flatten()(x)


def _normalized(kind, sizes: tuple[int, ...], options: dict, activation: str, normalized: bool, x, name: str | None):
    """A layer with its activation, and batch normalization between them if asked for."""
    if not normalized:
        return kind(*sizes, activation=activation, name=name, **options)(x)
    x = layers.BatchNormalization(momentum=_MOMENTUM)(kind(*sizes, use_bias=False, **options)(x))
    return layers.Activation(activation, name=name)(x)
