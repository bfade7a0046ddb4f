"""A LiteRT network whose inner values can be read: what its layers saw, and the embedding of a glyph.

Nothing is assumed of the network but its graph. The interpreter is told to keep all values, and
therefore runs without the delegate that makes reading fast: for one glyph that is a few milliseconds.
"""

import threading
from collections import Counter
from dataclasses import dataclass

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

#: Operations whose results are shown: pooling only makes them smaller.
_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
_DENSE = "FULLY_CONNECTED"
_BATCH = 256


@dataclass(frozen=True)
class LayerMaps:
    """What one layer made of a glyph.

    Attributes:
        title: What the layer is, counted from the glyph on: ``convolution 1``, or ``side branch 1`` of what
            has a say only after the embedding.
        maps: float32 (height, width, channels).
    """

    title: str
    maps: np.ndarray


class NetworkGraph:
    """A network of the store, ready to be looked into. May be shared by threads."""

    def __init__(self, content: bytes, classes: int):
        """``content``: of a ``model.tflite`` with ``classes`` labels. Raises ``ValueError`` for another form."""
        self._content = content  # the interpreter keeps pointing into it
        self._interpreter = Interpreter(
            model_content=content,
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        self._lock = threading.Lock()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._interpreter.allocate_tensors()
        # Of ai-edge-litert 2.3, which has no public way to the graph.
        self._operations = self._interpreter._get_ops_details()
        self._embedding = self._before_the_labels(classes)

    def _before_the_labels(self, classes: int) -> int:
        """The input of the fully connected layer that makes the labels' logits: of those that do, the widest."""
        makers = {int(made): operation for operation in self._operations for made in operation["outputs"]}
        widths = {d["index"]: int(d["shape"][-1]) for d in self._interpreter.get_tensor_details() if len(d["shape"])}
        ahead = [d["index"] for d in self._interpreter.get_output_details() if d["shape"][-1] == classes][:1]
        found, seen = [], set()
        while ahead:
            at = ahead.pop()
            operation = makers.get(at)
            if operation is None or at in seen:
                continue
            seen.add(at)
            if operation["op_name"] != _DENSE:
                ahead += [int(index) for index in operation["inputs"]]
            elif widths[at] == classes:
                found.append(int(operation["inputs"][0]))
        if not found:
            raise ValueError("this network has no fully connected layer before its labels")
        return max(found, key=widths.get)

    def refusal(self) -> tuple[np.ndarray, float] | None:
        """Weights, float32 (width,), and bias of the output that says whether a glyph is a character at all.

        It is logistic, one value of each embedding; ``None`` where a network has no such output.
        """
        makers = {int(made): operation for operation in self._operations for made in operation["outputs"]}
        for detail in self._interpreter.get_output_details():
            logistic = makers.get(detail["index"])
            if detail["shape"][-1] != 1 or logistic is None or logistic["op_name"] != "LOGISTIC":
                continue
            dense = makers.get(int(logistic["inputs"][0]))
            if dense is None or dense["op_name"] != _DENSE:
                continue
            vector, kernel, bias = (int(index) for index in dense["inputs"])
            if vector == self._embedding and bias >= 0:
                with self._lock:
                    weights, offset = (self._interpreter.get_tensor(index) for index in (kernel, bias))
                return weights[0].copy(), float(offset[0])
        return None

    def embed(self, glyphs: np.ndarray) -> np.ndarray:
        """What the last layer decides by, float32 (n, width), of glyphs, uint8 (n, 28, 28)."""
        with self._lock:
            parts = [self._run(glyphs[start : start + _BATCH], [self._embedding]) for start in self._starts(glyphs)]
        vectors = np.concatenate([part[0] for part in parts])
        return vectors.reshape(len(vectors), int(np.prod(vectors.shape[1:])))

    @staticmethod
    def _starts(glyphs: np.ndarray) -> range:
        return range(0, max(len(glyphs), 1), _BATCH)

    def layers(self, glyph: np.ndarray) -> list[LayerMaps]:
        """What each convolution made of a glyph, uint8 (28, 28), in their order."""
        found = [int(o["outputs"][0]) for o in self._operations if o["op_name"] in _CONVOLUTIONS]
        before, count = self._before(self._embedding), Counter()
        with self._lock:
            values = self._run(glyph[None], found)
        layers = []
        for index, (maps,) in zip(found, values, strict=True):
            if min(maps.shape[:2]) > 1:
                name = "convolution" if index in before else "side branch"
                count[name] += 1
                layers.append(LayerMaps(f"{name} {count[name]}", maps))
        return layers

    def _before(self, index: int) -> set[int]:
        """All values that one is made of."""
        wanted = {index}
        for operation in reversed(self._operations):
            if wanted.intersection(operation["outputs"].tolist()):
                wanted.update(operation["inputs"].tolist())
        return wanted

    def _run(self, glyphs: np.ndarray, wanted: list[int]) -> list[np.ndarray]:
        images = np.asarray(glyphs)[..., None].astype(np.float32)
        self._interpreter.resize_tensor_input(self._input, images.shape)
        self._interpreter.allocate_tensors()
        self._interpreter.set_tensor(self._input, images)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in wanted]
