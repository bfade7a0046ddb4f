"""Many visitors at once, each drawing again and again; and the server's memory meanwhile and after twenty more.

Run: ``python -m benchmarks.visitors [VISITORS [SECONDS [EVERY]]]`` (30, 300 and 2; an hour of slow ones: 20 3600 12).
Every answer is compared with what the same model reads on the same drawing here, so that a mixed-up one is found.
"""

import asyncio
import sys
import time

import numpy as np

from benchmarks.app_server import Server, running
from benchmarks.visitor import Visitor, drawing
from hcr_core import Recognizer

LETTERS = "ABCDEFGHKLMNRSTXZ2345678aegr"
STEPS = 6  # how often the memory is looked at


async def _visit(port: int, number: int, every: float, until: float, recognizer: Recognizer, found: list) -> None:
    """One visitor, who draws every ``every`` seconds: (seconds, whether the answer was this drawing's) each time."""
    rng = np.random.default_rng(number)
    await asyncio.sleep(every * rng.random())
    visitor = Visitor(port)
    await visitor.arrive()
    while time.perf_counter() < until:
        began = time.perf_counter()
        image = drawing(LETTERS[rng.integers(len(LETTERS))], rng)
        letter, seconds = await visitor.draw(image)
        found.append((seconds, letter == recognizer.read(image).text))
        await asyncio.sleep(max(0.0, every - (time.perf_counter() - began)))
    await visitor.leave()


async def load(server: Server, visitors: int, seconds: float, every: float) -> tuple[list[tuple[float, bool]], list]:
    """What all visitors together met with, and the server's memory in MB after every part of the time.

    Raises:
        ExceptionGroup: Of what any of them met with.
    """
    found, memory, recognizer = [], [], Recognizer.load()
    until = time.perf_counter() + seconds
    async with asyncio.TaskGroup() as group:
        for number in range(visitors):
            group.create_task(_visit(server.port, number, every, until, recognizer, found))
        for _ in range(STEPS):
            await asyncio.sleep(seconds / STEPS)
            memory.append(server.megabytes)
    return found, memory


def main() -> None:
    given = [float(value) for value in sys.argv[1:]]
    visitors, seconds, every = (*given, *(30.0, 300.0, 2.0)[len(given) :])
    with running() as server:
        fresh, used = server.megabytes, server.processor_seconds
        found, memory = asyncio.run(load(server, int(visitors), seconds, every))
        share = (server.processor_seconds - used) / seconds
        asyncio.run(load(server, 20, min(seconds, 60), every))
        again = server.megabytes
    times = np.array([entry[0] for entry in found]) * 1000
    wrong = sum(not right for _, right in found)
    middle, late = np.percentile(times, [50, 95])
    about = f"{visitors:.0f} visitors, {seconds:.0f} s, a drawing every {every:.0f} s"
    print(f"{about}: {len(found):,} answers, {wrong} mixed up")
    print(f"answer after  p50 {middle:6.0f} ms   p95 {late:6.0f} ms   most {times.max():6.0f} ms")
    print(f"processor     {share:.0%} of one core")
    print(f"memory        {fresh:.0f} MB at the start, then every {seconds / STEPS:.0f} s", end=" ")
    print(*(f"{each:.0f}" for each in memory), f"MB, {again:.0f} MB after 20 more")
    sys.exit(bool(wrong or late > 1000))


if __name__ == "__main__":
    main()
