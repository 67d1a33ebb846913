"""The files of a finished video over HTTP: parts of them, names, and those that are made when they are asked for."""

import csv
import io
from typing import Any

import pytest
from PIL import Image

from serve_app.jobs import job_files
from tests.unit.serve_app.http_service import Service, refused


async def test_content_is_served_whole_in_part_and_not_again(service: Service) -> None:
    job = await service.make()
    path = f"/v1/videos/{job['id']}/content"
    whole = await service.get(path)
    size, tag = len(whole.content), whole.headers["etag"]
    assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "bytes")
    assert int(whole.headers["content-length"]) == size and tag.startswith('"')
    head = await service.http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    same = ("etag", "content-length", "content-type", "content-disposition")
    assert [head.headers[name] for name in same] == [whole.headers[name] for name in same]

    async def part(wanted: str, **more: str) -> Any:
        return await service.get(path, headers={"range": wanted, **more})

    for wanted, content in (
        ("bytes=4-7", whole.content[4:8]),
        (f"bytes={size - 3}-", whole.content[-3:]),
        ("bytes=-5", whole.content[-5:]),
        (f"bytes=10-{size * 9}", whole.content[10:]),
        (f"bytes=-{size * 9}", whole.content),
    ):
        found = await part(wanted)
        assert (found.status_code, found.content) == (206, content), wanted
        start = size - len(content) if not wanted.startswith("bytes=4") else 4
        assert found.headers["content-range"] == f"bytes {start}-{start + len(content) - 1}/{size}"
    for ignored in ("bytes=7-4", "lines=1-2", "bytes=-", "bytes=1-2,4-5", "bytes=x-"):
        found = await part(ignored)
        assert (found.status_code, len(found.content)) == (200, size), ignored
    for behind in (f"bytes={size}-", f"bytes={size * 2}-{size * 3}", "bytes=-0"):
        found = await part(behind)
        refused(found, 416, "range_not_satisfiable", str(size))
        assert found.headers["content-range"] == f"bytes */{size}"
    assert (await part("bytes=0-3", **{"if-range": tag})).status_code == 206
    assert (await part("bytes=0-3", **{"if-range": '"another"'})).status_code == 200
    for known in (tag, f'"x", W/{tag}'):
        again = await service.get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


async def test_file_is_called_after_what_is_said(service: Service) -> None:
    job = await service.make(text='Γεια "σας", it\'s me: a/b\\c!', language="el")
    path = f"/v1/videos/{job['id']}"
    shown = (await service.http.head(f"{path}/content")).headers["content-disposition"]
    assert shown.startswith("inline; ") and "/" not in shown and "\\" not in shown
    assert "UTF-8''%CE%93%CE%B5%CE%B9%CE%B1" in shown and shown.endswith(".mp4")
    assert shown.count('"') == 2
    saved = await service.http.head(f"{path}/content", params={"download": True})
    assert saved.headers["content-disposition"].startswith("attachment; ")


async def test_what_is_made_when_it_is_asked_for(service: Service) -> None:
    job = await service.make()
    path = f"/v1/videos/{job['id']}"
    before = service.stored()
    assert not [name for name in before if name.endswith((".jpg", ".csv"))]
    picture = await service.get(f"{path}/thumbnail.jpg")
    assert picture.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(picture.content)) as shown:
        assert shown.size == tuple(job["clip"]["size"]) and shown.format == "JPEG"
    table = await service.get(f"{path}/performance.csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert len(rows) == job["clip"]["frames"] and "JawOpen" in rows[0]
    again = await service.get(f"{path}/thumbnail.jpg")
    assert (again.content, again.headers["etag"]) == (picture.content, picture.headers["etag"])
    for kind, begin in (("srt", "1\n00:00:00"), ("vtt", "WEBVTT")):
        captions = await service.get(f"{path}/captions.{kind}")
        assert captions.text.startswith(begin) and "Hello everyone!" in captions.text
    assert (await service.http.delete(path)).status_code == 204
    assert service.stored() == []


async def test_credentials_are_told_and_checked(service: Service) -> None:
    job = await service.make()
    path = f"/v1/videos/{job['id']}"
    told = (await service.get(f"{path}/credentials")).json()
    assert told["valid"] and not told["trusted"] and told["problems"] == []
    assert "development" in told["signed_by"] and told["made_at"]
    assert told["facts"]["engines"]["animation"] == "sketch" and told["facts"]["tier"] == "test"
    clip = next(service.storage.root.rglob("clip.mp4"))
    changed = bytearray(clip.read_bytes())
    changed[-50] ^= 1
    clip.write_bytes(changed)
    told = (await service.get(f"{path}/credentials")).json()
    assert not told["valid"] and told["problems"]


FILES = (
    "content", "captions.srt", "performance.json", "performance.csv", "thumbnail.jpg", "credentials",
)  # fmt: skip


@pytest.mark.parametrize("file", FILES)
async def test_files_of_a_video_that_is_not_made(service: Service, file: str) -> None:
    job = (await service.post()).json()["id"]
    refused(await service.get(f"/v1/videos/{job}/{file}"), 409, "not_ready", "queued")
    refused(await service.get(f"/v1/videos/{'0' * 32}/{file}"), 404, "not_found")
    if file != "credentials":
        assert (await service.http.head(f"/v1/videos/{job}/{file}")).status_code == 409


async def test_file_that_is_gone(service: Service) -> None:
    job = await service.make()
    service.storage.delete(job_files(job["id"]))
    refused(await service.get(f"/v1/videos/{job['id']}/content"), 404, "not_found", "clip.mp4")
