"""ZIP files from strangers: what is refused before anything is unpacked.

Caps: ``MAX_ENTRIES`` files (their list alone takes 1 KB each; a CSV or npz is the better form for more), ``MAX_TOTAL``
bytes unpacked, a compression of at most
``MAX_RATIO`` for any member above 1 MiB (blank images reach 100, text 30; a bomb 1,000 and more),
no links, no encryption, no absolute names and no ``..``.
"""

import lzma
import stat
import struct
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError

from hcr_core.datasets.errors import DatasetError

MAX_ENTRIES = 200_000
MAX_TOTAL = 8 << 30
MAX_RATIO = 200
_SMALL = 1 << 20
#: What ``zipfile`` and its decompressors raise on damaged archives.
DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
)
#: What NumPy raises, besides those, on damaged ``.npy`` and ``.npz`` files, and ``json`` on what lies in them.
ARRAY_DAMAGE = (
    *DAMAGE,
    *(AttributeError, IndexError, KeyError, MemoryError, RecursionError, SyntaxError, TokenError, TypeError),
)
#: The end record with the longest comment allowed, and the 64-bit locator before it.
_TAIL = 22 + 65_535 + 20


def check_archive(path: Path) -> None:
    """Raise ``DatasetError`` for a ZIP that must not be opened or unpacked (see the module)."""
    entries = _announced_entries(path)
    if entries > MAX_ENTRIES:
        raise DatasetError(f"{path}: holds {entries:,} entries; at most {MAX_ENTRIES:,} are read")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        raise DatasetError(f"{path}: not a ZIP file, or one that is damaged or cut short") from None
    except DAMAGE as error:
        raise DatasetError(f"{path}: not a ZIP file that can be read ({error})") from None
    total = sum(info.file_size for info in members)
    # Members that overlap in the file say more than it has.
    packed = min(sum(info.compress_size for info in members), path.stat().st_size)
    if total > MAX_TOTAL or (total > _SMALL and total > MAX_RATIO * max(packed, 1)):
        raise DatasetError(
            f"{path}: unpacks to {total / 2**20:,.0f} MB, {total / max(packed, 1):,.0f} times its size; "
            f"at most {MAX_TOTAL >> 20:,} MB and {MAX_RATIO} times are read"
        )
    for info in members:
        _check_member(path, info)


def _check_member(path: Path, info: zipfile.ZipInfo) -> None:
    where = f"{path}: {info.filename!r}"
    parts = info.filename.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "" or ":" in parts[0]:
        raise DatasetError(f"{where} names a place outside the archive")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise DatasetError(f"{where} is a link or a device, not a file")
    if info.flag_bits & 0x1:
        raise DatasetError(f"{where} is encrypted")
    if info.file_size > _SMALL and info.file_size > MAX_RATIO * max(info.compress_size, 1):
        ratio = info.file_size / max(info.compress_size, 1)
        raise DatasetError(f"{where} is compressed {ratio:,.0f}-fold; at most {MAX_RATIO} is read")


def _announced_entries(path: Path) -> int:
    """Number of entries by the end record, read without building a list of them.

    The size of the directory counts too (46 bytes an entry at least), because the number itself
    can lie. A file without an end record is left for ``zipfile`` to refuse.
    """
    try:
        with open(path, "rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            tail = file.read()
            at = tail.rfind(b"PK\5\6")
            if at < 0 or len(tail) < at + 22:
                return 0
            count, directory = struct.unpack("<HI", tail[at + 10 : at + 16])
            locator = at - 20
            if locator >= 0 and tail[locator : locator + 4] == b"PK\6\7":
                file.seek(struct.unpack("<Q", tail[locator + 8 : locator + 16])[0])
                record = file.read(56)
                if record[:4] == b"PK\6\6" and len(record) == 56:
                    count, directory = struct.unpack("<QQ", record[32:48])
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror or error})") from None
    # The longest names a Windows or Linux file can have, and extra fields, take some 350 bytes.
    return max(count, directory // 400)
