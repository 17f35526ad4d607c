"""The real server and its twin, each in a process of its own, and what a session of Streamlit says to them."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from bench.twins import captured
from marops.period import months_back
from marops.sample.company import LAST_DAY

ROOT = Path(__file__).parents[1]
PAGES = ("home", "scorecard", "pipeline", "maturity", "budget", "data")
SPANS = {f"{months} months": months_back(LAST_DAY, months) for months in (3, 6, 12, 24)}
"""Periods the scope bar offers, by their names there."""


def scope(span: str, unit: str = "all") -> str:
    """The query string of a scope of the sample company."""
    period = SPANS[span]
    return f"ws=sample&from={period.start}&to={period.end}&vs=year&unit={unit}"


@contextmanager
def both() -> Iterator[tuple[str, str]]:
    """The hosts of marops with the sample company and of its twin, both warm, from one fresh installation."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "MAROPS_HOME": home}
        setup = (
            "from marops import bootstrap; from marops.sample import loader; from marops.principal import LOCAL_ADMIN;"
            "bootstrap.prepare(); loader.offer(LOCAL_ADMIN)"
        )
        subprocess.run([sys.executable, "-c", setup], check=True, env=environment, cwd=ROOT, capture_output=True)
        with _serving("app.py", environment) as ours:
            asyncio.run(_capture(ours))
            with _serving("bench/twins/app.py", environment) as twin:
                yield ours, twin


@contextmanager
def _serving(script: str, environment: dict[str, str]) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port), "--server.headless", "true"]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**environment, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(f"http://127.0.0.1:{port}/healthz")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait(address: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310  (our own http address)
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(address)


@dataclass
class Session:
    """One session, as a browser would have it."""

    socket: ClientConnection
    page: str
    elements: list[tuple[str, object]] = field(default_factory=list[tuple[str, object]])

    async def rerun(self, query: str) -> float:
        """Ask for a run with this address; the seconds until the script has finished."""
        message = BackMsg()
        message.rerun_script.page_name = self.page
        message.rerun_script.query_string = query
        started = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        self.elements.clear()
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(bytes(await self.socket.recv(decode=False)))
            kind = answer.WhichOneof("type")
            if kind == "delta" and answer.delta.WhichOneof("type") == "new_element":
                element = answer.delta.new_element
                name = str(element.WhichOneof("type"))
                self.elements.append((name, getattr(element, name)))
            if kind == "script_finished":
                if answer.script_finished != ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY:
                    continue  # a run that a newer one has stopped
                return time.perf_counter() - started


def opened(host: str) -> connect:
    """A connection to Streamlit's socket."""
    return connect(f"ws://{host}/_stcore/stream", subprotocols=["streamlit"], max_size=None, compression=None)  # pyright: ignore[reportArgumentType]


async def _capture(host: str) -> None:
    """Keep what every page draws, for the twin."""
    found: dict[str, list[captured.Drawn]] = {}
    for page in PAGES:
        for span in SPANS if page == "scorecard" else ["12 months"]:
            async with opened(host) as socket:
                session = Session(socket, "" if page == "home" else page)
                await session.rerun(scope(span))
                found[f"{page} {span}"] = captured.of(session.elements)
    captured.keep(found)
