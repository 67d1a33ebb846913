"""Webhooks: whoever asked for a video is told of its end, signed, at least once.

The format is that of Standard Webhooks 1.0.0 (standardwebhooks.com): a receiver checks the signature with any of its
libraries, and drops what comes twice by the id.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import ipaddress
import json
import logging
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from backends.errors import InputError, StorageError
from serve_app.jobs import Jobs, Message

_log = logging.getLogger(__name__)

_PREFIX = "whsec_"
_TIMEOUT_S = 10.0
_LEASE_S = 60.0
"""For how long a message is taken when the process that sends it dies."""
_POLL_S = 1.0
_FIRST_AGAIN_S, _LONGEST_AGAIN_S, _TRIES = 5.0, 6 * 3600.0, 12
"""After a failure a message is sent again later and later: twelve times, over about two days."""


class WebhookError(Exception):
    """A message was not taken; it is sent again."""


def signing_key(secret: str) -> bytes:
    """The key in a secret as Standard Webhooks write it: "whsec_" and 24 to 64 bytes in base64.

    Raises:
        InputError: it is not written so.
    """
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not (secret.startswith(_PREFIX) and 24 <= len(key) <= 64):
        raise InputError(
            "PROSOPON_WEBHOOK_SECRET is no signing secret: it is whsec_ followed by 24 to 64 bytes in base64; make one "
            "with: python -c \"import base64, os; print('whsec_' + base64.b64encode(os.urandom(32)).decode())\""
        )
    return key


def signature(key: bytes, message: str, timestamp: int, body: bytes) -> str:
    """What stands in `webhook-signature`: version 1, HMAC-SHA256 over id, time and body."""
    signed = f"{message}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def pause_s(tries: int) -> float | None:
    """How long to wait after that many failures; nothing when it was the last."""
    if tries >= _TRIES:
        return None
    return float(min(_FIRST_AGAIN_S * 4 ** (tries - 1), _LONGEST_AGAIN_S))


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Sends what is due; any number of processes may do so at once."""

    jobs: Jobs
    key: bytes
    private: bool = False
    """Addresses that are not public may be sent to."""

    async def run(self) -> None:
        """Works until it is cancelled."""
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as http:
            while True:
                try:
                    message = await asyncio.to_thread(self.jobs.due_message, _LEASE_S)
                    if message is None:
                        await asyncio.sleep(_POLL_S)
                    else:
                        await self.deliver(http, message)
                except StorageError:
                    _log.exception("the job store cannot be asked for webhooks")
                    await asyncio.sleep(_POLL_S)

    async def deliver(self, http: httpx.AsyncClient, message: Message) -> None:
        """Sends one message and keeps what became of it."""
        taken, again_s = False, None
        try:
            await self._send(http, message)
            taken = True
        except (WebhookError, httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            again_s = pause_s(message.tries)
            _log.warning("webhook of job %s, try %d: %r", message.job.id, message.tries, error)
        await asyncio.to_thread(self.jobs.message_done, message, taken, again_s)

    async def _send(self, http: httpx.AsyncClient, message: Message) -> None:
        now = int(time.time())
        event = {
            "type": f"video.{message.job.status}",
            "timestamp": datetime.fromtimestamp(now, UTC).isoformat(),
            "data": message.job.model_dump(mode="json"),
        }
        body = json.dumps(event).encode()
        url = httpx.URL(message.url)
        # Sent to the address that was checked: the name might mean another one a moment later.
        address = await asyncio.to_thread(_address, url, self.private)
        headers = {
            "host": url.netloc.decode("ascii"),
            "content-type": "application/json",
            "webhook-id": message.job.id,
            "webhook-timestamp": str(now),
            "webhook-signature": signature(self.key, message.job.id, now, body),
        }
        async with http.stream(
            "POST",
            url.copy_with(host=address),
            content=body,
            headers=headers,
            extensions={"sni_hostname": url.host},
        ) as response:
            if not response.is_success:
                raise WebhookError(f"{url.host} answered {response.status_code}")


def _address(url: httpx.URL, private: bool) -> str:
    """Where the host lives, unless that is inside our own network."""
    port = url.port or (443 if url.scheme == "https" else 80)
    found = socket.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not private and not all(ipaddress.ip_address(a).is_global for a in addresses):
        raise WebhookError(f"{url.host} is not a public address")
    return addresses[0]
