"""Our own HTML: small templates with escaping on, one line each so that Markdown leaves them alone."""

import re
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined

_BETWEEN_TAGS = re.compile(r">\s+<")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("marops.web", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip


def html(template: str, **values: object) -> str:
    """A template filled with values, escaped. A blank line or an indented one would end the block for Markdown."""
    filled = _environment().get_template(template).render(**values)
    return _BETWEEN_TAGS.sub("><", " ".join(line.strip() for line in filled.splitlines() if line.strip()))
