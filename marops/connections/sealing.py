"""Passwords at rest: sealed with a key that is kept outside the database, opened only where a connection is made.

The key is MAROPS_SECRET_KEY or, where that is not set, a file in the data folder that only its owner can read, made when
the first password is kept. A copy of the database alone gives no password away.
"""

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from marops import settings
from marops.errors import BadSetting
from marops.language import text

KEY_FILE = "secret.key"


def seal(password: str) -> str:
    """The password in a form that only the key opens. Raises BadSetting."""
    return _ring(create=True).encrypt(password.encode()).decode()


def opened(sealed: str) -> str:
    """The password. Raises BadSetting where the key is missing or another one; what is sealed stays as it is."""
    if not sealed:
        return ""
    try:
        return _ring(create=False).decrypt(sealed.encode()).decode()
    except InvalidToken as wrong:
        raise BadSetting(
            text(
                "The password of this connection cannot be opened with the present key. Put the former key back "
                "(MAROPS_SECRET_KEY, or {file} in the data folder), or enter the password again.",
                file=KEY_FILE,
            )
        ) from wrong


def _ring(*, create: bool) -> MultiFernet:
    keys = settings.secret_keys() or [_key_of_file(settings.current().home / KEY_FILE, create=create)]
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        # Without its cause: a traceback must not lead to the key.
        raise BadSetting(
            text("The key that seals passwords must be 32 bytes in URL-safe base64. Make one as docs/connections.md says.")
        ) from None


def _key_of_file(path: Path, *, create: bool) -> str:
    try:
        if create:
            _make(path)
        found = path.read_text(encoding="ascii").strip()
        too_open = os.name == "posix" and path.stat().st_mode & 0o077
    except FileNotFoundError:
        raise BadSetting(
            text("The key that opens passwords is not there: put {path} back, or set MAROPS_SECRET_KEY to it.", path=str(path))
        ) from None
    if too_open:
        raise BadSetting(text("Others can read {path}. Run: chmod 600 {path}", path=str(path)))
    return found


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        os.link(partial, path)  # fails where another process was first: then its key is the key
    except FileExistsError:
        pass
    finally:
        partial.unlink()
