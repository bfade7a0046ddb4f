from hcr_core.training.character_network import character_network


def test_it_names_the_class_and_says_whether_it_is_one():
    model = character_network(28, 62)
    assert {name: output.shape for name, output in model.output.items()} == {
        "label": (None, 62),
        "character": (None, 1),
    }
    assert model.count_params() == 738_782 + 257
    assert model.get_layer("embedding").output.shape == (None, 256)
