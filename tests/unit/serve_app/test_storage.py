from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.errors import StorageError
from serve_app.storage import FolderStorage, open_storage


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "store")


def files(storage: FolderStorage) -> list[str]:
    root = storage.path("x").parent
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def test_what_is_put_is_got(storage: FolderStorage) -> None:
    storage.put("jobs/a/1/clip.mp4", b"one")
    storage.put("jobs/a/1/clip.mp4", b"two")
    assert storage.get("jobs/a/1/clip.mp4") == b"two"
    assert storage.exists("jobs/a/1/clip.mp4") and not storage.exists("jobs/a")
    assert storage.path("jobs/a/1/clip.mp4").read_bytes() == b"two"


def test_deleting_takes_what_is_below_and_nothing_else(storage: FolderStorage) -> None:
    for key in ("jobs/a/1", "jobs/a/2/x", "jobs/ab"):
        storage.put(key, b"")
    storage.delete("jobs/a")
    storage.delete("jobs/never")
    assert files(storage) == ["jobs/ab"]
    storage.delete("jobs/ab")
    assert files(storage) == []


def test_nothing_there(storage: FolderStorage) -> None:
    with pytest.raises(StorageError, match="jobs/a"):
        storage.get("jobs/a")


def test_what_is_half_written_is_not_there(storage: FolderStorage) -> None:
    with storage.writing("a") as path:
        path.write_bytes(b"whole")
    with pytest.raises(KeyError), storage.writing("a") as path:
        path.write_bytes(b"half")
        raise KeyError
    assert storage.get("a") == b"whole"
    assert files(storage) == ["a"]


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="a/b"):
        FolderStorage(tmp_path / "file").put("a/b", b"")


@pytest.mark.parametrize(
    "key", ["", "/", "/etc/passwd", "..", "a/../b", "a//b", "a/", ".a", "a/.b", "a\0", "a\n", "ä"]
)
def test_keys_never_lead_out(storage: FolderStorage, key: str) -> None:
    for use in (storage.get, storage.exists, storage.path, storage.delete):
        with pytest.raises(StorageError):
            use(key)


@given(st.text(alphabet="ab./\\-_\0\n ~", max_size=12))
def test_every_key_that_is_taken_lies_inside(key: str) -> None:
    root = Path("/store")
    try:
        path = FolderStorage(root).path(key)
    except StorageError:
        return
    assert Path(path).resolve().is_relative_to(root) and path != root


def test_addresses(tmp_path: Path) -> None:
    for url in (str(tmp_path), f"file://{tmp_path}"):
        open_storage(url).put("a", b"1")
    assert (tmp_path / "a").read_bytes() == b"1"
