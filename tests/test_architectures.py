"""Each network's layers and parameters, counted from its document by hand."""

import pytest

from hcr_core.training.architectures import ARCHITECTURES


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
    model = ARCHITECTURES[name].build(28, classes)
    assert model.count_params() == parameters
    assert model.output_shape == (None, classes)
    assert model.name == name


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("side", [28, 30])
def test_any_square_size_and_alphabet(name, side):
    assert ARCHITECTURES[name].build(side, 7).input_shape == (None, side, side, 1)


def test_the_sigmoid_network_is_logistic_throughout():
    layers = ARCHITECTURES["mlp-sigmoid"].build(28, 26).layers
    names = [layer.activation.__name__ for layer in layers if hasattr(layer, "activation")]
    assert names == ["sigmoid"] * 3 + ["softmax"]


def test_every_network_names_its_source():
    assert all(entry.source and entry.title and name == entry.name for name, entry in ARCHITECTURES.items())
