"""The classes a model knows, as data: kinds of characters, case folding, look-alikes."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hcr_core.sentences import OneLineError

DIGITS = "0123456789"
UPPERCASE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWERCASE = "abcdefghijklmnopqrstuvwxyz"

#: Classes whose isolated shape is the same in many hands, so that only a line of writing around
#: them can tell them apart (Cohen et al. 2017, "By_Merge", plus the digits they are confused with).
LOOKALIKES = (
    *("0Oo", "1Il", "2Zz", "5Ss", "9gq"),
    *("Cc", "Jj", "Kk", "Mm", "Pp", "Uu", "Vv", "Ww", "Xx", "Yy"),
)

_KINDS = {
    "all": lambda label: True,
    "digits": str.isdecimal,
    "letters": str.isalpha,
    "uppercase": str.isupper,
    "lowercase": str.islower,
}
#: The names accepted wherever a part of an alphabet can be chosen.
KINDS = tuple(_KINDS)


class AlphabetError(OneLineError):
    """A choice of classes that the alphabet cannot serve."""


@dataclass(frozen=True)
class Alphabet:
    """An ordered set of class labels; position ``i`` is the model's output ``i``.

    >>> Alphabet.from_text("01aA").select("letters").tolist()
    [False, False, True, True]
    """

    labels: tuple[str, ...]

    def __post_init__(self):
        if not self.labels or len(set(self.labels)) != len(self.labels):
            raise AlphabetError("an alphabet needs at least one label and no label twice")

    @classmethod
    def from_text(cls, text: str) -> "Alphabet":
        """One class per character of ``text``."""
        return cls(tuple(text))

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self):
        return iter(self.labels)

    def __getitem__(self, index: int) -> str:
        return self.labels[index]

    def __contains__(self, label: str) -> bool:
        return label in self._positions

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {label: i for i, label in enumerate(self.labels)}

    def index(self, label: str) -> int:
        """Position of ``label``; raises ``AlphabetError`` for a label that is not a class."""
        try:
            return self._positions[label]
        except KeyError:
            raise AlphabetError(f"{label!r} is not one of the {len(self)} classes") from None

    def select(self, kind: str | Iterable[str] | None) -> np.ndarray:
        """Mask, bool (classes,), of the classes of a kind (see ``KINDS``) or of given labels.

        Raises ``AlphabetError`` for an unknown kind or a choice that leaves no class.
        """
        if kind is None:
            return np.ones(len(self), bool)
        if isinstance(kind, str):
            if kind not in _KINDS:
                raise AlphabetError(f"unknown alphabet {kind!r}: choose one of {', '.join(KINDS)}")
            mask = np.array([_KINDS[kind](label) for label in self.labels], bool)
        else:
            mask = np.zeros(len(self), bool)
            mask[[self.index(label) for label in kind]] = True
        if not mask.any():
            raise AlphabetError(f"this model knows no {kind}")
        return mask

    @cached_property
    def case_groups(self) -> np.ndarray:
        """Group number of every class, int64 (classes,): equal where only the case differs."""
        return self._groups(str.casefold)

    @cached_property
    def shape_groups(self) -> np.ndarray:
        """Group number of every class, int64 (classes,): equal where the isolated shape is."""
        group_of = {label: group for group in LOOKALIKES for label in group}
        return self._groups(lambda label: group_of.get(label, label))

    def _groups(self, key) -> np.ndarray:
        return np.unique([key(label) for label in self.labels], return_inverse=True)[1]

    def lookalikes(self, label: str) -> tuple[str, ...]:
        """The other classes of this alphabet that ``label`` can be taken for by shape alone."""
        return self._lookalikes[self.index(label)]

    @cached_property
    def _lookalikes(self) -> list[tuple[str, ...]]:
        same = self.shape_groups[:, None] == self.shape_groups
        np.fill_diagonal(same, False)
        return [tuple(self.labels[other] for other in np.flatnonzero(row)) for row in same]


def restricted(probabilities: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Probabilities among a part of the classes.

    Args:
        probabilities: float (..., classes).
        allowed: bool (classes,), see ``Alphabet.select``.

    Returns:
        float64 (..., classes): 0 where not allowed, adding up to 1.
    """
    shares = np.multiply(probabilities, allowed, dtype=np.float64)
    total = shares.sum(axis=-1, keepdims=True)
    if total.all():
        return shares / total
    # All classes allowed may have underflowed to zero; then none is better than another.
    return np.where(total > 0, shares / np.where(total > 0, total, 1), allowed / allowed.sum())


def spoken(label: str) -> str:
    """A label in words, so that ``O``, ``o`` and ``0`` can be told apart when written about.

    >>> spoken("O"), spoken("o"), spoken("0")
    ('capital O', 'small o', 'zero')
    """
    if label.isdecimal() and label in DIGITS:
        return ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"][int(label)]
    if label.isupper():
        return f"capital {label}"
    if label.islower():
        return f"small {label}"
    return label
