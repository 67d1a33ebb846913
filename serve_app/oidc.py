"""Bearer tokens of an OpenID Connect issuer, as Entra ID is one: whom a token names, and what their roles let them do.

A token is believed when one of the keys that the issuer publishes has signed it (RS256 or ES256, RFC 7518), for us
(`aud`), by the issuer (`iss`), and now (`exp`, `nbf`). What a token says of keys itself (`jwk`, `jku`, `x5u`) is never
looked at, and which algorithm belongs to a key is told by the key.
"""

import asyncio
import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt

from serve_app.auth import LOCAL, PERSON, SUBJECT, Principal, Scope
from serve_app.config import Oidc
from serve_app.problems import IssuerUnavailableError, UnauthorizedError

_log = logging.getLogger(__name__)

_FLOOR_S = 60.0
"""The issuer is asked no more often, whatever keys tokens name."""
_STALE_S = 86_400.0
"""How long keys are believed beyond their life while the issuer does not answer."""
_TIMEOUT_S = 10.0
_MOST_BYTES = 2**20
_LONGEST = 16_384
"""Characters of a token."""
_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,56}", re.ASCII)
_WRONG = (jwt.PyJWTError, ValueError, TypeError, RecursionError)
"""What the library raises for tokens and keys that are none."""


class IssuerKeys:
    """The issuer's public keys: fetched when they are first needed, again when they are old or a token names one that
    is not known. Belongs to one event loop."""

    def __init__(self, config: Oidc, clock: Callable[[], float] = time.monotonic) -> None:
        self._config, self._clock = config, clock
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._until = self._end = self._next = -1.0
        self._fetching = asyncio.Lock()

    async def find(self, name: str) -> jwt.PyJWK | None:
        """Raises IssuerUnavailableError where no keys are known."""
        if name not in self._keys or self._clock() >= self._until:
            await self._refresh()
        if self._clock() >= self._end:
            raise IssuerUnavailableError("the issuer of tokens does not answer; try again later")
        return self._keys.get(name)

    async def _refresh(self) -> None:
        async with self._fetching:
            if self._clock() < self._next:
                return
            self._next = self._clock() + _FLOOR_S
            try:
                self._keys = await self._fetched()
            except (httpx.HTTPError, httpx.InvalidURL, OSError, *_WRONG, KeyError) as error:
                _log.warning("the issuer's keys cannot be fetched: %s", type(error).__name__)
                return
            self._until = self._clock() + self._config.keys_life_s
            self._end = self._until + _STALE_S

    async def _fetched(self) -> Mapping[str, jwt.PyJWK]:
        about = f"{self._config.issuer.rstrip('/')}/.well-known/openid-configuration"
        async with httpx.AsyncClient(timeout=_TIMEOUT_S) as http:
            told = await _json(http, about)
            if told["issuer"] != self._config.issuer:
                raise ValueError("the document is of another issuer")
            address = str(told["jwks_uri"])
            if urlsplit(address).scheme != urlsplit(about).scheme:  # https stays https
                raise ValueError("the keys lie at an address of another kind")
            listed = (await _json(http, address))["keys"]
        return {key.key_id: key for fields in listed if (key := _key(fields)) and key.key_id}


class Tokens:
    """Tells whose a token is."""

    def __init__(self, config: Oidc, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._keys = IssuerKeys(config, clock)

    async def principal(self, token: str) -> Principal:
        """Raises UnauthorizedError, and IssuerUnavailableError."""
        try:
            name = jwt.get_unverified_header(token).get("kid") if len(token) <= _LONGEST else None
        except _WRONG:
            name = None
        key = await self._keys.find(name) if isinstance(name, str) else None
        if key is None:
            raise UnauthorizedError("the token is signed by no key of the issuer that is trusted")
        return self._principal(self._claims(token, key))

    def _claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        config = self._config
        try:
            return jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm_name],
                audience=config.audience,
                issuer=config.issuer,
                leeway=config.leeway_s,
                options={
                    "require": ["exp", "iss", "aud", config.person_claim],
                    "enforce_minimum_key_length": True,
                },
            )
        except jwt.ExpiredSignatureError as error:
            raise UnauthorizedError("the token has expired; get a new one") from error
        except _WRONG as error:
            told = type(error).__name__
            raise UnauthorizedError(f"the token is not valid here ({told})") from error

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        config = self._config
        tenant = claims.get(config.tenant_claim)
        if not isinstance(tenant, str) or not SUBJECT.fullmatch(tenant) or tenant == LOCAL:
            raise UnauthorizedError(
                f"the token's claim {config.tenant_claim} is missing, or cannot name a tenant"
            )
        held = claims.get(config.roles_claim, ())
        roles = held.split() if isinstance(held, str) else held if isinstance(held, list) else ()
        scopes = [config.roles.get(role, frozenset()) for role in roles if isinstance(role, str)]
        may = frozenset(map(Scope, frozenset[str]().union(*scopes)))
        return Principal(tenant, may, PERSON + _named(claims[config.person_claim]))


def _named(person: object) -> str:
    """An id as it is; of what may be somebody's name or address, a digest."""
    told = str(person)
    return told if _PLAIN.fullmatch(told) else hashlib.sha256(told.encode()).hexdigest()[:32]


async def _json(http: httpx.AsyncClient, url: str) -> dict[str, Any]:
    """Raises httpx.HTTPError, and ValueError where it is no JSON object."""
    content = bytearray()
    async with http.stream("GET", url) as answer:
        answer.raise_for_status()
        if not answer.is_success:  # redirects are not followed
            raise ValueError("the issuer answers with something else")
        async for piece in answer.aiter_bytes():
            content += piece
            if len(content) > _MOST_BYTES:
                raise ValueError("the issuer's answer is too long")
    found = json.loads(bytes(content))
    if not isinstance(found, dict):
        raise ValueError("the issuer's answer is no JSON object")
    return found


def _key(fields: Any) -> jwt.PyJWK | None:
    """A public key to check signatures with; None where it is none for RS256 or ES256."""
    try:
        kind, curve = fields.get("kty"), fields.get("crv")
        algorithm = {("RSA", None): "RS256", ("EC", "P-256"): "ES256"}.get((kind, curve))
        fitting = fields.get("alg", algorithm) == algorithm and fields.get("use", "sig") == "sig"
        if algorithm is None or not fitting:
            return None
        public = {
            part: fields[part]
            for part in ("kty", "kid", "n", "e", "crv", "x", "y")
            if part in fields
        }
        return jwt.PyJWK(public, algorithm)
    except (*_WRONG, AttributeError):
        return None
