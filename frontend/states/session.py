"""What every page needs: whose browser it is, its language, and the address under which it reaches its files."""

import secrets
import time
from typing import Any

import reflex as rx

from frontend.problems import problem_words
from frontend.service import Service, ServiceError, client
from frontend.settings import Settings
from frontend.signin import People
from frontend.subjects import Subjects, kept_secret

_GRANT_S = 3600
_FRESH_S = _GRANT_S / 2
_NEVER = -_GRANT_S


class Session(rx.State):
    """Of one tab."""

    lang: str = rx.LocalStorage("", name="prosopon.lang", sync=True)
    """The pages' language, en or el; empty before the first visit is understood."""
    base: str = ""
    """Signed address of the gateway, under which this browser reads its files and uploads; no slash at its end."""
    stay_s: int = 0
    """How long whoever signed in stays before they do so again; 0 where nobody signs in here."""
    offline: bool = False
    """The service did not answer last time."""
    _granted: float = _NEVER
    _nobody: str = ""
    _missed: bool = False
    """Something was not answered since the page was loaded, and may be missing from it."""

    @rx.var
    def greek(self) -> bool:
        return self.lang == "el"

    @rx.event
    async def renew(self) -> None:
        """The signed address was refused, or nobody answered: asks for another."""
        self._granted = _NEVER
        await self._enter()

    async def _enter(self) -> Service:
        """At the beginning of every page; afterwards `base` is good for half an hour at least."""
        if not self.lang:
            preferred = self.router.headers.accept_language.lower()
            self.lang = "el" if preferred.startswith("el") else "en"
        service = self._service()
        if Settings.read().issuer is not None:
            self.stay_s = max(0, int(self._person()[1] - time.time()))
        if time.monotonic() - self._granted > _FRESH_S or not self.base:
            body = {"scope": ["read", "upload"], "ttl_s": _GRANT_S}
            grant = await self._asked(service.post("/v1/grants", body))
            if grant:
                self.base = Settings.read().public + grant["prefix"]
                self._granted = time.monotonic()
        return service

    def _service(self) -> Service:
        settings, headers = Settings.read(), self.router.headers
        if settings.issuer is not None:
            return Service(client(), self._person()[0] or self._stranger())
        subjects = Subjects(kept_secret(settings.folder))
        if settings.user_header is None:
            return Service(client(), subjects.of(headers.cookie) or self._stranger())
        named = {name.lower(): value for name, value in headers.raw_headers.items()}
        user = named.get(settings.user_header.lower())
        return Service(client(), subjects.of_user(user) if user else self._stranger())

    def _person(self) -> tuple[str, float]:
        """Who signed in, and until when."""
        secret = kept_secret(Settings.read().folder)
        return People(secret).of(self.router.headers.cookie)

    def _stranger(self) -> str:
        """Whoever comes without a name is nobody else, and nobody again in the next tab."""
        self._nobody = self._nobody or secrets.token_hex(16)
        return self._nobody

    def _service_itself(self) -> Service:
        """Not on behalf of this browser: what concerns all."""
        return Service(client(), "")

    async def _asked(self, answer: Any) -> Any:
        """The service's answer, or None where it is not there; remembers which.

        Raises:
            ServiceError: it refused.
        """
        try:
            found = await answer
        except ServiceError as error:
            self.offline = error.code == "unreachable"
            if self.offline:
                self._missed = True
                return None
            raise
        self.offline = False
        return found

    def _told(self, error: ServiceError) -> str:
        return problem_words(error.code, error.detail, self.lang == "el")
