"""Where the web layer's files lie."""

from pathlib import Path

WEB = Path(__file__).parent
PAGES_FOLDER = WEB.parents[1] / "pages"
LOGO = WEB / "static" / "marops.svg"
ICON = WEB / "static" / "marops-icon.svg"
