"""A small OpenID Connect issuer on this machine: real keys, real tokens, real HTTP."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

AUDIENCE = "api://prosopon"
RSA = rsa.generate_private_key(65_537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
STRANGER = rsa.generate_private_key(65_537, 2048)


def published(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, name: str) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        fields = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        fields = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**fields, "kid": name, "use": "sig"}


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


@dataclass
class Issuer:
    url: str = ""
    keys: list[Any] = field(
        default_factory=lambda: [published(RSA, "rsa"), published(EC, "ec"), {"kty": "odd"}, 7]
    )
    asked: list[str] = field(default_factory=list)
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    """By path: a status and a document instead of the right one."""

    def answer(self, path: str) -> tuple[int, Any]:
        self.asked.append(path)
        right = {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/keys",
            },
            "/keys": {"keys": self.keys},
        }
        return self.answers.get(path) or ((200, right[path]) if path in right else (404, {}))

    def claims(self, **changed: Any) -> dict[str, Any]:
        now = int(time.time())
        usual = {
            "iss": self.url, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 600,
            "sub": "person-1", "tid": "acme", "roles": ["Maker"],
        }  # fmt: skip
        return {name: v for name, v in (usual | changed).items() if v is not None}

    def token(self, key: Any = RSA, name: str | None = "rsa", **changed: Any) -> str:
        algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        headers = {} if name is None else {"kid": name}
        payload = json.dumps(self.claims(**changed)).encode()
        return jwt.PyJWS().encode(payload, key, algorithm, headers)

    def forged(self, header: dict[str, Any], secret: bytes = b"", **changed: Any) -> str:
        """A token that no library would make: signed by HMAC, or not at all."""
        parts = (json.dumps(part).encode() for part in (header, self.claims(**changed)))
        text = ".".join(map(encoded, parts))
        signature = hmac.digest(secret, text.encode(), hashlib.sha256) if secret else b""
        return f"{text}.{encoded(signature)}"


def pem(key: rsa.RSAPrivateKey) -> bytes:
    """What the issuer publishes of it, as attackers take it for a secret."""
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, kind)


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, document = issuer.answer(self.path)
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{issuer.url}/keys")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield issuer
    server.shutdown()
    thread.join()
    server.server_close()
