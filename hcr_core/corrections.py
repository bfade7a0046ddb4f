"""What visitors wrote, and what it says: answers they marked right or corrected, and sheets they filled.

One SQLite database for this machine, in ``HCR_CORRECTIONS_DIR``, shared by everyone who uses the app there. It
is written in transactions with a write-ahead log, so that any number of processes may write at once and a
process that is killed leaves all or nothing of a sample.
"""

import json
import os
import sqlite3
import time
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.places import corrections_folder
from hcr_core.preprocessing import GLYPH_SIZE
from hcr_core.public import is_public

#: Of the tables below, in the database's ``user_version``.
VERSION = 1
#: Seconds that a writer waits for another one.
_PATIENCE = 20
#: Longest label, and longest name of a writer, in characters.
MOST_LABEL, MOST_NAME = 16, 40
#: Letters and symbols without ink: Hangul's fillers and the empty pattern of Braille.
_BLANKS = "\u115f\u1160\u3164\uffa0\u2800"
#: Most samples, and most points of a drawing, that are kept: a page left open to a crowd does not fill the disk.
MOST_SAMPLES, MOST_POINTS = 100_000, 20_000
#: One sample in so many is held back from training, so that it can be told what training brought.
_HELD_BACK = 5

_TABLES = """
CREATE TABLE sample (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time REAL NOT NULL,
    glyph BLOB NOT NULL,
    strokes TEXT NOT NULL,
    label TEXT NOT NULL,
    read_as TEXT NOT NULL,
    model TEXT NOT NULL,
    origin TEXT NOT NULL,
    writer TEXT NOT NULL,
    part TEXT NOT NULL
);
CREATE INDEX sample_label ON sample (label);
CREATE TABLE revision (made REAL NOT NULL, changes INTEGER NOT NULL);
CREATE TRIGGER inserted AFTER INSERT ON sample BEGIN UPDATE revision SET changes = changes + 1; END;
CREATE TRIGGER updated AFTER UPDATE ON sample BEGIN UPDATE revision SET changes = changes + 1; END;
CREATE TRIGGER deleted AFTER DELETE ON sample BEGIN UPDATE revision SET changes = changes + 1; END;
"""
_COLUMNS = "id, time, glyph, strokes, label, read_as, model, origin, writer, part"


@dataclass(frozen=True)
class Sample:
    """A character that somebody wrote, and what it says.

    Attributes:
        glyph: uint8 (28, 28), as a model sees it.
        label: What it says, as the visitor told.
        read_as: What a model took it for; empty where that was no character, and where none was asked.
        model: The name of that model; empty where none was asked.
        origin: How it came: ``"draw"``, ``"upload"``, ``"camera"``, ``"sheet"``.
        writer: The name the visitor gave; may be empty.
        strokes: Where it was drawn, its strokes, each float (n, 2) of x (right) and y (down) in any unit.
        id: Its number in the database; 0 before it is kept.
        time: When it was kept, in seconds since 1970.
        part: ``"train"`` or ``"test"``, for good from the moment it is kept.
    """

    glyph: np.ndarray
    label: str
    read_as: str = ""
    model: str = ""
    origin: str = ""
    writer: str = ""
    strokes: tuple[np.ndarray, ...] = ()
    id: int = 0
    time: float = 0.0
    part: str = "train"

    @property
    def right(self) -> bool:
        """Whether a model read it as what it says."""
        return self.read_as == self.label


@dataclass(frozen=True)
class Choice:
    """Which samples are meant; every one by default.

    Attributes:
        label: Only those that say this; ``None``: any.
        writer: Only this visitor's; ``None``: anyone's.
        answer: ``"right"``, ``"wrong"`` or ``"unasked"`` (no model read it); ``None``: any.
        numbers: Only those with these numbers; ``None``: any.
    """

    label: str | None = None
    writer: str | None = None
    answer: str | None = None
    numbers: tuple[int, ...] | None = None

    def condition(self) -> tuple[str, list[str]]:
        """As an SQL condition and its values."""
        answers = {"right": "read_as = label", "wrong": "model != '' AND read_as != label", "unasked": "model = ''"}
        numbers = None if self.numbers is None else json.dumps(self.numbers)
        terms = [("label = ?", self.label), ("writer = ?", self.writer)]
        # As one value, however many there are: SQLite takes some thousand.
        terms += [("id IN (SELECT value FROM json_each(?))", numbers)]
        chosen = [(term, value) for term, value in terms if value is not None]
        conditions = [term for term, _ in chosen] + ([answers[self.answer]] if self.answer else [])
        return " AND ".join(conditions) or "1", [value for _, value in chosen]


EVERYTHING = Choice()


def collecting() -> bool:
    """Whether what visitors write may be kept, and what was kept be shown.

    Not with ``HCR_COLLECT=0``, nor with ``HCR_PUBLIC=1``: an app that strangers use has no business
    with their handwriting, nor they with the owner's.
    """
    return os.environ.get("HCR_COLLECT", "").strip().lower() not in ("0", "no", "off", "false") and not is_public()


def database() -> Path:
    """The file; need not exist."""
    return corrections_folder() / "corrections.sqlite"


def plain_label(text: str) -> str:
    """A label as it is kept: composed (NFC), without spaces around it.

    Raises ``DatasetError`` for one that is empty, longer than ``MOST_LABEL``, or invisible.
    """
    label = unicodedata.normalize("NFC", text).strip()
    if not label or len(label) > MOST_LABEL:
        raise DatasetError(f"what a character says is one to {MOST_LABEL} letters")
    kinds = ["Cf" if character in _BLANKS else unicodedata.category(character) for character in label]
    # Joiners (Cf) shape the letters beside them; of nothing else there would be nothing to see.
    if any(kind in ("Cc", "Cs", "Co", "Zl", "Zp") for kind in kinds) or all(kind == "Cf" for kind in kinds):
        raise DatasetError("what a character says is written in letters that can be seen")
    return label


def keep(sample: Sample) -> Sample:
    """Add a sample; returns it with its number, time and part.

    Raises ``DatasetError`` where collecting is off, there are too many, or it cannot be written.
    """
    _check_collecting()
    glyph = np.ascontiguousarray(sample.glyph, np.uint8)
    if glyph.shape != (GLYPH_SIZE, GLYPH_SIZE):
        raise DatasetError(f"a glyph has {GLYPH_SIZE} x {GLYPH_SIZE} pixels")
    label, writer, strokes = plain_label(sample.label), sample.writer.strip()[:MOST_NAME], sample.strokes
    if sum(map(len, strokes)) > MOST_POINTS:
        strokes = ()  # a scribble: the picture is enough
    with _writing() as connection:
        held_back = _to_hold_back(connection, label)
        kept = replace(sample, label=label, writer=writer, strokes=strokes, time=time.time(), part=held_back)
        values = (kept.time, glyph.tobytes(), _text(strokes), label, kept.read_as, kept.model, kept.origin, writer)
        row = connection.execute(
            f"INSERT INTO sample ({_COLUMNS.removeprefix('id, ')}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, kept.part),
        )
        return replace(kept, id=row.lastrowid)


def _check_collecting() -> None:
    if not collecting():
        raise DatasetError("collecting is switched off on this machine")


def _to_hold_back(connection: sqlite3.Connection, label: str) -> str:
    """The part of the next sample: a fifth of all is for testing, and no class is left without training."""
    total, tests = connection.execute("SELECT COUNT(*), COALESCE(SUM(part = 'test'), 0) FROM sample").fetchone()
    if total >= MOST_SAMPLES:
        raise DatasetError(f"there are {MOST_SAMPLES:,} samples already: delete some first")
    own = connection.execute("SELECT COUNT(*) FROM sample WHERE label = ? AND part = 'train'", (label,)).fetchone()[0]
    # Every other class at most: who writes a whole alphabet twice does not lose its first letters alone.
    chosen = zlib.crc32(f"{label} {total}".encode()) % 2 == 0
    return "test" if own and chosen and _HELD_BACK * (tests + 1) <= total + 1 else "train"


def relabel(number: int, label: str) -> None:
    """Say anew what a sample says; one that is gone meanwhile stays so."""
    _check_collecting()
    label = plain_label(label)
    with _writing() as connection:
        connection.execute("UPDATE sample SET label = ? WHERE id = ?", (label, number))


def delete(numbers: Iterable[int]) -> int:
    """Delete samples for good, from the file too; returns how many there were.

    Raises ``DatasetError`` where collecting is off: whoever comes by there has nothing to delete.
    """
    _check_collecting()
    with _writing() as connection:
        done = connection.executemany("DELETE FROM sample WHERE id = ?", [(number,) for number in numbers]).rowcount
    with closing(_connected()) as connection:
        # The log still holds what was deleted until it is written back.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return done


def samples(choice: Choice = EVERYTHING, *, limit: int = -1, first: int = 0) -> list[Sample]:
    """Samples, the latest first; ``limit`` of them (-1: all) from number ``first`` on."""
    condition, values = choice.condition()
    query = f"SELECT {_COLUMNS} FROM sample WHERE {condition} ORDER BY id DESC LIMIT ? OFFSET ?"
    with _reading() as connection:
        return [_sample(row) for row in connection.execute(query, (*values, limit, first))]


def count(choice: Choice = EVERYTHING) -> int:
    """How many samples there are."""
    condition, values = choice.condition()
    with _reading() as connection:
        return connection.execute(f"SELECT COUNT(*) FROM sample WHERE {condition}", values).fetchone()[0]


@dataclass(frozen=True)
class Overview:
    """How many samples there are of each label and of each writer, most first."""

    labels: dict[str, int] = field(default_factory=dict)
    writers: dict[str, int] = field(default_factory=dict)


def overview(choice: Choice = EVERYTHING) -> Overview:
    """Counts by label and by writer."""
    condition, values = choice.condition()
    with _reading() as connection:

        def counted(column: str) -> dict[str, int]:
            query = f"SELECT {column}, COUNT(*) AS n FROM sample WHERE {condition} GROUP BY 1 ORDER BY n DESC, 1"
            return dict(connection.execute(query, values).fetchall())

        return Overview(counted("label"), counted("writer"))


def revision() -> str:
    """Differs whenever the samples do; empty where there are none."""
    if not database().exists():
        return ""
    with _reading() as connection:
        made, changes = connection.execute("SELECT made, changes FROM revision").fetchone()
    return f"{made:.6f}-{changes}"


def _text(strokes: Iterable[np.ndarray]) -> str:
    return json.dumps([np.asarray(stroke, float).round(1).tolist() for stroke in strokes], separators=(",", ":"))


def _sample(row: tuple) -> Sample:
    number, when, glyph, strokes, label, read_as, model, origin, writer, part = row
    return Sample(
        glyph=np.frombuffer(glyph, np.uint8).reshape(GLYPH_SIZE, GLYPH_SIZE),
        label=label,
        read_as=read_as,
        model=model,
        origin=origin,
        writer=writer,
        strokes=tuple(np.array(stroke, np.float32).reshape(-1, 2) for stroke in json.loads(strokes)),
        id=number,
        time=when,
        part=part,
    )


@contextmanager
def _writing() -> Iterator[sqlite3.Connection]:
    """A transaction: all of it or nothing, one writer at a time."""
    with _said(), closing(_connected()) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


@contextmanager
def _reading() -> Iterator[sqlite3.Connection]:
    """A connection to look with; where there is no database yet, to an empty one that is not kept."""
    with _said():
        if database().exists():
            with closing(_to_look()) as connection:
                yield connection
        else:
            with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
                connection.executescript(_TABLES)
                yield connection


@contextmanager
def _said() -> Iterator[None]:
    """What goes wrong with the database, as a sentence."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise DatasetError(f"{database()}: the corrections cannot be used ({error})") from None


def _connected() -> sqlite3.Connection:
    """A connection of one's own: SQLite's must not be shared by threads."""
    database().parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(database(), timeout=_PATIENCE, isolation_level=None)
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            _prepare(connection)
        # What is deleted is overwritten: it was somebody's handwriting.
        connection.execute("PRAGMA secure_delete = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _to_look() -> sqlite3.Connection:
    """A connection, also in a folder that may not be written: a log of writing is one, even for those who only read."""
    try:
        return _connected()
    except sqlite3.OperationalError:
        if os.access(database().parent, os.W_OK):
            raise
        return sqlite3.connect(f"{database().absolute().as_uri()}?immutable=1", uri=True, isolation_level=None)


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, once, whoever comes first."""
    _keep_a_log(connection)
    connection.execute("BEGIN IMMEDIATE")
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > VERSION:
        connection.execute("ROLLBACK")
        raise DatasetError(f"{database()}: was written by a newer version of this program")
    if not found:
        for statement in _statements(_TABLES):
            connection.execute(statement)
        connection.execute("INSERT INTO revision VALUES (?, 0)", (time.time(),))
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log; SQLite itself does not wait for another process that is just switching."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.02)


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; ``executescript`` would end the transaction that they belong into."""
    text = ""
    for line in script.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            yield text
            text = ""
