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
from playwright.sync_api import Browser, Page, sync_playwright

from tests import browsers

ROOT = Path(__file__).parents[2]


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
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert not complaints


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts the app as its users do and gives its address; stops it after the test."""
    running: list[subprocess.Popen[bytes]] = []

    def start(home: Path, *options: str) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = {**os.environ, "MAROPS_HOME": str(home), "MAROPS_PORT": str(port)}
        log = (tmp_path / "server.log").open("ab")
        running.append(
            subprocess.Popen([sys.executable, "-m", "marops", "run", *options], cwd=ROOT, env=environment, stdout=log, stderr=log)
        )
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{url}/healthz", timeout=1) as answer:  # noqa: S310  (our own address)
                    if answer.status == 200:
                        return url
            except OSError:
                time.sleep(0.1)
        raise AssertionError((tmp_path / "server.log").read_text())

    yield start
    for process in running:
        process.terminate()
    for process in running:
        process.wait(timeout=20)
