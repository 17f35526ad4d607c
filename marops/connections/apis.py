"""Reading Google Ads, HubSpot, Jira and Meta through dlt's REST source. Runs in the limited child only.

What is asked for and what becomes a column stands in `resources`; a value that is missing is empty. An answer has a limit of
size, and pages that lead back to one that was read are refused: a service must not keep the process for as long as it likes.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from marops.connections.failures import hidden
from marops.connections.kinds import DESCRIBED, Kind, Query
from marops.connections.reaching import Reach, Unreadable
from marops.connections.resources import BASE, RESOURCES, TOKENS, Resource
from marops.connections.writing import BATCH_ROWS, Binary, Repeated, TooMuch, write_all

_GOOGLE_DAYS = 1120
"""Google Ads has figures by day of the last 37 months, and refuses a query that begins before them."""
_ANSWER_BYTES = 64 << 20
_SEARCHED_AT_ONCE = 200


def tables(reach: Reach) -> list[str]:
    """The resources, after one request for the first row of each. Raises Unreadable."""
    for resource in _resources(reach).values():
        next(_asked(reach, resource, Query(table="-")), None)
    return list(RESOURCES[reach.kind])


def fetch(reach: Reach, query: Query, to: str) -> int:
    """Write a resource's rows into a Parquet file. Returns how many. Raises Unreadable, TooMuch, Binary."""
    resource = _resources(reach).get(query.table)
    if resource is None:
        raise Unreadable(f"there is no {query.table or 'SELECT'}; choose one of {', '.join(RESOURCES[reach.kind])}")
    rows = _rows(reach, resource, query)
    return write_all(Path(to), list(resource.columns), lambda: list(islice(rows, BATCH_ROWS)))


def _resources(reach: Reach) -> dict[str, Resource]:
    extra = reach.more.get("extra", "")
    return {name: resource.with_extra(extra) for name, resource in RESOURCES[reach.kind].items()}


def _rows(reach: Reach, resource: Resource, query: Query) -> Iterator[list[Any]]:
    dated = list(resource.columns).index(query.date_column) if query.date_column else 0
    for item in _asked(reach, resource, query):
        row = [_value(item, keys) for keys in resource.columns.values()]
        if not query.from_day or str(row[dated] or "")[:10] >= query.from_day:
            yield row


def _value(item: Any, keys: str) -> Any:
    for key in keys.split("."):
        item = item.get(key) if isinstance(item, dict) else None
    if isinstance(item, dict):  # a choice of a list, as Jira gives it, is what it is called
        return item.get("value", item.get("name", item))
    return item


def _asked(reach: Reach, resource: Resource, query: Query) -> Iterator[Any]:
    from dlt.sources.rest_api import rest_api_resources

    named = {name: value.replace("-", "") if name == "customer" else value for name, value in reach.more.items()}
    auth = _auth(reach)
    endpoint = {
        "path": resource.path.format_map(named), "params": resource.params, "data_selector": resource.rows,
        "paginator": resource.pages, "response_actions": [_watch()], **_narrowed(reach, resource, query),
    }  # fmt: skip
    base = BASE[reach.kind].format_map(named) + "/"
    config: Any = {
        "client": {"base_url": base, "auth": auth, "headers": _headers(reach)},
        "resources": [{"name": "rows", "endpoint": endpoint}],
    }
    try:
        yield from rest_api_resources(config)[0]
    except (Unreadable, TooMuch, Binary, Repeated):
        raise
    except Exception as failed:  # every layer below has errors of its own
        raise _said(reach, auth, failed) from failed


def _auth(reach: Reach) -> Any:
    from dlt.sources.helpers.rest_client.auth import BearerTokenAuth, HttpBasicAuth, OAuth2ClientCredentials

    match reach.kind:
        case Kind.GOOGLE_ADS:
            parts = DESCRIBED[reach.kind].parts(reach.secret)
            return OAuth2ClientCredentials(
                access_token_url=TOKENS, client_id=reach.more["client"], client_secret=parts["client_secret"],
                access_token_request_data={"grant_type": "refresh_token", "refresh_token": parts[""]},
            )  # fmt: skip
        case Kind.JIRA:
            return HttpBasicAuth(reach.more["user"], reach.secret)
        case _:
            return BearerTokenAuth(reach.secret)


def _headers(reach: Reach) -> dict[str, str]:
    if reach.kind is not Kind.GOOGLE_ADS:
        return {}
    manager = reach.more.get("manager", "").replace("-", "")
    developer = DESCRIBED[reach.kind].parts(reach.secret)["developer_token"]
    return {"developer-token": developer, **({"login-customer-id": manager} if manager else {})}


# What narrows a request to the query's days, where the service can: never to fewer, as rows are looked at once more.


def _narrowed(reach: Reach, resource: Resource, query: Query) -> dict[str, Any]:
    first = date.fromisoformat(query.from_day) if query.from_day else None
    match reach.kind:
        case Kind.GOOGLE_ADS:
            return {"method": "POST", "json": {"query": _gaql(resource, first)}}
        case Kind.HUBSPOT if first and query.date_column in {"createdate", "closedate", resource.changed}:
            return _searched(resource, query.date_column, first)
        case Kind.JIRA:
            # The days of the account's time zone, which may begin a day later than the ones in the answer.
            column = query.date_column if query.date_column in {"created", "updated"} else "created"
            begin = first - timedelta(days=1) if first and column == query.date_column else date(2000, 1, 1)
            return {"params": resource.params | {"jql": f'{column} >= "{begin}" ORDER BY created'}}
        case Kind.META if first:
            days = json.dumps({"since": str(first), "until": str(max(first, datetime.now(UTC).date()))})
            return {"params": resource.params | {"time_range": f"{{{days}}}"}}  # dlt takes single braces for its own
        case Kind.META:
            return {"params": resource.params | {"date_preset": "maximum"}}
        case _:
            return {}


def _gaql(resource: Resource, first: date | None) -> str:
    """A query of days must have both ends. The last day is tomorrow's, as the account may be east of here."""
    today = datetime.now(UTC).date()
    earliest = today - timedelta(days=_GOOGLE_DAYS)
    begin, end = max(first or earliest, earliest), max(first or today, today) + timedelta(days=1)
    return f"SELECT {', '.join(resource.columns)} FROM {resource.of} WHERE segments.date BETWEEN '{begin}' AND '{end}'"


def _searched(resource: Resource, column: str, first: date) -> dict[str, Any]:
    """HubSpot's search ends after 10,000 rows, however they are paged: so each page begins behind the last row's id."""
    from dlt.sources.helpers.rest_client.paginators import BasePaginator

    class ById(BasePaginator):
        last = 0

        def update_state(self, response: Any, data: list[Any] | None = None) -> None:  # noqa: ARG002
            if data:
                found = int(data[-1]["id"])
                if found <= self.last:
                    raise Unreadable("its pages do not follow each other by id")
                self.last = found
            self._has_next_page = len(data or ()) == _SEARCHED_AT_ONCE

        def update_request(self, request: Any) -> None:
            request.json["filterGroups"][0]["filters"][1]["value"] = str(self.last)

    begin = int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp() * 1000)
    body: dict[str, Any] = {
        "filterGroups": [{"filters": [
            {"propertyName": column, "operator": "GTE", "value": str(begin)},
            {"propertyName": "hs_object_id", "operator": "GT", "value": "0"},
        ]}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": resource.params["properties"].split(","), "limit": _SEARCHED_AT_ONCE,
    }  # fmt: skip
    return {"path": f"{resource.path}/search", "method": "POST", "params": {}, "json": body, "paginator": ById()}


# What a service may not do, and what it said


def _watch() -> Callable[..., None]:
    """Look at each answer before it is read: not larger than its limit, and not to a request that was made already."""
    seen: set[tuple[str, bytes]] = set()

    def look(response: Any, *_: Any, **__: Any) -> None:
        body = bytearray()
        for part in response.iter_content(64 << 10):
            body += part
            if len(body) > _ANSWER_BYTES:
                response.close()
                raise Unreadable("one of its answers is larger than 64 MB")
        response._content = bytes(body)  # noqa: SLF001  (what reading it to its end would have set)
        if response.ok:
            asked = (response.request.url, response.request.body or b"")
            if asked in seen:
                raise Unreadable("its pages lead back to one that was read already")
            seen.add(asked)

    return look


def _said(reach: Reach, auth: Any, failed: BaseException) -> Unreadable:
    """The first cause that says something of its own, as dlt wraps what went wrong in what it was doing. Without the access
    token that a secret was changed into, which only this process knows, and cut only after that.
    """
    while failed.__cause__ is not None and not isinstance(failed, Unreadable):
        failed = failed.__cause__
    answer = getattr(failed, "response", None)
    body = f": {answer.text}" if answer is not None else ""
    words = hidden(f"{failed}{body}", [*DESCRIBED[reach.kind].spoken(reach.secret), getattr(auth, "access_token", None) or ""])
    return Unreadable(words[:2000])
