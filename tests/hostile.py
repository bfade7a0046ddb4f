"""What the tests of hostile input share: limits of time and memory, and ways to break good files."""

import copy
import io
import re
import signal
import struct
import time
import zlib
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from hypothesis import strategies as st

#: What no input may cost: seconds of processor time, and megabytes beyond what was in use before.
MOST_SECONDS, MOST_MEGABYTES = 2.0, 300
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Hang(BaseException):
    """Raised into work that goes on for too long; no handler of ``Exception`` takes it for an error of its own."""


def _megabytes(field: str) -> float:
    """A line of Linux's account of this process: ``VmRSS`` (now) or ``VmHWM`` (the most so far)."""
    found = re.search(rf"{field}:\s+(\d+) kB", _STATUS.read_text())
    return int(found[1]) / 1024


def _too_long(*_):
    raise Hang(f"more than {5 * MOST_SECONDS:.0f} s of processor time")


@contextmanager
def limited():
    """Fail where the work inside takes more time or memory than any input may."""
    measured = _CLEAR.exists()
    if measured:
        _CLEAR.write_text("5")  # the peak counts from here on
    before = _megabytes("VmRSS") if measured else 0.0
    former = signal.signal(signal.SIGPROF, _too_long)
    signal.setitimer(signal.ITIMER_PROF, 5 * MOST_SECONDS)
    started = time.process_time()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, former)
    seconds = time.process_time() - started
    assert seconds < MOST_SECONDS, f"{seconds:.1f} s of processor time"
    if measured:
        more = _megabytes("VmHWM") - before
        assert more < MOST_MEGABYTES, f"{more:.0f} MB of memory"


def survives(work: Callable[[], object], *refusals: type[Exception]) -> object | None:
    """Do it within the limits; it may refuse, in one line, by these errors alone.

    Returns what it gave, or ``None`` where it refused.
    """
    with limited():
        try:
            return work()
        except refusals as error:
            sentence = str(error)
            assert sentence.strip()
            assert len(sentence.splitlines()) == 1, sentence
            assert len(sentence) < 1000, sentence[:2000]
    return None


_EXTREMES = [0, 1, 2, 127, 128, 255, 256, 32_767, 65_535, 65_536, 2**31 - 1, 2**31, 2**32 - 1]


def _set_number(data: bytearray, at: int, form: str, number: int) -> bytearray:
    packed = struct.pack(form, number & (256 ** struct.calcsize(form) - 1))
    data[at : at + len(packed)] = packed
    return data


@st.composite
def broken(draw, seeds: list[bytes]) -> bytes:
    """One of some good files after up to five accidents: bytes changed, lost, doubled, put in, cut off."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 5))):
        # Headers are at the beginning, and where a file is most easily broken.
        size = max(len(data) - 1, 0)
        at = draw(st.one_of(st.integers(0, min(size, 64)), st.integers(0, size)))
        length = draw(st.integers(1, 64))
        match draw(st.sampled_from(["number", "number", "byte", "byte", "cut", "lose", "double", "insert", "splice"])):
            case "number":
                form = draw(st.sampled_from([">H", "<H", ">I", "<I"]))
                data = _set_number(data, at, form, draw(st.sampled_from(_EXTREMES)))
            case "byte":
                data[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "cut":
                del data[at:]
            case "lose":
                del data[at : at + length]
            case "double":
                data[at:at] = data[at : at + length] * draw(st.sampled_from([1, 2, 100]))
            case "insert":
                data[at:at] = draw(st.binary(max_size=32))
            case "splice":
                data[at:] = draw(st.sampled_from(seeds))[at:]
    return bytes(data)


def with_right_checksums(png: bytes) -> bytes:
    """A broken PNG whose chunks say they are whole, so that more than the checksums is tested."""
    out, at = io.BytesIO(), 8
    out.write(png[:8])
    while at + 12 <= len(png):
        length = min(int.from_bytes(png[at : at + 4], "big"), len(png) - at - 12)
        body = png[at + 4 : at + 8 + length]
        out.write(length.to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big"))
        at += 12 + length
    return out.getvalue()


#: Texts that programs stumble over: markup, paths, shells, spreadsheets, control characters, directions.
NASTY_TEXTS = [
    *("", " ", "\0", "\n", "\r\n", "\t", "\x1b[31m", "\u202e", "\ufeff", "\ud800", "é", "ક", "💥", "a" * 10_000),
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![x](http://host.invalid/x.png)", "**b**"),
    *("../../etc/passwd", "/etc/passwd", "C:\\x", "con", "-rf", "--help", "$(id)", "`id`", "; id", "=1+1", "%s%n"),
    *("nan", "inf", "-inf", "1e999", "-1", "0x10", "1_000", "٣", "9" * 5000, "None", "true", "{}", "[]", '"', "'"),
]
nasty_text = st.one_of(st.sampled_from(NASTY_TEXTS), st.text(max_size=20))
#: The same in JSON, where numbers need not be finite.
nasty_json = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.sampled_from(NASTY_TEXTS),
        st.text(max_size=8),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(NASTY_TEXTS) | st.text(max_size=4), inner, max_size=3),
    ),
    max_leaves=6,
)


def _places(value: object, here: tuple = ()) -> list[tuple]:
    """Paths of all parts of a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(place for key, part in inner for place in _places(part, (*here, key)))]


@st.composite
def broken_json(draw, seed: object) -> object:
    """A JSON value in which up to four parts are something else, or missing."""
    value = copy.deepcopy(seed)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.sampled_from(_places(value)))
        if not place:
            if draw(st.integers(0, 9)) == 0:
                return draw(nasty_json)
            continue
        parent = value
        for key in place[:-1]:
            parent = parent[key]
        if isinstance(parent, dict) and draw(st.booleans()):
            del parent[place[-1]]
        else:
            parent[place[-1]] = draw(nasty_json)
    return value
