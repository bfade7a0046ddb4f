"""A confusion matrix whose cells can be clicked: Plotly's heat maps report no clicks to Streamlit."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import streamlit as st

_matrix = st.components.v2.component(
    "hcr_confusion_matrix",
    html="""
<div class="matrix"><div class="scroll"><canvas tabindex="0" role="img"></canvas></div>
<div class="tip" role="status"></div>
<button class="save" aria-label="Save as PNG" title="Save as PNG">&darr; PNG</button></div>""",
    css="""
.matrix { position: relative; font-family: var(--st-font); color: var(--st-text-color); }
.scroll { overflow-x: auto; }
canvas { display: block; cursor: crosshair; font-family: var(--st-font); }
canvas:focus { outline: none; }
canvas:focus-visible { outline: 3px solid var(--st-primary-color); border-radius: 6px; }
.tip { display: none; position: absolute; pointer-events: none; padding: 4px 10px; border-radius: 6px;
  white-space: nowrap; background: var(--st-secondary-background-color); border: 1px solid var(--st-border-color); }
.save { background: none; border: 0; padding: 6px 2px; cursor: pointer; color: var(--st-text-color); font: inherit;
  font-size: 0.85rem; }
""",
    js=(Path(__file__).parent / "confusion.js").read_text(encoding="utf-8"),
)

#: How cells are coloured and numbered.
MODES = {"counts": "images", "rows": "per cent", "mistakes": "only the mistakes"}
#: Widest that a matrix becomes, in CSS pixels.
_WIDEST = 860


def confusion_matrix(
    counts: np.ndarray,
    names: Sequence[str],
    mode: str,
    key: str,
    *,
    picked: tuple[int, int] | None,
    filename: str,
    on_pick: Callable[[int, int], None],
) -> None:
    """Show a matrix of counts.

    Args:
        counts: int (n, n): truths in rows, answers in columns.
        names: Of the n classes.
        mode: One of ``MODES``.
        key: Name of the widget.
        picked: The cell that is looked at.
        filename: Of a saved picture.
        on_pick: Called before the next run with the row and the column that were clicked.
    """
    n = len(names)

    def clicked() -> None:
        cell = st.session_state[key].picked
        if cell is not None and 0 <= cell < n * n:
            on_pick(*divmod(int(cell), n))

    _matrix(
        data={
            "names": list(names),
            "counts": counts.ravel().tolist(),
            "totals": counts.sum(axis=1).tolist(),
            "mode": mode,
            "picked": None if picked is None else picked[0] * n + picked[1],
            "most": _WIDEST,
            "filename": filename,
        },
        key=key,
        on_picked_change=clicked,
    )
