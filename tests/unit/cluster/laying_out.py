"""`python -m tests.unit.cluster.laying_out STACK…`: what Pulumi would make, as JSON; Azure's answers are made up."""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

import pulumi
import yaml
from pulumi.runtime import mocks
from pulumi.runtime.stack import run_pulumi_func

from cluster.azure import program
from cluster.azure.settings import SECRETS
from cluster.render import HERE

ANSWERS = {
    "fullyQualifiedDomainName": "db.example",
    "loginServer": "images.example",
    "connectionString": "InstrumentationKey=0",
    "keyUri": "https://vault.example/keys/own",
}


class Azure(mocks.Mocks):
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str, Any]] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        kind = args.typ.rsplit(":", 1)[-1]
        self.made.append((kind, args.name, args.inputs))
        known = {f"{what}Id": f"{args.name}-{what}" for what in ("client", "principal")}
        outputs = {**args.inputs, "name": args.name, **known, **ANSWERS}
        if ids := args.inputs.get("identity", {}).get("userAssignedIdentities"):
            # Azure is asked in one form and answers in another.
            outputs["identity"] = {
                "type": "UserAssigned",
                "userAssignedIdentities": dict.fromkeys(ids, known),
            }
        if kind == "ManagedCluster":
            outputs["oidcIssuerProfile"] = {"enabled": True, "issuerURL": "https://issuer"}
        if kind == "Grafana":
            outputs["identity"] = {
                "type": "SystemAssigned",
                "principalId": "dashboard-principal",
                "tenantId": "t",
            }
        return f"/ids/{kind}/{args.name}", outputs

    def call(self, args: mocks.MockCallArgs) -> dict[Any, Any]:
        return dict.fromkeys(("clientId", "objectId", "subscriptionId", "tenantId"), "known")


async def lay_out(stack: str) -> dict[str, Any]:
    text = (HERE / "azure" / f"Pulumi.{stack}.yaml").read_text("utf-8")
    config: Mapping[str, Any] = yaml.safe_load(text)["config"]
    told = {k: v if isinstance(v, str) else json.dumps(v) for k, v in config.items()}
    told |= {f"prosopon:{name}": f"the-{name}" for name in SECRETS}
    azure, exports = Azure(), dict[str, Any]()
    mocks.set_mocks(azure, project="prosopon", stack=stack)
    pulumi.runtime.set_all_config(told)
    # Each resource has the names that it had in all earlier versions of Azure's interface: half a minute of work.
    pulumi.resource.collapse_alias_to_urn = lambda *_: ""
    pulumi.runtime.resource.all_aliases = lambda *_: []
    pulumi.export = exports.__setitem__  # the stack's own way needs its engine
    await run_pulumi_func(program.run)
    known = {
        name: await pulumi.Output.from_input(value).future() for name, value in exports.items()
    }
    return {"made": azure.made, "exports": known}


def main() -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    laid_out = {stack: loop.run_until_complete(lay_out(stack)) for stack in sys.argv[1:]}
    json.dump(laid_out, sys.stdout)


if __name__ == "__main__":
    main()
