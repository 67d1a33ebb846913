"""`prosopon keys` and `prosopon verify`."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backends.composition.credentials import Statement, development_identity, sign
from backends.composition.mux import join
from serve_app.auth import KeyRing
from serve_app.cli.app import app
from serve_app.config import jobs_url
from serve_app.database import Database
from serve_app.problems import UnauthorizedError
from serve_app.sql_keys import SqlKeys
from tests.unit.composition.conftest import Film

pytestmark = pytest.mark.usefixtures("own_home")


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROSOPON_HOME", str(tmp_path / "home"))
    for name in ("PROSOPON_JOBS", "PROSOPON_SECRET"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == code, done.output
    return done.stdout


def told(*arguments: str, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", code=code))


async def test_keys_are_made_listed_and_revoked() -> None:
    made = told("keys", "create", "shop", "--scopes", "read, act", "--tenant", "acme")
    key, prefix = made["key"], made["begins"]
    assert key.startswith(prefix) and (made["tenant"], made["scopes"]) == ("acme", "act,read")
    database = Database(jobs_url())
    ring = KeyRing(SqlKeys(database))
    assert (await ring.principal(key)).tenant == "acme"
    forever = run("keys", "create", "forever", "--expires", "never").strip()
    assert (await ring.principal(forever)).tenant == "forever"
    (first, second) = told("keys", "list")
    assert (first["name"], first["state"], second["expires_at"]) == ("shop", "live", None)
    assert key not in run("keys", "list") and "key" not in first
    assert "shop is revoked" in run("keys", "revoke", "shop")
    with pytest.raises(UnauthorizedError, match="revoked"):
        await ring.principal(key)
    assert told("keys", "list")[0]["state"] == "revoked"
    database.close()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["create", "a", "--expires", "soon"], "12h, 90d"),
        (["create", "a", "--expires", "0d"], "12h, 90d"),
        (["create", "a", "--scopes", "root"], "is no scope"),
        (["create", "a/b"], "cannot name"),
        (["revoke", "nobody"], "no key 'nobody'"),
    ],
)
def test_mistakes_are_told(arguments: list[str], word: str) -> None:
    assert word in told("keys", *arguments, code=2)["error"]["message"]


def test_verify(tmp_path: Path) -> None:
    film, plain, clip = Film(), tmp_path / "plain.mp4", tmp_path / "clip.mp4"
    settings = film.settings()
    join(plain, film.segments(settings, 25), film.hum(0.9, 1.0), settings)
    statement = Statement({"tier": "test"}, "2026-11-21T12:00:00+00:00")
    sign(plain, clip, statement, development_identity(tmp_path / "signing"))
    shown = run("verify", str(clip))
    for word in (
        "unchanged",
        "development key",
        "compositeWithTrainedAlgorithmicMedia",
        "tier: test",
    ):
        assert word in shown
    assert told("verify", str(clip))["valid"] is True
    data = bytearray(clip.read_bytes())
    data[-100] ^= 1
    clip.write_bytes(data)
    assert "changed" in run("verify", str(clip), code=2)
    assert told("verify", str(clip), code=2)["problems"] == ["assertion.bmffHash.mismatch"]
    assert told("verify", str(plain), code=2)["error"]["code"] == "no_credentials"
    assert told("verify", str(tmp_path / "none.mp4"), code=2)["error"]["code"] == "invalid_input"
