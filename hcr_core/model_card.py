"""A model's card, ``card.json``: what it must hold, and the figures to show first."""

import math
import re

#: What a card may say of how a model was made; where it does, in these types.
_PARTS = {
    "architecture": dict,
    "training": dict,
    "data": list,
    "history": list,
    "learning": list,
    "held_out": dict,
    "validation": dict,
    "refusal": dict,
    "adaptation": dict,
}
#: A model's files: plain names, which lead nowhere on any system.
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_card(card: dict) -> None:
    """Raise ``KeyError`` or ``TypeError`` naming the part that is missing or has another form."""
    # A model's files lie in its own folder, wherever its card comes from.
    if not isinstance(card["files"], dict) or not all(map(_FILE_NAME.fullmatch, card["files"])):
        raise TypeError("files")
    if not isinstance(card["classes"], list):
        raise TypeError("classes")
    for part, kind in _PARTS.items():
        if not isinstance(card.get(part, kind()), kind):
            raise TypeError(part)
    for part in ("data", "history", "learning"):
        if not all(isinstance(entry, dict) for entry in card.get(part, [])):
            raise TypeError(part)
    for point in card.get("learning", []):
        if not all(_is_number(point[key]) for key in ("step", "loss")):
            raise TypeError("learning")
    if not _is_number(card.get("refusal", {}).get("threshold", 0)):
        raise TypeError("refusal")
    if "adaptation" in card and not _is_adaptation(card["adaptation"]):
        raise TypeError("adaptation")
    if not isinstance(parameters(card), int | None):
        raise TypeError("parameters")
    for name, figures in measured(card).items():
        if not isinstance(figures, dict) or not all(isinstance(value, int | float) for value in figures.values()):
            raise TypeError(name)


def _is_adaptation(told: dict) -> bool:
    """Whether it names its base, and gives figures where it gives any."""
    before = told.get("before", {})
    if not isinstance(told.get("base"), str) or not isinstance(before, dict):
        return False
    figures = [told.get("held_back", {}), *before.values()]
    return all(isinstance(part, dict) and all(isinstance(n, int | float) for n in part.values()) for part in figures)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def parameters(card: dict) -> int | None:
    """How many weights the network has, where the card says it."""
    return card.get("architecture", {}).get("parameters")


def learned_from(card: dict, data: str, part: str) -> bool:
    """Whether a part of a data set is what the model was trained on, some or all of it."""
    return part == "train" and any(entry.get("name") == data for entry in card.get("data", []))


def measured(card: dict) -> dict[str, dict[str, float]]:
    """Figures of ``evaluation.accuracy_figures`` by what they were measured on: test sets, then ``"validation"``."""
    validation = card.get("validation")
    return card.get("held_out", {}) | ({"validation": validation} if validation else {})


def best_accuracy(card: dict) -> tuple[str, float] | None:
    """The test set that the model reads best and its accuracy there; else of validation; ``None`` without figures."""
    accuracies = {name: figures["accuracy"] for name, figures in measured(card).items() if "accuracy" in figures}
    if len(accuracies) > 1:
        accuracies.pop("validation", None)  # it chose the epoch: the handwriting held out is the fairer figure
    return max(accuracies.items(), key=lambda item: item[1], default=None)
