"""All benchmarks of speed and load, one after the other, as ``benchmarks/speed.md``: ``make bench``.

Run: ``python -m benchmarks [NAME ...]``. To be run on an idle machine; what each one wants is in its own file.
"""

import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

#: What is run, with what it is about.
_ALL = {
    "one_character": "One character, and 100,000 of them",
    "speed": "Reading in this process",
    "in_the_browser": "In a browser",
    "visitors": "Thirty visitors at once",
    "csv_import": "Importing a CSV",
}
_HERE = Path(__file__).resolve().parent
#: What TensorFlow and LiteRT say of themselves.
_CHATTER = re.compile(r"^(INFO|WARNING|[IWE]\d{4}) ?.*$", re.MULTILINE)


def machine() -> str:
    """The processor, its cores, the memory and Python, in a line."""
    cpu, memory = platform.processor() or platform.machine(), ""
    if Path("/proc/cpuinfo").exists():
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
        cpu = found[1] if found else cpu
        kilobytes = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1])
        memory = f", {kilobytes / 2**20:.0f} GB"
    return f"{cpu}, {os.cpu_count()} cores{memory}, {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    names, failed = sys.argv[1:] or list(_ALL), []
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "?"
    parts = [f"# Speed and load\n\nPrinted by `make bench` on {time.strftime('%-d %B %Y')}: {machine()}."]
    parts.append(f"Load of the machine before: {load}. What was slow, and what was done, is in `slow.md` beside this.")
    for name in names:
        print(f"{name} ...", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        done = subprocess.run(command, cwd=_HERE.parent, capture_output=True, text=True, check=False)
        printed = _CHATTER.sub("", done.stdout).strip() or done.stderr.strip()[-500:]
        print(printed, flush=True)
        failed += [name] if done.returncode else []
        verdict = "misses what is wanted" if done.returncode else "as wanted"
        parts.append(
            f"## {_ALL.get(name, name)}\n\n`python -m benchmarks.{name}`, {verdict}:\n\n```text\n{printed}\n```"
        )
    if names == list(_ALL):
        (_HERE / "speed.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    sys.exit(f"missed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
