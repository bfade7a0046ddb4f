"""What was collected: to look through, to put right, to take away and to delete."""

import time

import pandas as pd
import streamlit as st

from hcr_core import corrections
from hcr_core.corrections import MOST_LABEL, Choice, Sample
from hcr_core.datasets import Dataset, mine
from hcr_core.datasets.export import FORMS, packed, packed_name
from hcr_core.training.adaptation_data import of_writer
from ui.image_views import data_url
from ui.reading import plain

_ANSWERS = {"": "all", "right": "read right", "wrong": "corrected", "unasked": "from sheets"}
_ORIGINS = {"draw": "drawn", "upload": "uploaded", "camera": "photographed", "sheet": "sheet"}
_FORMS = {"csv": "CSV", "npz": "NumPy (npz)", "idx": "idx files", "folder": "PNG files"}
#: Rows of the table at once.
_ROWS = 100
_ANYONE, _UNNAMED = "everyone", "without a name"


def show_samples() -> None:
    """All samples kept on this machine."""
    everything = corrections.overview()
    if not everything.labels:
        st.info(
            "Nothing yet. Mark answers on the Recognize page, or write a sheet under **Write**.",
            icon=":material/inbox:",
        )
        return
    choice = _choice(everything)
    found, counts = corrections.count(choice), corrections.overview(choice)
    st.markdown(
        f"**{found:,}** {'sample' if found == 1 else 'samples'} of {len(counts.labels):,} "
        f"{'character' if len(counts.labels) == 1 else 'characters'}"
    )
    if not found:
        return
    # Above the table, however long that is, though they depend on what is ticked in it.
    buttons = st.container(horizontal=True, gap="small", vertical_alignment="bottom")
    picked = _table(choice, found)
    with buttons:
        _change(picked)
        _delete(picked, choice, found)
        _take_away(choice)


def _choice(everything: corrections.Overview) -> Choice:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        names = [_ANYONE, *everything.writers]
        name = st.selectbox(
            "Written by",
            names,
            format_func=lambda name: name or _UNNAMED,
            key=f"teach_by_{len(names)}",
            width=200,
        )
        labels = ["", *sorted(everything.labels)]
        label = st.selectbox(
            "Character", labels, format_func=lambda label: label or "all", key=f"teach_label_{len(labels)}", width=120
        )
        answer = st.segmented_control(
            "Answers", list(_ANSWERS), default="", required=True, format_func=_ANSWERS.get, key="teach_answers"
        )
    return Choice(label or None, None if name == _ANYONE else name, answer or None)


def _table(choice: Choice, found: int) -> list[Sample]:
    """The samples as a table; returns those that are ticked."""
    pages = -(-found // _ROWS)
    page = st.number_input("Page", 1, pages, key=f"teach_page_{pages}", width=120) if pages > 1 else 1
    samples = corrections.samples(choice, limit=_ROWS, first=(page - 1) * _ROWS)
    newest = samples[0].id if samples else 0
    rows = st.dataframe(
        pd.DataFrame([_row(sample) for sample in samples]),
        hide_index=True,
        row_height=44,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"teach_table_{found}_{page}_{newest}",
        column_config={
            "image": st.column_config.ImageColumn("", width=60),
            "when": st.column_config.DatetimeColumn("when", format="D MMM, HH:mm"),
        },
        alt="The samples, the latest first",
    ).selection.rows
    return [samples[i] for i in rows if i < len(samples)]


def _row(sample: Sample) -> dict:
    return {
        "image": data_url(255 - sample.glyph),
        "says": sample.label,
        "was read as": sample.read_as,
        "by model": sample.model,
        "how": _ORIGINS.get(sample.origin, sample.origin),
        "writer": sample.writer,
        "used for": "testing" if sample.part == "test" else "training",
        "when": pd.Timestamp(time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(sample.time))),
    }


def _change(picked: list[Sample]) -> None:
    if len(picked) != 1:
        return
    with st.popover("It says something else", icon=":material/edit:"):
        label = st.text_input("It says", picked[0].label, max_chars=MOST_LABEL, key=f"teach_relabel_{picked[0].id}")
        if st.button("Change", type="primary", key="teach_relabel_yes", disabled=label == picked[0].label):
            corrections.relabel(picked[0].id, label)
            st.rerun()


def _delete(picked: list[Sample], choice: Choice, found: int) -> None:
    count = len(picked) or found
    with st.popover(f"Delete {count:,} {'ticked' if picked else 'shown'}", icon=":material/delete:"):
        st.markdown("They are gone for good. Models that learned from them stay as they are.")
        if st.button("Delete for good", type="primary", icon=":material/delete:", key="teach_delete_yes"):
            corrections.delete([sample.id for sample in picked or corrections.samples(choice)])
            st.rerun()


def _take_away(choice: Choice) -> None:
    """All samples of the chosen writer as a data set that other programs, and Explore, import."""
    with st.popover("Take away", icon=":material/download:"):
        whose = "everyone's" if choice.writer is None else plain(choice.writer or "nameless")
        form = st.segmented_control(
            f"All samples ({whose}) as", list(FORMS), default="csv", required=True, format_func=_FORMS.get
        )
        st.download_button(
            "Download",
            lambda: packed(_of(choice.writer), form),
            packed_name("mine", form),
            key="teach_download",
            icon=":material/download:",
            on_click="ignore",
        )


def _of(writer: str | None) -> Dataset:
    dataset = mine.load()
    rows = of_writer(dataset, writer)
    return dataset.take(rows) if len(rows) < len(dataset) else dataset
