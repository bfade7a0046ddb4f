"""A reading as a table, for spreadsheets."""

import csv
import io
from collections.abc import Iterable

from hcr_core.recognition import Character, Reading

#: Candidates of each character that are written.
_CANDIDATES = 5
COLUMNS = (
    *("line", "word", "character", "label", "probability", "sure", "read_as", "joined", "before"),
    *("left", "top", "width", "height", "candidates"),
)


def reading_rows(reading: Reading, removed: Iterable[Character] = ()) -> list[dict[str, object]]:
    """One row for every character in reading order, lines, words and characters counted from 1; then one for each
    that ``reading_corrections.removed`` from it, in no line and no word."""
    rows = [
        {"line": i, "word": j, "character": k, "joined": word.joined, "before": word.before or ""} | _columns(character)
        for i, line in enumerate(reading.lines, 1)
        for j, word in enumerate(line.words, 1)
        for k, character in enumerate(word.characters, 1)
    ]
    return rows + [dict.fromkeys(COLUMNS, "") | _columns(character) for character in removed]


def _columns(character: Character) -> dict[str, object]:
    box = character.box
    return {
        "label": character.label,
        "probability": f"{character.probability:.4f}",
        "sure": character.sure,
        "read_as": character.read_as or "",
        "left": box.x,
        "top": box.y,
        "width": box.width,
        "height": box.height,
        "candidates": " ".join(f"{label}:{p:.3f}" for label, p in character.candidates[:_CANDIDATES]),
    }


def reading_csv(reading: Reading, removed: Iterable[Character] = ()) -> str:
    """``reading_rows`` as CSV with a header."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(reading_rows(reading, removed))
    return file.getvalue()
