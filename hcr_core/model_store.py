"""Models on disk: a folder each with ``card.json``, ``model.keras`` and ``model.tflite``.

Shipped models lie in ``models/`` of the project, the user's own in ``HCR_MODELS_DIR`` or the
user's data directory. A model is loaded from these folders only, and only as its card describes it.
"""

import errno
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from hcr_core.alphabet import Alphabet, AlphabetError
from hcr_core.atomic import FOLDER_NAME, remove_folder, written_aside
from hcr_core.model_card import check_card
from hcr_core.public import refuse_in_public
from hcr_core.sentences import OneLineError

SHIPPED = Path(__file__).resolve().parent.parent / "models"
CARD, KERAS, LITERT = "card.json", "model.keras", "model.tflite"
#: The network of ``LITERT`` with weights of 8 bits, where a model has it: pages are read with it.
QUICK = "model-int8.tflite"
#: Bytes of a card at most; one of a thousand epochs has half a megabyte.
_MOST_CARD = 8 << 20


class ModelError(OneLineError):
    """A model that is missing or damaged; the message is one sentence naming it."""


@dataclass(frozen=True)
class StoredModel:
    """A model of the store whose card has been read; its files are checked as they are loaded."""

    name: str
    folder: Path
    card: dict
    alphabet: Alphabet

    @property
    def shipped(self) -> bool:
        """Whether it came with the program; the others are the user's own."""
        return self.folder.parent == SHIPPED

    @property
    def hidden(self) -> bool:
        """Whether a shipped model has the same name: then its name opens that one."""
        return not self.shipped and _holds_a_model(SHIPPED / self.name)

    @property
    def size(self) -> int:
        """Bytes of all its files: what it takes on the disk."""
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file())

    @property
    def network_size(self) -> int:
        """Bytes of the network that is loaded in order to read."""
        return (self.folder / LITERT).stat().st_size

    def verify(self) -> None:
        """Raise ``ModelError`` unless all its files are there and are those that its card describes."""
        for filename in dict.fromkeys((LITERT, KERAS, *self.card["files"])):
            self.read(filename)

    def read(self, filename: str) -> bytes:
        """The bytes of one of its files; raises ``ModelError`` unless the card's checksum fits."""
        expected = self.card["files"].get(filename)
        try:
            data = _bytes_of(self.folder / filename)
        except OSError as error:
            raise ModelError(f"model {self.name}: {filename} cannot be read ({error.strerror})") from None
        if expected is None or hashlib.sha256(data).hexdigest() != expected:
            raise ModelError(f"model {self.name}: {filename} is not the file its card describes")
        return data


def _bytes_of(path: Path) -> bytes:
    """A file's contents; raises ``OSError`` also for what is no file, such as a pipe that nobody writes to."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no file")
    return path.read_bytes()


@dataclass(frozen=True)
class DamagedModel:
    """A folder in a store that was a model; ``error`` says in a sentence what is wrong with it."""

    name: str
    folder: Path
    error: str

    @property
    def shipped(self) -> bool:
        """Whether it came with the program; the others are the user's own."""
        return self.folder.parent == SHIPPED


def user_store() -> Path:
    """Where the user's own models are kept; the folder need not exist yet."""
    configured = os.environ.get("HCR_MODELS_DIR")
    return Path(configured) if configured else user_data_path("hcr-studio") / "models"


def check_name(name: str) -> str:
    """``name``, where it can be a model's; raises ``ModelError`` for path parts and the like."""
    if not FOLDER_NAME.fullmatch(name):
        raise ModelError(f"{name!r} is no name for a model: letters, digits, - and _, at most 64")
    return name


def check_own_name(name: str) -> str:
    """``name``, where a new model of the user's can have it: not a shipped one's, which would hide it."""
    check_name(name)
    if _holds_a_model(SHIPPED / name):
        raise ModelError(f"{name} is the name of a model that came with the program: choose another")
    return name


def open_model(name: str) -> StoredModel:
    """Find a model by name, shipped ones first; raises ``ModelError`` if missing or damaged."""
    check_name(name)
    for store in (SHIPPED, user_store()):
        if _holds_a_model(store / name):
            return open_folder(store / name)
    raise ModelError(f"there is no model {name!r}: there are {', '.join(model_names()) or 'none'}")


def model_names() -> list[str]:
    """Names of all models, shipped ones first."""
    names: dict[str, None] = {}
    for store in (SHIPPED, user_store()):
        for card in sorted(store.glob(f"*/{CARD}")):
            if FOLDER_NAME.fullmatch(card.parent.name):
                names[card.parent.name] = None
    return list(names)


def stored_models() -> tuple[list[StoredModel], list[DamagedModel]]:
    """All models, shipped ones first, whose files are as their cards say; and the damaged ones."""
    whole, damaged = [], []
    for folder in _model_folders():
        try:
            model = open_folder(folder)
            model.verify()
            whole.append(model)
        except ModelError as error:
            damaged.append(DamagedModel(folder.name, folder, str(error)))
    return whole, damaged


def _model_folders() -> list[Path]:
    """The folders of both stores that are models, whole or damaged."""
    # The user's own store may be set to that of the shipped models.
    stores = dict.fromkeys((SHIPPED, user_store().resolve()))
    try:
        return [f for store in stores if store.is_dir() for f in sorted(store.iterdir()) if _holds_a_model(f)]
    except OSError as error:
        raise ModelError(f"{error.filename} cannot be read ({error.strerror})") from None


def delete_model(name: str) -> None:
    """Delete one of the user's own models, damaged or not: all of it or nothing.

    Raises ``ModelError`` if it came with the program, is missing, or cannot be deleted.
    """
    refuse_in_public("Deleting", ModelError)
    check_name(name)
    folder = user_store() / name
    if not _holds_a_model(folder) or user_store().resolve() == SHIPPED:
        if _holds_a_model(SHIPPED / name):
            raise ModelError(f"model {name} came with the program: only your own models can be deleted")
        raise ModelError(f"you have no model {name!r} of your own")
    try:
        remove_folder(folder)
    except OSError as error:
        raise ModelError(f"model {name} cannot be deleted ({error.strerror})") from None


def _holds_a_model(folder: Path) -> bool:
    """Whether a folder is a model, or what is left of one: never a folder of something else."""
    named = FOLDER_NAME.fullmatch(folder.name) is not None
    return named and any(os.path.isfile(folder / filename) for filename in (CARD, KERAS, LITERT))


def open_folder(folder: Path) -> StoredModel:
    """The model in a folder, in a store or not; raises ``ModelError`` if its card is damaged."""
    try:
        if (folder / CARD).stat().st_size > _MOST_CARD:
            raise ValueError(f"it has more than {_MOST_CARD >> 20} MB")
        card = json.loads(_bytes_of(folder / CARD).decode("utf-8"))
        check_card(card)
        alphabet = Alphabet(tuple(str(label) for label in card["classes"]))
    except (OSError, ValueError, KeyError, TypeError, AlphabetError, RecursionError) as error:
        raise ModelError(f"model {folder.name}: its card is damaged ({type(error).__name__}: {error})") from None
    return StoredModel(folder.name, folder, card, alphabet)


def add_file(model: StoredModel, filename: str, data: bytes) -> StoredModel:
    """Put one more file to a model, or replace one, with its checksum on the card; returns the model anew."""
    files = {name: model.read(name) for name in model.card["files"]} | {filename: data}
    return open_folder(save_model(model.folder.parent, model.name, model.card, files))


def save_model(store: Path, name: str, card: dict, files: dict[str, bytes]) -> Path:
    """Put a model into a store whole or not at all: written aside, then renamed.

    Args:
        store: The folder of models.
        name: The model's name; one of the same name is replaced.
        card: Its card; ``files`` (checksums) is filled in here.
        files: Contents by file name.

    Returns:
        The model's folder.
    """
    check_name(name)
    target = store / name
    with written_aside(target, durable=True) as folder:
        for filename, data in files.items():
            (folder / filename).write_bytes(data)
        checksums = {filename: hashlib.sha256(data).hexdigest() for filename, data in files.items()}
        text = json.dumps(card | {"files": checksums}, indent=2, ensure_ascii=False)
        (folder / CARD).write_text(text + "\n", encoding="utf-8")
    return target
