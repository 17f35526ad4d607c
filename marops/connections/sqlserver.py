"""Reaching SQL Server through Ibis and Microsoft's ODBC driver. Runs in the limited child only.

The driver knows no proxy, so it is given the address that was checked, and the name only for the certificate. Whatever the
login could change is named and refused, by the server's own account of its effective permissions. That account was not
tried against a real server, so whoever saves the connection vouches for the login as well.
"""

import re
from contextlib import closing
from typing import Any

from marops.connections.kinds import Tls
from marops.connections.reaching import Reach, Unreadable
from marops.connections.writing import SECONDS

_DRIVER = re.compile(r"ODBC Driver (\d+) for SQL Server")
_HARMLESS = "'SELECT', 'REFERENCES', 'SHOWPLAN', 'SELECT ALL USER SECURABLES'"
_SECURED = {
    Tls.VERIFIED: {"Encrypt": "yes", "TrustServerCertificate": "no"},
    Tls.ENCRYPTED: {"Encrypt": "yes", "TrustServerCertificate": "yes"},
    Tls.OFF: {"Encrypt": "no"},
}
CHANGES = f"""
SELECT TOP 1 permission_name, entity FROM (
    SELECT 1 AS place, permission_name, N'the server' AS entity FROM sys.fn_my_permissions(NULL, 'SERVER')
    UNION ALL SELECT 2, permission_name, N'the database' FROM sys.fn_my_permissions(NULL, 'DATABASE')
    UNION ALL SELECT 3, p.permission_name, s.name FROM sys.schemas s
        CROSS APPLY sys.fn_my_permissions(QUOTENAME(s.name), 'SCHEMA') p WHERE s.name NOT IN ('sys', 'INFORMATION_SCHEMA')
    UNION ALL SELECT 4, p.permission_name, s.name + N'.' + o.name FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
        CROSS APPLY sys.fn_my_permissions(QUOTENAME(s.name) + N'.' + QUOTENAME(o.name), 'OBJECT') p WHERE o.is_ms_shipped = 0
) mine WHERE permission_name NOT IN ({_HARMLESS}) AND permission_name NOT LIKE 'VIEW %' AND permission_name NOT LIKE 'CONNECT%'
ORDER BY place, permission_name
"""
"""The widest permission that does more than read, and what it is on."""


def connected(reach: Reach) -> Any:
    """An Ibis backend whose login only reads. Raises Unreadable."""
    import ibis
    import pyodbc  # pyright: ignore[reportMissingImports]

    drivers = sorted((int(found[1]), name) for name in pyodbc.drivers() if (found := _DRIVER.fullmatch(name)))
    if not drivers:
        raise Unreadable("there is no ODBC Driver 18 for SQL Server on this computer; install it as Microsoft says")
    more, secured = reach.more, _SECURED[reach.tls]
    if reach.tls is Tls.VERIFIED:
        secured = {**secured, "HostNameInCertificate": more["host"]}
    backend = ibis.mssql.connect(
        host=f"tcp:{reach.address}", port=int(more["port"]), user=more["user"], password=reach.secret,
        database=more["database"], driver=drivers[-1][1], ApplicationIntent="ReadOnly", timeout=10, **secured,
    )  # fmt: skip
    try:
        backend.con.timeout = SECONDS
        with closing(backend.con.cursor()) as cursor:
            cursor.execute(CHANGES)
            found = cursor.fetchone()
    except BaseException:
        backend.disconnect()
        raise
    if found:
        backend.disconnect()
        raise Unreadable(
            f"its login can do more than read: it has {found[0]} on {found[1]}; let an administrator make one that is a member of "
            "db_datareader only"
        )
    return backend
