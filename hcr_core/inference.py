"""LiteRT networks on as many threads as there are cores, called from as many as like."""

import os
import queue
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
from ai_edge_litert.interpreter import Interpreter

#: Most rows given to an interpreter at once: larger batches are no faster and take more memory.
BATCH = 256
#: With fewer rows for each of two threads, starting the second takes longer than it saves.
_WORTH_SHARING = 8
#: More threads than this were never needed: a page is read in less than a second with two.
_MOST_WORKERS = 4


class Network:
    """One network in several interpreters.

    An interpreter may be called from one thread at a time and lets other threads run meanwhile, so batches are
    shared out among several; its own threads help where there is only one glyph.
    """

    def __init__(self, content: bytes):
        """Raises ``ValueError`` or ``RuntimeError`` for what is no network."""
        # Interpreters keep pointing into these bytes.
        self._content = content
        self._free: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._free.put(_Worker(content))
        for _ in range(_workers() - 1):
            self._free.put(None)  # made when it is first needed

    def run(self, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Every output, float32 (n, ...), for inputs (n, ...) by name."""
        count = len(next(iter(inputs.values())))
        if not count:  # which an interpreter cannot do
            return [output[:0] for output in self.run({n: np.zeros((1, *v.shape[1:])) for n, v in inputs.items()})]
        share = -(-count // _workers())
        size = min(BATCH, share if share >= _WORTH_SHARING else count)
        batches = [{name: values[i : i + size] for name, values in inputs.items()} for i in range(0, count, size)]
        if len(batches) == 1:
            return self._run(batches[0])
        return [np.concatenate(outputs) for outputs in zip(*_threads().map(self._run, batches), strict=True)]

    def _run(self, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        worker = self._free.get()
        try:
            worker = worker or _Worker(self._content)
            return worker.run(inputs)
        finally:
            self._free.put(worker)


class _Worker:
    """An interpreter, and the batch it is set up for."""

    def __init__(self, content: bytes):
        self._interpreter = Interpreter(model_content=content, num_threads=_workers())
        self._batch = 0
        self._interpreter.allocate_tensors()
        # Asked once: the interpreter takes longer to describe its tensors than to fill them.
        self._inputs = {detail["name"]: detail["index"] for detail in self._interpreter.get_input_details()}
        self._outputs = [detail["index"] for detail in self._interpreter.get_output_details()]

    def run(self, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        count = len(next(iter(inputs.values())))
        network = self._interpreter
        indices = {next(i for name, i in self._inputs.items() if n in name or len(inputs) == 1): n for n in inputs}
        if count != self._batch:
            self._batch = 0  # stays so if an allocation fails half way
            for index, name in indices.items():
                network.resize_tensor_input(index, inputs[name].shape)
            network.allocate_tensors()
            self._batch = count
        for index, name in indices.items():
            network.set_tensor(index, inputs[name].astype(np.float32, copy=False))
        network.invoke()
        return [network.get_tensor(index) for index in self._outputs]


@lru_cache(maxsize=1)
def _workers() -> int:
    return max(1, min(_MOST_WORKERS, os.cpu_count() or 1))


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_workers(), thread_name_prefix="network")
