"""The Chromium that browser tests drive: one that is there, else Debian's package, else Playwright's own.

`python -m tests.browsers` sees to it that there is one and prints where.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The path of a Chromium, or None where there is none."""
    if (chosen := os.environ.get("MAROPS_CHROMIUM")) and Path(chosen).is_file():
        return chosen
    for name in NAMES:
        if path := shutil.which(name):
            return path
    return _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def ensure() -> str:
    """The path of a Chromium, installed where there was none. Raises SystemExit with what to do where that fails."""
    if path := find():
        return path
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], check=False, env=environment, **quiet)
        subprocess.run(["apt-get", "install", "-q", "-y", "chromium"], check=False, env=environment, **quiet)
    if find() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if path := find():
        return path
    raise SystemExit("No Chromium could be installed. Install one, or set MAROPS_CHROMIUM to its path.")


if __name__ == "__main__":
    print(f"browser tests use {ensure()}")
