"""Files and folders that appear and go whole or not at all, and what folders may be called."""

import ctypes
import errno
import os
import re
import shutil
import sys
import tempfile
import time
import unicodedata
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: What a model or a data set may be called: never a path, a hidden folder or an option.
FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
#: Letters of a name that is suggested.
_SUGGESTED = 60
#: Beginning of the names of what is being written; then comes the number of the process.
_ASIDE = ".writing-"
#: Seconds after which what a dead process left is swept away.
_OLD = 3600
#: ``AT_FDCWD``; ``RENAME_EXCHANGE`` of Linux and ``RENAME_SWAP`` of macOS.
_HERE, _EXCHANGE = -100, 2


def free_name(wanted: str, taken: Container[str], otherwise: str) -> str:
    """A name for a model or a data set made of what somebody calls it, with a number where that is taken.

    >>> free_name("Zoë's letters.csv", {"zoe-s-letters-csv"}, "letters"), free_name("ж", (), "letters")
    ('zoe-s-letters-csv-2', 'letters')
    """
    ascii_ = unicodedata.normalize("NFKD", wanted).encode("ascii", "ignore").decode()
    made = re.sub(r"[^A-Za-z0-9_]+", "-", ascii_).strip("-_").lower()[:_SUGGESTED]
    made = made if FOLDER_NAME.fullmatch(made) else otherwise
    return next(name for name in (made, *(f"{made}-{i}" for i in range(2, 10_000))) if name not in taken)


@contextmanager
def written_aside(target: Path, *, durable: bool = False) -> Iterator[Path]:
    """A folder to fill, which becomes ``target`` (replacing one there) unless an error occurs.

    At every moment ``target`` is the former folder or the new one, also if the process is killed, and if several
    do this at once. ``durable``: also if the power goes right after.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target.parent)
    aside = Path(tempfile.mkdtemp(prefix=f"{_ASIDE}{os.getpid()}-", dir=target.parent))
    try:
        yield aside
        aside.chmod(0o755)
        if durable:
            for path in (*aside.rglob("*"), aside):
                _to_disk(path)
        _put_in_place(aside, target)
        if durable:
            _to_disk(target.parent)
    finally:
        # What is left here is the former folder, or the new one after an error.
        shutil.rmtree(aside, ignore_errors=True)


def _put_in_place(aside: Path, target: Path) -> None:
    """Let a folder become ``target``; one that is there takes its place aside."""
    while True:
        try:
            if not os.path.lexists(target):
                return aside.rename(target)
            if _exchange(aside, target):
                return None
            # A file system that cannot exchange: between these two, nothing has the name.
            former = aside.with_name(f"{aside.name}-former")
            target.rename(former)
            try:
                aside.rename(target)
            except OSError:
                former.rename(target)
                raise
            return shutil.rmtree(former, ignore_errors=True)
        except OSError as error:
            # Another process put its own there, or took it away, at this very moment.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT) or not aside.exists():
                raise


def _exchange(one: Path, other: Path) -> bool:
    """Let two paths change places at once, where the system and its file system can (Linux, macOS)."""
    try:
        library, paths = ctypes.CDLL(None, use_errno=True), [os.fsencode(one), os.fsencode(other)]
        if sys.platform == "linux":
            done = library.renameat2(_HERE, paths[0], _HERE, paths[1], _EXCHANGE)
        else:
            done = library.renamex_np(paths[0], paths[1], _EXCHANGE)
    except (OSError, AttributeError, TypeError):
        return False
    if done and ctypes.get_errno() == errno.ENOENT:
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), str(other))
    return done == 0


def _to_disk(path: Path) -> None:
    """Have a file's contents, or a folder's entries, written to the disk itself."""
    with suppress(PermissionError):  # Windows opens no folders
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove what processes that are gone left half-written in a folder, an hour later."""
    for path in folder.glob(f"{_ASIDE}*-*"):
        process = path.name.removeprefix(_ASIDE).split("-")[0]
        with suppress(OSError):
            if process.isdecimal() and not _is_alive(int(process)) and abs(time.time() - path.stat().st_mtime) > _OLD:
                shutil.rmtree(path, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def file_written_aside(target: Path) -> Iterator[Path]:
    """A path to write a file to, which becomes ``target`` (replacing one there) unless an error occurs.

    Raises ``OSError`` where there is something that is no file: a device such as ``/dev/null`` would be gone.
    """
    if target.exists() and not target.is_file():
        raise OSError(errno.EEXIST, "what is there is no file", str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{_ASIDE}{os.getpid()}-", dir=target.parent) as folder:
        aside = Path(folder) / target.name
        yield aside
        os.replace(aside, target)


def replace_file(target: Path, data: bytes) -> None:
    """Write a file whole or not at all, also if the power goes right after."""
    with file_written_aside(target) as aside, open(aside, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def remove_folder(folder: Path) -> None:
    """Remove a folder; renamed first, so that no half of it is ever found under its name. Raises ``OSError``.

    Of a link only the link is removed.
    """
    # Named so that it is swept away later if the process is killed meanwhile.
    aside = Path(tempfile.mkdtemp(prefix=f"{_ASIDE}{os.getpid()}-", dir=folder.parent))
    try:
        folder.rename(aside / folder.name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
