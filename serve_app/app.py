"""The Ray Serve graph: the one place that binds stages to deployments.

A tier is an application of its own (`build_tier`), and so is the gateway (`build_gateway`), which reaches tiers by name:
one that cannot start never stops the others. How many replicas there are and what they may use stands in `configs/`.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import ValidationError
from ray import serve
from ray.serve import Application
from ray.serve.handle import DeploymentHandle

from backends.errors import InputError
from serve_app import deployments
from serve_app.config import EngineConfig, GatewayConfig, TierConfig, jobs_url, storage_url
from serve_app.gateway import Gateway, create_api
from serve_app.handles import ServeTiers, remote_stages
from serve_app.jobs import SqlJobs
from serve_app.problems import invalid
from serve_app.storage import open_storage
from serve_app.tier import Tier


class _Parser(deployments.Parser):
    def check_health(self) -> None:
        """A process that answers is healthy."""


class _Speech(deployments.Speech):
    async def __init__(self, config: EngineConfig) -> None:
        super().__init__(config)
        await self.warm_up()


class _Animation(deployments.Animation):
    def __init__(self, config: EngineConfig) -> None:
        super().__init__(config, open_storage(storage_url()))


class _Composition(deployments.Composition):
    def __init__(self) -> None:
        super().__init__(open_storage(storage_url()))


class _Director(Tier):
    async def __init__(
        self,
        config: TierConfig,
        parser: DeploymentHandle,
        speech: DeploymentHandle,
        animation: DeploymentHandle,
        composition: DeploymentHandle,
    ) -> None:
        stages = remote_stages(parser, speech, animation, composition)
        super().__init__(config, stages, open_storage(storage_url()), SqlJobs(jobs_url()))
        self._running = asyncio.create_task(self.run())

    def check_health(self) -> None:
        """Raises when jobs are no longer taken: Serve then replaces the replica."""
        if self._running.done():
            raise RuntimeError("the replica takes no jobs any more")

    def __del__(self) -> None:
        """Serve calls this when it stops the replica."""
        self.close()


class _Gateway:
    def __init__(self, config: GatewayConfig) -> None:
        self._gateway = Gateway(
            config, SqlJobs(jobs_url()), open_storage(storage_url()), ServeTiers(config.tiers)
        )

    def __serve_build_asgi_app__(self) -> FastAPI:
        return create_api(self._gateway)


def build_tier(args: dict[str, Any]) -> Application:
    """The application of one tier; its ingress is the Director.

    Raises:
        InputError: the arguments are not those of a TierConfig.
    """
    config = _validated(TierConfig, args)
    return serve.deployment(_Director, name="Director").bind(
        config,
        serve.deployment(_Parser, name="Parser").bind(),
        serve.deployment(_Speech, name="Speech").bind(config.speech),
        serve.deployment(_Animation, name="Animation").bind(config.animation),
        serve.deployment(_Composition, name="Composition").bind(),
    )


def build_gateway(args: dict[str, Any]) -> Application:
    """The application of the HTTP gateway.

    Raises:
        InputError: the arguments are not those of a GatewayConfig.
    """
    config = _validated(GatewayConfig, args)
    return serve.deployment(serve.ingress()(_Gateway), name="Gateway").bind(config)
