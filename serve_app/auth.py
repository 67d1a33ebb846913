"""Who asks, and what they may: API keys, subjects whom a key acts for, and what a signed link lets through.

A key reads "psp_PREFIX_SECRET". The prefix is public and finds the key; of the rest only an argon2id hash is kept.
"""

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import BoundedSemaphore
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from backends.errors import InputError
from serve_app.problems import ForbiddenError, UnauthorizedError

LOCAL = "local"
"""Tenant of everybody on this machine, where no key is asked for."""
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
SUBJECT = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
PERSON = "oidc:"
"""What `Principal.key` begins with where a token of the issuer was shown, before whom it names."""
_KEY = re.compile(r"psp_([0-9a-f]{12})_([A-Za-z0-9_-]{32})", re.ASCII)
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's least for argon2id; the secrets are random, so that guessing is hopeless at any cost."""
_AT_ONCE = 2
"""Keys hashed at a time, of 19 MiB and 20 ms each."""
_NOT_VALID = "the API key is not valid; keys look like psp_…"
_BELIEVED_S = 300.0
_MOST_BELIEVED = 1000


class Scope(StrEnum):
    READ = "read"
    """Ask what there is, and fetch it."""
    GENERATE = "generate"
    """Upload, make and delete."""
    ADMIN = "admin"
    """See how the whole service is doing."""
    ACT = "act"
    """Ask for others: the header Prosopon-Subject names them."""
    UPLOAD = "upload"
    """Upload alone; only signed links have it."""


KEY_SCOPES = frozenset(Scope) - {Scope.UPLOAD}
_OF_SUBJECTS = frozenset({Scope.READ, Scope.GENERATE})


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever asks."""

    tenant: str
    """Whose the things are that it makes and sees: "TENANT", or "TENANT/SUBJECT"."""
    scopes: frozenset[Scope]
    key: str = ""
    """Prefix of the API key behind it, "oidc:" and whom a token names, or empty where none was asked for."""
    video: str | None = None
    """The only one it may see."""

    def acting_for(self, subject: str) -> "Principal":
        """Raises InputError where that is no subject, ForbiddenError where it may not."""
        if Scope.ACT not in self.scopes:
            raise ForbiddenError("the key acts for nobody else; that takes the scope act")
        if not SUBJECT.fullmatch(subject):
            raise InputError(
                "Prosopon-Subject: a subject is 1 to 128 of the characters A-Z a-z 0-9 . _ -"
            )
        return replace(self, tenant=f"{self.tenant}/{subject}", scopes=self.scopes & _OF_SUBJECTS)


ON_THIS_MACHINE = Principal(LOCAL, KEY_SCOPES)
"""Whoever asks without a key, where none is needed."""


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of an API key. Times are seconds since the epoch."""

    prefix: str
    name: str
    tenant: str
    scopes: frozenset[Scope]
    digest: str
    """argon2id of the secret part."""
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None

    def live(self, now: float) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def principal(self) -> Principal:
        return Principal(self.tenant, self.scopes, self.prefix)


class Keys(Protocol):
    """Where keys are kept. Blocking calls; they raise StorageError when the store fails."""

    def add(self, key: Key) -> None:
        """Raises InputError where another key has the name."""
        ...

    def find(self, prefix: str) -> Key | None: ...

    def list(self) -> tuple[Key, ...]:
        """The oldest first, revoked ones too."""
        ...

    def revoke(self, name: str, now: float) -> Key:
        """Raises NotFoundError."""
        ...


def new_key(
    name: str, scopes: Iterable[str], tenant: str | None = None, life_s: float | None = None
) -> tuple[str, Key]:
    """A key to hand out, which nobody can tell again, and what is kept of it.

    Args:
        tenant: whose things it makes and sees; keys of one tenant share them. The key's own name where none is given.

    Raises:
        InputError: a name or a scope is none.
    """
    for named in (name, tenant or name):
        if not _NAME.fullmatch(named) or named == LOCAL:
            raise InputError(
                f"{named!r} cannot name a key or tenant: 1 to 64 of A-Z a-z 0-9 . _ - and not {LOCAL!r}"
            )
    wanted = frozenset(scopes)
    if not wanted or (unknown := sorted(wanted - KEY_SCOPES)):
        told = f"{unknown[0]!r} is no scope" if wanted else "a key without scopes may do nothing"
        raise InputError(f"{told}; there are {', '.join(sorted(KEY_SCOPES))}")
    prefix, secret, now = secrets.token_hex(6), secrets.token_urlsafe(24), time.time()
    kept = Key(
        prefix=prefix,
        name=name,
        tenant=tenant or name,
        scopes=frozenset(map(Scope, wanted)),
        digest=_HASHER.hash(secret),
        created_at=now,
        expires_at=None if life_s is None else now + life_s,
    )
    return f"psp_{prefix}_{secret}", kept


def _unauthorized(message: str, key: str = "") -> UnauthorizedError:
    error = UnauthorizedError(message)
    error.key = key
    return error


class KeyRing:
    """Tells whose a key is. One that was hashed is believed for a while, but looked up each time: revoking holds at
    once."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._hashing = BoundedSemaphore(_AT_ONCE)
        self._pepper = secrets.token_bytes(32)
        self._believed: dict[str, tuple[bytes, float]] = {}

    async def principal(self, key: str) -> Principal:
        """Raises UnauthorizedError."""
        return await asyncio.to_thread(self._principal, key)

    async def is_live(self, prefix: str) -> bool:
        """Whether there is such a key that still holds."""
        found = await asyncio.to_thread(self._keys.find, prefix)
        return found is not None and found.live(time.time())

    def _principal(self, given: str) -> Principal:
        read = _KEY.fullmatch(given)
        found = read and self._keys.find(read[1])
        if not read or not found:
            raise _unauthorized(_NOT_VALID)
        if not self._fits(found, read[2]):
            raise _unauthorized(_NOT_VALID, found.prefix)
        if not found.live(time.time()):
            ended = "was revoked" if found.revoked_at is not None else "has expired"
            raise _unauthorized(f"the API key {found.name} {ended}", found.prefix)
        return found.principal()

    def _fits(self, key: Key, secret: str) -> bool:
        """Compared in constant time, by argon2 or as a digest that was right before."""
        now = time.monotonic()
        digest = hmac.digest(self._pepper, f"{key.digest} {secret}".encode(), hashlib.sha256)
        known, until = self._believed.get(key.prefix, (b"", 0.0))
        if now < until and hmac.compare_digest(known, digest):
            return True
        try:
            with self._hashing:
                _HASHER.verify(key.digest, secret)
        except (Argon2Error, InvalidHashError):
            return False
        if len(self._believed) >= _MOST_BELIEVED:
            self._believed.clear()
        self._believed[key.prefix] = digest, now + _BELIEVED_S
        return True
