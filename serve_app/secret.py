"""The service's own secret, and the keys that are made of it: one for each use, so that none serves for another.

`PROSOPON_SECRET` holds it, or a file in PROSOPON_HOME that is made once, readable for its owner alone. Two secrets,
with a space between them, are a rotation: the first one signs, both are believed.
"""

import hashlib
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from backends.errors import InputError
from serve_app.config import home

FILE = "secret"
_SHORTEST = 32
"""Characters; what is made here has 64."""


class Secret:
    """Where a method gives several keys, the first is the one to sign with."""

    def __init__(self, *words: str) -> None:
        """Raises InputError where there is none, or one is too short to be secret."""
        if not words or min(map(len, words)) < _SHORTEST:
            raise InputError(
                f"PROSOPON_SECRET has no {_SHORTEST} characters; make one with: openssl rand -hex 32"
            )
        self._words = words

    def keys(self, use: str) -> tuple[bytes, ...]:
        """32 bytes for each secret; another use has others."""
        return tuple(
            hmac.digest(word.encode(), f"prosopon {use}".encode(), hashlib.sha256)
            for word in self._words
        )


def service_secret() -> Secret:
    """Raises InputError where PROSOPON_SECRET is too short, OSError where the file cannot be made or read."""
    words = os.environ.get("PROSOPON_SECRET", "").split()
    return Secret(*words) if words else Secret(*_kept(home() / FILE).split())


def _kept(path: Path) -> str:
    """What the file holds; of several processes that make it at once, the first wins."""
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".secret-") as folder:
        made = Path(folder, FILE)
        made.touch(mode=0o600)
        made.write_text(secrets.token_hex(32), encoding="ascii")
        with suppress(FileExistsError):
            path.hardlink_to(made)
    return path.read_text(encoding="ascii")
