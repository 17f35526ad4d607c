"""Asking the limited child: what it is told, what it may know of the environment, and what its answers mean."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from marops.connections import writing
from marops.connections.failures import not_fetched, refused_by
from marops.connections.kinds import Form
from marops.connections.writing import Binary, Repeated, TooMuch

_KEPT_ENVIRONMENT = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "PYTHONPATH", "VIRTUAL_ENV")


def ask(form: Form, secret: str, job: dict[str, Any], environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Let the child do the job. It sees of the environment what every process needs, and what is given here: no key of the
    server can come into it. Raises BadConnection.
    """
    kept = {name: value for name in _KEPT_ENVIRONMENT if (value := os.environ.get(name)) is not None}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "marops.connections.child"], input=json.dumps(job) + "\n", capture_output=True, text=True,
            env={**kept, **(environment or {})}, timeout=writing.SECONDS * 2, check=False, start_new_session=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise refused_by(form, "", "it took too long") from None
    lines = done.stdout.splitlines()
    if not lines:
        raise refused_by(form, "", "it could not be read within the limits of memory and time")
    answer: dict[str, Any] = json.loads(lines[-1])
    match answer.get("failed"):
        case "too_much":
            raise not_fetched(form, TooMuch())
        case "binary":
            raise not_fetched(form, Binary(answer["why"]))
        case "repeated":
            raise not_fetched(form, Repeated(answer["why"]))
        case "unreadable":
            raise refused_by(form, secret, answer["why"])
        case _:
            return answer
