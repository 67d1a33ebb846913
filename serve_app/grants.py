"""Signed links: a path prefix that lets through what its maker may see, for a while.

A token is Fernet's (AES-128-CBC and HMAC-SHA256, compared in constant time): nobody can make one or read what it says.
"""

import base64
import time

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import Field, ValidationError

from serve_app.auth import Principal, Scope
from serve_app.config import StrictModel
from serve_app.problems import ForbiddenError, NotFoundError
from serve_app.secret import Secret

PREFIX = "/s/"
_LONGEST_TOKEN = 1200


class ExpiredLinkError(ForbiddenError):
    code = "link_expired"


def without_token(path: str) -> str:
    """What may be told and logged of a path."""
    if not path.startswith(PREFIX):
        return path
    return "/" + path.removeprefix(PREFIX).partition("/")[2]


class _Claims(StrictModel):
    tenant: str
    scopes: frozenset[Scope]
    key: str
    video: str | None
    until: float = Field(allow_inf_nan=False)


class Grants:
    def __init__(self, secret: Secret) -> None:
        keys = secret.keys("grants")
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])

    def issue(self, holder: Principal, until: float) -> str:
        """The path prefix under which somebody without a key is `holder`.

        Args:
            until: seconds since the epoch.
        """
        claims = _Claims(
            tenant=holder.tenant,
            scopes=holder.scopes,
            key=holder.key,
            video=holder.video,
            until=until,
        )
        return PREFIX + self._fernet.encrypt(claims.model_dump_json().encode()).decode()

    def holder(self, token: str) -> Principal:
        """
        Raises:
            NotFoundError: we never gave that token.
            ExpiredLinkError: it is over.
        """
        try:
            if len(token) > _LONGEST_TOKEN:
                raise InvalidToken
            claims = _Claims.model_validate_json(self._fernet.decrypt(token.encode()))
        except (InvalidToken, ValidationError, UnicodeEncodeError):
            raise NotFoundError("there is nothing at this address") from None
        if time.time() >= claims.until:
            raise ExpiredLinkError(
                "this link has expired; ask whoever gave it to you for a new one"
            )
        return Principal(claims.tenant, claims.scopes, claims.key, claims.video)
