"""A signing key in Azure Key Vault: the vault signs, and the key never leaves it.

The vault's own interface (Key Vault REST, "sign") takes the digest of what is to be signed, one request for each file.
Who we are to the vault is found as Azure's libraries find it: a workload's or a machine's managed identity, variables
of the environment, or whoever is signed in to its command line.
"""

import base64
import hashlib
import re
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from backends.composition.credentials import Held
from backends.errors import EncodingError, EngineUnavailableError, InputError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_VERSION = "7.4"
_KEY = re.compile(r"(https://[a-z0-9.-]+|http://127\.0\.0\.1:\d+)/keys/[A-Za-z0-9-]+(/[0-9a-f]+)?")
_AZURE = "vault.azure.net"
_DIGESTS: dict[str, type[hashes.SHA256 | hashes.SHA384]] = {
    "ES256": hashes.SHA256,
    "PS256": hashes.SHA256,
    "ES384": hashes.SHA384,
}
_TIMEOUT_S = 10.0
_TRIES, _LONGEST_PAUSE_S = 3, 5.0
_PROOF = b"prosopon"


@cache
def vault_identity(url: str, chain: Path) -> Held:
    """
    Args:
        url: of the key, https://NAME.vault.azure.net/keys/KEY/VERSION; without a version it is the newest.
        chain: PEM file with the key's certificates, its own first.

    Raises:
        InputError: the URL names no key, or the key is not that of the certificates.
        EncodingError: the vault does not sign.
        EngineUnavailableError: what speaks to Azure is not installed.
        OSError: the certificates cannot be read.
    """
    if not _KEY.fullmatch(url):
        raise InputError(
            "PROSOPON_SIGNING_KEY names no key of a vault; such are https://NAME.vault.azure.net/keys/KEY/VERSION"
        )
    certificates = chain.read_bytes()
    algorithm = Held(certificates, bytes).algorithm
    if algorithm not in _DIGESTS:
        raise InputError(f"a vault does not sign with {algorithm}; take P-256, P-384 or RSA")
    vault = _Vault(url, algorithm)
    own = x509.load_pem_x509_certificates(certificates)[0].public_key()
    if not _verifies(own, algorithm, vault.sign(_PROOF)):
        raise InputError(f"the vault's key is not that of the certificates in {chain}")
    return Held(certificates, vault.sign)


class _Vault:
    """Safe from any thread."""

    def __init__(self, url: str, algorithm: str) -> None:
        host = urlsplit(url).hostname or ""
        kind = host.partition(".")[2] if url.startswith("https:") else _AZURE
        self._url, self._algorithm = f"{url}/sign", algorithm
        self._scope = f"https://{kind}/.default"
        self._credential = _credential()
        self._http = httpx.Client(timeout=_TIMEOUT_S)

    def sign(self, data: bytes) -> bytes:
        """Raises EncodingError."""
        digest = hashlib.new(_DIGESTS[self._algorithm].name, data).digest()
        wanted = {"alg": self._algorithm, "value": _encoded(digest)}
        for left in reversed(range(_TRIES)):
            answer, pause_s = self._asked(wanted), 1.0
            if isinstance(answer, httpx.Response):
                if answer.is_success:
                    return _signature(answer)
                told = f"it answers {answer.status_code}"
                if answer.status_code < 500 and answer.status_code != 429:
                    break
                after = answer.headers.get("retry-after", "")
                pause_s = float(after) if after.isdecimal() else pause_s
            else:
                told = answer
            if left:
                time.sleep(min(pause_s, _LONGEST_PAUSE_S))
        raise EncodingError(f"the key vault does not sign: {told}")

    def _asked(self, wanted: dict[str, str]) -> httpx.Response | str:
        """The answer, or why there is none."""
        headers = {"Authorization": f"Bearer {self._token()}"}
        try:
            return self._http.post(
                self._url, params={"api-version": _VERSION}, json=wanted, headers=headers
            )
        except httpx.HTTPError as error:
            return f"it cannot be reached ({type(error).__name__})"

    def _token(self) -> str:
        from azure.core.exceptions import AzureError

        try:
            return self._credential.get_token(self._scope).token
        except AzureError as error:
            raise EncodingError(
                f"Azure does not tell the key vault who we are ({type(error).__name__}); give this machine or "
                "workload a managed identity with the role Key Vault Crypto User"
            ) from error


def _credential() -> "TokenCredential":
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError as error:
        raise EngineUnavailableError(
            "PROSOPON_SIGNING_KEY lies in a vault, and what speaks to Azure is not installed; "
            "run: pip install 'prosopon[vault]'"
        ) from error
    return DefaultAzureCredential()


def _signature(answer: httpx.Response) -> bytes:
    try:
        value = str(answer.json()["value"])
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (ValueError, KeyError, TypeError) as error:
        raise EncodingError("the key vault does not sign: its answer is no signature") from error


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _verifies(key: Any, algorithm: str, signature: bytes) -> bool:
    """Whether it is the key's signature of the proof."""
    kind, half = _DIGESTS[algorithm](), len(signature) // 2
    try:
        if isinstance(key, rsa.RSAPublicKey):
            pss = padding.PSS(padding.MGF1(kind), kind.digest_size)
            key.verify(signature, _PROOF, pss, kind)
        else:
            r, s = (int.from_bytes(part) for part in (signature[:half], signature[half:]))
            key.verify(utils.encode_dss_signature(r, s), _PROOF, ec.ECDSA(kind))
    except InvalidSignature:
        return False
    return True
