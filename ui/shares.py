"""Shares in tables and figures as sentences have them: one decimal, a space before the sign."""

from collections.abc import Sequence

import pandas as pd

from ui.reading import percent

#: Of a column of ``in_percent``. Streamlit's own format for shares writes as many decimals as there are, up to two.
PERCENT_FORMAT = "%.1f %%"


def precisely(share: float) -> str:
    """A share with the decimals that tell models apart, never a false 0 or 100.

    >>> precisely(0.9028), precisely(0.99996), precisely(1.0)
    ('90.3 %', '> 99.9 %', '100.0 %')
    """
    return percent(share, 1)


def in_percent(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """A table to show, its shares 0-1 in these columns, where it has them, as per cent; never a false 0 or 100.

    >>> in_percent(pd.DataFrame({"right": [0.9028, 0.99996, 1.0]}), ["right"])["right"].round(1).tolist()
    [90.3, 99.9, 100.0]
    """
    shown = table.copy()
    for column in table.columns.intersection(list(columns)):
        share = table[column].astype(float)
        share = share.mask((share > 0) & (share < 0.0005), 0.001).mask((share >= 0.9995) & (share < 1), 0.999)
        shown[column] = 100 * share
    return shown
