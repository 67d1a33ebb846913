"""The Ray Serve graph: the one place that binds stages to deployments.

A tier is an application of its own (`build_tier`), and so is the gateway (`build_gateway`), which reaches tiers by
name: one that cannot start never stops the others. How many replicas there are and what they may use stands in
`configs/`.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fastapi import FastAPI
from pydantic import ValidationError
from ray import serve
from ray.serve import Application, Deployment
from ray.serve.handle import DeploymentHandle

from backends import animation, speech
from backends.engines import engine_names
from backends.errors import UnknownEngineError
from backends.media.apart import Apart
from serve_app import replicas
from serve_app.api import create_api
from serve_app.auth import KeyRing
from serve_app.config import GatewayConfig, TierConfig, jobs_url, storage_url, webhook_secret
from serve_app.gateway import Gateway
from serve_app.grants import Grants
from serve_app.guard import Authority
from serve_app.handles import remote_stages
from serve_app.housekeeping import Housekeeper
from serve_app.oidc import Tokens
from serve_app.problems import invalid
from serve_app.secret import service_secret
from serve_app.sql_audit import SqlAudit
from serve_app.sql_consents import SqlConsents
from serve_app.sql_jobs import SqlJobs
from serve_app.sql_keys import SqlKeys
from serve_app.storage import open_storage
from serve_app.tier import Tier
from serve_app.tiers import ServeTiers
from serve_app.tracing import Traced, tracer
from serve_app.webhooks import Webhooks, signing_key

ModelT = TypeVar("ModelT", TierConfig, GatewayConfig)


@replicas.replica
class _Director(Tier):
    def __init__(
        self,
        config: TierConfig,
        parser: DeploymentHandle[Any],
        speech: DeploymentHandle[Any],
        animation: DeploymentHandle[Any],
        composition: DeploymentHandle[Any],
    ) -> None:
        replicas.set_up()
        stages = remote_stages(parser, speech, animation, composition)
        jobs, storage = SqlJobs(jobs_url()), open_storage(storage_url())
        super().__init__(config, stages, storage, jobs, Apart())
        self._running = asyncio.create_task(self.run())

    def check_health(self) -> None:
        """Raises when jobs are no longer taken: Serve then replaces the replica."""
        if self._running.done():
            raise RuntimeError("the replica takes no jobs any more")

    def __del__(self) -> None:
        """Serve calls this when it stops the replica."""
        if running := getattr(self, "_running", None):
            running.cancel()
            self.close()


class _Gateway:
    def __init__(self, config: GatewayConfig) -> None:
        replicas.set_up()
        jobs, storage, secret = SqlJobs(jobs_url()), open_storage(storage_url()), webhook_secret()
        webhooks = secret and Webhooks(jobs, signing_key(secret), config.webhooks_to_private)
        tiers, consents = ServeTiers(config.tiers), SqlConsents(jobs.database)
        audit = SqlAudit(jobs.database)
        self._gateway = Gateway(config, jobs, storage, tiers, consents, audit, webhooks or None)
        self._authority = Authority(
            grants=Grants(service_secret()),
            ring=KeyRing(SqlKeys(jobs.database)),
            required=config.auth == "keys",
            origins=config.cors_origins,
            tokens=Tokens(config.oidc) if config.oidc else None,
        )
        self._sending = asyncio.create_task(webhooks.run()) if webhooks else None
        keeper = Housekeeper(jobs, storage, config.keep_days, audit, config.keep_audit_days)
        self._keeping = asyncio.create_task(keeper.run())

    def check_health(self) -> None:
        """Raises when webhooks are no longer sent or nothing is tidied up: Serve then replaces the replica."""
        if self._sending and self._sending.done():
            raise RuntimeError("the replica sends no webhooks any more")
        if self._keeping.done():
            raise RuntimeError("the replica no longer tidies up")

    def __serve_build_asgi_app__(self) -> FastAPI:
        api = create_api(self._gateway, self._authority, proxied=True)
        if tracer() is not None:
            api.add_middleware(Traced)
        return api


def build_tier(args: dict[str, Any]) -> Application:
    """The application of one tier; its ingress is the Director.

    Raises:
        InputError: the arguments are not those of a TierConfig, or name an unknown engine.
    """
    config = _validated(TierConfig, args)
    _check_engine("speech", speech.ENGINES, config.speech.engine)
    _check_engine("animation", animation.ENGINES, config.animation.engine)
    return tier_graph(config)


def tier_graph(config: TierConfig, animation: Deployment | None = None) -> Application:
    """The stages of a tier, bound with their Director.

    Args:
        animation: instead of the engine's; benchmarks put one there that only takes time.
    """
    drawing: Deployment = animation or serve.deployment()(replicas.Animation)
    application: Application = serve.deployment(name="Director")(_Director).bind(
        config,
        serve.deployment(name="Parser")(replicas.Parser).bind(),
        serve.deployment(name="Speech")(replicas.Speech).bind(config.speech),
        drawing.options(name="Animation").bind(config.animation),
        serve.deployment(name="Composition")(replicas.Composition).bind(),
    )
    return application


def build_gateway(args: dict[str, Any]) -> Application:
    """The application of the HTTP gateway.

    Raises:
        InputError: the arguments are not those of a GatewayConfig.
    """
    config = _validated(GatewayConfig, args)
    gateway: Application = serve.deployment(name="Gateway")(serve.ingress()(_Gateway)).bind(config)
    return gateway


BUILDERS: Mapping[str, tuple[Callable[[dict[str, Any]], Application], tuple[str, ...]]] = {
    "serve_app.app:build_tier": (
        build_tier,
        ("Director", "Parser", "Speech", "Animation", "Composition"),
    ),
    "serve_app.app:build_gateway": (build_gateway, ("Gateway",)),
}
"""By import path, as configurations name them: what builds an application, and its deployments."""


def _validated(model: type[ModelT], args: Mapping[str, Any]) -> ModelT:
    try:
        return model.model_validate(args)
    except ValidationError as error:
        raise invalid(error) from error


def _check_engine(kind: str, table: Mapping[str, str], name: str) -> None:
    known = engine_names(kind, table)
    if name not in known:
        raise UnknownEngineError(
            f"no {kind} engine is called {name!r}; there are: {', '.join(known)}"
        )
