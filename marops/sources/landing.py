"""What the address of a landing page says: host, path and UTM parameters, percent-decoded."""

import re
from urllib.parse import parse_qs, urlsplit

import polars as pl

FIELDS = ("url_host", "url_path", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")

_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s\"',\]]+", re.IGNORECASE)
"""The first address of a cell: an API writes lists of them."""


def with_landing(frame: pl.LazyFrame, columns: frozenset[str]) -> pl.LazyFrame:
    """The frame with those of FIELDS that are among `columns`, read from `_url`. What the frame already has stays."""
    present = set(frame.collect_schema().names())
    if "_url" not in present:
        return frame
    shape = pl.Struct(dict.fromkeys(FIELDS, pl.String()))
    read = pl.col("_url").map_batches(_parts, return_dtype=shape, is_elementwise=True).alias("__landing")
    said = {name: pl.col("__landing").struct.field(name) for name in FIELDS if name in columns}
    return frame.with_columns(read).with_columns(
        (pl.coalesce(name, field) if name in present else field).alias(name) for name, field in said.items()
    )


def _parts(addresses: pl.Series) -> pl.Series:
    """The parts of each address. The same few are read once and then looked up: a report repeats them on every row."""
    different = addresses.unique().alias("address")
    read = pl.DataFrame([parts(address or "") for address in different], schema=dict.fromkeys(FIELDS, pl.String()))
    known = read.with_columns(different)
    found = addresses.to_frame("address").join(known, on="address", how="left", nulls_equal=True, maintain_order="left")
    return found.select(pl.struct(FIELDS).alias("parts"))["parts"]


def parts(address: str) -> dict[str, str | None]:
    """Host, path and UTM parameters of the first address in a cell; None for each that it does not have.

    >>> parts("https://example.com/a?utm_source=news%20letter")["utm_source"]
    'news letter'
    """
    found: dict[str, str | None] = dict.fromkeys(FIELDS)
    match = _ADDRESS.search(address)
    if match is None:
        return found
    text = match[0] if "://" in match[0] else f"https://{match[0]}"
    try:
        split = urlsplit(text)
    except ValueError:  # "http://[" opens an IPv6 address that never ends
        return found
    found["url_host"], found["url_path"] = split.netloc.rpartition("@")[2].casefold() or None, split.path or None
    asked = parse_qs(split.query)
    return found | {name: asked[name][0] for name in FIELDS if name.startswith("utm_") and name in asked}
