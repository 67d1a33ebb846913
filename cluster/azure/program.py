"""Everything of one environment, in the order in which one thing stands on another."""

import pulumi
import yaml
from pulumi_azure_native import resources

from cluster.azure import data, kubernetes, network, settings, watching
from cluster.render import HERE

SITE = HERE / "base" / "site.yaml"


def run() -> None:
    chosen = settings.read()
    group = resources.ResourceGroup(
        "group", resource_group_name=chosen.name("group"), tags=chosen.tags
    )
    net = network.create(chosen, group.name)
    kept = data.create(chosen, net)
    cluster = kubernetes.create(chosen, net, kept)
    watching.create(chosen, net, kept, cluster)
    pulumi.export("site", site(chosen, net, kept, cluster))
    pulumi.export("monthly_usd_per_node", settings.monthly_usd(chosen))


def site(
    chosen: settings.Settings, net: network.Net, kept: data.Data, cluster: kubernetes.Cluster
) -> pulumi.Output[str]:
    """base/site.yaml of this environment; images keep the digests that stand there, under this registry's name."""
    values = {
        "host": chosen.host,
        "url": f"https://{chosen.host}",
        "signInClient": chosen.sign_in_client,
        "signInRedirect": f"https://{chosen.host}/oauth2/callback",
        "tenant": kept.vault.properties.tenant_id,
        "signInIssuer": pulumi.Output.concat(
            "https://login.microsoftonline.com/", kept.vault.properties.tenant_id, "/v2.0"
        ),
        "studioIdentity": cluster.identities["studio"].client_id,
        "webIdentity": cluster.identities["web"].client_id,
        "vault": kept.vault.name,
        "storageAccount": kept.account.name,
        "resourceGroup": net.group,
        "endpoints": network.SUBNETS["endpoints"],
        "apiServer": network.SUBNETS["api-server"],
        "registry": kept.registry.login_server,
    }
    return pulumi.Output.all(**values).apply(_filled)


def _filled(values: dict[str, str]) -> str:
    manifest = yaml.safe_load(SITE.read_text("utf-8"))
    registry = values.pop("registry")
    for name, value in manifest["data"].items():
        if name.endswith("Image"):
            manifest["data"][name] = f"{registry}/{value.partition('/')[2]}"
    manifest["data"] |= values
    text: str = yaml.safe_dump(manifest, sort_keys=False, width=200)
    return text
