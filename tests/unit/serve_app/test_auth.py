"""Keys, subjects and signed links: who gets in, how far, and that nobody else does."""

import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.errors import InputError
from serve_app import auth, secret
from serve_app.api import create_api
from serve_app.auth import KeyRing, Principal, Scope, new_key
from serve_app.clients import Stages
from serve_app.config import TierConfig
from serve_app.database import Database
from serve_app.grants import ExpiredLinkError, Grants
from serve_app.guard import Authority, is_loopback
from serve_app.problems import ForbiddenError, NotFoundError, UnauthorizedError
from serve_app.secret import Secret, service_secret
from serve_app.sql_jobs import SqlJobs
from serve_app.sql_keys import SqlKeys
from serve_app.storage import FolderStorage
from serve_app.tracing import Traced
from tests.unit.serve_app.http_service import Service, opened, refused

SECRET = "f" * 64
WHO = Principal("acme/u1", frozenset({Scope.READ}), "")


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[SqlKeys]:
    database = Database(f"sqlite:///{tmp_path / 'keys.sqlite'}")
    yield SqlKeys(database)
    database.close()


@pytest.fixture
async def locked(
    stages: Stages, shared_storage: FolderStorage, jobs: SqlJobs, tier: TierConfig, keys: SqlKeys
) -> AsyncIterator[Service]:
    authority = Authority(Grants(Secret(SECRET)), KeyRing(keys), required=True)
    async with opened(stages, shared_storage, jobs, tier, authority) as found:
        yield found


def issued(keys: SqlKeys, name: str, *scopes: str, **more: object) -> dict[str, str]:
    """Headers of a new key."""
    key, kept = new_key(name, scopes or ("read", "generate"), **more)  # type: ignore[arg-type]
    keys.add(kept)
    return {"Authorization": f"Bearer {key}"}


class TestKeys:
    def test_secret_is_shown_once_and_only_its_hash_is_kept(
        self, keys: SqlKeys, tmp_path: Path
    ) -> None:
        key, kept = new_key("app", ["read"])
        keys.add(kept)
        secret_part = key.rpartition("_")[2] if "_" not in key[17:] else key[17:]
        assert kept.digest.startswith("$argon2id$") and secret_part not in repr(kept)
        for file in tmp_path.glob("keys.sqlite*"):
            assert secret_part.encode() not in file.read_bytes()
        assert keys.find(kept.prefix) == kept

    async def test_right_key_is_its_tenant(self, keys: SqlKeys) -> None:
        key, kept = new_key("app", ["read", "act"], tenant="acme")
        keys.add(kept)
        ring = KeyRing(keys)
        for _ in range(2):  # hashed, then believed
            found = await ring.principal(key)
            assert (found.tenant, found.key) == ("acme", kept.prefix)
            assert found.scopes == {Scope.READ, Scope.ACT}

    async def test_wrong_keys(self, keys: SqlKeys) -> None:
        key, kept = new_key("app", ["read"])
        keys.add(kept)
        ring = KeyRing(keys)
        await ring.principal(key)
        last = "A" if key[-1] != "A" else "B"
        wrong = (key[:-1] + last, key[:-1], key + "A", "psp_" + "0" * 12 + "_" + "A" * 32, "", "Ω")
        for given_key in (*wrong, key.upper(), f" {key}"):
            with pytest.raises(UnauthorizedError, match="not valid"):
                await ring.principal(given_key)

    async def test_secrets_are_compared_in_constant_time(
        self, keys: SqlKeys, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By argon2 the first time, and afterwards as digests by hmac.compare_digest: never by ==."""
        compared: list[tuple[bytes, bytes]] = []
        real = auth.hmac.compare_digest

        def watched(a: bytes, b: bytes) -> bool:
            compared.append((a, b))
            return bool(real(a, b))

        monkeypatch.setattr(auth.hmac, "compare_digest", watched)
        key, kept = new_key("app", ["read"])
        keys.add(kept)
        ring = KeyRing(keys)
        for _ in range(2):
            await ring.principal(key)
        with pytest.raises(UnauthorizedError):
            await ring.principal(key[:-4] + "AAAA")
        assert [len(a) for a, _ in compared] == [32, 32]
        assert not any(key.encode() in a + b for a, b in compared)

    async def test_revoked_and_expired_keys_end_at_once(self, keys: SqlKeys) -> None:
        key, kept = new_key("app", ["read"])
        old, over = new_key("old", ["read"], life_s=0.0)
        keys.add(kept)
        keys.add(over)
        ring = KeyRing(keys)
        await ring.principal(key)
        assert await ring.is_live(kept.prefix)
        keys.revoke("app", time.time())
        with pytest.raises(UnauthorizedError, match="app was revoked"):
            await ring.principal(key)
        with pytest.raises(UnauthorizedError, match="old has expired"):
            await ring.principal(old)
        assert not await ring.is_live(kept.prefix) and not await ring.is_live("0" * 12)

    def test_names_are_used_once_and_revoking_keeps_its_time(self, keys: SqlKeys) -> None:
        keys.add(new_key("app", ["read"])[1])
        with pytest.raises(InputError, match="already"):
            keys.add(new_key("app", ["read"])[1])
        assert keys.revoke("app", 5.0).revoked_at == 5.0
        assert keys.revoke("app", 9.0).revoked_at == 5.0
        with pytest.raises(NotFoundError, match="nobody"):
            keys.revoke("nobody", 1.0)

    @pytest.mark.parametrize(
        ("name", "scopes", "told"),
        [
            ("", ["read"], "cannot name"),
            ("a/b", ["read"], "cannot name"),
            ("local", ["read"], "cannot name"),
            ("a\nb", ["read"], "cannot name"),
            ("a", ["root"], "'root' is no scope"),
            ("a", ["upload"], "'upload' is no scope"),
            ("a", [], "without scopes"),
        ],
    )
    def test_what_is_no_key(self, name: str, scopes: list[str], told: str) -> None:
        with pytest.raises(InputError, match=told):
            new_key(name, scopes)


class TestLinks:
    grants = Grants(Secret(SECRET))

    def token(self, until: float | None = None, grants: Grants | None = None) -> str:
        return (grants or self.grants).issue(WHO, until or time.time() + 60).removeprefix("/s/")

    def test_holder_comes_back_and_the_token_tells_nobody_who(self) -> None:
        assert self.grants.holder(self.token()) == WHO
        assert "acme" not in self.token() and self.token() != self.token()

    def test_expired(self) -> None:
        with pytest.raises(ExpiredLinkError):
            self.grants.holder(self.token(time.time() - 1))

    @settings(max_examples=150, deadline=None)
    @given(place=st.floats(0, 1, exclude_max=True), other=st.characters(max_codepoint=0x2FF))
    def test_no_changed_token_is_taken(self, place: float, other: str) -> None:
        token = self.token()
        at = int(place * len(token.rstrip("=")))
        changed = token[:at] + other + token[at + 1 :]
        try:
            assert self.grants.holder(changed) == WHO
        except NotFoundError:
            return
        # Base64 has letters that only differ in bits that stand for nothing.
        assert changed == token or at >= len(token.rstrip("=")) - 1

    @settings(max_examples=100, deadline=None)
    @given(st.text(max_size=300))
    def test_no_invented_token_is_taken(self, token: str) -> None:
        with pytest.raises(NotFoundError):
            self.grants.holder(token)

    def test_very_long_token(self) -> None:
        with pytest.raises(NotFoundError):
            self.grants.holder("A" * 2_000_000)

    def test_secrets_are_rotated_by_two(self) -> None:
        old, new = "a" * 32, "b" * 32
        both = Grants(Secret(new, old))
        token = self.token(grants=Grants(Secret(old)))
        assert both.holder(token) == WHO
        assert Grants(Secret(new)).holder(self.token(grants=both)) == WHO
        with pytest.raises(NotFoundError):
            Grants(Secret(new)).holder(token)


class TestSecret:
    def test_made_once_for_its_owner_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("PROSOPON_SECRET", raising=False)
        monkeypatch.setenv("PROSOPON_HOME", str(tmp_path / "home"))
        first, again = service_secret(), service_secret()
        assert first.keys("grants") == again.keys("grants")
        assert first.keys("grants") != first.keys("statements")
        file = tmp_path / "home" / secret.FILE
        assert file.stat().st_mode & 0o077 == 0
        assert [p.name for p in file.parent.iterdir()] == [secret.FILE]

    def test_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PROSOPON_SECRET", f"{'b' * 32} {'a' * 32}")
        assert service_secret().keys("x") == Secret("b" * 32, "a" * 32).keys("x")
        monkeypatch.setenv("PROSOPON_SECRET", "short")
        with pytest.raises(InputError, match="openssl rand"):
            service_secret()


@pytest.mark.parametrize(
    ("host", "ours"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True),
     ("app.localhost", True), ("0.0.0.0", False), ("10.0.0.1", False), ("evil.example", False),
     ("localhost.evil.example", False), ("", False), ("127.0.0.1.nip.io", False)],
)  # fmt: skip
def test_loopback(host: str, ours: bool) -> None:
    assert is_loopback(host) is ours


class TestOpenService:
    """Without keys: for this machine, and for no page from elsewhere."""

    async def test_nobody_needs_a_key_and_everybody_is_the_same(self, service: Service) -> None:
        job = (await service.post()).json()["id"]
        assert (await service.get(f"/v1/videos/{job}")).status_code == 200

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.7:8000"])
    async def test_other_names_of_this_machine_are_not_it(
        self, service: Service, host: str
    ) -> None:
        """A page whose own name leads here (DNS rebinding) gets nothing."""
        refused(await service.get("/v1/videos", headers={"Host": host}), 401, "unauthorized")
        assert (await service.get("/health", headers={"Host": host})).status_code == 200

    async def test_pages_of_other_origins_make_nothing(self, service: Service) -> None:
        for origin in ("https://evil.example", "null", "http://localhost.evil.example"):
            sent = await service.http.post(
                "/v1/uploads", files={"file": b"x"}, headers={"Origin": origin}
            )
            refused(sent, 403, "forbidden")
        own = {"Origin": "http://localhost"}
        sent = await service.http.post("/v1/uploads", files={"file": b"x"}, headers=own)
        assert sent.status_code == 201

    async def test_subjects_are_strangers_to_each_other(self, service: Service) -> None:
        one, two = {"Prosopon-Subject": "one"}, {"Prosopon-Subject": "two"}
        body = {"text": "Hi.", "tier": "test", "size": 128}
        job = (await service.http.post("/v1/videos", json=body, headers=one)).json()["id"]
        assert (await service.get(f"/v1/videos/{job}", headers=one)).status_code == 200
        for other in (two, {}, {"Prosopon-Subject": "ONE"}):
            refused(await service.get(f"/v1/videos/{job}", headers=other), 404, "not_found")
            listed = (await service.get("/v1/videos", headers=other)).json()["videos"]
            assert listed == []
        refused(await service.get("/v1/system", headers=one), 403, "forbidden", "admin")

    @pytest.mark.parametrize("subject", ["", "a/b", "a b", "..", "a" * 129, "x\x7f", "é"])
    async def test_names_that_are_none(self, service: Service, subject: str) -> None:
        headers = {"Prosopon-Subject": subject.encode("latin-1")}
        sent = await service.get("/v1/videos", headers=headers)  # type: ignore[arg-type]
        if subject == "..":  # odd, and harmless: it is never part of a path
            assert sent.status_code == 200
        else:
            refused(sent, 422, "invalid_input", "Prosopon-Subject")


class TestLockedService:
    async def test_nothing_but_the_entrance_without_a_key(self, locked: Service) -> None:
        for path in ("/", "/health", "/docs", "/openapi.json"):
            assert (await locked.get(path)).status_code == 200
        sent = await locked.get("/v1/videos")
        refused(sent, 401, "unauthorized", "Bearer")
        assert sent.headers["www-authenticate"] == "Bearer"
        for header in ("Bearer psp_1", "Basic YTpi", "Bearer", "bearer  "):
            sent = await locked.get("/v1/videos", headers={"Authorization": header})
            refused(sent, 401, "unauthorized")

    async def test_scopes(self, locked: Service, keys: SqlKeys) -> None:
        reader = issued(keys, "reader", "read")
        body = {"text": "Hi.", "tier": "test"}
        assert (await locked.get("/v1/tiers", headers=reader)).status_code == 200
        refused(
            await locked.http.post("/v1/videos", json=body, headers=reader),
            403,
            "forbidden",
            "generate",
        )
        for path in ("/metrics", "/v1/system"):
            refused(await locked.get(path, headers=reader), 403, "forbidden", "admin")
            admin = issued(keys, f"admin{path[-3:]}", "admin")
            assert (await locked.get(path, headers=admin)).status_code == 200
        refused(
            await locked.get("/v1/videos", headers=reader | {"Prosopon-Subject": "x"}),
            403, "forbidden", "act",
        )  # fmt: skip
        wanted = {"scope": ["upload"]}
        refused(await locked.http.post("/v1/grants", json=wanted, headers=reader), 403, "forbidden")

    async def test_revoking_a_key_ends_its_links(self, locked: Service, keys: SqlKeys) -> None:
        app = issued(keys, "app")
        prefix = (await locked.http.post("/v1/grants", json={}, headers=app)).json()["prefix"]
        assert (await locked.get(f"{prefix}/v1/videos")).status_code == 200
        keys.revoke("app", time.time())
        refused(await locked.get(f"{prefix}/v1/videos"), 404, "not_found")

    async def test_errors_and_logs_never_hold_key_or_token(
        self, locked: Service, keys: SqlKeys, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        app = issued(keys, "app")
        prefix = (await locked.http.post("/v1/grants", json={}, headers=app)).json()["prefix"]
        token = prefix.removeprefix("/s/")
        answers = [
            await locked.get(f"{prefix}/v1/videos/none"),
            await locked.get(f"/s/{token[:-9]}AAAAAAAA=/v1/videos"),
            await locked.http.post(f"{prefix}/v1/videos", json={}),
            await locked.get("/v1/videos", headers={"Authorization": app["Authorization"] + "x"}),
        ]
        assert [answer.status_code for answer in answers] == [404, 404, 403, 401]
        told = "".join(answer.text for answer in answers)
        lines = "".join(r.getMessage() for r in caplog.records if not r.name.startswith("http"))
        for hidden in (token[:40], app["Authorization"][7:]):
            assert hidden not in told + lines

    async def test_neither_do_failures_and_traces(
        self,
        service: Service,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        spans: list[str] = []

        @contextmanager
        def span(name: str) -> Iterator[None]:
            spans.append(name)
            yield

        async def broken(*_: object) -> None:
            raise RuntimeError("out of order")

        monkeypatch.setattr("serve_app.tracing.span", span)
        monkeypatch.setattr(service.gateway, "job", broken)
        api = Traced(create_api(service.gateway, Authority(Grants(Secret(SECRET)))))
        transport = httpx.ASGITransport(api, raise_app_exceptions=False)
        prefix = Grants(Secret(SECRET)).issue(WHO, time.time() + 60)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            sent = await http.get(f"{prefix}/v1/videos/x")
        refused(sent, 500, "internal_error")
        assert spans == ["GET /v1/videos/x"] and "out of order" in caplog.text
        told = sent.text + "".join(
            r.getMessage() for r in caplog.records if r.name.startswith("serve_app")
        )
        assert prefix[3:40] not in told and "/v1/videos/x failed" in told


class TestGrants:
    async def granted(self, service: Service, **wanted: object) -> str:
        sent = await service.http.post("/v1/grants", json=wanted)
        assert sent.status_code == 201, sent.text
        return str(sent.json()["prefix"])

    async def test_reading_is_reading_only(self, service: Service) -> None:
        job = (await service.post()).json()["id"]
        prefix = await self.granted(service)
        outside = {"Host": "public.example", "Origin": "https://page.example"}
        assert (await service.get(f"{prefix}/v1/videos/{job}", headers=outside)).is_success
        http = service.http
        for sent in (
            await http.post(f"{prefix}/v1/videos", json={"text": "Hi."}),
            await http.delete(f"{prefix}/v1/videos/{job}"),
            await http.post(f"{prefix}/v1/grants", json={}),
            await http.post(f"{prefix}/v1/videos/{job}/share"),
            await http.post(f"{prefix}/v1/uploads", files={"file": b"x"}),
            await http.get(f"{prefix}/v1/system"),
            await http.get(f"{prefix}/metrics"),
            await http.put(f"{prefix}/v1/videos/{job}"),
        ):
            refused(sent, 403, "forbidden")

    async def test_uploading_is_uploading_only(self, service: Service) -> None:
        prefix = await self.granted(service, scope=["upload"])
        sent = await service.http.post(f"{prefix}/v1/uploads", files={"file": b"x"})
        assert sent.status_code == 201
        refused(await service.get(f"{prefix}/v1/videos"), 403, "forbidden", "read")
        big = await service.http.post(f"{prefix}/v1/uploads", files={"file": b"x" * 300_000})
        refused(big, 413, "request_too_large")
        gone = await service.http.delete(f"/v1/uploads/{sent.json()['id']}")
        assert gone.status_code == 204, "it is whose link it was"

    async def test_shared_video_leads_nowhere_else(self, service: Service) -> None:
        mine, other = [(await service.post()).json()["id"] for _ in range(2)]
        shared = (await service.http.post(f"/v1/videos/{mine}/share")).json()
        assert shared["url"] == f"{shared['prefix']}/v1/videos/{mine}/content"
        prefix = shared["prefix"]
        assert (await service.get(f"{prefix}/v1/videos/{mine}")).status_code == 200
        for path in (
            f"/v1/videos/{other}", "/v1/videos", "/v1/tiers", f"/v1/videos/{mine}x", "/",
            f"/v1/videos/{mine}/../{other}", f"/v1/videos/{mine}%2f..%2f{other}",
            f"//v1/videos/{other}", f"/s/x/v1/videos/{other}",
        ):  # fmt: skip
            sent = await service.get(prefix + path)
            assert sent.status_code == 404, path
            assert other not in sent.text.replace(path, "").replace(f'"{sent.url.path}"', "") or (
                sent.json()["code"] == "not_found"
            )

    async def test_strangers_video_cannot_be_shared(self, service: Service) -> None:
        job = (await service.post()).json()["id"]
        other = {"Prosopon-Subject": "other"}
        http = service.http
        sent = await http.post(f"/v1/videos/{job}/share", headers=other)
        refused(sent, 404, "not_found")
        sent = await http.post("/v1/grants", json={"video": job}, headers=other)
        refused(sent, 404, "not_found")

    async def test_expired(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        prefix = await self.granted(service, ttl_s=1)
        later = time.time() + 2
        monkeypatch.setattr("serve_app.grants.time.time", lambda: later)
        refused(await service.get(f"{prefix}/v1/videos"), 403, "link_expired", "new one")

    @pytest.mark.parametrize(
        "wanted",
        [{"ttl_s": 0}, {"ttl_s": 86_401}, {"scope": []}, {"scope": ["admin"]}, {"video": "x" * 65},
         {"more": 1}],
        ids=str,
    )  # fmt: skip
    async def test_what_is_no_grant(self, service: Service, wanted: dict[str, object]) -> None:
        sent = await service.http.post("/v1/grants", json=wanted)
        refused(sent, 422, "invalid_input")


def test_principal_has_no_way_up() -> None:
    """Whoever acts for somebody acts for nobody else, and is no admin."""
    acting = replace(auth.ON_THIS_MACHINE).acting_for("someone")
    assert acting.scopes == {Scope.READ, Scope.GENERATE}
    with pytest.raises(ForbiddenError):
        acting.acting_for("another")
