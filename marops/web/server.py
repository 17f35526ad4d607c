"""The server around the pages: what is loaded before the first request, its routes and middleware."""

import base64
import gc
import hashlib
import importlib
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
import streamlit
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette_compress import CompressMiddleware

from marops.web.gate import Gate, healthz

MAIN = str(Path(__file__).parent / "main.py")

_WARM = (
    "plotly.graph_objects", "plotly.io", "scipy.stats", "polars", "pandas", "pyarrow", "marops.web", "marops.web.main",
    "marops.scorecard.figures", "marops.pipeline.figures", "marops.maturity.figures", "marops.budget.figures",
)  # fmt: skip


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncGenerator[dict[str, bool]]:
    """Prepare the installation and load what the first page would have to wait for; then keep it out of garbage
    collection, which would look through all of it again and again.
    """
    await anyio.to_thread.run_sync(_warm)
    gc.collect()
    gc.freeze()
    yield {"ready": True}


def _warm() -> None:
    from marops import bootstrap

    bootstrap.prepare()
    for module in _WARM:
        importlib.import_module(module)
    from marops.web import warming

    warming.warm()


def routes() -> list[Route]:
    """Our own addresses."""
    return [Route("/healthz", healthz)]


def middleware() -> list[Middleware]:
    """Outermost first: the gate, then compression of what Streamlit serves as it is (9 MB a page otherwise)."""
    return [Middleware(Gate, script_hashes=inline_script_hashes()), Middleware(CompressMiddleware, minimum_size=1_000)]


def inline_script_hashes() -> list[str]:
    """Digests of the inline scripts in Streamlit's own page, which the content policy lets run."""
    page = Path(streamlit.__file__).parent / "static" / "index.html"
    scripts = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page.read_text(encoding="utf-8"), re.DOTALL)
    return ["sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
