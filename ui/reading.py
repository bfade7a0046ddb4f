"""How a reading is shown: the letter, how sure, what it could be instead, what the model saw."""

import html
from collections.abc import Sequence

import cv2
import numpy as np
import streamlit as st

from hcr_core import Reading
from hcr_core.alphabet import spoken
from hcr_core.imaging import flatten
from hcr_core.recognition import Character
from ui.figures import probability_bars

#: Side, in CSS pixels, at which a glyph or an original is shown beside each other.
_PICTURE = 130


def percent(p: float) -> str:
    """A probability for people: ``97 %``, and never a false 0 or 100.

    >>> percent(0.9996), percent(0.973), percent(0.0002)
    ('> 99 %', '97 %', '< 1 %')
    """
    if 0.995 <= p < 1:
        return "> 99 %"
    if 0 < p < 0.005:
        return "< 1 %"
    return f"{p:.0%}".replace("%", " %")


def in_words(labels: Sequence[str]) -> str:
    """Labels spoken and joined: ``capital O, small o and zero``."""
    words = [spoken(label) for label in labels]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def remark(character: Character) -> str:
    """What to know about an answer, in plain words; empty where it speaks for itself."""
    rivals = [(label, p) for label, p in character.candidates[1:] if p >= 0.05]
    alike = [(label, p) for label, p in rivals if label in character.lookalikes]
    if not character.sure:
        others = in_words([label for label, _ in rivals[:2]]) if rivals else ""
        return f"Unsure: it could also be {others}." if others else "Unsure."
    if alike:
        shares = ", ".join(f"{label} {percent(p)}" for label, p in alike)
        names = in_words([character.label, *(label for label, _ in alike)])
        return f"{names[0].upper()}{names[1:]} look alike here: {shares}."
    return ""


def answer(reading: Reading | None, *, empty: str = "") -> None:
    """The letter, large, with how sure the model is; ``empty`` is what to say before anything is written."""
    if reading is None or not reading.characters:
        text = empty if reading is None else "Nothing written here."
        st.html(
            f'<div class="answer" role="status"><span class="letter blank">?</span><p>{html.escape(text)}</p></div>'
        )
        return
    character = reading.characters[0]
    lines = [f'<p class="name">{html.escape(spoken(character.label))} <b>{percent(character.probability)}</b></p>']
    note = remark(character)
    if note:
        mark = "" if character.sure else " unsure"
        lines.append(f'<p class="remark{mark}">{html.escape(note)}</p>')
    following = [f"<b>{html.escape(label)}</b> {percent(p)}" for label, p in character.candidates[1:5] if p >= 0.005]
    if following:
        lines.append(f'<p class="next">then {" · ".join(following)}</p>')
    st.html(
        f'<div class="answer" role="status"><span class="letter">{html.escape(character.label)}</span>'
        f"<div>{''.join(lines)}</div></div>"
    )


def full_view(reading: Reading, image: np.ndarray, key: str) -> None:
    """Everything about the reading of one character."""
    answer(reading)
    for character in reading.characters[:1]:
        what_the_model_saw(character, image)
        probabilities(character, key)


def what_the_model_saw(character: Character, image: np.ndarray) -> None:
    """The original beside the 28x28 glyph that was classified."""
    with st.container(horizontal=True, gap="medium"):
        st.image(
            _cut_out(image, character), caption="your ink", width=_PICTURE, alt="the part of the image that was read"
        )
        st.image(
            cv2.resize(character.glyph, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST),
            caption="what the model saw",
            width=_PICTURE,
            alt=f"the 28 by 28 pixel image that was read as {spoken(character.label)}",
        )


def _cut_out(image: np.ndarray, character: Character) -> np.ndarray:
    """A square of the original around the character, uint8 (side, side[, 3]) of moderate size."""
    box = character.box
    side = max(4, round(1.3 * max(box.width, box.height)))
    padded = cv2.copyMakeBorder(flatten(image), side, side, side, side, cv2.BORDER_REPLICATE)
    x, y = box.x + box.width // 2 + side - side // 2, box.y + box.height // 2 + side - side // 2
    cut = padded[y : y + side, x : x + side]
    return cv2.resize(cut, (2 * _PICTURE, 2 * _PICTURE), interpolation=cv2.INTER_AREA)


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
.answer .remark { border-left: 3px solid currentColor; padding-left: 0.6rem; }
.answer .remark.unsure { border-color: #d08a1d; }
/* The canvas package's own toolbar repeats Undo, Redo and Clear above the sheet on hover. */
[class*="st-key-"][class*="_frame"]:not(:focus-within) { overflow: clip; }
@media (max-width: 640px) {
  /* 62 labels need 560 pixels: on a phone the bars scroll sideways. */
  [class*="st-key-"][class*="_bars"] { overflow-x: auto; }
  [class*="st-key-"][class*="_bars"] > * { min-width: 560px; }
  .answer { gap: 1rem; min-height: 8rem; }
  .answer .letter { font-size: 6.5rem; min-width: 5.5rem; }
}
</style>
"""
