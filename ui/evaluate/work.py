"""Long computations, each done once for all visitors and carried on whatever they click meanwhile."""

import threading
from collections.abc import Callable, Hashable
from typing import TypeVar

Result = TypeVar("Result")
Progress = Callable[[float], None]

#: Results kept at most, 40 bytes an image each; the files of ``evaluation_results`` bring the others back.
_KEPT = 24
#: Seconds within which a result, from a file for instance, comes without a word about it.
_AT_ONCE, _EVERY = 0.2, 0.2


class _Work:
    """A computation in a thread of its own.

    Streamlit ends a script at its next command once a visitor clicks elsewhere. What runs in the
    script is lost then and begins again with the next click; here, it is nearly done by then.
    """

    # One after another: two at once on the same cores are done no sooner.
    _turn = threading.Lock()

    def __init__(self, compute: Callable[[Progress], object]):
        self.share, self.result, self.error = 0.0, None, None
        self.done = threading.Event()
        # A daemon, so that the app can be closed at any time.
        threading.Thread(target=self._run, args=(compute,), daemon=True).start()

    def _run(self, compute: Callable[[Progress], object]) -> None:
        try:
            with self._turn:
                self.result = compute(self._progress)
        except Exception as error:  # raised again for whoever waits
            self.error = error
        finally:
            self.done.set()

    def _progress(self, share: float) -> None:
        self.share = min(max(share, 0.0), 1.0)


_lock = threading.Lock()
_works: dict[Hashable, _Work] = {}


def shared_result(key: Hashable, compute: Callable[[Progress], Result], show: Progress) -> Result:
    """What ``compute(progress)`` gives, computed once for everyone who asks for ``key``.

    Args:
        key: What it is computed of, completely.
        compute: Runs in another thread: nothing of Streamlit works there. What it raises is raised here.
        show: Called with the share that is done, several times a second, while there is something to wait for.
    """
    with _lock:
        work = _works.pop(key, None)
        if work is None or work.error is not None:
            work = _Work(compute)
        _works[key] = work  # the one asked for last is dropped last
        finished = [other for other, its in _works.items() if its.done.is_set()]
        for other in finished[: max(0, len(_works) - _KEPT)]:
            _works.pop(other)
    if not work.done.wait(_AT_ONCE):
        show(work.share)
        while not work.done.wait(_EVERY):
            show(work.share)
    if work.error is not None:
        raise work.error
    return work.result
