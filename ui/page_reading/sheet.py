"""An image with boxes to click and the text beside it: a component of the app's own."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import streamlit as st

from hcr_core import Reading
from hcr_core.recognition import Character
from ui.reading import in_words, percent

_FOLDER = Path(__file__).parent
#: Candidates that are sent for each character: as many as the editor has places for.
_CANDIDATES = 6

_sheet = st.components.v2.component(
    "hcr_page_sheet",
    html="""
<div class="page">
<div class="picture">
<div class="bar"><button class="out" type="button" aria-label="Zoom out" title="Zoom out">&minus;</button>
<button class="in" type="button" aria-label="Zoom in" title="Zoom in">+</button>
<button class="fit" type="button">Fit</button>
<button class="see" type="button" aria-pressed="true">Boxes</button>
<button class="restore" type="button" hidden>Undo corrections</button></div>
<div class="scroll"><div class="sheet"><img alt=""><div class="boxes" role="group"
aria-label="Characters: arrow keys move, Enter opens the candidates, a typed letter replaces"></div></div></div>
<p class="hint">Click a character to correct it, or go there with the arrow keys and type.</p>
</div>
<div class="reading">
<div class="bar"><span class="count" role="status"></span>
<button class="next" type="button">Next unsure</button>
<button class="copy" type="button">Copy text</button></div>
<div class="remarks" role="status"></div>
<div class="text" role="region" aria-label="What was read"></div>
</div>
<div class="tip" popover="manual" role="tooltip"></div>
<form class="editor" popover="auto" aria-label="Correct this character">
<div class="cut" role="img" aria-label="The character in the picture"></div>
<div class="choices" role="group" aria-label="It could be"></div>
<p class="note"></p>
<div class="type"><label>or type it<input type="text" autocomplete="off" autocapitalize="off" spellcheck="false"
maxlength="80"></label><button class="use" type="submit">Use</button></div>
<div class="foot"><button class="remove" type="button">No character</button>
<button class="undo" type="button">As it was read</button></div>
</form>
</div>""",
    css=(_FOLDER / "sheet.css").read_text(encoding="utf-8"),
    js="\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("editor.js", "sheet.js")),
)


def clickable_sheet(
    reading: Reading,
    picture: str,
    size: tuple[int, int],
    key: str,
    *,
    identity: str,
    description: str,
    labels: Mapping[int, str],
    remarks: Sequence[str],
    on_correct: Callable[[str, object], None],
) -> None:
    """Show an image with what was read on it.

    Args:
        reading: With boxes in pixels of an image of ``size``.
        picture: That image in any resolution, as a URL.
        size: Width and height that the boxes refer to.
        key: Name of the widget.
        identity: Of the image and how it was read; corrections made for another one are not shown.
        description: Of the image, for screen readers.
        labels: Corrections so far, by position in ``reading.characters``.
        remarks: Sentences to stand above the text.
        on_correct: Called before the next run with the identity and all corrections, as the browser
            sent them.
    """

    def changed() -> None:
        sent = st.session_state[key].corrections
        if isinstance(sent, dict):
            on_correct(str(sent.get("id")), sent.get("labels"))

    _sheet(
        data={
            "id": identity,
            "picture": picture,
            "width": size[0],
            "height": size[1],
            "description": description,
            "characters": [_character(character) for character in reading.characters],
            "lines": _lines(reading),
            "labels": {str(i): label for i, label in labels.items()},
            "remarks": list(remarks),
        },
        key=key,
        on_corrections_change=changed,
    )


def _character(character: Character) -> dict:
    box = character.box
    return {
        "box": [box.x, box.y, box.width, box.height],
        "label": character.label,
        "sure": character.sure and not character.refused,
        "alike": _alike(character),
        "candidates": [[label, percent(p)] for label, p in _offered(character)],
    }


def _alike(character: Character) -> str:
    """Where a shape is clear, but not which character it is: what it could be."""
    if not (character.sure and character.lookalikes):
        return ""
    names = in_words([character.label, *character.lookalikes])
    return f"{names[0].upper()}{names[1:]} look alike; its neighbours decided."


def _offered(character: Character) -> list[tuple[str, float]]:
    """The best candidates, with all look-alikes of the answer among them."""
    alike = [(label, p) for label, p in character.candidates[_CANDIDATES:] if label in character.lookalikes]
    return [*character.candidates[: _CANDIDATES - len(alike)], *alike]


def _lines(reading: Reading) -> list[list[dict]]:
    """The words of every line, by the position of their first character."""
    first, lines = 0, []
    for line in reading.lines:
        words = []
        for word in line.words:
            words.append({"first": first, "count": len(word.characters), "joined": word.joined, "before": word.before})
            first += len(word.characters)
        lines.append(words)
    return lines
