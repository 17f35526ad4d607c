"""Fifty sessions that think for five seconds between changes of the period: from the request to the end of the script.

Ours and the twin take turns under the same load, each alone on the machine, so that neither waits for the other.
"""

import asyncio
import random
import time

from bench import report, serving
from bench.report import Line

SESSIONS, THINK, TURN = 50, 5.0, 15.0


async def load(host: str, *, ours: bool, seconds: float, seed: int) -> list[float]:
    """Seconds of each rerun of all sessions, after every one has seen its first page."""
    found: list[float] = []
    # Opened one by one: the first pages are not what is measured.
    gate = asyncio.Semaphore(4)
    all_open = asyncio.Barrier(SESSIONS)

    async def one(number: int) -> None:
        chance = random.Random(seed * 1000 + number)  # noqa: S311  (thinking times)
        async with serving.opened(host) as socket:
            session = serving.Session(socket, "scorecard")
            spans = list(serving.SPANS)
            async with gate:
                await session.rerun(_address(spans[number % len(spans)], ours=ours))
            await all_open.wait()
            end = time.monotonic() + seconds
            while True:
                await asyncio.sleep(chance.uniform(0, 2 * THINK))
                if time.monotonic() > end:
                    return
                found.append(await session.rerun(_address(chance.choice(spans), ours=ours)))

    await asyncio.gather(*(one(number) for number in range(SESSIONS)))
    return found


def _address(span: str, *, ours: bool) -> str:
    return serving.scope(span) if ours else f"span={span.replace(' ', '+')}"


def run(seconds: float) -> None:
    """Measure in turns and print."""
    ours: list[float] = []
    floor: list[float] = []
    with serving.both() as (app, twin):
        for turn in range(max(1, round(seconds / TURN))):
            floor += asyncio.run(load(twin, ours=False, seconds=TURN, seed=turn))
            ours += asyncio.run(load(app, ours=True, seconds=TURN, seed=turn))
    lines = [Line("scorecard, period changed", ours, floor, 2.0, at="p95"), Line("the same, median", ours, floor, 2.0)]
    report.show(f"{SESSIONS} sessions, thinking {THINK:g} s; {len(ours)} and {len(floor)} reruns", lines)
