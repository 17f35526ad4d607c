"""Brings the sample company into its own workspace, through the same import as any upload."""

from pathlib import Path

from marops.errors import BadFile
from marops.principal import Action, Principal, require
from marops.sample import company
from marops.sources import service
from marops.workspaces import service as workspaces
from marops.workspaces.store import SAMPLE

SHIPPED = Path(__file__).parents[2] / "sample_data"
"""The files that come with the source, made with seed 7 and scale 1."""

FILES = ("*.csv", "*.tsv", "*.xlsx", "*.parquet")


def offer(principal: Principal) -> bool:
    """Set the sample company up beside the user's own workspace, once in an installation's life. Returns whether it did.

    Cut short, it starts over the next time; removed by somebody, it stays away.
    """
    require(principal, Action.ADMINISTER)
    if workspaces.sample_was_offered(principal):
        return False
    load(principal)
    workspaces.note_sample_offered(principal)
    return True


def load(principal: Principal, folder: Path = SHIPPED) -> int:
    """Replace the sample workspace by the files of a folder. Returns how many were imported. Raises BadFile."""
    require(principal, Action.ADMINISTER)
    paths = sorted(path for pattern in FILES for path in folder.glob(pattern))
    workspaces.create_sample(
        principal,
        name=company.NAME,
        currency=company.REPORTING_CURRENCY,
        today=company.LAST_DAY,
        units=[workspaces.Unit(unit.name, unit.prefix) for unit in company.UNITS],
        margin=company.GROSS_MARGIN,
    )
    for preview in service.preview_files(principal, SAMPLE, paths):
        if isinstance(preview, BadFile):
            raise preview
        service.accept(principal, preview)
    return len(paths)
