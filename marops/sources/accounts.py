"""Files of one ad account that disagree about its currency: one of them must be wrong, and a sum of both would be."""

from pathlib import Path

import polars as pl
from sqlmodel import col, select

from marops import lake, store
from marops.lake import Blob
from marops.sources.report import Note, Part
from marops.tables import AD_PERFORMANCE


def disagreements(workspace_id: str, part: Part, path: Path) -> list[Note]:
    """A note where active rows of the same account (or, where rows name none, of the same campaigns) are in another currency
    than the staged rows at `path`.
    """
    if part.rows.table != AD_PERFORMANCE.name or not part.currencies:
        return []
    with store.reading() as session:
        query = select(Blob).where(
            Blob.workspace_id == workspace_id, Blob.table_name == AD_PERFORMANCE.name, col(Blob.active).is_(True)
        )
        blobs = list(session.exec(query))
    if not blobs:
        return []
    here = _owners(pl.scan_parquet(path))
    there = _owners(lake.scan(blobs, AD_PERFORMANCE, lineage=True), "source_relation")
    found = here.join(there, on=("platform", "owner"), suffix="_there").filter(
        pl.col("currency_code") != pl.col("currency_code_there")
    )
    if found.is_empty():
        return []
    first = found.sort("owner", "currency_code_there", "source_relation").row(0, named=True)
    values: dict[str, str | int] = {
        "account": first["owner"], "here": first["currency_code"], "there": first["currency_code_there"],
        "source": first["source_relation"],
    }  # fmt: skip
    return [Note(code="account_currency", values=values)]


def _owners(rows: pl.LazyFrame, *more: str) -> pl.DataFrame:
    """Each account, or campaign of rows without one, with the currencies it has."""
    present = rows.collect_schema().names()
    names = [name for name in ("account_id", "campaign_name", "campaign_id") if name in present]
    if "currency_code" not in present or not names:
        return pl.DataFrame(schema=dict.fromkeys(("platform", "owner", "currency_code", *more), pl.String()))
    return rows.select("platform", pl.coalesce(names).alias("owner"), "currency_code", *more).drop_nulls().unique().collect()
