"""Under every answer of the Recognize page: was it right, and if not, what does it say?"""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import streamlit as st

from hcr_core import corrections
from hcr_core.corrections import Choice, Sample, collecting
from hcr_core.datasets import DatasetError
from hcr_core.recognition import Character
from ui.reading import plain
from ui.teach.visitor import NOTICE, to_go, writer

#: What this visitor marked, by what was read and by whom: ``(number, label)`` of the sample.
_MARKED = "teach_marked"
#: Answers remembered at most.
_MOST = 200
#: Other answers offered at once; any can be typed.
_OFFERED = 6


def offer(character: Character, model: str, origin: str, strokes: Sequence[np.ndarray] = ()) -> None:
    """Buttons to mark an answer right or to correct it, or how it was marked.

    Args:
        character: The answer; of what was refused, that it is no character is the answer, and nothing is to be kept
            of it where that is right.
        model: Whose it is.
        origin: How the character came: see ``corrections.Sample``.
        strokes: Where it was drawn, its strokes.
    """
    if not collecting():
        return
    identity = (character.glyph.tobytes(), model)
    marked = st.session_state.setdefault(_MARKED, {})
    error = st.session_state.pop("teach_mark_error", None)
    key = f"teach_mark_{origin}"
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"{key}_row"):
        if identity in marked:
            _done(marked, identity, key)
        else:
            read_as = "" if character.refused else character.label
            sample = Sample(
                character.glyph, "", read_as, model, origin, writer(), tuple(np.asarray(s) for s in strokes)
            )
            others = [label for label, _ in character.candidates if label != read_as]
            _ask(sample, identity, others[:_OFFERED], key)
    if error:
        st.error(plain(error))


def _ask(sample: Sample, identity: tuple, others: list[str], key: str) -> None:
    question = "Is it right?" if sample.read_as else "Did you write a character?"
    st.markdown(question, width="content", help=f"Your answer and the character help to teach it. {NOTICE}")
    if sample.read_as:
        right = (sample, identity, sample.read_as)
        st.button("Yes", icon=":material/check:", key=f"{key}_right", on_click=_keep, args=right)
    correct = "No, it is …" if sample.read_as else "Yes, it is …"
    with st.popover(correct, icon=":material/edit:", key=f"{key}_popover"):
        with st.container(horizontal=True, gap="xsmall"):
            for i, label in enumerate(others):
                st.button(plain(label), key=f"{key}_other_{i}", on_click=_keep, args=(sample, identity, label))
        field = f"{key}_text"
        # What was typed for the last character is not meant for this. A field of its own for each would do, too, but
        # Streamlit keeps what it knows of every widget there ever was for as long as the visit lasts.
        if st.session_state.get(f"{field}_of") != identity:
            st.session_state.update({field: "", f"{field}_of": identity})
        st.text_input(
            "or write it",
            key=field,
            max_chars=corrections.MOST_LABEL,
            on_change=_keep_typed,
            args=(sample, identity, field),
            help="Any character of any script, then Enter.",
        )


def _done(marked: dict, identity: tuple, key: str) -> None:
    number, label, read_as = marked[identity]
    words = "marked right" if label == read_as else f"kept as **{plain(label)}**"
    st.markdown(f":green[:material/check:] {words}", width="content")
    st.button("Undo", key=f"{key}_undo", type="tertiary", on_click=_undo, args=(identity, number))
    with suppress(DatasetError):  # what is wrong is said where something is to be kept or taken back
        count = corrections.count(Choice(writer=writer()) if writer() else corrections.EVERYTHING)
        st.page_link("pages/teach.py", label=to_go(count), icon=":material/stylus:")


def _keep(sample: Sample, identity: tuple, label: str) -> None:
    try:
        kept = corrections.keep(Sample(**vars(sample) | {"label": label}))
    except DatasetError as error:
        st.session_state["teach_mark_error"] = str(error)
        return
    marked = st.session_state[_MARKED]
    marked[identity] = (kept.id, kept.label, sample.read_as)
    while len(marked) > _MOST:
        marked.pop(next(iter(marked)))


def _keep_typed(sample: Sample, identity: tuple, field: str) -> None:
    if st.session_state[field].strip():
        _keep(sample, identity, st.session_state[field])


def _undo(identity: tuple, number: int) -> None:
    try:
        corrections.delete([number])
    except DatasetError as error:
        st.session_state["teach_mark_error"] = str(error)
        return
    st.session_state[_MARKED].pop(identity, None)
