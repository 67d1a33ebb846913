"""Weights that are not in packages: what there is, where it lies here, and the only code that downloads.

An item is a few files with a name ("piper:el_GR-rapunzelina-low"). Its files come from a hub at a pinned revision, over
HTTPS or whatever the mirror setting says, and count only with the size and checksum that are known of them.

Environment:
    PROSOPON_MIRROR: where the hub's files are instead of HUB: the same paths below another URL.
    PROSOPON_OFFLINE: "1" forbids every download.
"""

import hashlib
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote, urlsplit

import platformdirs
from filelock import FileLock

from backends.errors import DownloadError, InputError, WeightsMissingError

HUB = "https://huggingface.co"
SAFE_SUFFIXES = frozenset({".onnx", ".json", ".safetensors", ".pth", ".tar", ".txt", ".md", ""})
"""Of files that may be fetched: none of them is code. PyTorch's (.pth, .pth.tar) can hold some, which is never run:
they are read with weights_only."""
_CHUNK = 1 << 20
_TIMEOUT_S = 30.0
_TRIES = 4
_LARGEST_UNKNOWN = 1 << 26
"""Bytes that are taken of a file whose size is not known."""

Progress = Callable[[str, int, int], None]
"""Told of a file's name, its bytes so far, and all of them (0: not known)."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of an item."""

    path: str
    """In the hub's repository."""
    checksum: str
    """"sha256:…" or "md5:…", hexadecimal; empty where the hub tells none."""
    size: int
    """Bytes; 0 where they are not known."""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be pulled."""

    id: str
    """"piper:NAME"."""
    repository: str
    revision: str
    """Of the repository: what lies at it never changes."""
    files: tuple[File, ...]
    licence: str
    """SPDX identifier, or where it is told."""
    summary: str = ""

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def folder(self) -> Path:
        """Where its files lie once they are here."""
        return weights_home().joinpath(*self.id.split(":"))

    @property
    def here(self) -> bool:
        """Whether all of its files are here, by their sizes."""
        found = (self.folder / file.name for file in self.files)
        return all(
            path.is_file() and path.stat().st_size == file.size
            for path, file in zip(found, self.files, strict=True)
        )


def home() -> Path:
    """Folder of state, caches and weights: PROSOPON_HOME, or the platform's user data folder."""
    chosen = os.environ.get("PROSOPON_HOME")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_data_dir("prosopon"))


def weights_home() -> Path:
    return home() / "weights"


def pull(item: Item, progress: Progress | None = None) -> Path:
    """Fetches what is missing of an item; one process at a time, and another that waits finds it done.

    Returns:
        Its folder.

    Raises:
        WeightsMissingError: something is missing and downloads are forbidden.
        DownloadError: the hub does not answer, or not with these files; what came so far is kept.
    """
    item.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(item.folder / ".lock"):
        for file in item.files:
            target = item.folder / file.name
            if not (target.is_file() and target.stat().st_size == file.size):
                fetch(item.repository, item.revision, file, target, progress)
    return item.folder


def verify(item: Item) -> list[str]:
    """Names of the item's files that are missing or not what they should be; none: all is well."""
    return [file.name for file in item.files if not _is_right(item.folder / file.name, file)]


def fetch(
    repository: str, revision: str, file: File, target: Path, progress: Progress | None = None
) -> None:
    """One file, whole and right or not at all: what breaks off goes on where it stopped, here or at the next call.

    Raises:
        WeightsMissingError: downloads are forbidden.
        DownloadError: as `pull`.
    """
    if Path(file.name).suffix not in SAFE_SUFFIXES:
        raise DownloadError(f"{file.name} is not fetched: a file of its kind can hold code")
    url = _url(repository, revision, file.path)
    if os.environ.get("PROSOPON_OFFLINE") == "1":
        raise WeightsMissingError(
            f"{file.name} is not here, and PROSOPON_OFFLINE forbids to fetch it from {url}"
        )
    part = target.with_name(target.name + ".part")
    _check_room(target.parent, file)
    told = progress or (lambda name, done, size: None)
    for attempt in range(_TRIES):
        try:
            _download(url, part, file, told)
            break
        except (OSError, _BrokenOffError) as error:  # urllib's errors are OSErrors
            if attempt == _TRIES - 1 or not _may_pass(error):
                raise DownloadError(f"{url} cannot be fetched: {error}") from error
    if not _is_right(part, file):
        size = part.stat().st_size
        part.unlink()
        raise DownloadError(
            f"{url} is not the file that was expected: {size} bytes of {file.size}, or another "
            "checksum; nothing of it was kept"
        )
    part.replace(target)


class _BrokenOffError(Exception):
    """The connection ended before the file did."""


def _download(url: str, part: Path, file: File, told: Progress) -> None:
    begun = part.stat().st_size if part.is_file() and file.size else 0
    if begun and begun >= file.size:
        return
    request = urllib.request.Request(url, headers={"User-Agent": "prosopon"})
    if begun:
        request.add_header("Range", f"bytes={begun}-")
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
        going_on = answer.status == 206
        with part.open("ab" if going_on else "wb") as out:
            done = _copy(answer, out, begun if going_on else 0, file, told)
    if done < file.size:
        raise _BrokenOffError(f"it ended after {done} of {file.size} bytes")


def _copy(answer: IO[bytes], out: IO[bytes], done: int, file: File, told: Progress) -> int:
    """How many bytes there are at the end; not many more than there should be, whatever comes."""
    while data := answer.read(_CHUNK):
        out.write(data)
        done += len(data)
        told(file.name, done, file.size)
        if done > (file.size or _LARGEST_UNKNOWN):
            break
    return done


def _may_pass(error: Exception) -> bool:
    """Whether the next try may do better."""
    return not isinstance(error, urllib.error.HTTPError) or error.code in (408, 429, 500, 502, 503)


def _url(repository: str, revision: str, path: str) -> str:
    """Where a file is; only a mirror may be without encryption."""
    base = (os.environ.get("PROSOPON_MIRROR") or HUB).rstrip("/")
    if urlsplit(base).scheme not in ("http", "https"):
        raise InputError(f"PROSOPON_MIRROR {base!r} is no URL that begins with https://")
    return f"{base}/{repository}/resolve/{revision}/{quote(path)}"


def _check_room(folder: Path, file: File) -> None:
    free = shutil.disk_usage(folder).free
    if free < file.size:
        raise DownloadError(
            f"{file.name} needs {file.size / 1e6:.0f} MB, and {folder} has room for "
            f"{free / 1e6:.0f}; make room, or set PROSOPON_HOME to another disk"
        )


def _is_right(path: Path, file: File) -> bool:
    if not path.is_file() or (file.size and path.stat().st_size != file.size):
        return False
    if not file.checksum:
        return True
    kind, _, digest = file.checksum.partition(":")
    with path.open("rb") as data:
        return hashlib.file_digest(data, kind).hexdigest() == digest


def find(items: Iterable[Item], name: str) -> Item:
    """The item of that id.

    Raises:
        InputError: there is none; the message names the nearest.
    """
    import difflib

    known: Mapping[str, Item] = {item.id: item for item in items}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.3)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise InputError(f"there is nothing called {name!r} to pull{hint}; see: prosopon models list")
