"""A sheet of nine cells to write an alphabet into, one sheet after another."""

import base64
import contextlib
import html

import streamlit as st

from hcr_core import corrections
from hcr_core.alphabet import DIGITS, LOWERCASE, UPPERCASE
from hcr_core.canvas_strokes import strokes_of
from hcr_core.corrections import Choice, Sample
from hcr_core.guided_sheet import GRID, by_cell, characters_of, glyph_of, mistaken, next_characters
from hcr_core.model_store import ModelError
from ui.canvas import SIDE, drawing_pad, objects_on, show_drawing
from ui.data import recognizer
from ui.fragments import fragment
from ui.reading import plain
from ui.teach.visitor import writer

PAD = "teach_pad"
#: Pen on the sheet: a third of a cell's letter is what it is of the Recognize page's.
_PEN = 6
_ALPHABETS = {
    "Digits": DIGITS,
    "Capitals": UPPERCASE,
    "Small letters": LOWERCASE,
    "Greek": "αβγδεζηθικλμνξοπρστυφχψω",
    "Devanagari digits": "०१२३४५६७८९",
}
_OWN = "My own"
#: Numbers of the samples of the last sheet, to take it back.
_LAST = "teach_last_sheet"
#: What was asked for on it, and what it looks like instead.
_DOUBTS = "teach_last_doubts"
#: Numbers of all samples of this visit.
_WRITTEN = "teach_written"


def show_sheet() -> None:
    """Choosing an alphabet, and writing it."""
    characters, each = _wanted()
    if characters:
        _write(characters, each)
    else:
        st.info("Type the characters that you want to teach, of any script.", icon=":material/keyboard:")


def _wanted() -> tuple[list[str], int]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        name = st.segmented_control(
            "Alphabet",
            [*_ALPHABETS, _OWN],
            default="Capitals",
            required=True,
            key="teach_alphabet",
            persist_state="session",
        )
        each = st.number_input(
            "Times each",
            1,
            50,
            3,
            key="teach_each",
            persist_state="session",
            width=140,
            help="Three times each are enough to adapt a model that knows the characters; a new script takes five to "
            "ten.",
        )
    if name != _OWN:
        return list(_ALPHABETS[name]), each
    text = st.text_input(
        "Your characters",
        key="teach_own",
        persist_state="session",
        placeholder="абвгд … or, with spaces between them, ch sch tz",
        help="Any script. Where a character is several letters, set spaces between the characters.",
    )
    return characters_of(text), each


@fragment
def _write(characters: list[str], each: int) -> None:
    # Who gave no name is not taken for others without one: what they wrote is no progress of this visit.
    visit = None if writer() else tuple(st.session_state.get(_WRITTEN, ()))
    counts = corrections.overview(Choice(writer=writer(), numbers=visit)).labels
    asked = next_characters(characters, counts, each)
    pad, beside = st.columns([5, 7], gap="medium")
    if asked:
        with pad:
            st.html(_guides(asked))
            drawing_pad(PAD, _PEN)
    with beside:
        if asked:
            st.markdown("**Please write into each cell what stands in its corner.** An empty cell is asked for again.")
        else:
            st.success("All written. Go on to **Adapt**, or ask for more of each.", icon=":material/check:")
        _buttons(asked)
        done = sum(min(counts.get(label, 0), each) for label in characters)
        st.progress(done / (each * len(characters)), f"{done:,} of {each * len(characters):,} written")
        _say_what_looks_wrong()
        if error := st.session_state.pop("teach_sheet_error", None):
            st.error(plain(error), icon=":material/error:")


def _say_what_looks_wrong() -> None:
    """Of the last sheet: one letter in another's cell spoils what is learnt of both."""
    if doubts := st.session_state.get(_DOUBTS):
        seen = ", ".join(f"your **{plain(asked)}** looks like **{plain(seen)}**" for asked, seen in doubts)
        st.warning(
            f"On the last sheet {seen}. If it is in the wrong cell, take the last sheet back; if you write it so, go "
            "on: that is what teaching is for.",
            icon=":material/help:",
        )


def _buttons(asked: list[str]) -> None:
    with st.container(horizontal=True, gap="small"):
        if asked:
            st.button(
                "Keep and go on",
                icon=":material/arrow_forward:",
                type="primary",
                key="teach_keep",
                on_click=_keep,
                args=(asked,),
                disabled=not objects_on(PAD),
            )
        if st.session_state.get(_LAST):
            st.button("Take the last sheet back", icon=":material/undo:", key="teach_back", on_click=_delete_last)


def _guides(asked: list[str]) -> str:
    """The cells' borders and what to write, over the pad, where no pointer meets them."""
    cell = SIDE / GRID
    lines = "".join(
        f'<path d="M{i * cell:.1f} 4V{SIDE - 4}M4 {i * cell:.1f}H{SIDE - 4}" stroke="#b9bfcc"/>' for i in range(1, GRID)
    )
    texts = "".join(
        f'<text x="{i % GRID * cell + 7:.1f}" y="{i // GRID * cell + 21:.1f}" font-size="17" '
        f'font-family="Georgia, serif" fill="#2f4ccc">{html.escape(label)}</text>'
        for i, label in enumerate(asked)
    )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{SIDE}">{lines}{texts}</svg>'
    url = base64.b64encode(svg.encode()).decode()
    spoken = ", ".join(f"cell {i + 1}: {html.escape(label)}" for i, label in enumerate(asked))
    return (
        f"<style>.st-key-{PAD}_frame {{ position: relative; }} .st-key-{PAD}_frame::after {{ content: ''; "
        f"position: absolute; left: 0; top: 0; width: {SIDE}px; height: {SIDE}px; pointer-events: none; z-index: 50; "
        f"background: url(data:image/svg+xml;base64,{url}); }} .teach-spoken {{ position: absolute; left: -9999px; }}"
        f'</style><p class="teach-spoken">Please write {spoken}.</p>'
    )


def _keep(asked: list[str]) -> None:
    """Keep what stands in the cells, and clear the sheet."""
    cells = by_cell(strokes_of(objects_on(PAD)), SIDE)
    samples = [
        Sample(glyph_of(strokes), asked[cell], origin="sheet", writer=writer(), strokes=strokes)
        for cell, strokes in cells.items()
        if cell < len(asked)
    ]
    numbers = []
    try:
        for sample in samples:
            numbers.append(corrections.keep(sample).id)
    except corrections.DatasetError as error:
        st.session_state["teach_sheet_error"] = str(error)
        return
    finally:
        st.session_state.setdefault(_WRITTEN, []).extend(numbers)
    st.session_state[_LAST] = numbers
    with contextlib.suppress(ModelError):
        labels = [sample.label for sample in samples]
        st.session_state[_DOUBTS] = mistaken(recognizer(), [sample.glyph for sample in samples], labels)
    show_drawing(PAD, [])


def _delete_last() -> None:
    try:
        corrections.delete(st.session_state[_LAST])
    except corrections.DatasetError as error:
        st.session_state["teach_sheet_error"] = str(error)
        return
    del st.session_state[_LAST]
    st.session_state.pop(_DOUBTS, None)
