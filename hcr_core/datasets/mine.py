"""What visitors of this machine wrote and corrected, as a data set like any other."""

import hashlib
import json
import shutil
from collections.abc import Iterator

import numpy as np

# It needs the errors of this package, and may be imported first: nothing of it is named before both are there.
from hcr_core import corrections
from hcr_core.datasets import store
from hcr_core.datasets.dataset import Dataset
from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.places import cache_folder
from hcr_core.datasets.readers.block import Block
from hcr_core.datasets.strokes import PenStrokes

#: Its name in the registry.
MINE = "mine"
#: Longer side of a character's strokes, as in ``PenStrokes``.
_UNITS = 1000


def is_there() -> bool:
    """Whether there is any sample, and this machine may show them."""
    return corrections.collecting() and bool(corrections.revision()) and corrections.count() > 0


def load() -> Dataset:
    """All samples kept so far, memory-mapped; raises ``DatasetError`` where there is none.

    A data set that was loaded stays as it is; the next call gives what was added since.
    """
    if not is_there():
        raise DatasetError(f"there is nothing in {MINE!r} yet: correct an answer, or write a sheet")
    key = json.dumps([store.VERSION, str(corrections.database().resolve()), corrections.revision()])
    folder = cache_folder() / f"{MINE}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    try:
        return store.read(folder)
    except DatasetError:
        shutil.rmtree(folder, ignore_errors=True)
    _write(folder)
    try:
        return store.read(folder)
    finally:
        for other in cache_folder().glob(f"{MINE}-*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)


def _write(folder) -> None:
    found = sorted(corrections.samples(), key=lambda sample: (sample.part, sample.id), reverse=True)
    facts = {
        "name": MINE,
        "source": str(corrections.database()),
        "licence": "written by the people who use this machine: theirs to give away",
    }
    store.write(folder, _blocks(found), facts, polarity="white-on-black", strokes=pen_strokes(found))


def _blocks(found: list["corrections.Sample"]) -> Iterator[Block]:
    for part in ("train", "test"):
        of_part = [sample for sample in found if sample.part == part]
        if of_part:
            labels, writers = (np.array([getattr(sample, name) for sample in of_part]) for name in ("label", "writer"))
            yield Block(np.stack([sample.glyph for sample in of_part]), labels, part, writers)


def pen_strokes(found: list["corrections.Sample"]) -> PenStrokes | None:
    """The strokes of samples, none of those that were not drawn; ``None`` where none was."""
    if not any(sample.strokes for sample in found):
        return None
    labels, writers = (np.array([getattr(sample, name) for sample in found]) for name in ("label", "writer"))
    return PenStrokes.from_samples([_scaled(sample.strokes) for sample in found], labels, writers)


def _scaled(strokes: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    if not strokes:
        return []
    points = np.concatenate(strokes)
    low, extent = points.min(axis=0), max(float(np.ptp(points, axis=0).max()), 1e-6)
    return [np.round((stroke - low) * (_UNITS / extent)) for stroke in strokes]
