"""What people agreed to: that their face or their voice may be made to speak, for what, and who wrote it down."""

import secrets
import time
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, TypeVar

from serve_app.auth import Principal
from serve_app.problems import ForbiddenError, NotFoundError
from serve_app.schemas import SpeechRequest, VideoRequest

RequestT = TypeVar("RequestT", VideoRequest, SpeechRequest)
Policy = Literal["off", "record", "require"]
"""What becomes of a request with somebody's own portrait or voice: nothing is asked or noted; nothing is asked, and
a consent noted that is named; without one that holds it is refused."""


class ConsentRequiredError(ForbiddenError):
    """The service makes nobody speak who has not agreed."""

    code = "consent_required"


@dataclass(frozen=True, slots=True)
class Consent:
    """Times are seconds since the epoch."""

    id: str
    tenant: str
    who: str
    """Whose face or voice it is."""
    purpose: str
    """What they agreed to."""
    key: str
    """Name of the API key that recorded it; empty where none was asked for."""
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None

    def holds(self, now: float) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Made(NamedTuple):
    """What was asked for under a consent."""

    job: str
    uploads: tuple[str, ...]
    """Storage keys of the files that it was asked for with."""


class Consents(Protocol):
    """Where they are kept. Blocking calls; they raise StorageError when the store fails."""

    def add(self, consent: Consent) -> None: ...

    def find(self, tenant: str, consent: str) -> Consent | None:
        """Nothing for one of another tenant."""
        ...

    def list(self, tenant: str, limit: int) -> tuple[Consent, ...]:
        """The newest first, revoked ones too."""
        ...

    def revoke(self, tenant: str, consent: str, now: float) -> tuple[Made, ...]:
        """Ends it, and tells what was asked for under it. Raises NotFoundError."""
        ...


def new_consent(who: Principal, person: str, purpose: str, expires_at: float | None) -> Consent:
    name, now = secrets.token_hex(16), time.time()
    return Consent(name, who.tenant, person, purpose, who.key, now, expires_at)


def check_consent(
    policy: Policy, consents: Consents, who: Principal, request: RequestT, own_files: bool = False
) -> RequestT:
    """The request as it is carried out. Presets need no consent: their licences allow it. Blocks.

    Args:
        own_files: a portrait or a reference audio came with the request.

    Raises:
        NotFoundError: there is no consent of that id.
        ConsentRequiredError: none is named that holds, and the policy asks for one.
    """
    if policy == "off":
        return request.model_copy(update={"consent": None})
    if request.consent is None:
        if policy == "require" and (own_files or _somebodys(request)):
            raise ConsentRequiredError(
                "consent: this service wants to know that whose face and voice it is agreed; record it "
                "with POST /v1/consents, and send its id along"
            )
        return request
    found = consents.find(who.tenant, request.consent)
    if found is None:
        raise NotFoundError(f"there is no consent {request.consent!r}")
    if not found.holds(time.time()):
        ended = "was revoked" if found.revoked_at is not None else "has expired"
        raise ConsentRequiredError(f"the consent {found.id} {ended}")
    return request


def _somebodys(request: VideoRequest | SpeechRequest) -> bool:
    """Whether it names a face or a voice of its own."""
    face = isinstance(request, VideoRequest) and not request.portrait.startswith("preset:")
    return face or bool(request.reference_audio)
