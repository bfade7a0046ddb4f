"""Fetching data sets: with progress, resumed where it broke off, verified, there whole or not at all."""

import hashlib
import http.client
import shutil
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from hcr_core.datasets.entries import ENTRIES, Download, Entry
from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.places import data_folder
from hcr_core.datasets.readers.archive import check_archive
from hcr_core.datasets.registry import available, sources
from hcr_core.public import refuse_in_public

#: Called with the bytes that are there and how many there will be (0: not known).
Progress = Callable[[int, int], None]
_PIECE = 1 << 18
#: Seconds without a byte before a server counts as gone.
_TIMEOUT = 30


def get(name: str, progress: Progress = lambda done, total: None, file: str | Path | None = None) -> list[Path]:
    """Bring a data set's files into the data folder.

    Args:
        name: Of an entry. EMNIST's archive brings all six of its parts at once.
        progress: Called while bytes arrive.
        file: A copy that the user already has (Kaggle's CSV, EMNIST's ``gzip.zip``) instead.

    Returns:
        The files; none for a bundled data set.

    Raises:
        DatasetError: In one sentence what to do: no network, no such data set, a wrong checksum.
    """
    refuse_in_public("Downloading data", DatasetError)
    entry = ENTRIES.get(name)
    if entry is None and name in available():
        raise DatasetError(f"{name} is your own, and on this machine already")
    if entry is None:
        raise DatasetError(f"unknown data set {name!r}: choose one of {', '.join(ENTRIES)}")
    if entry.bundled or (file is None and _complete(entry)):
        return [path for _, path in sources(entry)]
    folder = data_folder() / name
    try:
        if file is not None:
            _take(entry, Path(file))
        elif entry.download is None:
            raise DatasetError(f"{name} is not distributed: put {entry.files[0][1]} into {folder}")
        elif entry.download.kaggle:
            _from_kaggle(entry, entry.download)
        else:
            _install(entry, fetch(entry.download, folder, progress), remove=True)
    except OSError as error:
        raise DatasetError(f"{folder}: cannot be written ({error.strerror or error})") from None
    return [path for _, path in sources(entry)]


def _complete(entry: Entry) -> bool:
    return len(sources(entry)) == len(entry.files)


def fetch(download: Download, folder: Path, progress: Progress) -> Path:
    """Download one file, going on where an earlier try stopped; returns its path.

    The bytes gather in a hidden ``.part`` file, beside it what identifies the server's version.
    Only what is complete and has the right checksum gets the name.
    """
    target = folder / download.filename
    folder.mkdir(parents=True, exist_ok=True)
    part, tag = folder / f".{download.filename}.part", folder / f".{download.filename}.tag"
    try:
        _receive(download.url, part, tag, progress)
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise DatasetError(
            f"{download.filename} cannot be fetched ({reason}): go online and try again, it goes on where it stopped, "
            f"or fetch {download.url} elsewhere and put it into {folder}"
        ) from None
    try:
        _verify(part, download)
    finally:
        tag.unlink(missing_ok=True)
    part.replace(target)
    return target


def _receive(url: str, part: Path, tag: Path, progress: Progress) -> None:
    """Append to ``part`` what is missing of ``url``; from the start where the server's file changed."""
    done = part.stat().st_size if part.is_file() else 0
    known = tag.read_text(encoding="utf-8") if tag.is_file() else ""
    headers = {"Range": f"bytes={done}-", "If-Range": known} if done and known else {}
    if urlsplit(url).scheme not in ("http", "https"):
        raise DatasetError(f"{url} is no web address")
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 416 or not headers:
            raise
        # What is here is as long as the file or longer: begin again.
        part.unlink()
        return _receive(url, part, tag, progress)
    with answer:
        resumed = answer.status == 206 and bool(headers)
        done = done if resumed else 0
        length = answer.headers.get("Content-Length")
        total = done + int(length) if length and length.isdecimal() else 0
        # A weak tag does not promise the same bytes.
        version = answer.headers.get("ETag", "")
        version = answer.headers.get("Last-Modified", "") if not version or version.startswith("W/") else version
        tag.write_text(version, encoding="utf-8")
        with open(part, "ab" if resumed else "wb") as file:
            while data := answer.read(_PIECE):
                file.write(data)
                done += len(data)
                progress(done, total)
    if total and done < total:
        raise OSError(f"the connection ended after {done:,} of {total:,} bytes")
    return None


def _verify(part: Path, download: Download) -> None:
    """Delete and refuse a file whose checksum is not the pinned one."""
    if (found := _wrong_checksum(part, download)) is not None:
        part.unlink()
        raise DatasetError(f"{download.filename} is not the file expected ({found}...): it was deleted, try again")


def _wrong_checksum(path: Path, download: Download) -> str | None:
    """Kind and beginning of a file's checksum where it is not the pinned one, else ``None``."""
    if download.checksum is None:
        return None
    kind, expected = download.checksum.split(":")
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest()
    return None if found == expected else f"{kind} {found[:12]}"


def _install(entry: Entry, path: Path, *, remove: bool) -> None:
    """Unpack EMNIST's archive into a folder for each part; other files are where they belong."""
    if path.suffix != ".zip" or any(name == path.name for _, name in entry.files):
        return
    check_archive(path)
    with zipfile.ZipFile(path) as archive:
        for other in ENTRIES.values():
            if other.download is entry.download:
                _unpack(archive, other)
    if remove:
        path.unlink()
    if not sources(entry):
        raise DatasetError(f"{path}: has no {entry.files[0][1]}")


def _unpack(archive: zipfile.ZipFile, entry: Entry) -> None:
    wanted = {name for _, name in entry.files}
    wanted |= {name.replace("images-idx3", "labels-idx1") for name in wanted}
    wanted.add(f"{entry.name}-mapping.txt")
    for info in archive.infolist():
        name = info.filename.rsplit("/", 1)[-1]
        if name in wanted:
            with archive.open(info) as source:
                _write(data_folder() / entry.name / name, source)


def _write(target: Path, source) -> None:
    """Copy an open file to a name that it gets only when it is complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.part")
    try:
        with open(aside, "wb") as file:
            shutil.copyfileobj(source, file, _PIECE)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


def _take(entry: Entry, file: Path) -> None:
    """Copy a file that the user has to where it is searched for, under the name it has there."""
    if not file.is_file():
        raise DatasetError(f"{file}: there is no such file")
    names = [name for _, name in entry.files]
    if entry.download is not None and file.suffix == ".zip" and entry.download.filename.endswith(".zip"):
        if (found := _wrong_checksum(file, entry.download)) is not None:
            raise DatasetError(f"{file}: not the {entry.download.filename} expected (its {found.split()[0]} differs)")
        return _install(entry, file, remove=False)
    if file.name not in names and len(names) > 1:
        raise DatasetError(f"{file}: {entry.name} has the files {', '.join(names)}; this is called otherwise")
    with open(file, "rb") as source:
        return _write(data_folder() / entry.name / (file.name if file.name in names else names[0]), source)


def _from_kaggle(entry: Entry, download: Download) -> None:
    """Fetch with Kaggle's own client, which knows the user's account, and copy from its cache."""
    where = f"or download {entry.homepage} in a browser and run `python -m hcr_core data get {entry.name} --file CSV`"
    try:
        import kagglehub
    except ImportError:
        raise DatasetError(
            f"{entry.name} comes from Kaggle: run `pip install kagglehub` and try again, {where}"
        ) from None
    try:
        folder = Path(kagglehub.dataset_download(download.kaggle))
    except Exception as error:  # whatever the client and its network code raise
        raise DatasetError(
            f"{entry.name} cannot be fetched from Kaggle ({error}): go online and try again, {where}"
        ) from None
    for _, name in entry.files:
        found = next(folder.rglob(name), None)
        if found is None:
            raise DatasetError(f"{entry.name}: Kaggle's copy has no {name}, {where}")
        with open(found, "rb") as source:
            _write(data_folder() / entry.name / name, source)
