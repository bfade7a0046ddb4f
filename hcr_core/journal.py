"""What the app did, as JSON lines on standard error: when, how long, with what outcome; never an image or a text.

``{"time": "2026-03-01T12:00:00.123Z", "event": "reading", "ms": 3.1, "outcome": "ok", "width": 340, "height": 340}``

``HCR_LOG=off`` silences it.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

#: Characters of a field: enough for a name, too few for a picture or a page of writing.
_LONGEST = 100
_lock = threading.Lock()


def note(event: str, **fields: str | int | float | bool | None) -> None:
    """Write a line.

    Raises:
        TypeError: A field that is no number, short text or truth value: images and readings never get here.
    """
    for name, value in fields.items():
        if not isinstance(value, str | int | float | bool | None) or len(str(value)) > _LONGEST:
            raise TypeError(f"{name} does not belong into the journal")
    if os.environ.get("HCR_LOG", "").lower() in ("off", "0", "no"):
        return
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = json.dumps({"time": stamp, "event": event} | fields) + "\n"
    with _lock:
        sys.stderr.write(line)
        sys.stderr.flush()


@contextmanager
def timed(event: str, **fields: str | int | float | bool | None) -> Iterator[None]:
    """Write a line when the work inside has ended: its milliseconds, and ``"ok"`` or the error's kind as outcome."""
    started, outcome = time.perf_counter(), "ok"
    try:
        yield
    except BaseException as error:
        # Streamlit ends a script by an exception of its own where a visitor clicked on, or it begins again.
        outcome = "ok" if not isinstance(error, Exception) else type(error).__name__
        raise
    finally:
        note(event, ms=round(1000 * (time.perf_counter() - started), 1), outcome=outcome, **fields)
