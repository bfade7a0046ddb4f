import pytest

from hcr_core.model_card import best_accuracy, check_card, measured, parameters

CARD = {"files": {"model.keras": "0"}, "classes": ["a"]}


@pytest.mark.parametrize(
    "more",
    [
        {},  # the least there can be
        {"architecture": {"parameters": 7}, "held_out": {"x": {"accuracy": 1}}, "validation": {}, "data": [{}]},
        {"anything": [None]},  # what later versions add is not looked at
    ],
)
def test_a_card_may_say_little_or_more(more):
    check_card(CARD | more)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"files": {"../../secret": "0"}}, "files"),  # a path would lead out of the model's folder
        ({"files": ["model.keras"]}, "files"),
        ({"classes": "abc"}, "classes"),  # would be read as three classes
        ({"architecture": "compact"}, "architecture"),
        ({"architecture": {"parameters": "many"}}, "parameters"),
        ({"held_out": []}, "held_out"),
        ({"held_out": {"mnist": 0.9}}, "mnist"),
        ({"validation": {"accuracy": "high"}}, "validation"),
        ({"data": ["mnist"]}, "data"),
        ({"history": [1]}, "history"),
        ({"learning": [1]}, "learning"),
        ({"refusal": 0.5}, "refusal"),
        ({"adaptation": 7}, "adaptation"),
        ({"adaptation": {}}, "adaptation"),
        ({"adaptation": {"base": "a", "held_back": {"before": "high"}}}, "adaptation"),
        ({"adaptation": {"base": "a", "before": {"mnist": 0.9}}}, "adaptation"),
    ],
)
def test_the_part_of_another_form_is_named(more, named):
    with pytest.raises(TypeError, match=f"^{named}$"):
        check_card(CARD | more)


@pytest.mark.parametrize("missing", CARD)
def test_what_every_card_has_is_asked_for(missing):
    with pytest.raises(KeyError, match=missing):
        check_card({key: value for key, value in CARD.items() if key != missing})


@pytest.mark.parametrize(
    ("card", "best"),
    [
        ({"held_out": {"a": {"accuracy": 0.5}, "b": {"accuracy": 0.7}}}, ("b", 0.7)),
        ({"held_out": {"a": {"accuracy": 0.5}}, "validation": {"accuracy": 0.9}}, ("a", 0.5)),  # held out counts
        ({"held_out": {}, "validation": {"accuracy": 0.9}}, ("validation", 0.9)),
        ({"held_out": {"a": {"images": 3}}}, None),
        ({}, None),
    ],
)
def test_the_best_accuracy_is_that_on_handwriting_held_out(card, best):
    assert best_accuracy(card) == best


def test_figures_come_from_test_sets_first_and_validation_last():
    figures = {"accuracy": 0.5}
    assert list(measured({"validation": figures, "held_out": {"z": figures}})) == ["z", "validation"]
    assert parameters({"architecture": {"parameters": 7}}) == 7
    assert parameters({}) is None
