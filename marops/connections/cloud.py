"""Reading Parquet and CSV files of an object store, with the form's key and no other. Runs in the limited child only.

Google's store is read by the interface it shares with Amazon's. Only listing and reading are ever asked for.
"""

import re

import polars as pl

from marops.connections.frames import said, write_frame
from marops.connections.kinds import Kind, Query, Tls
from marops.connections.reaching import Reach, Unreadable

_TABLES = ("*.parquet", "*.csv")
_GOOGLE = "https://storage.googleapis.com"
_SAID = re.compile(r"<Code>([^<]*)</Code>\s*<Message>([^<]*)</Message>")
_NONE = "expanded paths were empty"


def tables(reach: Reach) -> list[str]:
    """Which of "*.parquet" and "*.csv" there are below the prefix. Raises Unreadable."""
    found: list[str] = []
    for table in _TABLES:
        try:
            with said():
                _scanned(reach, table).collect_schema()
        except Unreadable as failed:
            if _NONE not in str(failed):
                raise _shorter(failed) from None
        else:
            found.append(table)
    return found


def fetch(reach: Reach, query: Query, to: str) -> int:
    """Write the rows of the files into a Parquet file. Returns how many. Raises Unreadable, TooMuch, Binary."""
    if query.table not in _TABLES:
        raise Unreadable(f"an object store has no {query.table or 'SELECT'}; choose one of {', '.join(_TABLES)}")
    try:
        with said():
            frame = _scanned(reach, query.table)
        return write_frame(frame, query, to)
    except Unreadable as failed:
        raise _shorter(failed) from None


def _scanned(reach: Reach, table: str) -> pl.LazyFrame:
    prefix = reach.more.get("prefix", "").strip("/")
    below = f"{prefix}/" if prefix else ""
    azure = reach.kind is Kind.AZURE
    place = f"az://{reach.more['container']}" if azure else f"s3://{reach.more['bucket']}"
    address = f"{place}/{below}**/{table}"
    options = _azure(reach) if azure else _s3(reach)
    options |= {"proxy_url": reach.gate, "max_retries": 2, "retry_timeout_ms": 60_000}
    # No provider: polars would look for the keys of this computer.
    if table == "*.csv":
        return pl.scan_csv(address, infer_schema=False, storage_options=options, credential_provider=None)
    return pl.scan_parquet(address, hive_partitioning=False, storage_options=options, credential_provider=None)


def _s3(reach: Reach) -> dict[str, object]:
    more = reach.more
    options: dict[str, object] = {"aws_region": more.get("region") or "auto"}
    if reach.kind is Kind.GCS:
        options["aws_endpoint_url"] = _GOOGLE
    elif host := more.get("host"):
        scheme = "http" if reach.tls is Tls.OFF else "https"
        options["aws_endpoint_url"] = f"{scheme}://{host}:{more.get('port') or 443}"
        options["aws_allow_http"] = str(reach.tls is Tls.OFF).lower()
        options["allow_invalid_certificates"] = str(reach.tls is Tls.ENCRYPTED).lower()
    if more.get("key"):
        return options | {"aws_access_key_id": more["key"], "aws_secret_access_key": reach.secret}
    return options | {"aws_skip_signature": "true"}


def _azure(reach: Reach) -> dict[str, object]:
    return {"azure_storage_account_name": reach.more["account"], "azure_storage_sas_token": reach.secret.lstrip("?")}


def _shorter(failed: Unreadable) -> Unreadable:
    """The store's own words, without the markup around them."""
    words = str(failed)
    if found := _SAID.search(words):
        return Unreadable(f"{found[2].rstrip('.')} ({found[1]})")
    return Unreadable("there are no such files below the prefix") if _NONE in words else failed
