"""What web services list: where each table is, how its pages follow each other, and which of its values become columns.

The columns are fixed, and those that the form adds stand behind them, so that a new field over there does not shift a
mapping.
"""

from dataclasses import dataclass, field, replace

from marops.connections.kinds import Kind

GOOGLE_ADS_VERSION = "v26"
"""Google publishes a version every three months and keeps each for about a year."""

BASE = {
    Kind.GOOGLE_ADS: f"https://googleads.googleapis.com/{GOOGLE_ADS_VERSION}",
    Kind.HUBSPOT: "https://api.hubapi.com",
    Kind.JIRA: "https://{site}.atlassian.net",
    Kind.META: "https://graph.facebook.com/v26.0",
}
TOKENS = "https://oauth2.googleapis.com/token"
"""Where Google gives an access token for a refresh token."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What one table is made of: its path, the parameters of every request, where the rows and the next page stand in an
    answer, and by column the keys that lead to its value.

    `wanted` is the parameter that names what is asked for, `below` where its values stand. `changed` is the column that
    tells when a row was changed last. `of` is what Google's query language calls the resource.
    """

    path: str
    rows: str
    pages: dict[str, str]
    columns: dict[str, str]
    params: dict[str, str] = field(default_factory=dict[str, str])
    wanted: str = ""
    below: str = ""
    changed: str = ""
    of: str = ""

    def with_extra(self, names: str) -> "Resource":
        """The resource with the columns of a list such as "utm_source, region" behind its own."""
        new = [name for name in dict.fromkeys(names.replace(" ", "").split(",")) if name and name not in self.columns]
        if not new:
            return self
        params = self.params | {self.wanted: ",".join([self.params[self.wanted], *new])}
        return replace(self, params=params, columns=self.columns | {name: self.below + name for name in new})


def _hubspot(name: str, changed: str, *properties: str) -> Resource:
    names = [*properties, changed]
    return Resource(
        f"crm/v3/objects/{name}", "results", {"type": "cursor", "cursor_path": "paging.next.after", "cursor_param": "after"},
        {"id": "id", **{one: f"properties.{one}" for one in names}}, {"limit": "100", "properties": ",".join(names)},
        "properties", "properties.", changed,
    )  # fmt: skip


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(one.capitalize() for one in others)


def _google(of: str, *names: str) -> Resource:
    """Asked for in snake case, answered in camel case."""
    names = (
        "customer.id", "customer.descriptive_name", "customer.currency_code", "customer.time_zone", "campaign.id",
        "campaign.name", "campaign.advertising_channel_type", *names, "segments.date", "metrics.impressions", "metrics.clicks",
        "metrics.interactions", "metrics.cost_micros", "metrics.conversions", "metrics.conversions_value",
    )  # fmt: skip
    return Resource(
        "customers/{customer}/googleAds:search", "results",
        {"type": "cursor", "cursor_path": "nextPageToken", "cursor_body_path": "pageToken"},
        {name: ".".join(_camel(part) for part in name.split(".")) for name in names}, of=of,
    )  # fmt: skip


_ISSUE = {
    "issue id": "id", "issue key": "key", "summary": "fields.summary", "issue type": "fields.issuetype.name",
    "parent id": "fields.parent.id", "project name": "fields.project.name", "status": "fields.status.name",
    "status category": "fields.status.statusCategory.name", "assignee id": "fields.assignee.accountId",
    "created": "fields.created", "updated": "fields.updated", "due date": "fields.duedate",
    "resolutiondate": "fields.resolutiondate", "resolution": "fields.resolution.name",
    # New ones at the end: feeds know columns by their places.
    "assignee": "fields.assignee.displayName",
}  # fmt: skip
_INSIGHT = (
    "account_id", "account_name", "campaign_id", "campaign_name", "adset_id", "adset_name", "date_start", "date_stop",
    "account_currency", "impressions", "inline_link_clicks", "spend", "reach",
)  # fmt: skip
RESOURCES: dict[Kind, dict[str, Resource]] = {
    Kind.GOOGLE_ADS: {
        # Performance Max and the like have no ad groups: only their campaigns have rows.
        "campaigns by day": _google("campaign"),
        "ad groups by day": _google("ad_group", "ad_group.id", "ad_group.name"),
    },
    Kind.HUBSPOT: {
        "contacts": _hubspot(
            "contacts", "lastmodifieddate",
            "createdate", "lifecyclestage", "hs_analytics_source", "hs_analytics_first_url", "hubspot_owner_id",
        ),
        "deals": _hubspot(
            "deals", "hs_lastmodifieddate",
            "dealname", "dealstage", "createdate", "closedate", "amount", "deal_currency_code", "hubspot_owner_id",
        ),
    },
    Kind.JIRA: {
        "issues": Resource(
            "rest/api/3/search/jql", "issues", {"type": "cursor", "cursor_path": "nextPageToken", "cursor_param": "nextPageToken"},
            _ISSUE,
            {"maxResults": "100", "fields": ",".join(dict.fromkeys(key.split(".")[1] for key in _ISSUE.values() if "." in key))},
            "fields", "fields.", "updated",
        ),
    },
    Kind.META: {
        "ad sets by day": Resource(
            "act_{account}/insights", "data", {"type": "json_link", "next_url_path": "paging.next"},
            {name.replace("account_currency", "account currency"): name for name in _INSIGHT},
            {"level": "adset", "time_increment": "1", "limit": "500", "fields": ",".join(_INSIGHT)}, "fields",
        ),
    },
}  # fmt: skip
