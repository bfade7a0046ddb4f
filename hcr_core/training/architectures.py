"""Networks that can be trained, as data: their layers, where they come from, and how they are trained there.

Nothing here needs Keras, so that the app can draw a network; ``networks.build`` makes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Conv:
    """A 3x3 convolution of ``width`` channels and a ReLU, with batch normalization between them if asked for."""

    width: int
    padding: str = "valid"
    normalized: bool = False


@dataclass(frozen=True)
class Pool:
    """The largest of every 2x2 pixels."""


@dataclass(frozen=True)
class Dropout:
    """Sets a share ``rate`` of the values to zero while training."""

    rate: float


@dataclass(frozen=True)
class Flatten:
    """All values in one row."""


@dataclass(frozen=True)
class Dense:
    """A fully connected layer of ``width`` and its activation (``"relu"``, ``"sigmoid"``)."""

    width: int
    activation: str = "relu"
    normalized: bool = False


Layer = Conv | Pool | Dropout | Flatten | Dense


#: Passes over a few samples at most: each ends with a checkpoint, and a sheet or two are passed over in no time.
MOST_PASSES = 200


@dataclass(frozen=True)
class Recipe:
    """How a network is trained unless something else is asked for.

    Attributes:
        epochs: Passes over all training samples.
        batch: Samples per step.
        optimizer: ``"adam"`` or ``"adamw"`` (weight decay 1e-3).
        learning_rate: Constant, or the peak of the schedule.
        schedule: ``"constant"``, or ``"cosine"`` with a short warm-up.
        augment: How far samples are varied: a key of ``augmentation.STRENGTHS``.
        validation: Share of the training samples held back where the data set has no validation part.
        validation_limit: At most so many of them (0: no limit).
        early_stopping: Epochs without a better validation accuracy after which training ends (0: never).
        label_smoothing: Share of the truth spread over all classes.
        balance: How far rare classes are drawn more often: 0 as they are, 1 all alike.
        average: Whether the weights' moving average is what is validated and kept.
        least_samples: Data sets smaller than this get more epochs, until so many samples were shown, or
            ``MOST_PASSES`` times all there are.
    """

    epochs: int
    batch: int
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    augment: str = "none"
    validation: float = 0.1
    validation_limit: int = 0
    early_stopping: int = 0
    label_smoothing: float = 0.0
    balance: float = 0.0
    average: bool = False
    least_samples: int = 0

    def for_samples(self, samples: int) -> "Recipe":
        """The recipe for so many training samples: where they are few, more epochs of more and smaller steps."""
        if samples >= self.least_samples:
            return self
        batch = self.batch
        while batch > 32 and samples // batch < 20:
            batch //= 2
        passes = min(-(-self.least_samples // max(samples, 1)), MOST_PASSES)
        return replace(self, epochs=max(self.epochs, passes), batch=batch)


@dataclass(frozen=True)
class Architecture:
    """A network for square gray glyphs of 0-255, which it scales to 0-1 itself.

    Attributes:
        name: What it is called on the command line.
        title: What it is, in a sentence.
        source: Where its layers and its recipe come from.
        layers: From the glyph to the last layer but the softmax over the classes.
        recipe: How it is trained there.
        published: The accuracy published with it, in words; empty for ours.
    """

    name: str
    title: str
    source: str
    layers: tuple[Layer, ...]
    recipe: Recipe
    published: str = ""


@dataclass(frozen=True)
class LayerFigures:
    """One layer at work: output shape, trainable and other parameters, multiplications for one glyph."""

    layer: Layer
    shape: tuple[int, ...]
    parameters: int
    multiplications: int


def layer_figures(architecture: Architecture, side: int, classes: int) -> list[LayerFigures]:
    """Every layer of a network for glyphs of ``side`` pixels, the softmax over ``classes`` included."""
    return list(_figures((*architecture.layers, Dense(classes, "softmax")), (side, side, 1)))


def parameter_count(architecture: Architecture, side: int, classes: int) -> int:
    """All parameters of a network, as Keras counts them."""
    return sum(figures.parameters for figures in layer_figures(architecture, side, classes))


def _figures(layers: tuple[Layer, ...], shape: tuple[int, ...]) -> Iterator[LayerFigures]:
    for layer in layers:
        before, shape = shape, _shape_after(layer, shape)
        weights = {Conv: 9 * before[-1], Dense: before[-1]}.get(type(layer), 0) * shape[-1]
        pixels = shape[0] * shape[1] if isinstance(layer, Conv) else 1
        # Batch normalization has four values a channel, and takes the place of the bias.
        extra = (4 if layer.normalized else 1) * shape[-1] if weights else 0
        yield LayerFigures(layer, shape, weights + extra, weights * pixels)


def _shape_after(layer: Layer, shape: tuple[int, ...]) -> tuple[int, ...]:
    match layer:
        case Conv(width, "same"):
            return (*shape[:2], width)
        case Conv(width):
            return (shape[0] - 2, shape[1] - 2, width)
        case Pool():
            return (shape[0] // 2, shape[1] // 2, shape[2])
        case Flatten():
            return (shape[0] * shape[1] * shape[2],)
        case Dense(width):
            return (width,)
    return shape


_COMPACT = tuple(
    layer for width in (32, 64, 128) for layer in (Conv(width, "same", True), Conv(width, "same", True), Pool())
)

ARCHITECTURES = {
    entry.name: entry
    for entry in (
        Architecture(
            "compact",
            "six 3x3 convolutions of 32, 64 and 128 channels with batch normalization, one dense layer of 256",
            "ours, after VGG (Simonyan and Zisserman 2015, arXiv:1409.1556) with batch normalization",
            (*_COMPACT, Flatten(), Dropout(0.3), Dense(256, normalized=True), Dropout(0.3)),
            Recipe(
                epochs=13,
                batch=256,
                optimizer="adamw",
                learning_rate=2e-3,
                schedule="cosine",
                augment="full",
                validation_limit=4000,
                label_smoothing=0.03,
                balance=0.3,
                average=True,
                least_samples=60_000,
            ),
        ),
        Architecture(
            "az-cnn",
            "three 3x3 convolutions of 32, 64 and 128 channels with pooling, dense layers of 64 and 128",
            "two tutorials on the A-Z Handwritten Alphabets",
            (
                *(Conv(32), Pool(), Conv(64, "same"), Pool(), Conv(128), Pool()),
                *(Flatten(), Dense(64), Dense(128)),
            ),
            Recipe(epochs=10, batch=128),
            "over 97 % after one epoch, 99 % and loss 0.05 after ten",
        ),
        Architecture(
            "mlp-sigmoid",
            "three hidden layers of 100, logistic",
            "a tutorial on NIST SD19's capitals",
            (Flatten(), *(Dense(100, "sigmoid"),) * 3),
            # Batch 200, a tenth for validation and ten epochs of patience are scikit-learn's own, which it uses.
            Recipe(epochs=200, batch=200, early_stopping=10),
            "95.6 %",
        ),
        Architecture(
            "mnist-cnn",
            "3x3 convolutions of 32 and 64 channels, pooling, a dense layer of 256, dropout",
            "a tutorial on MNIST",
            (Conv(32), Conv(64), Pool(), Dropout(0.25), Flatten(), Dense(256), Dropout(0.5)),
            Recipe(epochs=10, batch=128, validation=0.3),
            "over 99 % in training, over 98 % in validation",
        ),
        Architecture(
            "mlp-256",
            "two hidden layers of 256, ReLU",
            "a tutorial on MNIST as CSV",
            (Flatten(), Dense(256), Dense(256)),
            Recipe(epochs=25, batch=100),
            "96 %",
        ),
        Architecture(
            "mnist-cnn-128",
            "two 3x3 convolutions of 32 channels, pooling, a dense layer of 128, dropout",
            "the same tutorial on MNIST as CSV",
            # It gives no rates; Keras's own MNIST example has these, as the other MNIST tutorial does.
            (Conv(32), Conv(32), Pool(), Dropout(0.25), Flatten(), Dense(128), Dropout(0.5)),
            Recipe(epochs=12, batch=128),
            "99 %",
        ),
    )
}
