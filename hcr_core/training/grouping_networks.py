"""The networks behind ``hcr_core.grouping_model``, and what they learn of examples."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from hcr_core.group_features import CONTEXT_SIDE, GEOMETRY, SURENESS
from hcr_core.grouping_model import CLASSES
from hcr_core.preprocessing import GLYPH_SIZE
from hcr_core.training.grouping_data import Examples
from hcr_core.training.result import litert_file

#: Added to the variance of what networks are told: a model that cannot refuse gives the same number always.
_LEAST_VARIANCE = 1e-3
BATCH, PEAK, WEIGHT_DECAY = 256, 2e-3, 2e-3


def first_look_network(rows: np.ndarray) -> keras.Model:
    """Geometry, float (n, 13), to whether it may be a character; ``rows`` say how it is scaled."""
    scale = _scale(rows)
    place = keras.Input((GEOMETRY,))
    x = scale(place)
    for width in (32, 16):
        x = layers.Dense(width, activation="relu")(x)
    return keras.Model(place, layers.Dense(1, activation="sigmoid")(x))


def grouping_network(rows: np.ndarray) -> keras.Model:
    """A glyph and its neighbours, 0-255, and ``rows``, float (n, 17), to its class and whether it is whole."""
    glyph = keras.Input((GLYPH_SIZE, GLYPH_SIZE, 1), name="glyph")
    context = keras.Input((CONTEXT_SIDE, CONTEXT_SIDE, 2), name="context")
    known = keras.Input((GEOMETRY + SURENESS,), name="rows")
    scale = _scale(rows)
    x = layers.Rescaling(1 / 255)(glyph)
    for width, side, stride in ((32, 5, 2), (64, 3, 2), (96, 3, 1)):
        x = _convolved(x, width, side, stride)
    x = layers.Dropout(0.3)(layers.Flatten()(layers.MaxPooling2D()(x)))
    x = layers.Dropout(0.2)(layers.Dense(128, activation="relu")(x))
    around = layers.Rescaling(1 / 255)(context)
    for width, side in ((24, 5), (48, 3), (64, 3)):
        around = _convolved(around, width, side, 2)
    around = layers.Dense(64, activation="relu")(layers.Dropout(0.3)(layers.Flatten()(around)))
    y = layers.Concatenate()([x, around, scale(known)])
    y = layers.Dropout(0.2)(layers.Dense(64, activation="relu")(y))
    y = layers.Dense(32, activation="relu")(y)
    # float32 also under mixed precision: probabilities need the digits.
    classes = layers.Dense(len(CLASSES), activation="softmax", dtype="float32")(x)
    return keras.Model([glyph, context, known], [classes, layers.Dense(1, activation="sigmoid", dtype="float32")(y)])


def _scale(rows: np.ndarray) -> layers.Normalization:
    """Rows to mean 0 and deviation 1; what hardly varies in them is not blown up."""
    return layers.Normalization(mean=rows.mean(axis=0), variance=rows.var(axis=0) + _LEAST_VARIANCE)


def _convolved(x, width: int, side: int, stride: int):
    x = layers.Conv2D(width, side, strides=stride, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def fit_first_look(network: keras.Model, examples: Examples, epochs: int) -> None:
    """Learn from all groups whether they are characters."""
    network.compile(keras.optimizers.AdamW(PEAK), "binary_crossentropy")
    whole = (examples.classes >= 0).astype(np.float32)[:, None]
    network.fit(examples.geometry, whole, batch_size=BATCH, epochs=epochs, verbose=0)


def fit(network: keras.Model, groups: Examples, alone: tuple[np.ndarray, np.ndarray], epochs: int, seed: int) -> None:
    """Learn the class of characters in lines and of those alone, and of groups whether they are whole.

    Args:
        network: Of ``grouping_network``.
        groups: Of lines.
        alone: Glyphs uint8 (n, 28, 28) of single characters and their classes, int (n,).
        epochs: How often everything is seen.
        seed: Of the order.
    """
    rng, rows = np.random.default_rng(seed), np.column_stack([groups.geometry, groups.sureness])
    characters = np.flatnonzero(groups.classes >= 0)
    glyphs, classes = (
        np.concatenate([groups.glyphs[characters], alone[0]]),
        np.concatenate([groups.classes[characters], alone[1]]),
    )
    steps = len(groups.classes) // BATCH
    rate = keras.optimizers.schedules.CosineDecay(PEAK, max(1, steps * epochs))
    optimizer = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY)
    optimizer.build(network.trainable_variables)
    step = _step(network, optimizer)
    # As many single characters go with each batch of groups as there are for each.
    share = max(1, len(classes) // max(1, steps))
    for epoch in range(epochs):
        order, others = rng.permutation(len(groups.classes)), rng.permutation(len(classes))
        losses = []
        for i in range(steps):
            part, single = order[i * BATCH : (i + 1) * BATCH], others[i * share : (i + 1) * share]
            whole = (groups.classes[part] >= 0).astype(np.float32)[:, None]
            losses.append(
                step(groups.glyphs[part], groups.contexts[part], rows[part], whole, glyphs[single], classes[single])
            )
        of_class, of_whole = np.mean([[float(value) for value in pair] for pair in losses], axis=0)
        print(f"epoch {epoch + 1} of {epochs}: loss of classes {of_class:.4f}, of groups {of_whole:.4f}", flush=True)


def _step(network: keras.Model, optimizer: keras.optimizers.Optimizer):
    nothing = tf.zeros((1, CONTEXT_SIDE, CONTEXT_SIDE, 2)), tf.zeros((1, GEOMETRY + SURENESS))

    @tf.function(reduce_retracing=True)
    def step(glyphs, contexts, rows, whole, singles, classes):
        count = tf.shape(glyphs)[0]
        padding = [tf.repeat(part, tf.shape(singles)[0], axis=0) for part in nothing]
        inputs = [
            tf.cast(tf.concat([glyphs, singles], 0), tf.float32)[..., None],
            tf.concat([tf.cast(contexts, tf.float32), padding[0]], 0),
            tf.concat([rows, padding[1]], 0),
        ]
        with tf.GradientTape() as tape:
            labels, characters = network(inputs, training=True)
            of_class = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(classes, labels[count:]))
            of_whole = tf.reduce_mean(keras.losses.binary_crossentropy(whole, characters[:count]))
            loss = of_class + of_whole
        optimizer.apply_gradients(
            zip(tape.gradient(loss, network.trainable_variables), network.trainable_variables, strict=True)
        )
        return of_class, of_whole

    return step


def answers(network: keras.Model, groups: Examples) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of the classes and of being whole of all groups."""
    rows = np.column_stack([groups.geometry, groups.sureness])
    inputs = [groups.glyphs[..., None].astype(np.float32), groups.contexts.astype(np.float32), rows]
    labels, whole = network.predict(inputs, batch_size=1024, verbose=0)
    return labels, whole[:, 0]


def first_look_arrays(network: keras.Model, least: float) -> dict[str, np.ndarray]:
    """The first network's weights as ``FirstLook`` reads them, the scaling folded into its first layer."""
    (scale,) = (layer for layer in network.layers if isinstance(layer, layers.Normalization))
    dense = [layer for layer in network.layers if isinstance(layer, layers.Dense)]
    mean, deviation = np.ravel(scale.mean), np.sqrt(np.ravel(scale.variance))
    weights = [[np.asarray(value, np.float32) for value in layer.get_weights()] for layer in dense]
    weights[0] = [weights[0][0] / deviation[:, None], weights[0][1] - (mean / deviation) @ weights[0][0]]
    arrays = {
        f"{name}{i}": value
        for i, pair in enumerate(weights)
        for name, value in zip(("weights", "bias"), pair, strict=True)
    }
    return arrays | {"least": np.float32(least)}


def as_litert(network: keras.Model, rows: np.ndarray) -> bytes:
    """The network as LiteRT runs it, in float32 whatever it was trained in; ``rows`` as for ``grouping_network``."""
    keras.config.set_dtype_policy("float32")
    plain = grouping_network(rows)
    plain.set_weights(network.get_weights())
    return litert_file(plain)
