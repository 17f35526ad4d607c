"""A real server and a real Chromium."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from marops import store
from marops.web.panels import reading
from tests import browsers
from tests.conftest import copied
from tests.web import tiny

ROOT = Path(__file__).parents[2]

# What a page shows is tested here, not how soon: other tests that run beside can make a page later than the default five seconds.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browsers.ensure(), args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a fresh context that fails the test where the browser's console reports an error."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # Streamlit looks for /PAGE/_stcore/... before it finds /_stcore/...: those misses are its own.
        if message.type == "error" and "_stcore" not in str(message.location):
            complaints.append(message.text)

    opened.on("console", listen)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert not complaints


class Servers:
    """Starts the app as its users do and gives its address; stops what it started."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, home: Path, *options: str) -> str:
        """The address of a server over a data folder, once it answers."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = {**os.environ, "MAROPS_HOME": str(home), "MAROPS_PORT": str(port)}
        command = [sys.executable, "-m", "marops", "run", *options]
        with self._log.open("ab") as log:
            self._running.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log))
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{url}/healthz", timeout=1):
                    return url
            except OSError:
                time.sleep(0.1)
        raise AssertionError(self._log.read_text())

    def stop(self) -> None:
        """End every server."""
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.wait(timeout=20)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """Servers of one test."""
    started = Servers(tmp_path / "server.log")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def tiny_server(tmp_path_factory: pytest.TempPathFactory, tiny_home: Callable[[Path], Path]) -> Iterator[tuple[str, Path]]:
    """One server over the tiny company for the tests of a module that leave its data as they are: address, home."""
    folder = tmp_path_factory.mktemp("tiny")
    started = Servers(folder / "server.log")
    yield started.start(tiny_home(folder), "--no-sample"), folder / "home"
    started.stop()


@pytest.fixture(scope="session")
def tiny_home(tmp_path_factory: pytest.TempPathFactory, prepared: Callable[[Path], None]) -> Callable[[Path], Path]:
    """Makes an installation below a folder, with the tiny company except for its services and its assessment."""
    template = _brought_in(
        tmp_path_factory, prepared, "ads.csv", "leads.csv", "history.csv", "jira.csv", "jira-history.csv", "targets.csv"
    )

    def made(folder: Path) -> Path:
        copied(template, folder / "home")
        return folder / "home"

    return made


@pytest.fixture
def own_home(tmp_path: Path, tiny_home: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with the tiny company that a test may change, on its server and from within."""
    home = tiny_home(tmp_path)
    monkeypatch.setenv("MAROPS_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def _company(tmp_path_factory: pytest.TempPathFactory, prepared: Callable[[Path], None]) -> Path:
    return _brought_in(tmp_path_factory, prepared)


@pytest.fixture
def company(_company: Path, tmp_path: Path) -> Path:
    """An installation with the tiny company in the user's own workspace: a copy of one into which it was imported once."""
    copied(_company, tmp_path / "home")
    return tmp_path / "home"


def _brought_in(factory: pytest.TempPathFactory, prepared: Callable[[Path], None], *names: str) -> Path:
    folder = factory.mktemp("tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAROPS_HOME", str(folder / "home"))
        patch.delenv("MAROPS_DATABASE_URL", raising=False)
        prepared(folder / "home")
        tiny.bring_in(folder / "files", *names)
        store.engine().dispose()
    return folder / "home"


@pytest.fixture(autouse=True)
def _files_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page under test has nobody who looks again: it waits until a file is read, however busy the machine is."""
    monkeypatch.setattr(reading, "_AT_ONCE", 60.0)
