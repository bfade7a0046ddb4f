"""How close a glyph is to real examples of every class, by what a model sees in it.

An index goes with a model: for some thousand of the samples it learned from, the embedding in 8 bits and where the
sample is, never its image; and the centre of every class. Where the data is on the machine, the images
are shown from there; where not, the similarity to each class's centre still can be told.
"""

import io
import zipfile
from dataclasses import dataclass

import numpy as np

from hcr_core.alphabet import Alphabet
from hcr_core.datasets import DatasetError, available, load
from hcr_core.evaluation import glyphs_of
from hcr_core.evaluation_results import fingerprint
from hcr_core.exploration import stratified_sample
from hcr_core.model_store import LITERT, StoredModel
from hcr_core.network_graph import NetworkGraph

#: The file beside the model.
INDEX = "index.npz"
#: Samples in it at most: with 256 values each, the file stays below a megabyte.
MOST = 3000
#: Of the file's layout; an index of another one is not used.
_LAYOUT = 1
#: Largest value of a quantised embedding, whose length is 1.
_SCALE = 127


@dataclass(frozen=True)
class Neighbour:
    """A sample that a model learned from.

    Attributes:
        similarity: Cosine of the embeddings: 1 where the model sees no difference, 0 where nothing is alike.
        label: What it says.
        data: The data set, whose training part it is in.
        position: Where.
    """

    similarity: float
    label: str
    data: str
    position: int


class Index:
    """The index of a model."""

    def __init__(self, arrays: dict[str, np.ndarray], alphabet: Alphabet):
        self._alphabet = alphabet
        self._vectors = _unit(arrays["vectors"].astype(np.float32))
        self._centres = arrays["centres"].astype(np.float32)
        self._labels, self._which, self._positions = (arrays[name] for name in ("labels", "which", "positions"))
        self._names, self._fingerprints = arrays["names"].tolist(), arrays["fingerprints"].tolist()

    def __len__(self) -> int:
        return len(self._labels)

    @classmethod
    def of(cls, model: StoredModel) -> "Index | None":
        """A model's index; ``None`` where it has none, or one of another network."""
        if INDEX not in model.card["files"]:
            return None
        try:
            with np.load(io.BytesIO(model.read(INDEX)), allow_pickle=False) as file:
                arrays = dict(file)
            fits = (int(arrays["layout"]), str(arrays["network"])) == (_LAYOUT, model.card["files"].get(LITERT))
            return cls(arrays, model.alphabet) if fits else None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def nearest(self, embedding: np.ndarray, count: int) -> list[Neighbour]:
        """The samples most like an embedding, float (width,), the most alike first."""
        likeness = self._vectors @ _unit(embedding[None])[0]
        order = np.argsort(-likeness, kind="stable")[:count]
        return [
            Neighbour(
                float(likeness[i]),
                self._alphabet[int(self._labels[i])],
                self._names[int(self._which[i])],
                int(self._positions[i]),
            )
            for i in order
        ]

    def centres(self, embedding: np.ndarray) -> dict[str, float]:
        """Cosine of an embedding with the centre of every class that has samples, the most alike first."""
        likeness = self._centres @ _unit(embedding[None])[0]
        there = np.flatnonzero(self._centres.any(axis=1))
        return {self._alphabet[int(i)]: float(likeness[i]) for i in there[np.argsort(-likeness[there], kind="stable")]}

    def image(self, neighbour: Neighbour) -> np.ndarray | None:
        """Its image, uint8 (H, W), from the data set; ``None`` where that is not here or has changed."""
        if neighbour.data not in available():
            return None
        try:
            part = load(neighbour.data, "train")
        except DatasetError:
            return None
        if fingerprint(part) != self._fingerprints[self._names.index(neighbour.data)]:
            return None
        return np.asarray(part.images[neighbour.position])


def build(content: bytes, network: str, alphabet: Alphabet, names: list[str]) -> bytes:
    """An index of a network: the same samples for the same data.

    Args:
        content: Of its ``model.tflite``.
        network: The checksum of that.
        alphabet: Its classes.
        names: Data sets that it learned from.

    Raises:
        DatasetError: None of them is on this machine.
        ValueError: A network without an embedding.
    """
    here = set(available())
    parts = [(name, load(name, "train")) for name in names if name in here]
    if not parts:
        raise DatasetError("what this model learned from is not on this machine, so it can have no index")
    graph = NetworkGraph(content, len(alphabet))
    vectors, labels, which, positions = [], [], [], []
    for number, (_, part) in enumerate(parts):
        place = np.array([alphabet.index(label) if label in alphabet else -1 for label in part.alphabet])
        known = np.flatnonzero(place[part.labels] >= 0)
        chosen = known[stratified_sample(part.labels[known], MOST // len(parts), 1)]
        vectors.append(_unit(graph.embed(glyphs_of(part, chosen))))
        labels.append(place[part.labels[chosen]])
        which.append(np.full(len(chosen), number))
        positions.append(chosen)
    vectors, labels = np.concatenate(vectors), np.concatenate(labels)
    centres = np.zeros((len(alphabet), vectors.shape[1]), np.float32)
    np.add.at(centres, labels, vectors)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        layout=_LAYOUT,
        network=network,
        vectors=np.round(vectors * _SCALE).astype(np.int8),
        labels=labels.astype(np.int32),
        which=np.concatenate(which).astype(np.uint8),
        positions=np.concatenate(positions).astype(np.int32),
        centres=_unit(centres).astype(np.float16),
        names=np.array([name for name, _ in parts]),
        fingerprints=np.array([fingerprint(part) for _, part in parts]),
    )
    return buffer.getvalue()


def index_of(model: StoredModel) -> bytes:
    """An index of a stored model, by what its card says that it learned from; raises as ``build`` does."""
    names = [entry["name"] for entry in model.card.get("data", []) if "name" in entry]
    return build(model.read(LITERT), model.card["files"][LITERT], model.alphabet, names)


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors of length 1, float32; those of length 0 stay."""
    vectors = np.asarray(vectors, np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
