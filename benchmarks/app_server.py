"""The app as a process of its own on a free port with folders of its own, for benchmarks to visit."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Server:
    """A running app.

    Attributes:
        port: Of localhost.
        process: Its number.
        seconds: From its start until it said that it is well.
    """

    port: int
    process: int
    seconds: float

    @property
    def megabytes(self) -> float:
        """Its resident memory now (Linux)."""
        status = Path(f"/proc/{self.process}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    @property
    def processor_seconds(self) -> float:
        """Processor time it has used (Linux)."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running() -> Iterator[Server]:
    """Start the app as ``make app`` does, and stop it in the end."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        names = ("DATA", "CACHE", "IMPORTED", "RUNS", "MODELS", "CORRECTIONS")
        own = {f"HCR_{name}_DIR": str(Path(folder) / name.lower()) for name in names} | {"HCR_LOG": "off"}
        command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
        started = time.perf_counter()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, cwd=_ROOT, env=os.environ | own, **quiet)
        try:
            while not _is_well(port):
                time.sleep(0.01)
                if time.perf_counter() - started > 60 or process.poll() is not None:
                    raise RuntimeError("the app did not start")
            yield Server(port, process.pid, time.perf_counter() - started)
        finally:
            process.terminate()
            process.wait(20)


def _is_well(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False
