"""CSV files with an image a row: a label and the pixels of a square image of any size.

Read in pieces of a few megabytes, so that a file larger than memory is no matter. A piece of plain
numbers is parsed with NumPy, one with labels in letters or quotes by polars; only where both refuse,
Python goes through it line by line and either understands it (``0.0`` for ``0``, blank lines) or
says which line is wrong.
"""

import csv
import math
import os
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.readers.block import MAX_LABEL, Block, check_label, short, side_of

#: Bytes parsed at a time: what is made of them shall stay in a processor's cache.
PIECE = 2 << 20
#: Pieces worked on at a time; NumPy and polars let go of Python's lock.
_THREADS = 2
#: No line of pixels is longer (256 x 256 numbers written as ``255.0`` take 0.4 MB); a file without line ends is no CSV.
MAX_LINE = 1 << 20
#: Most pixels of an image, 256 x 256: a row of more columns takes more time and memory than a bad file may.
MAX_PIXELS = 256 * 256
#: With more columns than these Python's own reader is faster than polars.
_WIDE = 4_000
#: Header names that are taken for the label's, in any case.
LABEL_NAMES = ("label", "labels", "class", "character", "char", "letter", "digit", "target", "y")
#: And for the rows' numbers, in the first column.
INDEX_NAMES = ("", "unnamed: 0", "id", "index", "image_id", "imageid")
#: Characters of a cell with a pixel: ``255.`` and a float64's digits.
_LONGEST = 32
_WHOLE = re.compile(r"\s*[+-]?\d+(\.0*)?\s*")
#: Lines looked at, spread over the file, to tell a column of labels from one of pixels; fewer of very long ones.
_LOOKS, _LOOK_BYTES = 64, 2 << 20


@dataclass(frozen=True)
class Layout:
    """How a CSV file is laid out.

    Attributes:
        delimiter: Between the cells.
        columns: Cells a row.
        label: Column of the label.
        pixels: Columns of the pixels, row by row of the image.
        header: Whether the first line names the columns.
        names: What the first line calls them; numbers without a header.
        side: Height and width of the images.
    """

    delimiter: str
    columns: int
    label: int
    pixels: tuple[int, ...]
    header: bool
    names: tuple[str, ...]
    side: int

    @cached_property
    def columns_of_pixels(self) -> slice | list[int]:
        """``pixels`` as an index; a slice, which is faster, where they stand side by side."""
        first, last = self.pixels[0], self.pixels[-1]
        return slice(first, last + 1) if last - first + 1 == len(self.pixels) else list(self.pixels)

    @cached_property
    def schema(self) -> dict:
        """Type of each column for polars."""
        import polars as pl

        kept = set(self.pixels)
        return {f"c{i}": pl.UInt8 if i in kept else pl.String for i in range(self.columns)}


def read_layout(path: Path, label_column: str | None = None) -> Layout:
    """Find out how a CSV is laid out.

    Args:
        path: The file.
        label_column: ``"first"``, ``"last"`` or a name of the header; ``None`` takes a column that
            is named like a label, otherwise the one of first and last that varies as labels do.

    Raises:
        DatasetError: Empty, not text, without such a column, or the pixels are none or make no square.
    """
    with _opened(path) as file:
        first = _line(path, file, 1)
    if not first.strip():
        raise DatasetError(f"{path}: the file is empty" if not first else f"{path}: line 1: empty")
    text = _decoded(path, first, 1).removeprefix("\ufeff")
    delimiter = max(",;\t", key=text.count)
    cells = [cell.strip() for cell in _cells(text, delimiter)]
    if len(cells) > MAX_PIXELS + 2:
        raise DatasetError(f"{path}: line 1: {len(cells):,} columns; images have at most {MAX_PIXELS:,} pixels here")
    if len(cells) < 2:
        raise DatasetError(
            f"{path}: line 1: a single cell; a line of a CSV here is a label and the pixels of a square image, "
            "separated by commas (785 cells for 28 x 28 pixels)"
        )
    header = _is_header(cells) or label_column in cells
    # Without it there are a label and the pixels of a square, else it may be the label.
    square = len(cells) > 2 and math.isqrt(len(cells) - 2) ** 2 == len(cells) - 2
    index = [0] if header and square and cells[0].lower() in INDEX_NAMES and cells[0] != label_column else []
    label = _label_position(path, cells, header, delimiter, label_column, len(index))
    pixels = tuple(i for i in range(len(cells)) if i != label and i not in index)
    side = side_of(len(pixels), f"{path}: line 1")
    names = tuple(cells) if header else tuple(str(i + 1) for i in range(len(cells)))
    return Layout(delimiter, len(cells), label, pixels, header, names, side)


def _is_header(cells: list[str]) -> bool:
    """Whether a first line names columns: mostly not whole numbers, or counted through.

    pandas writes 0, 1, 2 ... for columns without names, and calls repeated ones 0, 0.1, 0.2 ...
    """
    whole = [len(cell) <= _LONGEST and _WHOLE.fullmatch(cell) is not None for cell in cells]
    if all(whole):
        numbers = [int(float(cell)) for cell in cells]
        return len(cells) > 3 and numbers in (list(range(len(cells))), list(range(1, len(cells) + 1)))
    return sum(whole) < len(cells) / 2


def _label_position(path: Path, cells: list[str], header: bool, delimiter: str, wanted: str | None, first: int) -> int:
    if wanted is not None and header and wanted in cells:
        return cells.index(wanted)
    if wanted in ("first", "last"):
        return first if wanted == "first" else len(cells) - 1
    lowered = [cell.lower() for cell in cells]
    if wanted is not None:
        if header and wanted.lower() in lowered:
            return lowered.index(wanted.lower())
        named = [short(cell) for cell in (*cells[:3], cells[-1])]
        known = f"the columns are {', '.join(named[:3])} ... {named[3]}" if header else "the file has no header"
        raise DatasetError(f"{path}: line 1: no column {short(wanted)!r}: {known}")
    if header:
        for name in LABEL_NAMES:
            if name in lowered:
                return lowered.index(name)
    return _guessed_position(path, delimiter, first, len(cells))


def _guessed_position(path: Path, delimiter: str, first: int, columns: int) -> int:
    """The first column unless the last looks more like labels: text, or the only one to vary.

    A corner pixel is nearly always background.
    """
    looks = [(row[first], row[-1]) for row in _looks(path, delimiter) if len(row) == columns]
    values = [[look[i] for look in looks] for i in (0, 1)]
    text = [any(value and _WHOLE.fullmatch(value) is None for value in column) for column in values]
    if text[0] != text[1]:
        return first if text[0] else columns - 1
    varied = [len(set(column)) for column in values]
    return columns - 1 if varied[0] <= 1 < varied[1] else first


def _looks(path: Path, delimiter: str) -> Iterator[list[str]]:
    """Cells of some lines spread over the file, the header left out."""
    size, seen = os.path.getsize(path), 0
    with _opened(path) as file:
        for i in range(_LOOKS):
            file.seek(size * i // _LOOKS)
            file.readline(MAX_LINE)  # the rest of a line, or the header
            line = file.readline(MAX_LINE).decode("utf-8", "replace")
            if line.strip():
                yield [cell.strip() for cell in _cells(line, delimiter)]
            seen += len(line)
            if seen > _LOOK_BYTES:
                return


def csv_blocks(path: Path, label_column: str | None = None, split: str = "", piece: int = PIECE) -> Iterator[Block]:
    """The samples of a CSV, some thousand at a time.

    Args:
        path: The file; UTF-8, cells separated by commas, semicolons or tabs.
        label_column: See ``read_layout``.
        split: The part they belong to.
        piece: Bytes read at a time.

    Raises:
        DatasetError: With file, line and reason: a ragged row, text or a number outside 0-255 where
            a pixel should be, a missing label; or no rows at all.
    """
    layout = read_layout(path, label_column)
    # Up to the size of the largest array that was ever freed, glibc keeps memory for the next one; beyond it, every
    # array's pages come anew from the system, which took two fifths of the time of an import.
    np.empty(8 * PIECE, np.uint8)
    any_rows = False
    with _opened(path) as file, ThreadPoolExecutor(_THREADS) as threads:
        waiting: deque = deque()
        for data, line, share in _pieces(path, file, layout, piece):
            waiting.append((threads.submit(_parse, path, data, layout, line), share))
            # Never more pieces in memory than are being worked on.
            if len(waiting) > _THREADS:
                block = _block(*waiting.popleft(), layout, split)
                any_rows |= block is not None
                if block is not None:
                    yield block
        for parsed, share in waiting:
            block = _block(parsed, share, layout, split)
            any_rows |= block is not None
            if block is not None:
                yield block
    if not any_rows:
        raise DatasetError(f"{path}: line {2 if layout.header else 1}: no rows of pixels")


def _pieces(path: Path, file, layout: Layout, piece: int) -> Iterator[tuple[bytes, int, float]]:
    """Whole lines of a file, the number of the first of them, and how much has been read then."""
    size, line = os.path.getsize(path), 1
    if layout.header:
        _line(path, file, 1)
        line = 2
    elif file.read(3) != b"\xef\xbb\xbf":
        file.seek(0)
    while data := file.read(piece):
        if not data.endswith(b"\n"):
            data += _line(path, file, line + data.count(b"\n"))
        yield data, line, file.tell() / size
        # NumPy lets go of Python's lock, which ``bytes.count`` keeps from the threads that parse.
        line += np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n"))


def _block(parsed: Future, share: float, layout: Layout, split: str) -> Block | None:
    pixels, labels = parsed.result()
    return Block(pixels.reshape(-1, layout.side, layout.side), labels, split, fraction=share) if len(labels) else None


def _parse(path: Path, data: bytes, layout: Layout, line: int) -> tuple[np.ndarray, np.ndarray]:
    return _digits(data, layout) or _fast(data, layout) or _slow(path, data, layout, line)


def _digits(data: bytes, layout: Layout) -> tuple[np.ndarray, np.ndarray] | None:
    """Pixels uint8 (k, columns - 1) and labels str (k,) of numbers of one to three digits.

    Most files hold nothing else. All bytes are worked on at once: each digit adds the tens and
    hundreds before it, and what stands in front of a separator is a cell. Half the time of a
    general parser, and already row by row. ``None`` where anything else is in the data.
    """
    characters = np.frombuffer(data if data.endswith(b"\n") else data + b"\n", np.uint8)
    digits = characters - np.uint8(ord("0"))  # below it wraps around, so the rest is above 9
    is_digit = digits < 10
    newlines = np.flatnonzero(characters == ord("\n"))
    in_pair = is_digit[1:] & is_digit[:-1]
    in_triple = in_pair[1:] & is_digit[:-2]
    ends = np.flatnonzero(is_digit[:-1] & ~is_digit[1:])
    separators = len(characters) - np.count_nonzero(is_digit)
    known = np.count_nonzero(characters == ord(layout.delimiter)) + len(newlines)
    # Nothing but digits and separators, no cell empty, none longer than three digits ...
    if not separators == known == len(ends) == len(newlines) * layout.columns or (in_pair[2:] & in_pair[:-2]).any():
        return None
    # ... and a line ends behind every so many cells.
    if not np.array_equal(ends[layout.columns - 1 :: layout.columns] + 1, newlines):
        return None
    values = digits.astype(np.uint16)
    values[1:] += (digits[:-1] * in_pair).astype(np.uint16) * np.uint16(10)
    values[2:] += (digits[:-2] * in_triple).astype(np.uint16) * np.uint16(100)
    table = values[ends].reshape(-1, layout.columns)
    pixels = table[:, layout.columns_of_pixels]
    if pixels.max(initial=0) > 255:
        return None
    return pixels.astype(np.uint8), table[:, layout.label].astype(str)


def _fast(data: bytes, layout: Layout) -> tuple[np.ndarray, np.ndarray] | None:
    """Pixels uint8 (k, columns - 1) and labels str (k,), or ``None`` where anything is unusual."""
    import polars as pl

    if layout.columns > _WIDE:
        return None
    try:
        frame = pl.read_csv(data, has_header=False, separator=layout.delimiter, schema=layout.schema)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):  # it panics on a few kinds of broken quotes
        return None
    used = [f"c{i}" for i in layout.pixels]
    column = frame[f"c{layout.label}"]
    rows = data.count(b"\n") + (not data.endswith(b"\n"))
    # An empty cell, a blank line or a quoted line end: the slow way says which.
    if frame.height != rows or column.null_count() or any(frame.select(used).null_count().row(0)):
        return None
    # Texts of one array are all as long as the longest: a long one is refused before there is an array.
    if column.str.len_chars().max() > MAX_LABEL:
        return None
    labels = _tidy(column.to_numpy().astype(str))
    if not labels.astype(bool).all():
        return None
    return np.ascontiguousarray(frame.select(used).to_numpy()), labels


def _tidy(labels: np.ndarray) -> np.ndarray:
    """Labels without blanks around them, and ``7`` for the ``7.0`` of a spreadsheet and for ``07``."""
    values, inverse = np.unique(labels, return_inverse=True)
    tidied = [re.sub(r"^0*(\d+)(\.0+)?$", r"\1", value.strip()) for value in values.tolist()]
    return np.array(tidied, str)[inverse]


def _slow(path: Path, data: bytes, layout: Layout, line: int) -> tuple[np.ndarray, np.ndarray]:
    """As ``_fast``, line by line; raises ``DatasetError`` at the first line that is wrong."""
    rows, labels = [], []
    for number, raw in enumerate(data.splitlines() if b"\r" in data else data.split(b"\n"), line):
        if not raw.strip():
            continue
        where = f"{path}: line {number}"
        cells = _cells(_decoded(path, raw, number), layout.delimiter)
        if len(cells) != layout.columns:
            raise DatasetError(f"{where}: {len(cells)} columns, where {layout.columns} are expected")
        if not cells[layout.label].strip():
            raise DatasetError(f"{where}: the label is missing")
        check_label(cells[layout.label], where)
        labels.append(cells[layout.label])
        rows.append(_pixels([cells[i] for i in layout.pixels], layout, where))
    if not rows:
        return np.zeros((0, layout.side**2), np.uint8), np.zeros(0, "<U1")
    return np.stack(rows), _tidy(np.array(labels))


def _pixels(cells: list[str], layout: Layout, where: str) -> np.ndarray:
    try:
        # Longer ones are no pixels, and one of them would make all of the array as wide.
        if max(map(len, cells)) > _LONGEST:
            raise ValueError
        values = np.array(cells).astype(np.float64)
        if ((values >= 0) & (values <= 255) & (values == np.floor(values))).all():
            return values.astype(np.uint8)
    except ValueError:
        pass
    for cell, column in zip(cells, layout.pixels, strict=True):
        at = f"{where}, column {short(layout.names[column])}"
        if not cell.strip():
            raise DatasetError(f"{at}: the pixel is missing")
        try:
            value = float(cell)
        except ValueError:
            raise DatasetError(f"{at}: {cell[:40]!r} is text, where a pixel 0-255 is expected") from None
        if not 0 <= value <= 255:
            raise DatasetError(f"{at}: {cell.strip()[:40]} is outside 0-255")
        if value != int(value) or len(cell) > _LONGEST:
            raise DatasetError(f"{at}: {cell.strip()[:40]} is no whole number; pixels are 0-255, not shares of 1")
    raise DatasetError(f"{where}: the pixels cannot be read")


def _opened(path: Path):
    try:
        return open(path, "rb")
    except OSError as error:
        raise DatasetError(f"{path}: cannot be opened ({error.strerror or error})") from None


def _line(path: Path, file, number: int) -> bytes:
    line = file.readline(MAX_LINE)
    if len(line) == MAX_LINE and not line.endswith(b"\n"):
        raise DatasetError(f"{path}: line {number}: longer than {MAX_LINE >> 20} MB; this is no CSV of images")
    return line


def _decoded(path: Path, raw: bytes, number: int) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise DatasetError(f"{path}: line {number}: not UTF-8 text: save it as CSV UTF-8") from None
    if "\0" in text:
        raise DatasetError(f"{path}: line {number}: not text")
    return text


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text.strip("\r\n")], delimiter=delimiter), [])
    except csv.Error:
        return [text]
