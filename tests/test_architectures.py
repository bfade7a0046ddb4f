"""Each network's layers and parameters, counted from its document by hand."""

import pytest

from hcr_core.training.architectures import ARCHITECTURES, layer_figures, parameter_count
from hcr_core.training.networks import build


@pytest.mark.parametrize(
    ("name", "classes", "parameters"),
    [
        # 320 + 18,496 + 73,856 convolutions; 512 -> 64 -> 128 -> 26 dense
        ("az-cnn", 26, 320 + 18_496 + 73_856 + 513 * 64 + 65 * 128 + 129 * 26),
        ("mlp-sigmoid", 26, 785 * 100 + 2 * 101 * 100 + 101 * 26),
        # 28 -> 26 -> 24, pooled to 12: 12 * 12 * 64 values
        ("mnist-cnn", 10, 320 + 18_496 + (12 * 12 * 64 + 1) * 256 + 257 * 10),
        ("mlp-256", 10, 785 * 256 + 257 * 256 + 257 * 10),
        ("mnist-cnn-128", 10, 320 + 9_248 + (12 * 12 * 32 + 1) * 128 + 129 * 10),
        ("compact", 62, 599_646),
    ],
)
def test_parameters_are_the_documents(name, classes, parameters):
    model = build(name, 28, classes)
    assert model.count_params() == parameters
    assert model.output_shape == (None, classes)
    assert model.name == name


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("side", [28, 30])
def test_any_square_size_and_alphabet(name, side):
    model = build(name, side, 7)
    assert model.input_shape == (None, side, side, 1)
    # The app draws networks without Keras: its own count must be Keras's.
    assert model.count_params() == parameter_count(ARCHITECTURES[name], side, 7)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_described_shapes_are_those_of_the_network(name):
    described = [figures.shape for figures in layer_figures(ARCHITECTURES[name], 28, 62)]
    shapes = [layer.output.shape[1:] for layer in build(name, 28, 62).layers]
    assert [shape for shape in described if shape not in shapes] == []
    assert described[-1] == shapes[-1] == (62,)


def test_multiplications_of_a_layer():
    first = layer_figures(ARCHITECTURES["az-cnn"], 28, 26)[0]
    assert first.multiplications == 26 * 26 * 9 * 32


@pytest.mark.parametrize(
    ("name", "samples", "epochs", "batch"),
    [
        ("compact", 200_000, 13, 256),  # large: as it is
        ("compact", 1_438, 42, 64),  # 60,000 samples shown, at least twenty steps an epoch
        ("compact", 400, 150, 32),  # never below 32
        ("compact", 5, 200, 32),  # no matter how few: 12,000 passes would take an hour
        ("mlp-256", 1_438, 25, 100),  # a document's recipe stays the document's
    ],
)
def test_small_data_sets_get_more_and_smaller_steps(name, samples, epochs, batch):
    recipe = ARCHITECTURES[name].recipe.for_samples(samples)
    assert (recipe.epochs, recipe.batch) == (epochs, batch)


def test_the_sigmoid_network_is_logistic_throughout():
    layers = build("mlp-sigmoid", 28, 26).layers
    names = [layer.activation.__name__ for layer in layers if hasattr(layer, "activation")]
    assert names == ["sigmoid"] * 3 + ["softmax"]


def test_every_network_names_its_source():
    assert all(entry.source and entry.title and name == entry.name for name, entry in ARCHITECTURES.items())
