"""Reading from object stores, warehouses and web services: asks the limited child, which gets out through the gate only."""

import re
import tempfile
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from marops import settings
from marops.connections import addresses, gate
from marops.connections.asking import ask
from marops.connections.failures import no_driver
from marops.connections.fields import Described
from marops.connections.kinds import APIS, DESCRIBED, Form, Kind, Query, Tls
from marops.errors import BadConnection
from marops.language import Text, text

_QUIET = {
    "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__REQUEST_MAX_ATTEMPTS": "3", "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true",
}  # fmt: skip
"""What keeps clients from reporting to their makers, from asking the cloud that they run in, and from asking again for
minutes.
"""


def tables(form: Form, secret: str) -> list[str]:
    """What can be read there. Raises BadConnection, BadSetting."""
    return [str(name) for name in _ask(form, secret, {})["tables"]]


def fetch(form: Form, secret: str, query: Query, to: Path) -> int:
    """Write the query's rows into a Parquet file. Returns how many. Raises BadConnection, BadSetting."""
    return int(_ask(form, secret, {"query": asdict(query), "to": str(to.absolute())})["rows"])


def hosts(form: Form) -> tuple[str, ...]:
    """The hosts that the source is reached at."""
    if host := form.more.get("host"):
        return (f"{host}:{form.more.get('port') or 443}",)
    return tuple(one.format_map(form.more) for one in DESCRIBED[form.kind].hosts)


def _ask(form: Form, secret: str, asked: dict[str, Any]) -> dict[str, Any]:
    described = DESCRIBED[form.kind]
    if not all(_is_there(module) for module in described.modules):
        raise no_driver(described.extra)
    _check_secret(form, secret, described)
    address = addresses.pinned(form.more["host"], int(form.more["port"])) if described.direct else ""
    # A home of its own: clients look there for keys and settings, which must be those of the form.
    with gate.opened(hosts(form), plain=form.tls is Tls.OFF) as way, tempfile.TemporaryDirectory(prefix="marops-") as home:
        job = {
            "kind": form.kind, "more": dict(form.more), "tls": form.tls, "secret": secret, "gate": way.address, "address": address,
            **asked,
        }  # fmt: skip
        proxies = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "ALL_PROXY"), way.address)
        ca_file = settings.current().ca_file
        trusted = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(ca_file)) if ca_file else {}
        try:
            return ask(form, secret, job, {**proxies, **trusted, **_QUIET, "HOME": home, "USERPROFILE": home})
        except BadConnection as failed:
            if way.refused:
                raise way.refused from None
            if way.elsewhere:  # a redirection, or a client that looks around: what it said comes first
                raise BadConnection(text("{failed} {elsewhere}", failed=failed.text, elsewhere=way.elsewhere.text)) from None
            raise


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # what it is a part of is not there either
        return False


def _check_secret(form: Form, secret: str, described: Described) -> None:
    """Raise BadConnection where the secret is missing, or says itself that it may do more than read."""
    key = form.more.get("key")
    for field in described.more_secrets:
        _check_part(form, field.label, described.parts(secret)[field.name], field.pattern)
    if form.kind in APIS:
        # It becomes a header: a line break in it would be refused by words that quote it.
        _check_part(form, described.secret, described.parts(secret)[""], r"[!-~]+")
    if not secret and (bool(key) or not described.may_be_open):
        raise _missing(form, described.secret)
    if secret and not key and any(field.name == "key" for field in described.fields):
        raise BadConnection(text("{name} has a secret, but not the ID that it belongs to. Enter both, or neither.", name=form.name))
    if form.kind is Kind.AZURE and (may := _permissions(secret)) != {"r", "l"}:
        raise BadConnection(
            text("The SAS token of {name} has the permissions “{found}”. Nothing was read. Make one with “rl” (read and list) and "
                 "nothing else.", name=form.name, found="".join(sorted(may)))
        )  # fmt: skip


def _check_part(form: Form, label: Text, part: str, pattern: str) -> None:
    if not part:
        raise _missing(form, label)
    if not re.fullmatch(pattern, part):
        raise BadConnection(
            text(
                "{field} of {name} has signs in it that it cannot have, such as a space. Copy it again.",
                field=label,
                name=form.name,
            )
        )


def _missing(form: Form, label: Text) -> BadConnection:
    return BadConnection(text("{field} of {name} is missing. Enter it.", field=label, name=form.name))


def _permissions(token: str) -> set[str]:
    """What a SAS token says that it may do; nothing where that is kept in a policy over there."""
    return set("".join(parse_qs(token.lstrip("?")).get("sp", [])))
