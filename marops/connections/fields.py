"""The fields of the forms that describe a source by name, what each may hold, and which hosts the source is reached at.

A value is matched against its field's pattern as a whole, so that nothing typed into it can become an address, an option
or a part of a statement.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from marops.language import Text, text

_HOST = r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. `shown`: its value says where the source is, beside the connection's name."""

    name: str
    label: Text
    pattern: str
    needed: bool = True
    shown: bool = False
    help: Text | None = None
    default: str = ""

    def holds(self, value: str) -> bool:
        """Whether the field may hold the value."""
        return re.fullmatch(self.pattern, value) is not None if value else not self.needed


@dataclass(frozen=True, slots=True)
class Described:
    """How a kind of source is described.

    `secret` is what its secret is called, `more_secrets` the parts that it has beside; with `may_be_open` it may be left
    empty. `hosts` are the only ones it is reached at: names in which a field's value may stand, or the end of a name, from
    its dot on; a host that is typed into the form takes their place. `extra` is what must be installed, `modules` what shows
    that it is. Where what the secret may do is not `checked`, whoever saves the connection vouches for it. A `direct` one has
    a driver that knows no proxy, and is given the address that was checked.
    """

    fields: tuple[Field, ...]
    secret: Text
    hosts: tuple[str, ...]
    may_be_open: bool = False
    checked: bool = False
    extra: str = ""
    modules: tuple[str, ...] = ()
    more_secrets: tuple[Field, ...] = ()
    direct: bool = False

    def joined(self, first: str, more: Mapping[str, str]) -> str:
        """The secret as it is kept: itself, or an object of all its parts."""
        return json.dumps({"": first, **more}) if self.more_secrets else first

    def parts(self, secret: str) -> dict[str, str]:
        """The parts of a secret, by the names of their fields; the first has none."""
        found: dict[str, str] = json.loads(secret) if self.more_secrets and secret else {"": secret}
        return {name: found.get(name, "") for name in ("", *(field.name for field in self.more_secrets))}

    def spoken(self, secret: str) -> list[str]:
        """What of a secret may stand in no sentence: the whole, its parts, and the private key of a key in JSON."""
        try:
            inner = json.loads(secret)
        except ValueError:
            inner = {}
        keys = [str(inner.get(name) or "") for name in ("private_key", "private_key_id")] if isinstance(inner, dict) else []
        return [one for one in (secret, *self.parts(secret).values(), *keys) if one]

    @property
    def takes_host(self) -> bool:
        """Whether a host may be typed into the form."""
        return any(field.name == "host" for field in self.fields)


_PREFIX = Field(
    "prefix", text("Prefix"), r"(?!.*\.\.)[\w=-][\w./=-]{0,500}", needed=False, shown=True,
    help=text("Files below it are read, also those in folders further down."),
)  # fmt: skip
_BUCKET = Field("bucket", text("Bucket"), r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]", shown=True)

S3 = Described(
    (
        _BUCKET,
        _PREFIX,
        Field("region", text("Region"), r"[a-z0-9-]{2,30}", help=text("Such as eu-central-1.")),
        Field("key", text("Access key ID"), r"[\w.-]{3,128}", needed=False,
              help=text("Leave it and the secret empty for a bucket that everybody may read.")),
        Field("host", text("Endpoint host"), _HOST, needed=False,
              help=text("Only for another store that speaks S3, such as MinIO. Empty for Amazon.")),
        Field("port", text("Endpoint port"), r"[1-9][0-9]{0,4}", needed=False, help=text("443 where it is left empty.")),
    ),
    text("Secret access key"), (".amazonaws.com",), may_be_open=True,
)  # fmt: skip
GCS = Described(
    (
        _BUCKET,
        _PREFIX,
        Field("key", text("Access ID of an HMAC key"), r"[\w.-]{3,128}", needed=False,
              help=text("Leave it and the secret empty for a bucket that everybody may read.")),
    ),
    text("Secret of the HMAC key"), ("storage.googleapis.com",), may_be_open=True,
)  # fmt: skip
AZURE = Described(
    (
        Field("account", text("Storage account"), r"[a-z0-9]{3,24}", shown=True),
        Field("container", text("Container"), r"[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]", shown=True),
        _PREFIX,
    ),
    text("SAS token"), ("{account}.blob.core.windows.net",), checked=True,
)  # fmt: skip
_WORD = r"[A-Za-z0-9_][\w.$@-]{0,127}"
_SERVER = (
    Field("host", text("Host"), _HOST),
    Field("port", text("Port"), r"[1-9][0-9]{0,4}", default="443"),
    Field("user", text("User"), _WORD),
)

BIGQUERY = Described(
    (
        Field("project", text("Project"), r"[a-z][a-z0-9-]{4,28}[a-z0-9]", shown=True),
        Field("dataset", text("Dataset"), r"\w{1,1024}", shown=True),
    ),
    text("Key of a service account (JSON)"), (".googleapis.com",), extra="bigquery", modules=("ibis", "google.cloud.bigquery"),
)  # fmt: skip
SNOWFLAKE = Described(
    (
        Field("account", text("Account"), r"[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+){0,4}", shown=True,
              help=text("What stands before .snowflakecomputing.com in its address.")),
        Field("user", text("User"), _WORD),
        Field("warehouse", text("Warehouse"), _WORD),
        Field("database", text("Database"), _WORD, shown=True),
        Field("schema", text("Schema"), _WORD, shown=True, default="PUBLIC"),
        Field("role", text("Role"), _WORD, needed=False),
    ),
    text("Programmatic access token or password"),
    # Large results come from the stores that Snowflake keeps them in.
    ("{account}.snowflakecomputing.com", ".amazonaws.com", ".blob.core.windows.net", ".googleapis.com"),
    extra="snowflake", modules=("ibis", "snowflake.connector"),
)  # fmt: skip
CLICKHOUSE = Described(
    (*_SERVER, Field("database", text("Database"), _WORD, shown=True, default="default")),
    text("Password"), (), may_be_open=True, extra="clickhouse", modules=("ibis", "clickhouse_connect"),
)  # fmt: skip
TRINO = Described(
    (*_SERVER, Field("catalog", text("Catalog"), _WORD, shown=True), Field("schema", text("Schema"), _WORD, shown=True)),
    text("Password"), (), may_be_open=True, extra="trino", modules=("ibis", "trino"),
)  # fmt: skip

SQLSERVER = Described(
    (
        _SERVER[0],
        Field("port", text("Port"), r"[1-9][0-9]{0,4}", default="1433"),
        _SERVER[2],
        # Of letters and the like only: they stand in the driver's own notation of fields.
        Field("database", text("Database"), r"\w[\w $-]{0,127}", shown=True),
        Field("schema", text("Schema"), r"\w[\w $-]{0,127}", shown=True, default="dbo"),
    ),
    text("Password"), (), extra="sqlserver", modules=("ibis", "pyodbc"), direct=True,
)  # fmt: skip

_CUSTOMER = r"[0-9]{3}-?[0-9]{3}-?[0-9]{4}"
_SIGNS_OF_A_KEY = r"[A-Za-z0-9._~+/=-]{8,1000}"
_NAMES = r"[A-Za-z][A-Za-z0-9_]{0,99}(?: ?, ?[A-Za-z][A-Za-z0-9_]{0,99}){0,49}"


def _extra(help: Text) -> Field:
    return Field("extra", text("More columns"), _NAMES, needed=False, help=help)


GOOGLE_ADS = Described(
    (
        Field("customer", text("Customer ID"), _CUSTOMER, shown=True, help=text("Of the account that is read: 123-456-7890.")),
        Field("manager", text("Customer ID of the manager account"), _CUSTOMER, needed=False,
              help=text("Only where you sign in through a manager account.")),
        Field("client", text("OAuth client ID"), r"[A-Za-z0-9-]{5,200}\.apps\.googleusercontent\.com"),
    ),
    text("Refresh token"), ("googleads.googleapis.com", "oauth2.googleapis.com"), extra="dlt", modules=("dlt",),
    more_secrets=(
        Field("client_secret", text("OAuth client secret"), _SIGNS_OF_A_KEY),
        Field("developer_token", text("Developer token"), _SIGNS_OF_A_KEY),
    ),
)  # fmt: skip
HUBSPOT = Described(
    (_extra(text("Internal names of properties, separated by commas. They are asked for of contacts and of deals.")),),
    text("Token of a private app"), ("api.hubapi.com",), extra="dlt", modules=("dlt",),
)  # fmt: skip
JIRA = Described(
    (
        Field("site", text("Site"), r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", shown=True,
              help=text("What stands before .atlassian.net in its address.")),
        Field("user", text("Email address"), r"[\w.+-]{1,64}@[A-Za-z0-9.-]{1,190}"),
        _extra(text("Names of fields, separated by commas: such as customfield_10010.")),
    ),
    text("API token"), ("{site}.atlassian.net",), extra="dlt", modules=("dlt",),
)  # fmt: skip
META = Described(
    (
        Field("account", text("Ad account"), r"[0-9]{5,20}", shown=True, help=text("Its number, without act_.")),
        _extra(text("Names of insights, separated by commas: such as cpm.")),
    ),
    text("Access token"), ("graph.facebook.com",), extra="dlt", modules=("dlt",),
)  # fmt: skip
