"""The server around the pages: what is loaded before the first request, its routes and middleware."""

import base64
import gc
import hashlib
import importlib
import os
import re
import sys
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from logging import getLogger
from pathlib import Path
from typing import Any

import anyio.to_thread
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette_compress import CompressMiddleware

from marops import bootstrap, settings
from marops.errors import UserError
from marops.language import text
from marops.principal import LOCAL_ADMIN
from marops.serving.gate import Gate, healthz
from marops.serving.index import Index, page

_log = getLogger(__name__)

MAIN = str(Path(__file__).parents[1] / "web" / "main.py")

_WARM = (
    "plotly.graph_objects", "plotly.io", "scipy.stats", "polars", "pandas", "pyarrow", "marops.web", "marops.web.main",
    "marops.scorecard.figures", "marops.pipeline.figures", "marops.maturity.figures", "marops.budget.figures",
)  # fmt: skip


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncGenerator[dict[str, bool]]:
    """Prepare the installation, then serve; what the first page needs is loaded beside that.

    A mistake in the settings ends the process with one line, as the command does.
    """
    try:
        await anyio.to_thread.run_sync(_prepare)
    except UserError as refused:
        sys.stderr.write(f"marops: {refused}\n")
        sys.stderr.flush()
        os._exit(2)
    threading.Thread(target=_warm, name="warming", daemon=True).start()
    yield {"ready": True}


def _prepare() -> None:
    bootstrap.prepare()
    if not settings.current().sample:
        return
    from marops.sample import loader
    from marops.workspaces import service as workspaces

    if not workspaces.sample_was_offered(LOCAL_ADMIN):
        sys.stdout.write(f"{text('Setting up the sample company (once, about ten seconds) …')}\n")
        sys.stdout.flush()
        loader.offer(LOCAL_ADMIN)


def _warm() -> None:
    """Load and compute what the first reader would wait for; then keep it out of garbage collection, which would look
    through all of it again and again.
    """
    try:
        for module in _WARM:
            importlib.import_module(module)
        from marops.web import warming

        warming.warm()
    except Exception:  # noqa: BLE001
        # Whoever asks for a page meets the same error, and is told.
        _log.exception("warming failed")
    gc.collect()
    gc.freeze()


def on_script_error(error: Exception) -> bool:
    """What a page shows instead of a traceback (see `marops.web.failures`)."""
    from marops.web import failures

    return failures.on_script_error(error)


def routes() -> list[Route]:
    """Our own addresses."""
    return [Route("/healthz", healthz)]


def middleware() -> list[Middleware]:
    """Outermost first: the gate, compression of what Streamlit serves as it is (9 MB a page otherwise), our own page."""
    return [
        Middleware(Gate, script_hashes=inline_script_hashes()),
        Middleware(CompressMiddleware, minimum_size=1_000),
        Middleware(Index),
    ]


def inline_script_hashes() -> list[str]:
    """Digests of the inline scripts in the page, which the content policy lets run."""
    scripts = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page().decode(), re.DOTALL)
    return ["sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
