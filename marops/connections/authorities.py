"""Whose certificates are trusted: the file of MAROPS_CA_FILE, or the system's authorities.

PostgreSQL's driver brings an OpenSSL of its own, which looks for the system's authorities where its builders had them. So
the file is found here and named.
"""

import ssl
from pathlib import Path

from marops import settings

_KNOWN = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem")


def file() -> str | None:
    """The file of the authorities that are trusted; None where the system keeps them in another way. Raises BadSetting."""
    if given := settings.current().ca_file:
        return str(given)
    found = ssl.get_default_verify_paths().cafile
    return found or next((path for path in _KNOWN if Path(path).is_file()), None)
