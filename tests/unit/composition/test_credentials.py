"""What a clip says of itself: it plays as before, and whatever is changed is found."""

import io
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from backends.composition.credentials import (
    DEVELOPMENT,
    SYNTHETIC,
    Identity,
    NoCredentialsError,
    Statement,
    development_identity,
    read,
    sign,
)
from backends.composition.credentials import signed as signed_bytes
from backends.composition.mux import join
from backends.composition.sound_files import SoundFile, SoundFormat, whole
from backends.errors import InputError
from benchmarks.boxes import boxes
from tests.unit.composition.conftest import Film

STATEMENT = Statement({"tier": "test", "engines": {"speech": "tone"}}, "2026-11-21T12:00:00+00:00")


@pytest.fixture(scope="module")
def unsigned(tmp_path_factory: pytest.TempPathFactory, film: Film) -> Path:
    path, settings = tmp_path_factory.mktemp("clips") / "plain.mp4", film.settings()
    join(path, film.segments(settings, 30), film.hum(1.1, 1.2), settings)
    return path


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return development_identity(tmp_path_factory.mktemp("home") / "signing")


@pytest.fixture(scope="module")
def signed(unsigned: Path, identity: Identity) -> Path:
    target = unsigned.with_name("signed.mp4")
    sign(unsigned, target, STATEMENT, identity)
    return target


def test_clip_tells_how_it_was_made_and_by_whom(signed: Path) -> None:
    found = read(signed)
    assert (found.valid, found.trusted, found.problems) == (True, False, ())
    assert found.facts == STATEMENT.facts and found.made_at == STATEMENT.made_at
    assert found.source_type == "compositeWithTrainedAlgorithmicMedia"
    assert found.signed_by == DEVELOPMENT and "identifies nobody" in DEVELOPMENT


def test_media_is_untouched_and_still_starts_fast(unsigned: Path, signed: Path) -> None:
    before, after = boxes(unsigned.read_bytes()), boxes(signed.read_bytes())
    assert [name for name, _ in after] == ["ftyp", "uuid", "moov", "free", "mdat"]
    assert dict(before)["mdat"] == dict(after)["mdat"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_one_flipped_bit_of_picture_or_sound_is_found(
    signed: Path, tmp_path: Path, place: float, bit: int
) -> None:
    data = bytearray(signed.read_bytes())
    media = dict(boxes(bytes(data)))["mdat"]
    start = bytes(data).index(media)
    data[start + int(place * len(media))] ^= 1 << bit
    changed = tmp_path / "changed.mp4"
    changed.write_bytes(data)
    found = read(changed)
    assert not found.valid and "assertion.bmffHash.mismatch" in found.problems


def test_changed_statement_is_found(signed: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.mp4"
    changed.write_bytes(signed.read_bytes().replace(b"tone", b"tune"))
    assert changed.read_bytes() != signed.read_bytes()
    assert not read(changed).valid


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.floats(0, 1, exclude_max=True), junk=st.binary(min_size=1, max_size=40))
def test_damaged_manifests_are_told_and_nothing_worse(
    signed: Path, tmp_path: Path, place: float, junk: bytes
) -> None:
    data = signed.read_bytes()
    manifest = dict(boxes(data))["uuid"]
    at = data.index(manifest) + int(place * len(manifest))
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data[:at] + junk + data[at + len(junk) :])
    try:
        found = read(damaged)
    except InputError:
        return
    # Behind the manifest there is room that nothing covers, of zeros.
    assert not found.valid or not data[at : at + len(junk)].strip(b"\0")


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"no video at all", b"\0\0\0\x08ftyp"])
def test_what_is_no_clip(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "junk.mp4"
    file.write_bytes(data)
    with pytest.raises(InputError, match=r"junk\.mp4"):
        read(file)


def test_clip_without_credentials_and_file_that_is_not_there(unsigned: Path) -> None:
    with pytest.raises(NoCredentialsError, match="no content credentials"):
        read(unsigned)
    with pytest.raises(InputError, match="No such file"):
        read(unsigned.with_name("nowhere.mp4"))


def test_development_key_is_made_once_whoever_asks_first(tmp_path: Path) -> None:
    found: list[Identity] = []
    folder = tmp_path / "home" / "signing"
    threads = [
        threading.Thread(target=lambda: found.append(development_identity(folder)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.key for one in found}) == 1 and len(found) == 6
    assert sorted(p.name for p in folder.parent.iterdir()) == ["signing"]
    assert (folder / "key.pem").stat().st_mode & 0o077 == 0
    assert repr(found[0]).count("PRIVATE") == 0


def pem(key: object) -> bytes:
    return key.private_bytes(  # type: ignore[attr-defined,no-any-return]
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (ec.generate_private_key(ec.SECP384R1()), "ES384"),
        (ed25519.Ed25519PrivateKey.generate(), "ED25519"),
        (rsa.generate_private_key(65537, 2048), "PS256"),
    ],
)
def test_algorithm_goes_with_the_key(key: object, algorithm: str) -> None:
    assert Identity(pem(key), b"").algorithm == algorithm


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_pictures_hold_them_and_stay_the_same(
    tmp_path: Path, identity: Identity, kind: str
) -> None:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(file, kind)
    data = signed_bytes(file.getvalue(), replace(STATEMENT, source_type=SYNTHETIC), identity)
    still = tmp_path / "still"
    still.write_bytes(data)
    found = read(still)
    assert found.valid and found.source_type == "trainedAlgorithmicMedia"
    with Image.open(io.BytesIO(file.getvalue())) as before, Image.open(still) as after:
        assert before.tobytes() == after.tobytes()
    assert len(data) < len(file.getvalue()) + 6000, "there is a thumbnail inside"


def stills_and_sound() -> dict[str, bytes]:
    """A file of each kind besides MP4 that can hold credentials."""
    made, noise = {}, np.random.default_rng(0)
    for kind in ("JPEG", "PNG"):
        file = io.BytesIO()
        pixels = noise.integers(0, 255, (48, 64, 3), np.uint8)
        Image.fromarray(pixels).save(file, kind)
        made[kind] = file.getvalue()
    samples = noise.uniform(-0.5, 0.5, 24_000).astype(np.float32)
    for sound in (SoundFormat.WAV, SoundFormat.MP3, SoundFormat.FLAC):
        encoder = SoundFile(sound)
        made[sound.name] = whole(sound, encoder.push(samples, 24_000) + encoder.finish())
    return made


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WAV", "MP3", "FLAC"])
def test_one_flipped_bit_is_found_in_every_kind(
    tmp_path: Path, identity: Identity, kind: str
) -> None:
    plain = stills_and_sound()[kind]
    data = signed_bytes(plain, STATEMENT, identity)
    path = tmp_path / "changed"
    for share in (0.5, 0.75, 0.99):
        place = data.index(plain[int(share * len(plain)) :][:16])
        changed = bytearray(data)
        changed[place] ^= 1
        path.write_bytes(changed)
        found = read(path)
        assert not found.valid and "assertion.dataHash.mismatch" in found.problems, share


@pytest.mark.parametrize(
    "data", [b"", b"OggS" + b"\0" * 60, b"\xff\xf1" + b"\0" * 60, b"RIFF1234AVI "]
)
def test_files_without_a_place_for_a_manifest(identity: Identity, data: bytes) -> None:
    with pytest.raises(InputError, match="MP4, WAV, MP3, FLAC, JPEG and PNG can"):
        signed_bytes(data, STATEMENT, identity)


def test_keys_that_cannot_sign(unsigned: Path, identity: Identity, tmp_path: Path) -> None:
    other = pem(dsa.generate_private_key(1024))
    for key, told in ((b"junk", "cannot be read"), (other, "no kind that C2PA takes")):
        with pytest.raises(InputError, match=told):
            sign(unsigned, tmp_path / "x.mp4", STATEMENT, replace(identity, key=key))


def test_importing_backends_brings_no_c2pa() -> None:
    loaded = "import sys, backends.composition; assert 'c2pa' not in sys.modules"
    subprocess.run([sys.executable, "-c", loaded], check=True)
