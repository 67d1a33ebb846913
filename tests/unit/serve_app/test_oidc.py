"""Tokens of an issuer: whose they are, what they allow, and everything that is none."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from serve_app.auth import KeyRing, Scope
from serve_app.clients import Stages
from serve_app.config import GatewayConfig, Oidc, TierConfig
from serve_app.grants import Grants
from serve_app.guard import Authority
from serve_app.oidc import Tokens
from serve_app.problems import IssuerUnavailableError, UnauthorizedError
from serve_app.secret import Secret
from serve_app.sql_audit import SqlAudit
from serve_app.sql_jobs import SqlJobs
from serve_app.sql_keys import SqlKeys
from serve_app.storage import FolderStorage
from tests.unit.serve_app.http_service import Service, opened, refused
from tests.unit.serve_app.issuer import (
    AUDIENCE,
    EC,
    RSA,
    STRANGER,
    Issuer,
    pem,
    published,
    running_issuer,
)
from tests.unit.serve_app.test_auth import SECRET
from tests.unit.serve_app.test_tenants import BODY

ROLES = {"Maker": {"generate", "read"}, "Viewer": {"read"}, "Boss": {"admin"}}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


def config(issuer: Issuer, **more: Any) -> Oidc:
    usual = {"issuer": issuer.url, "audience": AUDIENCE, "tenant_claim": "tid", "roles": ROLES}
    return Oidc.model_validate(usual | more)


@pytest.fixture
def tokens(issuer: Issuer) -> Tokens:
    return Tokens(config(issuer))


@pytest.fixture
async def locked(
    stages: Stages,
    shared_storage: FolderStorage,
    jobs: SqlJobs,
    tier: TierConfig,
    tokens: Tokens,
) -> AsyncIterator[Service]:
    ring = KeyRing(SqlKeys(jobs.database))
    authority = Authority(Grants(Secret(SECRET)), ring, required=True, tokens=tokens)
    async with opened(stages, shared_storage, jobs, tier, authority) as found:
        yield found


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class TestRight:
    async def test_token_names_tenant_person_and_scopes(
        self, issuer: Issuer, tokens: Tokens
    ) -> None:
        for token in (issuer.token(), issuer.token(EC, "ec")):
            found = await tokens.principal(token)
            assert (found.tenant, found.key) == ("acme", "oidc:person-1")
            assert found.scopes == {Scope.READ, Scope.GENERATE}
        assert issuer.asked == ["/.well-known/openid-configuration", "/keys"], "fetched once"

    @pytest.mark.parametrize(
        ("roles", "scopes"),
        [
            (["Viewer", "Boss", "Cook"], {"read", "admin"}),
            ("Viewer Boss", {"read", "admin"}),
            (["Cook"], set()),
            ([], set()),
            (None, set()),
            ({"Boss": 1}, set()),
            ([["Boss"], 7], set()),
            (["boss"], set()),
        ],
    )
    async def test_roles(
        self, issuer: Issuer, tokens: Tokens, roles: Any, scopes: set[str]
    ) -> None:
        assert (await tokens.principal(issuer.token(roles=roles))).scopes == scopes

    async def test_several_audiences_and_clocks_that_differ(
        self, issuer: Issuer, tokens: Tokens
    ) -> None:
        now = int(time.time())
        await tokens.principal(issuer.token(aud=["other", AUDIENCE]))
        await tokens.principal(issuer.token(exp=now - 30))
        await tokens.principal(issuer.token(nbf=now + 30, iat=now + 30))

    async def test_names_of_people_are_not_kept(self, issuer: Issuer, tokens: Tokens) -> None:
        found = await tokens.principal(issuer.token(sub="anna.smith@example.org"))
        assert found.key.startswith("oidc:") and "anna" not in found.key
        assert found == await tokens.principal(issuer.token(sub="anna.smith@example.org"))

    async def test_service_takes_it_and_tells_who_it_was(
        self, locked: Service, issuer: Issuer, jobs: SqlJobs
    ) -> None:
        made = await locked.http.post("/v1/videos", json=BODY, headers=bearer(issuer.token()))
        assert made.status_code == 202, made.text
        (line,) = SqlAudit(jobs.database).read(9).lines
        assert (line.tenant, line.actor, line.action) == ("acme", "oidc:person-1", "create_video")
        viewer = bearer(issuer.token(roles="Viewer"))
        assert (await locked.get(f"/v1/videos/{made.json()['id']}", headers=viewer)).is_success
        refused(await locked.http.post("/v1/videos", json=BODY, headers=viewer), 403, "forbidden")
        nobody = bearer(issuer.token(roles=None))
        refused(await locked.get("/v1/videos", headers=nobody), 403, "forbidden")
        acting = bearer(issuer.token()) | {"Prosopon-Subject": "x"}
        refused(await locked.get("/v1/videos", headers=acting), 403, "forbidden", "act")

    async def test_links_hold(self, locked: Service, issuer: Issuer) -> None:
        sent = await locked.http.post("/v1/grants", json={}, headers=bearer(issuer.token()))
        assert (await locked.get(f"{sent.json()['prefix']}/v1/videos")).is_success


class TestAttacks:
    async def test_algorithm_none(self, issuer: Issuer, tokens: Tokens) -> None:
        for name in ("none", "None", "nOnE", ""):
            token = issuer.forged({"alg": name, "kid": "rsa", "typ": "JWT"})
            with pytest.raises(UnauthorizedError):
                await tokens.principal(token)

    async def test_public_key_as_a_secret(self, issuer: Issuer, tokens: Tokens) -> None:
        for secret in (pem(RSA), json.dumps(published(RSA, "rsa")).encode(), b"rsa"):
            for algorithm in ("HS256", "RS256"):
                token = issuer.forged({"alg": algorithm, "kid": "rsa"}, secret)
                with pytest.raises(UnauthorizedError):
                    await tokens.principal(token)

    async def test_secret_among_published_keys_is_none(
        self, issuer: Issuer, tokens: Tokens
    ) -> None:
        issuer.keys.append({"kty": "oct", "kid": "shared", "k": "c2VjcmV0", "alg": "HS256"})
        with pytest.raises(UnauthorizedError):
            await tokens.principal(issuer.forged({"alg": "HS256", "kid": "shared"}, b"secret"))

    async def test_keys_that_come_with_the_token(self, issuer: Issuer, tokens: Tokens) -> None:
        import jwt

        own = {"jwk": published(STRANGER, "rsa"), "jku": f"{issuer.url}/own", "kid": "rsa"}
        token = jwt.encode(issuer.claims(), STRANGER, "RS256", own)
        with pytest.raises(UnauthorizedError):
            await tokens.principal(token)
        assert "/own" not in issuer.asked

    async def test_key_of_one_kind_for_another(self, issuer: Issuer, tokens: Tokens) -> None:
        for token in (issuer.token(EC, "rsa"), issuer.token(RSA, "ec"), issuer.token(STRANGER)):
            with pytest.raises(UnauthorizedError):
                await tokens.principal(token)

    @pytest.mark.parametrize(
        "changed",
        [
            {"aud": "api://another"}, {"aud": ["api://another"]}, {"aud": None}, {"aud": 7},
            {"iss": "https://evil.example"}, {"iss": None}, {"iss": ["x"]},
            {"exp": 1_000_000}, {"exp": None}, {"exp": "soon"}, {"exp": 1e400},
            {"nbf": 4_000_000_000}, {"nbf": "x"}, {"iat": 4_000_000_000},
            {"tid": None}, {"tid": "local"}, {"tid": "acme/u1"}, {"tid": ""}, {"tid": ["acme"]},
            {"tid": "a\nb"}, {"sub": None}, {"sub": 7},
        ],
        ids=str,
    )  # fmt: skip
    async def test_claims_that_do_not_hold(
        self, issuer: Issuer, tokens: Tokens, changed: dict[str, Any]
    ) -> None:
        with pytest.raises(UnauthorizedError):
            await tokens.principal(issuer.token(**changed))

    async def test_changed_payload(self, issuer: Issuer, tokens: Tokens) -> None:
        head, _, signature = issuer.token().split(".")
        payload = issuer.token(STRANGER, tid="other").split(".")[1]
        with pytest.raises(UnauthorizedError):
            await tokens.principal(f"{head}.{payload}.{signature}")

    async def test_flood_of_unknown_keys_asks_the_issuer_once_a_minute(
        self, issuer: Issuer
    ) -> None:
        now = [1000.0]
        tokens = Tokens(config(issuer), lambda: now[0])
        await tokens.principal(issuer.token())
        now[0] += 61
        for number in range(30):
            with pytest.raises(UnauthorizedError, match="no key of the issuer"):
                await tokens.principal(issuer.token(STRANGER, f"kid-{number}"))
        with pytest.raises(UnauthorizedError):
            await tokens.principal(issuer.token(name=None))
        assert issuer.asked.count("/keys") == 2
        issuer.keys.append(published(STRANGER, "new"))
        now[0] += 61
        await tokens.principal(issuer.token(STRANGER, "new"))
        assert issuer.asked.count("/keys") == 3

    async def test_withdrawn_key_ends_with_its_life(self, issuer: Issuer) -> None:
        now = [0.0]
        tokens = Tokens(config(issuer, keys_life_s=600), lambda: now[0])
        await tokens.principal(issuer.token())
        del issuer.keys[0]
        now[0] = 599.0
        await tokens.principal(issuer.token())
        now[0] = 600.0
        with pytest.raises(UnauthorizedError):
            await tokens.principal(issuer.token())

    async def test_token_for_another_tenants_things(self, locked: Service, issuer: Issuer) -> None:
        mine, other = bearer(issuer.token()), bearer(issuer.token(tid="rival"))
        job = (await locked.http.post("/v1/videos", json=BODY, headers=mine)).json()["id"]
        for path in (f"/v1/videos/{job}", f"/v1/videos/{job}/content", f"/v1/videos/{job}/events"):
            refused(await locked.get(path, headers=other), 404, "not_found")
        refused(await locked.http.delete(f"/v1/videos/{job}", headers=other), 404, "not_found")
        assert (await locked.get("/v1/videos", headers=other)).json()["videos"] == []
        assert (await locked.get(f"/v1/videos/{job}", headers=mine)).is_success

    async def test_refusals_tell_no_token(self, locked: Service, issuer: Issuer) -> None:
        for token in (issuer.token(exp=1), issuer.token(STRANGER), "a.b.c", "..", "é.b.c"):
            headers = {"Authorization": f"Bearer {token}".encode()}
            sent = await locked.get("/v1/videos", headers=headers)
            refused(sent, 401, "unauthorized")
            assert sent.headers["www-authenticate"] == "Bearer" and token not in sent.text

    @settings(max_examples=60, deadline=None)
    @given(
        header=st.one_of(
            st.text(max_size=60),
            st.dictionaries(
                st.sampled_from(["alg", "kid", "crit", "b64", "typ"]),
                st.sampled_from([None, "RS256", "rsa", 1, [], ["b64"], False, {}]),
            ).map(json.dumps),
            st.just("[" * 9000),
        ),
        rest=st.text(max_size=30),
    )
    def test_what_is_no_token(self, header: str, rest: str) -> None:
        import asyncio

        from tests.unit.serve_app.issuer import encoded

        tokens = Tokens(Oidc.model_validate(UNREACHABLE))
        token = f"{encoded(header.encode('utf-8', 'replace'))}.{rest}.x"
        with pytest.raises((UnauthorizedError, IssuerUnavailableError)):
            asyncio.run(tokens.principal(token))


UNREACHABLE = {
    "issuer": "http://127.0.0.1:9", "audience": "a", "tenant_claim": "tid", "roles": ROLES,
}  # fmt: skip


class TestIssuerThatFails:
    async def test_never_reached(self) -> None:
        tokens = Tokens(Oidc.model_validate(UNREACHABLE))
        with pytest.raises(IssuerUnavailableError):
            await tokens.principal(Issuer("http://127.0.0.1:9").token())

    @pytest.mark.parametrize(
        ("path", "answer"),
        [
            ("/.well-known/openid-configuration", (500, {})),
            ("/.well-known/openid-configuration", (200, {"issuer": "https://evil.example"})),
            ("/.well-known/openid-configuration", (302, {})),
            ("/.well-known/openid-configuration", (200, b"[]")),
            ("/.well-known/openid-configuration", (200, b"{" * 5000)),
            ("/keys", (200, b" " * (2**20 + 1))),
            ("/keys", (200, {"keys": 7})),
            ("/keys", (200, {})),
            ("/keys", (302, {})),
        ],
        ids=lambda value: str(value)[:40],
    )
    async def test_wrong_answers(
        self, issuer: Issuer, tokens: Tokens, path: str, answer: tuple[int, Any]
    ) -> None:
        issuer.answers[path] = answer
        with pytest.raises(IssuerUnavailableError):
            await tokens.principal(issuer.token())

    async def test_known_keys_are_believed_for_a_day_more(self, issuer: Issuer) -> None:
        now = [0.0]
        tokens = Tokens(config(issuer), lambda: now[0])
        await tokens.principal(issuer.token())
        issuer.answers["/keys"] = (503, {})
        now[0] = 3600 + 86_000
        await tokens.principal(issuer.token())
        now[0] = 3600 + 86_400
        with pytest.raises(IssuerUnavailableError):
            await tokens.principal(issuer.token())


@pytest.mark.parametrize(
    "changed",
    [{"issuer": "http://login.example"}, {"issuer": "ftp://127.0.0.1.evil"}, {"audience": ""},
     {"roles": {}}, {"roles": {"x": ["act"]}}, {"roles": {"x": ["root"]}}, {"leeway_s": 3600},
     {"secret": "x"}],
    ids=str,
)  # fmt: skip
def test_configurations_that_would_be_unsafe(changed: dict[str, Any]) -> None:
    right = {**UNREACHABLE, "issuer": "https://login.example/v2.0"}
    assert Oidc.model_validate(right)
    with pytest.raises(ValidationError):
        Oidc.model_validate(right | changed)


def test_tokens_are_asked_for_with_keys_only() -> None:
    fields = {"tiers": ["a"], "oidc": UNREACHABLE}
    assert GatewayConfig.model_validate(fields | {"auth": "keys"}).oidc
    with pytest.raises(ValidationError, match="auth: keys"):
        GatewayConfig.model_validate(fields)
