"""Runs so far: a list, their curves over each other, and deleting them."""

import time

import pandas as pd
import streamlit as st

from hcr_core.training import job
from hcr_core.training.config import TrainingError
from hcr_core.training.job import Run
from ui import training_data as lookup
from ui.export import chart
from ui.figures import run_curves
from ui.live.views import duration, planned
from ui.reading import plain
from ui.shares import PERCENT_FORMAT, in_percent

_MEASURES = {"val_accuracy": "Right on unseen images", "val_loss": "Validation loss"}


def listed(open_run) -> None:
    """All runs, to open, to compare and to delete; ``open_run`` is called with the id of one."""
    runs = job.runs()
    if not runs:
        return
    st.subheader("Runs so far", anchor=False)
    table = in_percent(pd.DataFrame([_row(run) for run in runs]), ["unseen"])
    chosen = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"train_runs_{len(runs)}",
        placeholder="–",
        column_config={
            "name": st.column_config.TextColumn("name", pinned=True),
            "unseen": st.column_config.NumberColumn(
                "right on unseen", format=PERCENT_FORMAT, help="All images held back, after the best pass"
            ),
            "started": st.column_config.DatetimeColumn("started", format="D MMM, HH:mm"),
        },
        alt="The runs, the one started or resumed last first",
    ).selection.rows
    picked = [runs[i] for i in chosen if i < len(runs)]
    if not picked:
        st.caption("Tick one to open or delete it, several to compare them.")
        return
    with st.container(horizontal=True, gap="small"):
        if len(picked) == 1 and st.button("Open", icon=":material/visibility:", type="primary", key="train_open"):
            open_run(picked[0].id)
        with st.popover("Delete", icon=":material/delete:"):
            _confirm(picked)
    compare(picked)


def _row(run: Run) -> dict:
    with lookup.watch(run).latest() as progress:
        best, seconds = progress.best, progress.seconds
        early = len(progress.history) < planned(progress, run.config)
    state = run.state()
    return {
        "name": run.config.name,
        "data": " + ".join(run.config.data),
        "network": run.config.architecture,
        "state": "finished early" if state == "finished" and early else state,
        "unseen": best.get("val_accuracy"),
        "time": duration(seconds) if seconds else "",
        "started": pd.Timestamp(time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.begun))),
    }


def _confirm(runs: list[Run]) -> None:
    names = ", ".join(run.config.name for run in runs)
    st.markdown(f"**{names}**: curves, checkpoint and unsaved model go. Models saved under a name stay.")
    if not st.button("Delete for good", type="primary", icon=":material/delete:", key="train_delete_yes"):
        return
    try:
        for run in runs:
            run.delete()
    except TrainingError as error:
        st.error(plain(str(error)))
        return
    st.rerun()


def _when_begun(run: Run) -> str:
    """A run's name and when it began, as the list of runs writes it."""
    when = time.localtime(run.begun)
    return f"{run.config.name}, {when.tm_mday} {time.strftime('%b, %H:%M', when)}"


def _told_apart(runs: list[Run]) -> list[str]:
    """What each run is called in a legend: its name; of several of one name also when it began, or else its id."""
    names = [run.config.name for run in runs]
    for more in (_when_begun, lambda run: run.id):
        names = [more(run) if names.count(name) > 1 else name for run, name in zip(runs, names, strict=True)]
    return names


def compare(runs: list[Run]) -> None:
    """The runs' curves over each other."""
    histories, without = {}, []
    for run, name in zip(runs, _told_apart(runs), strict=True):
        with lookup.watch(run).latest() as progress:
            if progress.history:
                histories[name] = pd.DataFrame(progress.history)
            else:
                without.append(plain(name))
    if without:
        st.caption(f"No curve of {' and of '.join(without)}: no pass over the data is complete yet.")
    if not histories:
        return
    over = st.segmented_control(
        "Over", ["passes", "seconds"], default="passes", required=True, key="train_over", persist_state="session"
    )
    numbers = pd.concat(
        [
            frame.assign(run=name, passes=frame["epoch"], total_seconds=frame["seconds"].cumsum())
            for name, frame in histories.items()
        ]
    ).drop(columns=["event", "best"])
    columns = st.columns(len(_MEASURES), gap="medium")
    for column, (measure, title) in zip(columns, _MEASURES.items(), strict=True):
        x = "passes" if over == "passes" else "total_seconds"
        curves = {
            name: (frame[x].to_numpy(), frame[measure].to_numpy()) for name, frame in numbers.groupby("run", sort=False)
        }
        with column:
            st.markdown(f"**{title}**")
            last = ", ".join(f"{name} {values[1][-1]:.3f}" for name, values in curves.items())
            chart(
                run_curves(curves, over, share=measure == "val_accuracy"),
                numbers,
                f"compare-{measure}",
                alt=f"{title} over {over}; in the end {last}.",
            )
