"""Whether an event of a run's log is whole: a power cut, a full disk or somebody's editor may have been at it."""

import base64
import binascii
from collections.abc import Callable

from hcr_core.preprocessing import GLYPH_SIZE

#: More than anything counted in a run: such a number would fill a page, and not fit into a float.
_MOST = 1e15


def is_number(value: object) -> bool:
    """A finite number of a size that occurs."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -_MOST < value < _MOST


def _count(value: object) -> bool:
    return isinstance(value, int) and is_number(value) and value >= 0


def _maybe_number(value: object) -> bool:
    return value is None or is_number(value)


def _text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 1000


def _classes(value: object) -> bool:
    return isinstance(value, list) and all(map(_text, value)) and len(set(value)) == len(value) > 0


def _glyph(value: object) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == GLYPH_SIZE**2
    except (TypeError, binascii.Error, ValueError):
        return False


_FIGURES = ("loss", "accuracy", "learning_rate", "images_per_second")
_EPOCH = ("seconds", "val_loss", "val_accuracy", "of")
_SUMMARY = ("images_per_second", "loss", "accuracy", "val_loss", "val_accuracy")
#: What every kind of event has, besides that which depends on the run's classes; see ``events``.
_FIELDS: dict[str, dict[str, Callable[[object], bool]]] = {
    "state": {"state": _text},
    "start": {"classes": _classes, **dict.fromkeys(("samples", "epochs", "steps", "epoch", "step"), _count)},
    "batch": {"epoch": _count, "step": _count, "seconds_left": is_number, **dict.fromkeys(_FIGURES, is_number)},
    "peek": {"epoch": _count, "step": _count},
    "epoch": {"epoch": _count, **dict.fromkeys((*_FIGURES, *_EPOCH), is_number)},
}


def _summary(value: object) -> bool:
    if not isinstance(value, dict) or not all(_count(value.get(key)) for key in ("epochs", "best_epoch")):
        return False
    return is_number(value.get("seconds")) and all(key in value and _maybe_number(value[key]) for key in _SUMMARY)


def is_whole(event: object, classes: int) -> bool:
    """Whether an event has what ``events`` says of its kind; kinds that nobody knows are.

    Args:
        event: A line of the log, of any JSON type.
        classes: How many classes the run has, by its last ``start``.
    """
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        return False
    kind = event["event"]
    if not all(holds(event.get(field)) for field, holds in _FIELDS.get(kind, {}).items()):
        return False
    if kind == "end":
        return _summary(event.get("summary"))
    if kind == "start":
        return _start_gallery(event.get("gallery", []), len(event["classes"]))
    return kind not in ("peek", "epoch") or _look(event, classes)


def _start_gallery(value: object, classes: int) -> bool:
    return isinstance(value, list) and all(
        isinstance(entry, dict) and _glyph(entry.get("image")) and _position(entry.get("label"), classes)
        for entry in value
    )


def _position(value: object, classes: int) -> bool:
    return _count(value) and value < classes


def _look(event: dict, classes: int) -> bool:
    """The answers of ``peek`` and ``epoch``."""
    gallery, drawings, counts = event.get("gallery", []), event.get("drawings", {}), event.get("confusion")
    if not (isinstance(gallery, list) and isinstance(drawings, dict) and isinstance(counts, list)):
        return False
    return (
        all(_of_numbers(answer, 2) and _position(answer[0], classes) for answer in gallery)
        and all(_of_numbers(shares, classes) for shares in drawings.values())
        and all(_of_numbers(cell, 3) and all(map(_count, cell)) and max(cell[:2]) < classes for cell in counts)
    )


def _of_numbers(value: object, length: int) -> bool:
    return isinstance(value, list) and len(value) == length and all(map(is_number, value))
