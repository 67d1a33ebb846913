"""A signing key in a vault: a small stand-in of Azure's on this machine, with a real key, asked over HTTP."""

import base64
import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from PIL import Image

from backends.composition import credentials
from backends.composition.credentials import DEVELOPMENT, Held, Statement, read, signed
from backends.errors import EncodingError, EngineUnavailableError, InputError
from serve_app import vault
from serve_app.statements import identity
from serve_app.vault import vault_identity

TOKEN, HEADER = "the-token-of-this-machine", "the-header-of-this-machine"
STATEMENT = Statement({"tier": "test"}, "2026-11-21T12:00:00+00:00")


def signature(key: Any, algorithm: str, digest: bytes) -> bytes:
    """As Key Vault answers: JSON Web Signatures' form."""
    kind = {"ES256": hashes.SHA256(), "PS256": hashes.SHA256(), "ES384": hashes.SHA384()}[algorithm]
    if isinstance(key, rsa.RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(kind), kind.digest_size)
        return key.sign(digest, pss, utils.Prehashed(kind))
    r, s = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(utils.Prehashed(kind))))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size) + s.to_bytes(size)


@dataclass
class Vault:
    key: Any
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    """Status codes that come first."""
    answer: Callable[[bytes], bytes] = lambda value: value

    def token(self, query: dict[str, list[str]], headers: Any) -> tuple[int, dict[str, Any]]:
        """As a managed identity gives it (App Service, 2019-08-01)."""
        if headers["X-IDENTITY-HEADER"] != HEADER or query["resource"] != [
            "https://vault.azure.net"
        ]:
            return 400, {}
        far = 4_000_000_000
        return 200, {"access_token": TOKEN, "expires_on": far, "token_type": "Bearer"}

    def sign(self, query: Any, headers: Any, wanted: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.asked.append(wanted)
        if headers["Authorization"] != f"Bearer {TOKEN}" or query["api-version"] != ["7.4"]:
            return 401, {}
        if self.refusals:
            return self.refusals.pop(0), {}
        digest = base64.urlsafe_b64decode(wanted["value"] + "==")
        made = self.answer(signature(self.key, wanted["alg"], digest))
        value = base64.urlsafe_b64encode(made).rstrip(b"=").decode()
        return 200, {"kid": self.url, "value": value}


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    found = Vault(ec.generate_private_key(ec.SECP256R1()))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*found.token(parse_qs(urlsplit(self.path).query), self.headers))

        def do_POST(self) -> None:
            assert urlsplit(self.path).path == "/keys/clips/0123abcd/sign"
            wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(*found.sign(parse_qs(urlsplit(self.path).query), self.headers, wanted))

        def _answer(self, status: int, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", "0")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    here = f"http://127.0.0.1:{server.server_port}"
    found.url = f"{here}/keys/clips/0123abcd"
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{here}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", HEADER)
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    yield found
    server.shutdown()
    thread.join()
    server.server_close()
    vault_identity.cache_clear()


def chain_of(key: Any, folder: Path) -> Path:
    authority = ec.generate_private_key(ec.SECP256R1())
    certificates = [
        credentials._certificate(DEVELOPMENT, key, authority),
        credentials._certificate("Prosopon development authority", authority, authority),
    ]
    chain = folder / "chain.pem"
    chain.write_bytes(b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates))
    return chain


def still() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 24), "teal").save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("make", "algorithm"),
    [
        (lambda: ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (lambda: ec.generate_private_key(ec.SECP384R1()), "ES384"),
        (lambda: rsa.generate_private_key(65_537, 2048), "PS256"),
    ],
    ids=["P-256", "P-384", "RSA"],
)
def test_the_vault_signs_and_what_it_signed_is_found_unchanged(
    running: Vault,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[], Any],
    algorithm: str,
) -> None:
    running.key = make()
    monkeypatch.setenv("PROSOPON_SIGNING_KEY", running.url)
    monkeypatch.setenv("PROSOPON_SIGNING_CHAIN", str(chain_of(running.key, tmp_path)))
    data = signed(still(), STATEMENT, identity())
    file = tmp_path / "still.jpg"
    file.write_bytes(data)
    found = read(file)
    assert found.valid and found.facts == STATEMENT.facts and found.signed_by == DEVELOPMENT
    assert [wanted["alg"] for wanted in running.asked] == [algorithm] * 2
    signed(still(), STATEMENT, identity())
    assert len(running.asked) == 3, "one request a file, after the first proof"
    file.write_bytes(data.replace(b"test", b"text"))
    assert not read(file).valid


def test_key_of_others_than_the_certificates_is_told_at_the_start(
    running: Vault, tmp_path: Path
) -> None:
    chain = chain_of(ec.generate_private_key(ec.SECP256R1()), tmp_path)
    with pytest.raises(InputError, match=r"not that of the certificates in .*chain\.pem"):
        vault_identity(running.url, chain)


def test_busy_vault_is_asked_again(running: Vault, tmp_path: Path) -> None:
    running.refusals = [429, 429]
    assert vault_identity(running.url, chain_of(running.key, tmp_path)).algorithm == "ES256"
    assert len(running.asked) == 3


@pytest.mark.parametrize(
    ("refusals", "told"), [([403], "answers 403"), ([401], "answers 401"), ([429] * 3, "429")]
)
def test_vault_that_does_not_sign_fails_the_clip_and_says_why(
    running: Vault,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    refusals: list[int],
    told: str,
) -> None:
    who = vault_identity(running.url, chain_of(running.key, tmp_path))
    running.refusals = refusals
    with caplog.at_level(logging.DEBUG), pytest.raises(EncodingError, match=told):
        signed(still(), STATEMENT, who)
    for hidden in (TOKEN, HEADER):
        assert hidden not in caplog.text


def test_signature_that_is_none_is_no_credential(running: Vault, tmp_path: Path) -> None:
    who = vault_identity(running.url, chain_of(running.key, tmp_path))
    running.answer = lambda made: made[:-1] + bytes([made[-1] ^ 1])
    file = tmp_path / "still.jpg"
    try:
        file.write_bytes(signed(still(), STATEMENT, who))
    except EncodingError:
        return
    assert not read(file).valid


def test_nobody_says_who_we_are(
    running: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "another")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
    with pytest.raises(EncodingError, match="managed identity"):
        vault_identity(running.url, chain_of(running.key, tmp_path))


def test_vault_that_is_not_there(
    running: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault.time, "sleep", lambda _: None)
    chain = chain_of(running.key, tmp_path)
    with pytest.raises(EncodingError, match="cannot be reached"):
        vault_identity("http://127.0.0.1:9/keys/clips", chain)


@pytest.mark.parametrize(
    "url",
    ["https://x.vault.azure.net", "https://x.vault.azure.net/secrets/a", "http://x.example/keys/a",
     "https://x.vault.azure.net/keys/a/../b", "https://x.vault.azure.net/keys/a?b=c",
     "https://u:p@x.vault.azure.net/keys/a", "file:///keys/a"],
)  # fmt: skip
def test_addresses_that_name_no_key(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError, match="names no key of a vault"):
        vault_identity(url, tmp_path / "chain.pem")


def test_certificates_that_are_none_or_of_a_kind_that_vaults_lack(tmp_path: Path) -> None:
    url, chain = "https://x.vault.azure.net/keys/a", tmp_path / "chain.pem"
    chain.write_text("nothing")
    with pytest.raises(InputError, match="certificates cannot be read"):
        vault_identity(url, chain)
    chain_of(ed25519.Ed25519PrivateKey.generate(), tmp_path)
    with pytest.raises(InputError, match="ED25519"):
        vault_identity(url, chain)


def test_missing_package_is_told_with_what_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "azure.identity", None)
    chain = chain_of(ec.generate_private_key(ec.SECP256R1()), tmp_path)
    with pytest.raises(EngineUnavailableError, match=r"prosopon\[vault\]"):
        vault_identity("https://x.vault.azure.net/keys/a", chain)


def test_what_holds_a_key_never_shows_how_to_ask_it() -> None:
    assert "lambda" not in repr(Held(b"", lambda data: data))
