"""Files and folders that appear and go whole or not at all, and what folders may be called."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: What a model or a data set may be called: never a path, a hidden folder or an option.
FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes ``target`` (replacing one there) unless an error occurs."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".writing-", dir=target.parent))
    former = aside.with_name(aside.name + "-former")
    try:
        yield aside
        aside.chmod(0o755)
        if target.exists():
            target.rename(former)
        aside.rename(target)
        shutil.rmtree(former, ignore_errors=True)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        if former.exists() and not target.exists():
            former.rename(target)
        raise


@contextmanager
def file_written_aside(target: Path) -> Iterator[Path]:
    """A path to write a file to, which becomes ``target`` (replacing one there) unless an error occurs."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=target.parent) as folder:
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
    aside = Path(tempfile.mkdtemp(prefix=".removing-", dir=folder.parent))
    try:
        folder.rename(aside / folder.name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
