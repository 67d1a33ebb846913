"""Where the service is, and where the app keeps what it builds."""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs


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
    folder: Path
    """Of the built site and the cookies' secret, in PROSOPON_HOME."""

    @classmethod
    def read(cls) -> "Settings":
        service = os.environ.get("PROSOPON_URL", "http://127.0.0.1:8000").rstrip("/")
        home = os.environ.get("PROSOPON_HOME") or platformdirs.user_data_path("prosopon")
        return cls(
            service=service,
            public=os.environ.get("PROSOPON_PUBLIC_URL", service).rstrip("/"),
            key=os.environ.get("PROSOPON_API_KEY") or None,
            user_header=os.environ.get("PROSOPON_USER_HEADER") or None,
            folder=Path(home).expanduser() / "web",
        )
