"""What stands between the network and Streamlit: headers, compression, and doors that stay shut."""

from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from marops import __version__, store

_SHUT = ("/_stcore/metrics", "/_stcore/agent")
"""Streamlit addresses that tell or change more than a page needs."""

_POLICY = (
    "default-src 'self'",
    # Streamlit's own page has one inline script; its hash is checked by a test.
    "script-src 'self' 'wasm-unsafe-eval' {hashes}",
    # Streamlit and Plotly write styles as they draw.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self' ws: wss:",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "frame-ancestors 'none'",
    "form-action 'self'",
)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Gate:
    """ASGI middleware: shuts addresses nobody needs and adds security headers to every answer."""

    def __init__(self, app: ASGIApp, script_hashes: Iterable[str] = ()) -> None:
        self.app = app
        self._headers = {
            **_HEADERS,
            "Content-Security-Policy": "; ".join(_POLICY).format(hashes=" ".join(f"'{h}'" for h in script_hashes)),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if str(scope["path"]).startswith(_SHUT):
            await PlainTextResponse("Not found", status_code=404)(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, with_headers)


async def healthz(_request: Request) -> JSONResponse:
    """Whether the server and its database answer."""
    try:
        with store.engine().connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    except Exception:  # noqa: BLE001  (any failure means unhealthy; the cause is for the log, not for strangers)
        return JSONResponse({"status": "database unavailable", "version": __version__}, status_code=503)
    return JSONResponse({"status": "ok", "version": __version__})
