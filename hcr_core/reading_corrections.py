"""What a person corrected in a reading."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from hcr_core.preprocessing import Box
from hcr_core.recognition import Character, Reading

#: Most characters that one can be corrected to: a cut may have been missed, a page not be retyped.
MAX_LENGTH = 40
#: How far the edges of a box may move, as a share of its longer side and at least in pixels, while the ink in it is
#: taken to be the same: thresholds depend a little on all that is on an image.
_SAME_SHARE, _SAME_PIXELS = 0.1, 2


@dataclass(frozen=True)
class Correction:
    """What a person said of a character, wherever that is in a reading: its box, what it was read as, its label."""

    box: Box
    read_as: str
    label: str

    def is_of(self, character: Character) -> bool:
        """Whether the ink is nearly where it was and was read as the same."""
        edges = zip(_edges(self.box), _edges(character.box), strict=True)
        most = max(_SAME_PIXELS, _SAME_SHARE * max(self.box.width, self.box.height))
        return self.read_as == character.label and all(abs(a - b) <= most for a, b in edges)


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


def corrections(reading: Reading, labels: Mapping[int, str]) -> tuple[Correction, ...]:
    """Labels by position, as ``corrected`` takes them, to be found again in another reading of the image."""
    characters = reading.characters
    return tuple(Correction(characters[i].box, characters[i].label, label) for i, label in labels.items())


def found_again(reading: Reading, made: Iterable[Correction]) -> tuple[dict[int, str], tuple[Correction, ...]]:
    """Corrections made in another reading, perhaps with more writing or read in another way.

    Returns:
        Labels by position in ``reading.characters``, and the corrections that no longer apply, in their order.
    """
    labels, lost = {}, []
    for one in made:
        same = [i for i, character in enumerate(reading.characters) if i not in labels and one.is_of(character)]
        if same:
            labels[min(same, key=lambda i: _distance(one.box, reading.characters[i].box))] = one.label
        else:
            lost.append(one)
    return labels, tuple(lost)


def outdated(reading: Reading, made: Iterable[Correction]) -> tuple[Correction, ...]:
    """Of the corrections that no longer apply, those where something is still written, and not corrected anew."""
    labels, lost = found_again(reading, made)
    characters = reading.characters

    def places(one: Correction) -> list[int]:
        return [i for i, character in enumerate(characters) if _is_within(one.box, character.box)]

    return tuple(one for one in lost if (found := places(one)) and not any(i in labels for i in found))


def _is_within(inner: Box, outer: Box) -> bool:
    """Whether the middle of one box is in the other."""
    x, y = inner.x + inner.width / 2, inner.y + inner.height / 2
    return outer.x <= x <= outer.x + outer.width and outer.y <= y <= outer.y + outer.height


def _edges(box: Box) -> tuple[int, int, int, int]:
    return box.x, box.y, box.x + box.width, box.y + box.height


def _distance(a: Box, b: Box) -> int:
    return sum(abs(p - q) for p, q in zip(_edges(a), _edges(b), strict=True))


def removed(reading: Reading, labels: Mapping[int, str]) -> tuple[Character, ...]:
    """What ``corrected`` leaves out, in reading order: characters whose label is empty, with ``read_as``."""
    return tuple(
        replace(character, label="", probability=0.0, refused=False, read_as=character.label)
        for i, character in enumerate(reading.characters)
        if labels.get(i) == ""
    )
