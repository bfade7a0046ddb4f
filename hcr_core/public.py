"""The switch for a public demonstration: ``HCR_PUBLIC=1``.

Whoever comes by can draw, upload, look and compare. Whatever costs hours, or changes what the next visitor
finds, is off: training, importing, deleting, collecting corrections. The functions that do these
things ask here themselves, so that no page has to be trusted.
"""

import os

VARIABLE = "HCR_PUBLIC"


def is_public() -> bool:
    """Whether this is a public demonstration."""
    return os.environ.get(VARIABLE, "").strip().lower() not in ("", "0", "no", "off", "false")


def refuse_in_public(what: str, error: type[Exception]) -> None:
    """Raise ``error`` with a kind sentence in a public demonstration; ``what`` is what is off there."""
    if is_public():
        raise error(f"{what} is off here, because this is a public demonstration: it works in a copy of your own")
