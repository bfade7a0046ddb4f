"""The one form in which every data set is used, whatever it was read from."""

from dataclasses import dataclass, replace

import numpy as np

from hcr_core.alphabet import Alphabet
from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.strokes import PenStrokes

#: The parts a data set can have.
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Dataset:
    """Labelled images of single characters.

    Attributes:
        name: What it is called in the registry, or what the user called it.
        images: uint8 (n, H, W), white ink on black, upright; memory-mapped where it comes from disk.
        labels: int64 (n,): positions in ``alphabet``.
        alphabet: Its classes; a label may be longer than one character.
        split: str (n,): ``"train"``, ``"validation"`` or ``"test"``.
        source: Where it was read from.
        licence: Terms and credit.
        writers: str (n,), who wrote each sample, or ``None`` where that is not known.
        strokes: The pen strokes that ``images`` are rendered from, sample by sample, or ``None``.
        notes: What a user should know of it, a sentence each (a class with a single image ...).
    """

    name: str
    images: np.ndarray
    labels: np.ndarray
    alphabet: Alphabet
    split: np.ndarray
    source: str = ""
    licence: str = ""
    writers: np.ndarray | None = None
    strokes: PenStrokes | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def counts(self) -> dict[str, int]:
        """Images of every class, in the order of the alphabet; a class may have none."""
        return dict(zip(self.alphabet, np.bincount(self.labels, minlength=len(self.alphabet)).tolist(), strict=True))

    @property
    def splits(self) -> dict[str, int]:
        """Images of every split that there is."""
        sizes = {split: int(np.count_nonzero(self.split == split)) for split in SPLITS}
        return {split: size for split, size in sizes.items() if size}

    def part(self, split: str) -> "Dataset":
        """The samples of one split, in their order; raises ``DatasetError`` where there are none."""
        rows = np.flatnonzero(self.split == split)
        if not len(rows):
            # What is noted of it may be why: of single images none can be held back.
            why = f": {'; '.join(self.notes)}" if split == "test" and self.notes else ""
            raise DatasetError(f"{self.name} has no split {split!r}, only {', '.join(self.splits)}{why}")
        return self.take(rows)

    def take(self, rows: np.ndarray) -> "Dataset":
        """The samples at ``rows``, int (k,); a run of neighbours stays memory-mapped."""
        first, last = int(rows[0]), int(rows[-1])
        # A slice of the memory map costs nothing, a list of rows copies their images.
        contiguous = last - first + 1 == len(rows) and bool((np.diff(rows) == 1).all())
        chosen = slice(first, last + 1) if contiguous else rows
        return replace(
            self,
            images=self.images[chosen],
            labels=self.labels[chosen],
            split=self.split[chosen],
            writers=None if self.writers is None else self.writers[chosen],
            strokes=None if self.strokes is None else self.strokes.take(rows),
        )
