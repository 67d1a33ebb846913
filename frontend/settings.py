"""Where the service is, where people sign in, and where the app keeps what it builds."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs


@dataclass(frozen=True, slots=True)
class Issuer:
    """Where people sign in, and which of the applications that are known there the app is."""

    url: str
    """Of an OpenID Connect issuer, as `https://login.microsoftonline.com/DIRECTORY/v2.0` (PROSOPON_OIDC_ISSUER)."""
    client: str
    """The application's id (PROSOPON_OIDC_CLIENT_ID)."""
    secret: str | None
    """Its secret, where it has one (PROSOPON_OIDC_CLIENT_SECRET)."""
    app: str
    """The app as browsers reach it (PROSOPON_WEB_URL); with `/signed-in` after it, what the issuer sends people back
    to."""

    @classmethod
    def read(cls) -> "Issuer | None":
        """None where nobody signs in.

        Raises:
            ValueError: part of it is missing.
        """
        url = _address("PROSOPON_OIDC_ISSUER")
        if not url:
            return None
        client, app = os.environ.get("PROSOPON_OIDC_CLIENT_ID"), _address("PROSOPON_WEB_URL")
        if not client or not app:
            raise ValueError(
                "PROSOPON_OIDC_ISSUER needs PROSOPON_OIDC_CLIENT_ID and PROSOPON_WEB_URL too"
            )
        if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in _HERE:
            raise ValueError("PROSOPON_OIDC_ISSUER is not reached over https")
        if os.environ.get("PROSOPON_USER_HEADER"):
            raise ValueError(
                "people sign in at PROSOPON_OIDC_ISSUER or at the proxy of PROSOPON_USER_HEADER, not at both"
            )
        return cls(url, client, os.environ.get("PROSOPON_OIDC_CLIENT_SECRET") or None, app)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says."""

    service: str
    """Base URL of the gateway as this process reaches it (PROSOPON_URL)."""
    public: str
    """The same gateway as browsers reach it (PROSOPON_PUBLIC_URL); the former where nothing is said."""
    key: str | None
    """API key with the scope `act` (PROSOPON_API_KEY); it never reaches a browser."""
    user_header: str | None
    """In which a proxy before the app names who signed in, as `X-MS-CLIENT-PRINCIPAL-ID` or `X-Forwarded-User`
    (PROSOPON_USER_HEADER). It must drop what browsers send under that name."""
    issuer: Issuer | None
    """At which people sign in before they see anything; None where each browser is itself."""
    folder: Path
    """Of the built site and the cookies' secret, in PROSOPON_HOME."""

    @classmethod
    def read(cls) -> "Settings":
        """
        Raises:
            ValueError: part of what signing in needs is missing.
        """
        service = _address("PROSOPON_URL") or "http://127.0.0.1:8000"
        home = os.environ.get("PROSOPON_HOME") or platformdirs.user_data_path("prosopon")
        return cls(
            service=service,
            public=_address("PROSOPON_PUBLIC_URL") or service,
            key=os.environ.get("PROSOPON_API_KEY") or None,
            user_header=os.environ.get("PROSOPON_USER_HEADER") or None,
            issuer=Issuer.read(),
            folder=Path(home).expanduser() / "web",
        )


_HERE = ("127.0.0.1", "localhost", "::1")


def _address(name: str) -> str:
    return os.environ.get(name, "").rstrip("/")
