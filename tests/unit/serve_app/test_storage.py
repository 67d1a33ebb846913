"""What every kind of storage promises, and what each does beside it."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.errors import StorageError
from serve_app.blobs import BlobStorage
from serve_app.storage import FolderStorage, Storage, checked_key, open_storage


@pytest.fixture(params=["folder", "blobs on a disk", "blobs in memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    root = tmp_path / "store"
    if request.param == "folder":
        return FolderStorage(root)
    root.mkdir()
    url = root.as_uri() if request.param == "blobs on a disk" else "memory://"
    return BlobStorage(url, tmp_path / "cache")


def keys(storage: Storage, prefix: str = "jobs") -> list[str]:
    return sorted(entry.key for entry in storage.list(prefix))


def test_what_is_put_is_got(storage: Storage) -> None:
    storage.put("jobs/a/1/clip.mp4", b"one")
    storage.put("jobs/a/1/clip.mp4", b"two")
    assert storage.get("jobs/a/1/clip.mp4") == b"two"
    assert storage.exists("jobs/a/1/clip.mp4") and not storage.exists("jobs/a")
    assert storage.path("jobs/a/1/clip.mp4").read_bytes() == b"two"
    assert storage.path("jobs/a/1/clip.mp4").suffix == ".mp4"
    storage.put("jobs/empty", b"")
    assert storage.get("jobs/empty") == b"" == storage.path("jobs/empty").read_bytes()


def test_first_writer_wins(storage: Storage) -> None:
    assert storage.put_new("jobs/a", b"first")
    assert not storage.put_new("jobs/a", b"second")
    assert storage.get("jobs/a") == b"first"
    storage.put("jobs/a", b"third")
    assert storage.get("jobs/a") == b"third"
    assert keys(storage) == ["jobs/a"]


def test_of_many_writers_one_wins(storage: Storage) -> None:
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda n: storage.put_new("jobs/a", b"%d" % n * 1000), range(8)))
    assert won.count(True) == 1
    assert storage.get("jobs/a") == b"%d" % won.index(True) * 1000


def test_entries_tell_what_is_there(storage: Storage) -> None:
    before = time.time()
    storage.put("jobs/a/1/clip.mp4", b"one")
    entry = storage.entry("jobs/a/1/clip.mp4")
    assert (entry.key, entry.size) == ("jobs/a/1/clip.mp4", 3)
    assert before - 2 < entry.modified_at < time.time() + 2
    assert storage.entry("jobs/a/1/clip.mp4").version == entry.version
    storage.put("jobs/a/1/clip.mp4", b"another")
    assert storage.entry("jobs/a/1/clip.mp4").version != entry.version
    assert storage.entry("jobs/a/1/clip.mp4").size == 7
    assert storage.path("jobs/a/1/clip.mp4").read_bytes() == b"another"


def test_listing(storage: Storage) -> None:
    for key in ("jobs/a/1/x", "jobs/a/2", "jobs/ab/3", "uploads/4"):
        storage.put(key, key.encode())
    assert keys(storage) == ["jobs/a/1/x", "jobs/a/2", "jobs/ab/3"]
    assert keys(storage, "jobs/a") == ["jobs/a/1/x", "jobs/a/2"]
    assert keys(storage, "jobs/a/2") == keys(storage, "nothing/here") == []
    assert [entry.size for entry in storage.list("uploads")] == [len("uploads/4")]


@pytest.mark.parametrize(
    ("start", "stop"), [(0, None), (0, 10), (3, 7), (299_990, None), (5, 300_000), (4, 4), (0, 0)]
)
def test_ranges(storage: Storage, start: int, stop: int | None) -> None:
    data = os.urandom(300_000)
    storage.put("a", data)
    assert b"".join(storage.stream("a", start, stop)) == data[start:stop]


def test_deleting_takes_what_is_below_and_nothing_else(storage: Storage) -> None:
    for key in ("jobs/a/1", "jobs/a/2/x", "jobs/ab"):
        storage.put(key, b"")
    storage.delete("jobs/a")
    storage.delete("jobs/never")
    assert keys(storage) == ["jobs/ab"]
    storage.delete("jobs/ab")
    assert keys(storage) == []


def test_nothing_there(storage: Storage) -> None:
    for use in (storage.get, storage.path, storage.entry, lambda key: next(storage.stream(key))):
        with pytest.raises(StorageError, match="nothing stored at jobs/a"):
            use("jobs/a")


def test_what_is_half_written_is_not_there(storage: Storage, tmp_path: Path) -> None:
    with storage.writing("jobs/a") as path:
        path.write_bytes(b"whole")
    with pytest.raises(KeyError), storage.writing("jobs/a") as path:
        path.write_bytes(b"half")
        assert keys(storage) == ["jobs/a"]
        raise KeyError
    assert storage.get("jobs/a") == b"whole"
    assert keys(storage) == ["jobs/a"]
    assert not path.exists() and not list(tmp_path.rglob("*.part"))


def test_what_cannot_be_written_is_told(storage: Storage) -> None:
    with pytest.raises(StorageError, match="No space"), storage.writing("jobs/a"):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "key", ["", "/", "/etc/passwd", "..", "a/../b", "a//b", "a/", ".a", "a/.b", "a\0", "a\n", "ä"]
)
def test_keys_never_lead_out(storage: Storage, key: str) -> None:
    def write(key: str) -> None:
        with storage.writing(key):
            raise AssertionError("it is taken")

    for use in (
        storage.get,
        storage.exists,
        storage.path,
        storage.entry,
        storage.delete,
        write,
        lambda key: list(storage.list(key)),
        lambda key: list(storage.stream(key)),
        lambda key: storage.put(key, b""),
        lambda key: storage.put_new(key, b""),
    ):
        with pytest.raises(StorageError):
            use(key)


@given(st.text(alphabet="ab./\\-_\0\n ~", max_size=12))
def test_every_key_that_is_taken_lies_inside(key: str) -> None:
    root = Path("/store")
    try:
        path = root / checked_key(key)
    except StorageError:
        return
    assert path.resolve().is_relative_to(root) and path != root


# A folder


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="a/b"):
        FolderStorage(tmp_path / "file").put("a/b", b"")


def test_disk_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    storage = FolderStorage(tmp_path)
    assert storage.put_new("a", b"first") and not storage.put_new("a", b"second")
    assert storage.get("a") == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_what_the_dead_left_half_written_is_swept(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    storage.put("jobs/a", b"")
    old, new = (tmp_path / "jobs" / f"b.{n}.part" for n in "12")
    for path in (old, new):
        path.touch()
    for path in (old, tmp_path / "jobs" / "a"):
        os.utime(path, (0, 0))
    assert keys(storage) == ["jobs/a"]
    storage.sweep(3600)
    assert new.exists() and not old.exists() and storage.exists("jobs/a")


def test_addresses(tmp_path: Path) -> None:
    for url in (str(tmp_path), f"file://{tmp_path}"):
        open_storage(url).put("a", b"1")
    assert (tmp_path / "a").read_bytes() == b"1"
    assert isinstance(open_storage("memory://"), BlobStorage)


# Blobs


@pytest.mark.parametrize("url", ["nonsense://x", "az://container-of-no-account/x"])
def test_address_of_no_store_is_an_error(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    with pytest.raises(StorageError, match=r"cannot be opened: \S+ \S+ error: .*\S$"):
        open_storage(url)


def test_files_to_read_stay_and_give_way_to_others(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    storage = BlobStorage("memory://", cache, cache_bytes=250)
    for name in "abc":
        storage.put(name, name.encode() * 100)
    first = storage.path("a")
    os.utime(first, (1, 1))
    second = storage.path("b")
    assert first.exists()
    assert storage.path("a") == first, "it was still there, and is the last used now"
    os.utime(second, (1, 1))
    storage.path("c")
    assert first.exists() and not second.exists()
    assert storage.path("b").read_bytes() == b"b" * 100
    assert len(list(cache.iterdir())) <= 2


def test_what_the_dead_left_in_the_cache_is_swept(tmp_path: Path) -> None:
    left = tmp_path / "reading-x"
    left.mkdir()
    (left / "content").touch()
    os.utime(left, (0, 0))
    storage = BlobStorage("memory://", tmp_path)
    storage.put("a", b"1")
    storage.path("a")
    assert not left.exists()
