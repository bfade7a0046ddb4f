"""Many visitors at once, each drawing every two seconds; and the server's memory after twenty of them.

Run: ``python -m benchmarks.visitors [VISITORS [SECONDS]]`` (30 and 300). Every answer is compared with what the same
model reads on the same drawing here, so that a mixed-up one is found.
"""

import asyncio
import sys
import time

import numpy as np

from benchmarks.app_server import Server, running
from benchmarks.visitor import Visitor, drawing
from hcr_core import Recognizer

LETTERS = "ABCDEFGHKLMNRSTXZ2345678aegr"
EVERY = 2.0


async def _visit(port: int, number: int, until: float, recognizer: Recognizer, found: list) -> None:
    """One visitor: (seconds, whether the answer was this drawing's) each time."""
    rng = np.random.default_rng(number)
    await asyncio.sleep(EVERY * rng.random())
    visitor = Visitor(port)
    await visitor.arrive()
    while time.perf_counter() < until:
        began = time.perf_counter()
        image = drawing(LETTERS[rng.integers(len(LETTERS))], rng)
        letter, seconds = await visitor.draw(image)
        found.append((seconds, letter == recognizer.read(image).text))
        await asyncio.sleep(max(0.0, EVERY - (time.perf_counter() - began)))
    await visitor.leave()


async def load(server: Server, visitors: int, seconds: float) -> list[tuple[float, bool]]:
    """What all visitors together met with; raises what any of them did."""
    found, recognizer = [], Recognizer.load()
    until = time.perf_counter() + seconds
    async with asyncio.TaskGroup() as group:
        for number in range(visitors):
            group.create_task(_visit(server.port, number, until, recognizer, found))
    return found


def main() -> None:
    visitors = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 300.0
    with running() as server:
        fresh, used = server.megabytes, server.processor_seconds
        found = asyncio.run(load(server, visitors, seconds))
        share = (server.processor_seconds - used) / seconds
        after = server.megabytes
        asyncio.run(load(server, 20, min(seconds, 60)))
        again = server.megabytes
    times = np.array([entry[0] for entry in found]) * 1000
    wrong = sum(not right for _, right in found)
    middle, late = np.percentile(times, [50, 95])
    print(
        f"{visitors} visitors, {seconds:.0f} s, a drawing every {EVERY:.0f} s: {len(found):,} answers, {wrong} mixed up"
    )
    print(f"answer after  p50 {middle:6.0f} ms   p95 {late:6.0f} ms   most {times.max():6.0f} ms")
    print(f"processor     {share:.0%} of one core")
    print(f"memory        {fresh:.0f} MB at the start, {after:.0f} MB after them, {again:.0f} MB after 20 more")
    sys.exit(bool(wrong or late > 1000))


if __name__ == "__main__":
    main()
