"""What a clip says of itself in its content credentials, and who signs that."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from backends.animation.engine import AnimationInfo
from backends.composition.credentials import (
    SYNTHETIC,
    Signing,
    Statement,
    development_identity,
    identity_from,
)
from backends.errors import InputError
from backends.faces.presets import preset
from serve_app.config import home
from serve_app.schemas import SpeechRequest
from serve_app.secret import service_secret
from serve_app.storage import Storage
from serve_app.work import Work, speakers


def statement_of(work: Work, tier: str, animation: AnimationInfo, storage: Storage) -> Statement:
    """Engines, versions and tier; the script and the portrait as digests that only who has the service's secret can
    compare with anything. Reads the portrait."""
    request = work.checked.request
    said = (request.text or request.transcript).encode()
    facts: dict[str, Any] = {
        "tier": tier,
        "engines": {
            "speech": speakers(work.checked),
            "animation": animation.name,
            "encoder": work.settings.encoder.name,
        },
        "versions": {"prosopon": version("prosopon"), "source": work.source[:16]},
        "voice": work.checked.voice.id if work.checked.voice else "none",
        "script": _digest([said]),
        "portrait": _digest(_portrait(request.portrait, storage)),
    }
    if request.portrait.startswith("preset:"):
        facts["preset"] = request.portrait.removeprefix("preset:")
    if request.consent is not None:
        facts["consent"] = request.consent
    return Statement(facts, _now())


def speech_statement(tier: str, engine: str, voice: str, request: SpeechRequest) -> Statement:
    """Of speech without a face."""
    facts: dict[str, Any] = {
        "tier": tier,
        "engines": {"speech": engine},
        "versions": {"prosopon": version("prosopon")},
        "voice": voice,
        "script": _digest([request.input.encode("utf-8", "replace")]),
    }
    if request.consent is not None:
        facts["consent"] = request.consent
    return Statement(facts, _now(), SYNTHETIC)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def identity() -> Signing:
    """The key and the certificates that PROSOPON_SIGNING_KEY (a file, or a key in Azure Key Vault by its address) and
    PROSOPON_SIGNING_CHAIN name, or this machine's own development key.

    Raises:
        InputError: a file is missing or cannot be read, or one is named without the other.
        EngineError: the vault does not sign, or what speaks to it is not installed.
    """
    named = [os.environ.get(f"PROSOPON_SIGNING_{part}") for part in ("KEY", "CHAIN")]
    if not any(named):
        return development_identity(home() / "signing")
    key, chain = named
    if not key or not chain:
        raise InputError(
            "PROSOPON_SIGNING_KEY and PROSOPON_SIGNING_CHAIN belong together: set both"
        )
    try:
        if "://" in key:
            from serve_app.vault import vault_identity

            return vault_identity(key, Path(chain))
        return identity_from(Path(key), Path(chain))
    except OSError as error:
        raise InputError(f"cannot read {error.filename}: {error.strerror}") from error


def _portrait(portrait: str, storage: Storage) -> Iterable[bytes]:
    if portrait.startswith("preset:"):
        return [preset(portrait).path.read_bytes()]
    return storage.stream(portrait)


def _digest(pieces: Iterable[bytes]) -> dict[str, str]:
    """HMAC-SHA256 under the service's secret and a salt of the clip's own, so that clips of the same text or face do
    not tell that they are."""
    salt = secrets.token_bytes(16)
    digest = hmac.new(service_secret().keys("statements")[0], salt, hashlib.sha256)
    for piece in pieces:
        digest.update(piece)
    return {"algorithm": "HMAC-SHA256", "salt": salt.hex(), "digest": digest.hexdigest()}
