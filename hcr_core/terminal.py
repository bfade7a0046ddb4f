"""What the commands share on a terminal: a progress bar, and silence where a library talks."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator

from hcr_core.sentences import one_line


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep LiteRT's greeting, which it writes to the file descriptor itself, off standard error."""
    sys.stderr.flush()
    with open(os.devnull, "w") as nowhere:
        saved = os.dup(2)
        try:
            os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def say(text: str) -> None:
    """Print a line, however long, with labels or cards of strangers in it: what steers a terminal is shown as text."""
    print(one_line(text, len(text)))


def _columns() -> int:
    """Characters that a line of standard error has room for; 80 where nobody knows."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


class ProgressBar:
    """A progress bar in one line of standard error; silent where that is not a terminal."""

    _WIDTH = 30

    def __enter__(self) -> "ProgressBar":
        self._drawn, self._last = False, 0.0
        return self

    def __exit__(self, *error) -> None:
        if self._drawn:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def share(self, fraction: float) -> None:
        """Show a share of the whole, 0-1."""
        self._draw(fraction, f"{fraction:4.0%}")

    def bytes(self, done: int, total: int) -> None:
        """Show how many bytes there are of how many; ``total`` 0 is not known."""
        text = f"{done / 1e6:,.1f} of {total / 1e6:,.1f} MB" if total else f"{done / 1e6:,.1f} MB"
        self._draw(done / total if total else 0.0, text)

    def _draw(self, fraction: float, text: str) -> None:
        now = time.monotonic()
        if not sys.stderr.isatty() or (now - self._last < 0.1 and fraction < 1):
            return
        # A line that wraps cannot be taken back: each step would leave another one behind.
        width = max(0, min(self._WIDTH, _columns() - len(text) - 4))
        filled = round(width * fraction)
        bar = "#" * filled + "." * (width - filled)
        print(f"\r\033[K[{bar}] {text}", end="", file=sys.stderr, flush=True)
        self._drawn, self._last = True, now
