"""One palette for pages, charts and slides. A colour means one thing everywhere; everything else is ink and greys.

Figures are drawn in the light colours. On a page each becomes the reader's theme's colour in the browser (see
`marops.web.charts`), so that switching between light and dark redraws nothing on the server.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colour:
    """A role's colour in the light and in the dark theme."""

    light: str
    dark: str


IT = Colour("#1d63d6", "#6aa5ff")
MARKETING = Colour("#c4500c", "#f39a55")
JOINT = Colour("#0c7268", "#35bfae")
INK = Colour("#39424f", "#c3cad4")
MUTED = Colour("#7d8794", "#838e9c")
SIGNAL = Colour("#b5123f", "#ff7a95")
BAND = Colour("#e6eaf0", "#252d38")
SOFT = Colour("#c9d0da", "#4a5463")
PAPER = Colour("#fefefe", "#10141a")
TEXT = Colour("#161b23", "#e7eaef")

ROLES: tuple[Colour, ...] = (IT, MARKETING, JOINT, INK, MUTED, SIGNAL, BAND, SOFT, PAPER, TEXT)
"""In the order of `theme.chartCategoricalColors` in .streamlit/config.toml, which holds the same colours."""

FONT = "Inter, system-ui, sans-serif"


def of_side(side: str) -> Colour:
    """The hue of IT, marketing or what both share."""
    return {"it": IT, "marketing": MARKETING}.get(side, JOINT)
