"""How a reading is shown: the letter, how sure, what it could be instead, what the model saw."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import streamlit as st

from hcr_core import Reading
from hcr_core.alphabet import spoken
from hcr_core.explanation import coloured, evidence
from hcr_core.imaging import flatten
from hcr_core.journal import timed
from hcr_core.preprocessing import Box
from hcr_core.recognition import Character
from hcr_core.sheet_ink import border_of
from ui.data import recognizer
from ui.explaining import inside
from ui.figures import probability_bars

#: Side, in CSS pixels, at which a glyph or an original is shown beside each other.
_INK = 130
#: Longer side, in CSS pixels, at which an uploaded image is shown.
PICTURE = 340


def percent(share: float, decimals: int = 0) -> str:
    """A probability for people: ``97 %``, and never a false 0 or 100.

    >>> percent(0.9996), percent(0.973), percent(0.0002), percent(0.9996, 1)
    ('> 99 %', '97 %', '< 1 %', '> 99.9 %')
    """
    least, sign = 10.0 ** -(decimals + 2), ""
    if 0 < share < least / 2:
        share, sign = least, "< "
    elif 1 - least / 2 <= share < 1:
        share, sign = 1 - least, "> "
    return f"{sign}{share:.{decimals}%}".replace("%", " %")


def plain(text: str) -> str:
    """A text, such as a file's name, with nothing in it that Markdown would act on."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-!|~:$" else c for c in text)


def in_words(labels: Sequence[str], joint: str = "and") -> str:
    """Labels spoken and joined: ``capital O, small o and zero``."""
    words = [spoken(label) for label in labels]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joint} {words[-1]}"


def alike(character: Character) -> list[tuple[str, float]]:
    """Look-alikes of the answer that are probable enough to speak of, with their probabilities."""
    return [(label, p) for label, p in character.candidates[1:] if p >= 0.05 and label in character.lookalikes]


def remark(character: Character) -> str:
    """What to know about an answer, in plain words; empty where it speaks for itself."""
    if character.refused:
        return f"If it is one, {in_words([character.label])} comes closest."
    if not character.sure:
        rivals = [label for label, p in character.candidates[1:3] if p >= 0.05]
        return f"Unsure: it could also be {in_words(rivals, 'or')}." if rivals else "Unsure."
    others = alike(character)
    if not others:
        return ""
    names = in_words([character.label, *(label for label, _ in others)])
    shares = ", ".join(f"{label} {percent(p)}" for label, p in others)
    return f"{names[0].upper()}{names[1:]} look alike here: {shares}."


def answer(reading: Reading | None, *, empty: str = "") -> None:
    """The letter, large, with how sure the model is; ``empty`` is what to say before anything is written."""
    if reading is None or not reading.characters:
        text = empty if reading is None else "No single character found here."
        st.html(
            f'<div class="answer" role="status"><span class="letter blank">?</span><p>{html.escape(text)}</p></div>'
        )
        return
    character = reading.characters[0]
    lines = [f'<p class="name">{_headline(character)}</p>']
    note = remark(character)
    if note:
        mark = " unsure" if character.refused or not character.sure else ""
        lines.append(f'<p class="remark{mark}">{html.escape(note)}</p>')
    following = _following(character)
    if following:
        lines.append(f'<p class="next">{following}</p>')
    faded = " blank" if character.refused else ""
    st.html(
        f'<div class="answer" role="status"><span class="letter{faded}">{html.escape(character.label)}</span>'
        f"<div>{''.join(lines)}</div></div>"
    )


def _headline(character: Character) -> str:
    if character.refused:
        return "<b>Probably not a character</b>"
    return f"{html.escape(spoken(character.label))} <b>{percent(character.probability)}</b>"


def _following(character: Character) -> str:
    """What comes after what was said already; of what is refused nothing was, but that it is no character."""
    said = alike(character) if character.sure and not character.refused else []
    first = 0 if character.refused else 1
    shares = " · ".join(
        f"<b>{html.escape(label)}</b> {percent(p)}"
        for label, p in character.candidates[first:5]
        if p >= 0.005 and (label, p) not in said
    )
    return shares and f"{'among characters:' if character.refused else 'then'} {shares}"


#: Widths of columns, in CSS pixels or by name; the others are as wide as what is in them.
_WIDTHS = {
    **dict.fromkeys(("probability", "characters", "unsure"), "small"),
    **dict.fromkeys(("candidates", "doubt", "error"), 250),
}


def table_to_take(rows: list[dict[str, object]], key: str, opens: str | None = None) -> None:
    """The readings of several images, with a button that takes them away as CSV.

    Args:
        rows: Texts by column. ``doubt`` and ``error`` are shown where there are any, and always taken away.
        key: Name of the button.
        opens: Name of the widget that says which row is shown in full, by its number: a click on a row chooses it.
    """
    import pandas as pd  # takes a third of a second, for which the first visitor would wait

    table = pd.DataFrame(rows)
    empty = [name for name in ("doubt", "error") if name in table and not table[name].any()]
    chosen = {"on_select": partial(_open_row, f"{key}_table", opens), "selection_mode": "single-cell"} if opens else {}
    st.dataframe(
        table.drop(columns=empty),
        hide_index=True,
        column_config={name: st.column_config.Column(width=width) for name, width in _WIDTHS.items()},
        key=f"{key}_table",
        **chosen,
    )
    st.download_button(
        "Download as CSV",
        table.to_csv(index=False).encode(),
        "readings.csv",
        "text/csv",
        icon=":material/download:",
        key=key,
        on_click="ignore",
    )


def _open_row(table: str, widget: str) -> None:
    for row, _ in st.session_state[table].selection.cells:
        st.session_state[widget] = row


def thumbnail(image: np.ndarray, side: int) -> np.ndarray:
    """An image enlarged or reduced to ``side`` pixels on its longer side, and at least one on the other."""
    scale = side / max(image.shape[:2])
    size = tuple(max(1, round(length * scale)) for length in image.shape[1::-1])
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


@dataclass(frozen=True)
class Seen:
    """A reading with all the page shows of its image, and none of the megapixels behind it.

    Attributes:
        reading: What was read.
        ink: A square of the original around the character, or ``None`` where nothing is written.
        picture: The whole image, small.
        model: The name of the model that read it.
        several: Whether there seems to be more than one character; ``False``, too, where nobody looked.
    """

    reading: Reading
    ink: np.ndarray | None
    picture: np.ndarray
    model: str
    several: bool = False


def look(image: np.ndarray, alphabet: str, model: str) -> Seen:
    """Read an image, uint8 (H, W[, C]), with a model of the store; raises ``ModelError``, ``AlphabetError``."""
    with timed("reading", height=image.shape[0], width=image.shape[1], model=model):
        reading = recognizer(model).read(image, alphabet=alphabet)
    ink = _cut_out(image, reading.characters[0].box) if reading.characters else None
    return Seen(reading, ink, thumbnail(image, PICTURE), model)


def full_view(seen: Seen, key: str, below: Callable[[Character, str], None] | None = None) -> None:
    """Everything about the reading of one character; ``below`` shows what stands under the answer."""
    answer(seen.reading)
    for character in seen.reading.characters[:1]:
        if below is not None:
            below(character, seen.model)
        with st.container(horizontal=True, gap="medium"):
            st.image(seen.ink, caption="the ink", width=_INK, alt="the part of the image that was read")
            st.image(
                cv2.resize(character.glyph, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST),
                caption="what the model saw",
                width=_INK,
                alt=f"the 28 by 28 pixel image that was read as {spoken(character.label)}",
            )
            asked = why(character, seen.model, key)
        if asked:
            inside(character, seen.model, key)
        probabilities(character, key)


def why(character: Character, model: str, key: str) -> bool:
    """If asked for: which of the ink spoke for the answer, and which for the next best one; returns whether it was."""
    answer, rival = (label for label, _ in character.candidates[:2])
    with st.container(width="content"):
        asked = st.toggle(
            "Why?",
            key=f"{key}_why",
            persist_state="session",
            help="Shows which of your ink the model goes by: each piece is taken away in turn, and what that changes "
            "is its weight.",
        )
        if not asked:
            return False
        reader = recognizer(model)
        weights = evidence(reader.classify, character.glyph, *map(reader.alphabet.index, (answer, rival)))
        st.image(
            coloured(character.glyph, weights),
            width=_INK,
            alt=f"the ink that speaks for {spoken(answer)} in blue, for {spoken(rival)} in orange",
        )
        st.markdown(f":blue[blue: {plain(spoken(answer))}]  \n:orange[orange: {plain(spoken(rival))}]")
        return True


def _cut_out(image: np.ndarray, box: Box) -> np.ndarray:
    """A square of the original around the character, uint8 (side, side[, 3]) of moderate size."""
    half = max(2, round(0.65 * max(box.width, box.height)))
    x, y = box.x + box.width // 2, box.y + box.height // 2
    height, width = image.shape[:2]
    top, left, bottom, right = max(y - half, 0), max(x - half, 0), min(y + half, height), min(x + half, width)
    cut = flatten(image[top:bottom, left:right])
    margins = (top - y + half, y + half - bottom, left - x + half, x + half - right)
    # Beyond the image is paper: its edge repeated would draw bars of whatever lies there, a shadow or a frame.
    square = cv2.copyMakeBorder(cut, *margins, cv2.BORDER_CONSTANT, value=_paper_around(image, box))
    return cv2.resize(square, (2 * _INK, 2 * _INK), interpolation=cv2.INTER_AREA)


def _paper_around(image: np.ndarray, box: Box) -> list[float]:
    """The usual colour just outside a character's box."""
    gap = 1 + max(box.width, box.height) // 50
    part = image[max(box.y - gap, 0) : box.y + box.height + gap, max(box.x - gap, 0) : box.x + box.width + gap]
    return np.median(border_of(np.atleast_3d(flatten(part))), axis=0).tolist()


def probabilities(character: Character, key: str) -> None:
    """All class probabilities as bars, with how to show them."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown("**Every class**", width="content")
        with st.container(horizontal=True, width="content"):
            order = _switch("Order", ["best first", "0-9 A-Z a-z"], f"{key}_order")
            scale = _switch("Scale", ["linear", "log"], f"{key}_scale")
    figure = probability_bars(character.candidates, log=scale == "log", by_probability=order == "best first")
    first, second = (*character.candidates, ("", 0.0))[:2]
    with st.container(key=f"{key}_bars"):
        st.plotly_chart(
            figure,
            key=f"{key}_chart",
            config={"displayModeBar": False},
            alt=f"Bar chart of the probability of each of {len(character.candidates)} classes: "
            f"{spoken(first[0])} {percent(first[1])}, then {spoken(second[0])} {percent(second[1])}.",
        )


def _switch(label: str, options: list[str], key: str) -> str:
    return st.segmented_control(
        label,
        options,
        default=options[0],
        required=True,
        label_visibility="collapsed",
        key=key,
        persist_state="session",
    )


STYLE = """
<style>
.answer { display: flex; gap: 1.5rem; align-items: center; min-height: 9.5rem; }
.answer .letter { font: 600 8.5rem/1 'Iowan Old Style', 'Palatino Linotype', Palatino, 'Source Serif', Georgia, serif;
  min-width: 8rem; text-align: center; }
.answer .letter.blank { opacity: 0.25; }
.answer p { margin: 0 0 0.4rem; font-size: 1.05rem; }
.answer .name { font-size: 1.35rem; }
.answer .next { opacity: 0.75; }
/* l, I and 1 differ in it. */
.answer .next b { font-family: 'Source Code Pro', monospace; }
.answer .remark { border-left: 3px solid currentColor; padding-left: 0.6rem; }
.answer .remark.unsure { border-color: #d08a1d; }
/* Why a file is refused: Streamlit says it to screen readers and to a pointer on the file, not to a phone. */
[data-testid="stFileChip"][aria-invalid="true"] { flex-wrap: wrap; height: auto; max-width: 100%; }
[data-testid="stFileChip"] > [role="alert"] { position: static; width: 100%; height: auto; margin: 0; clip-path: none;
  clip: auto; overflow: visible; white-space: normal; font-size: 0.9rem; }
@media (max-width: 640px) {
  /* 62 labels need 560 pixels: on a phone the bars scroll sideways. */
  [class*="st-key-"][class*="_bars"] { overflow-x: auto; }
  [class*="st-key-"][class*="_bars"] > * { min-width: 560px; }
  .answer { gap: 1rem; min-height: 6.5rem; }
  .answer .letter { font-size: 6rem; min-width: 5.5rem; }
  /* So that the answer is in sight below the sheet. */
  [data-testid="stMainBlockContainer"] { padding-top: 3.75rem; }
  h1 { font-size: 1.5rem !important; padding: 0 0 0.6rem !important; }
}
</style>
"""
