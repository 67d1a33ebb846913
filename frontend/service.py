"""The gateway as the app sees it: JSON over HTTP on behalf of one browser."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from frontend.settings import Settings

_PATIENCE = httpx.Timeout(30.0, connect=3.0)


class ServiceError(Exception):
    """The service refused, failed, or is not there.

    `code` is the problem document's, "unreachable" where nobody answers; `detail` is for people.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class Service:
    """Requests as one subject; `http` is shared by all."""

    http: httpx.AsyncClient
    subject: str

    async def get(self, path: str, **params: Any) -> Any:
        return await self._ask("GET", path, params=params)

    async def post(self, path: str, body: Any = None) -> Any:
        return await self._ask("POST", path, json=body or {})

    async def delete(self, path: str) -> Any:
        return await self._ask("DELETE", path)

    async def _ask(self, method: str, path: str, **request: Any) -> Any:
        """
        Raises:
            ServiceError: with the words of the problem document.
        """
        headers = {"Prosopon-Subject": self.subject} if self.subject else {}
        try:
            answer = await self.http.request(method, path, headers=headers, **request)
        except httpx.TransportError as error:
            raise ServiceError("unreachable", str(error) or type(error).__name__) from error
        if not answer.is_success:
            raise _problem(answer)
        return answer.json() if answer.content else None


@cache
def client() -> httpx.AsyncClient:
    """One pool of connections for the process."""
    settings = Settings.read()
    headers = {"Authorization": f"Bearer {settings.key}"} if settings.key else {}
    return httpx.AsyncClient(
        base_url=settings.service,
        headers=headers,
        timeout=_PATIENCE,
        trust_env=False,
        verify=settings.service.startswith("https:"),
    )


def _problem(answer: httpx.Response) -> ServiceError:
    try:
        document = answer.json()
        return ServiceError(str(document["code"]), str(document["detail"]))
    except (ValueError, KeyError, TypeError):
        # Ray's proxy itself answers in plain text while no gateway is there.
        return ServiceError("unreachable", f"the service answered {answer.status_code}")
