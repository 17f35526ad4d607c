"""The one HTML page that every address answers with, as marops wants it: Streamlit's, with our name, icon, font and style.

The browser then has them before it has loaded Streamlit, and no run of a page sends the style again: Streamlit would
send, sanitise and insert it on every rerun.
"""

import re
from functools import lru_cache
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STREAMLITS = Path(streamlit.__file__).parent / "static" / "index.html"
_WEB = Path(__file__).parents[1] / "web"
_FONT = "./app/static/inter-latin.woff2"
_ICON = "./app/static/marops-icon.svg"


@lru_cache(maxsize=1)
def page() -> bytes:
    """The page. Raises ValueError where Streamlit's has changed so that ours cannot be made of it."""
    found = _STREAMLITS.read_text(encoding="utf-8")
    style = (_WEB / "style.css").read_text(encoding="utf-8")
    for old, new in (
        (r"<title>.*?</title>", f"<title>marops</title>\n    <style>\n{style}</style>"),
        (r'<link rel="shortcut icon"[^>]*>', f'<link rel="shortcut icon" href="{_ICON}" />'),
        (r'(?<=<link\n      rel="preload"\n      href=")[^"]*\.woff2', _FONT),
    ):  # fmt: skip
        found, replaced = re.subn(old, lambda _, new=new: new, found, flags=re.DOTALL)
        if replaced != 1:
            raise ValueError(f"{_STREAMLITS} has {replaced} places that look like {old}")
    return found.encode()


_WISHES = (b"if-none-match", b"if-modified-since", b"range", b"accept-encoding")
"""What would have Streamlit answer with its page packed, in part, or not at all because the browser has it."""


_FILES = ("/static/", "/app/static/", "/media/", "/component/")
"""Where Streamlit keeps files; every other address may be a page."""


class Index:
    """ASGI middleware: where Streamlit answers with its own page, the answer is ours."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._theirs = str(_STREAMLITS.stat().st_size)
        self._ours = page()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or str(scope["path"]).startswith(_FILES):
            await self.app(scope, receive, send)
            return
        scope = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name not in _WISHES]}
        is_theirs = False

        async def replacing(message: Message) -> None:
            nonlocal is_theirs
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_theirs = headers.get("content-length") == self._theirs and headers.get("content-type", "").startswith(
                    "text/html"
                )
                if is_theirs:
                    headers["content-length"] = str(len(self._ours))
                    del headers["etag"], headers["last-modified"], headers["accept-ranges"]
            elif is_theirs:
                if message.get("more_body"):
                    return
                message = {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else self._ours}
            await send(message)

        await self.app(scope, receive, replacing)
