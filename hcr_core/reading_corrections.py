"""What a person corrected in a reading."""

import unicodedata
from collections.abc import Mapping
from dataclasses import replace

from hcr_core.recognition import Character, Reading

#: Most characters that one can be corrected to: a cut may have been missed, a page not be retyped.
MAX_LENGTH = 40


def clean(label: str) -> str:
    """A typed label as it is kept: one line without invisible characters, of at most ``MAX_LENGTH``.

    >>> clean(" a\\n\\u202eb ")
    'a b'
    """
    spaced = " ".join(label.split())
    return "".join(c for c in spaced if unicodedata.category(c)[0] != "C")[:MAX_LENGTH]


def corrected(reading: Reading, labels: Mapping[int, str]) -> Reading:
    """A reading with some of its characters replaced.

    Args:
        reading: As the model read it.
        labels: Position in ``reading.characters`` to what stands there: any text, also what was read
            (then it is confirmed), or an empty one for what is no character. Positions out of range
            are ignored.

    Returns:
        The reading without what is no character, and without words and lines that only had such. What
        was replaced has ``read_as``; its probability is the model's for the new label, 0 of one it does not know.
    """

    def change(i: int, character: Character) -> Character | None:
        label = labels.get(i)
        if label is None:
            return character
        if not label:
            return None
        probability = dict(character.candidates).get(label, 0.0)
        return replace(character, label=label, probability=probability, refused=False, read_as=character.label)

    return reading.changed(change)


def removed(reading: Reading, labels: Mapping[int, str]) -> tuple[Character, ...]:
    """What ``corrected`` leaves out, in reading order: characters whose label is empty, with ``read_as``."""
    return tuple(
        replace(character, label="", probability=0.0, refused=False, read_as=character.label)
        for i, character in enumerate(reading.characters)
        if labels.get(i) == ""
    )
