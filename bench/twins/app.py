"""The twin's server: marops' own middleware and settings around pages of constants."""

import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bench.twins import main
from marops.serving import server


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncGenerator[dict[str, bool]]:
    """Load everything beforehand, as marops does."""
    go.Figure()
    pl.DataFrame()
    main.constants()
    gc.collect()
    gc.freeze()
    yield {"ready": True}


async def healthz(_request: Request) -> PlainTextResponse:
    """Always well."""
    return PlainTextResponse("ok")


app = st.App(
    str(Path(__file__).parent / "script.py"), lifespan=lifespan, routes=[Route("/healthz", healthz)], middleware=server.middleware()
)
