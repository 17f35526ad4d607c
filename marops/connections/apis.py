"""Reading HubSpot, Jira and Meta through dlt's REST source. Runs in the limited child only.

Each resource is data: where it is, how its pages follow each other, and which of its values become columns. The columns
are fixed, so that a new field over there does not shift a mapping; a value that is missing is empty.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from marops.connections.kinds import Kind, Query
from marops.connections.reaching import Reach, Unreadable
from marops.connections.writing import BATCH_ROWS, Binary, Repeated, TooMuch, write_all

BASE = {
    Kind.HUBSPOT: "https://api.hubapi.com",
    Kind.JIRA: "https://{site}.atlassian.net",
    Kind.META: "https://graph.facebook.com/v26.0",
}


@dataclass(frozen=True, slots=True)
class Resource:
    """What one table is made of: its path, the parameters of every request, where the rows and the next page stand in an
    answer, and by column the keys that lead to its value.
    """

    path: str
    params: dict[str, str]
    rows: str
    pages: dict[str, str]
    columns: dict[str, str] = field(default_factory=dict[str, str])


def _hubspot(name: str, *properties: str) -> Resource:
    return Resource(
        f"crm/v3/objects/{name}", {"limit": "100", "properties": ",".join(properties)}, "results",
        {"type": "cursor", "cursor_path": "paging.next.after", "cursor_param": "after"},
        {"id": "id", **{one: f"properties.{one}" for one in properties}},
    )  # fmt: skip


_ISSUE = {
    "issue id": "id", "issue key": "key", "summary": "fields.summary", "issue type": "fields.issuetype.name",
    "parent id": "fields.parent.id", "project name": "fields.project.name", "status": "fields.status.name",
    "status category": "fields.status.statusCategory.name", "assignee id": "fields.assignee.accountId",
    "created": "fields.created", "updated": "fields.updated", "due date": "fields.duedate",
    "resolutiondate": "fields.resolutiondate",
}  # fmt: skip
_INSIGHT = (
    "account_id", "account_name", "campaign_id", "campaign_name", "adset_id", "adset_name", "date_start", "date_stop",
    "account_currency", "impressions", "inline_link_clicks", "spend", "reach",
)  # fmt: skip
RESOURCES: dict[Kind, dict[str, Resource]] = {
    Kind.HUBSPOT: {
        "contacts": _hubspot(
            "contacts", "createdate", "lifecyclestage", "hs_analytics_source", "hs_analytics_first_url", "hubspot_owner_id"
        ),
        "deals": _hubspot(
            "deals", "dealname", "dealstage", "createdate", "closedate", "amount", "deal_currency_code", "hubspot_owner_id"
        ),
    },
    Kind.JIRA: {
        "issues": Resource(
            "rest/api/3/search/jql",
            {"maxResults": "100", "fields": ",".join(dict.fromkeys(key.split(".")[1] for key in _ISSUE.values() if "." in key))},
            "issues", {"type": "cursor", "cursor_path": "nextPageToken", "cursor_param": "nextPageToken"}, _ISSUE,
        ),
    },
    Kind.META: {
        "ad sets by day": Resource(
            "act_{account}/insights", {"level": "adset", "time_increment": "1", "limit": "500", "fields": ",".join(_INSIGHT)},
            "data", {"type": "json_link", "next_url_path": "paging.next"},
            {name.replace("account_currency", "account currency"): name for name in _INSIGHT},
        ),
    },
}  # fmt: skip


def tables(reach: Reach) -> list[str]:
    """The resources, after one request for the first row of each. Raises Unreadable."""
    for resource in RESOURCES[reach.kind].values():
        next(_asked(reach, resource, Query(table="-")), None)
    return list(RESOURCES[reach.kind])


def fetch(reach: Reach, query: Query, to: str) -> int:
    """Write a resource's rows into a Parquet file. Returns how many. Raises Unreadable, TooMuch, Binary."""
    resource = RESOURCES[reach.kind].get(query.table)
    if resource is None:
        raise Unreadable(f"there is no {query.table or 'SELECT'}; choose one of {', '.join(RESOURCES[reach.kind])}")
    rows = _rows(reach, resource, query)
    return write_all(Path(to), list(resource.columns), lambda: list(islice(rows, BATCH_ROWS)))


def _rows(reach: Reach, resource: Resource, query: Query) -> Iterator[list[Any]]:
    dated = list(resource.columns).index(query.date_column) if query.date_column else 0
    for item in _asked(reach, resource, query):
        row = [_value(item, keys) for keys in resource.columns.values()]
        if not query.from_day or str(row[dated] or "")[:10] >= query.from_day:
            yield row


def _value(item: Any, keys: str) -> Any:
    for key in keys.split("."):
        item = item.get(key) if isinstance(item, dict) else None
    return item


def _asked(reach: Reach, resource: Resource, query: Query) -> Iterator[Any]:
    from dlt.sources.rest_api import rest_api_resources

    asked = {"path": resource.path.format_map(reach.more), "params": resource.params | _since(reach, query)}
    config: Any = {
        "client": {"base_url": BASE[reach.kind].format_map(reach.more) + "/", "auth": _auth(reach)},
        "resources": [
            {"name": "rows", "endpoint": {**asked, "data_selector": resource.rows, "paginator": resource.pages}},
        ],
    }
    try:
        yield from rest_api_resources(config)[0]
    except (Unreadable, TooMuch, Binary, Repeated):
        raise
    except Exception as failed:  # every layer below has errors of its own
        raise Unreadable(_said(failed)) from failed


def _auth(reach: Reach) -> dict[str, str]:
    match reach.kind:
        case Kind.JIRA:
            return {"type": "http_basic", "username": reach.more["user"], "password": reach.secret}
        case _:
            return {"type": "bearer", "token": reach.secret}


def _since(reach: Reach, query: Query) -> dict[str, str]:
    """What narrows a request to the query's days, where the service can: never to fewer, as rows are looked at once more."""
    first = date.fromisoformat(query.from_day) if query.from_day else None
    match reach.kind:
        case Kind.JIRA:
            # The days of the account's time zone, which may begin a day later than the ones in the answer.
            column = query.date_column if query.date_column in {"created", "updated"} else "created"
            begin = first - timedelta(days=1) if first and column == query.date_column else date(2000, 1, 1)
            return {"jql": f'{column} >= "{begin}" ORDER BY created'}
        case Kind.META if first:
            days = json.dumps({"since": str(first), "until": str(max(first, datetime.now(UTC).date()))})
            return {"time_range": f"{{{days}}}"}  # dlt takes single braces for its own
        case Kind.META:
            return {"date_preset": "maximum"}
        case _:
            return {}


def _said(failed: BaseException) -> str:
    """The first cause that says something of its own: dlt wraps what went wrong in what it was doing."""
    while failed.__cause__ is not None:
        failed = failed.__cause__
    answer = getattr(failed, "response", None)
    body = f": {answer.text[:200]}" if answer is not None else ""
    return f"{failed}{body}"
