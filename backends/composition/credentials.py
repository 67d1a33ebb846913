"""Content credentials: a signed manifest in the file that says how it was made, as C2PA 2.2 writes it (c2pa.org).

The manifest is a part of its own, in front of a video for example, so that the file plays as before, and is signed
last: one byte that is changed afterwards, of picture, sound or manifest, is found.
"""

import datetime
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from backends.errors import EncodingError, InputError

MADE_BY_AI = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's word for a picture of the real world that a trained model was used on."""
SYNTHETIC = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's word for what a trained model made of nothing but a text, as speech without a face."""
MAKING = "org.prosopon.making"
"""Label of the assertion that holds a Statement's facts."""
DEVELOPMENT = "Prosopon development key (identifies nobody)"
_MP4 = "video/mp4"
_STARTS = (
    (0, b"RIFF", "audio/wav"), (0, b"ID3", "audio/mpeg"), (0, b"fLaC", "audio/flac"), (4, b"ftyp", _MP4),
    (0, b"\xff\xd8\xff", "image/jpeg"), (0, b"\x89PNG", "image/png"),
)  # fmt: skip
"""What the files begin with that can hold a manifest; MP3 also with twelve bits that are set."""
_SETTINGS = {"builder": {"thumbnail": {"enabled": False}}}
"""A still needs no smaller copy of itself inside, which would be most of the manifest and of the time."""
_LIFE = datetime.timedelta(days=3650)
_PEM = serialization.Encoding.PEM


class NoCredentialsError(InputError):
    """The file says nothing of how it was made."""

    code = "no_credentials"


@dataclass(frozen=True, slots=True)
class Statement:
    """What a clip says of itself."""

    facts: Mapping[str, Any]
    """Engines, versions, tier, …: what JSON can hold."""
    made_at: str
    """ISO 8601, UTC."""
    source_type: str = MADE_BY_AI
    """IPTC's word for how it was made."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs: a private key, and the certificates that tell whose it is, its own first; both as PEM."""

    key: bytes = field(repr=False)
    chain: bytes

    @property
    def algorithm(self) -> str:
        """As C2PA names it; raises InputError where it has none for the key."""
        try:
            key = serialization.load_pem_private_key(self.key, None)
        except (ValueError, TypeError) as error:
            raise InputError(f"the signing key cannot be read: {error}") from error
        return _algorithm(key.public_key())


@dataclass(frozen=True, slots=True)
class Held:
    """Who signs with a key that stays where it is held: its certificates as PEM, its own first, and what asks for a
    signature."""

    chain: bytes
    sign: Callable[[bytes], bytes] = field(repr=False)
    """Raises EncodingError. Signatures of elliptic curves as r and s one behind the other (IEEE P1363) or as DER."""

    @property
    def algorithm(self) -> str:
        """As C2PA names it; raises InputError where it has none for the key."""
        try:
            (own, *_) = x509.load_pem_x509_certificates(self.chain)
            return _algorithm(own.public_key())
        except ValueError as error:
            raise InputError(f"the signing certificates cannot be read: {error}") from error


Signing = Identity | Held


def _algorithm(key: object) -> str:
    match key:
        case ec.EllipticCurvePublicKey(curve=ec.SECP256R1()):
            return "ES256"
        case ec.EllipticCurvePublicKey(curve=ec.SECP384R1()):
            return "ES384"
        case ed25519.Ed25519PublicKey():
            return "ED25519"
        case rsa.RSAPublicKey():
            return "PS256"
    raise InputError("the signing key is of no kind that C2PA takes: P-256, P-384, Ed25519, RSA")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a file says of itself, and whether that is to be believed."""

    valid: bool
    """Neither the file nor what it says was changed since it was signed."""
    trusted: bool
    """Whose key it is, is known; never so for a development key."""
    signed_by: str
    facts: Mapping[str, Any]
    made_at: str | None
    source_type: str | None
    """IPTC's word for how it was made, without its address."""
    problems: tuple[str, ...]
    """C2PA's codes for what is wrong."""


def sign(source: Path, target: Path, statement: Statement, identity: Signing) -> None:
    """Writes the file `source` with its credentials to `target`.

    Raises:
        InputError: the identity cannot sign, or the file is of no kind that can hold a manifest.
        EncodingError: the file cannot be signed.
    """
    with source.open("rb") as unsigned, target.open("w+b") as signed:
        _sign(unsigned, signed, statement, identity)


def signed(data: bytes, statement: Statement, identity: Signing) -> bytes:
    """The file with its credentials; raises as `sign`."""
    target = io.BytesIO()
    _sign(io.BytesIO(data), target, statement, identity)
    return target.getvalue()


def _sign(source: BinaryIO, target: BinaryIO, statement: Statement, identity: Signing) -> None:
    import c2pa

    kind = _media_type(source, "the file")
    try:
        manifest = json.dumps(_manifest(statement, kind))
        with (
            c2pa.Settings.from_dict(_SETTINGS) as settings,
            c2pa.Context(settings) as context,
            _signer(identity) as signer,
            c2pa.Builder(manifest, context=context) as builder,
        ):
            builder.sign(signer, kind, source, target)
    except c2pa.C2paError as error:
        raise EncodingError(f"the file cannot be signed: {error}") from error


@contextmanager
def _signer(identity: Signing) -> Iterator[Any]:
    """C2PA's signer; what it asks for may fail, and then its own error tells nothing."""
    import c2pa

    algorithm = c2pa.C2paSigningAlg[identity.algorithm]
    if isinstance(identity, Identity):
        info = c2pa.C2paSignerInfo(algorithm, identity.chain, identity.key, None)
        with c2pa.Signer.from_info(info) as signer:
            yield signer
        return
    failures: list[EncodingError] = []

    def ask(data: bytes) -> bytes:
        try:
            return identity.sign(data)
        except EncodingError as error:
            failures.append(error)
            return b""

    try:
        with c2pa.Signer.from_callback(ask, algorithm, identity.chain.decode()) as signer:
            yield signer
    except c2pa.C2paError:
        if failures:
            raise failures[0] from None
        raise


def read(path: Path) -> Credentials:
    """
    Raises:
        NoCredentialsError: there are none.
        InputError: it is no file of a kind that can hold some.
    """
    import c2pa

    try:
        with path.open("rb") as file, c2pa.Reader(_media_type(file, str(path)), file) as reader:
            found = json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound as error:
        raise NoCredentialsError(f"{path} has no content credentials") from error
    except c2pa.C2paError as error:
        raise InputError(f"the content credentials of {path} cannot be read: {error}") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    return _credentials(found)


def _media_type(file: BinaryIO, name: str) -> str:
    """By what it begins with; raises InputError where such files hold no manifest."""
    head = file.read(12)
    file.seek(0)
    for place, start, kind in _STARTS:
        if head[place:].startswith(start) and (kind != "audio/wav" or head[8:] == b"WAVE"):
            return kind
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:
        return "audio/mpeg"
    raise InputError(
        f"{name} is no file that can hold content credentials; MP4, WAV, MP3, FLAC, JPEG and PNG can"
    )


def _manifest(statement: Statement, kind: str) -> dict[str, Any]:
    us = {"name": "Prosopon", "version": version("prosopon")}
    created = {
        "action": "c2pa.created",
        "when": statement.made_at,
        "digitalSourceType": statement.source_type,
        "softwareAgent": us,
    }
    return {
        "claim_generator_info": [us],
        "format": kind,
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [created]}},
            {"label": MAKING, "data": dict(statement.facts)},
        ],
    }


def _credentials(found: dict[str, Any]) -> Credentials:
    manifest = found["manifests"].get(found.get("active_manifest"), {})
    said = {a["label"]: a["data"] for a in manifest.get("assertions", ())}
    actions = said.get("c2pa.actions.v2", {}).get("actions", [{}])
    problems = tuple(sorted({s["code"] for s in found.get("validation_status", ())}))
    state, source = found.get("validation_state"), actions[0].get("digitalSourceType")
    return Credentials(
        valid=state in ("Valid", "Trusted"),
        trusted=state == "Trusted",
        signed_by=manifest.get("signature_info", {}).get("common_name", ""),
        facts=said.get(MAKING, {}),
        made_at=actions[0].get("when"),
        source_type=source and source.rpartition("/")[2],
        problems=tuple(p for p in problems if p != "signingCredential.untrusted"),
    )


def development_identity(folder: Path) -> Identity:
    """A key of this machine's own, made once and kept in the folder for its owner alone; its certificate says that it
    identifies nobody. Of several processes that make it at once, the first wins."""
    with suppress(FileNotFoundError):
        return identity_from(folder / "key.pem", folder / "chain.pem")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as temporary:
        made = Path(temporary, "made")
        made.mkdir(mode=0o700)
        identity = _new_identity()
        (made / "key.pem").touch(mode=0o600)
        (made / "key.pem").write_bytes(identity.key)
        (made / "chain.pem").write_bytes(identity.chain)
        with suppress(OSError):  # another process was faster: its folder is not empty
            made.rename(folder)
    return identity_from(folder / "key.pem", folder / "chain.pem")


def identity_from(key: Path, chain: Path) -> Identity:
    """Raises FileNotFoundError, and OSError where a file cannot be read."""
    return Identity(key.read_bytes(), chain.read_bytes())


def _new_identity() -> Identity:
    authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate("Prosopon development authority", authority, authority)
    leaf = _certificate(DEVELOPMENT, own, authority)
    key = own.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Identity(key, leaf.public_bytes(_PEM) + root.public_bytes(_PEM))


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, authority: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    """With the extensions that C2PA 2.2, section 14.5.1, asks for."""
    root, now = key is authority, datetime.datetime.now(datetime.UTC)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    signs = x509.KeyUsage(digital_signature=not root, key_cert_sign=root, crl_sign=root, **usage)
    made = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named("Prosopon development authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(root, None), critical=True)
        .add_extension(signs, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), False
        )
    )
    if not root:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        made = made.add_extension(purpose, critical=False)
    return made.sign(authority, hashes.SHA256())


def _named(name: str) -> x509.Name:
    parts = ((NameOID.ORGANIZATION_NAME, "Prosopon"), (NameOID.COMMON_NAME, name))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])
