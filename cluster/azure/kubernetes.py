"""The cluster: private, with Entra ID before it, and a node pool for each kind of work."""

from dataclasses import dataclass
from typing import Any

from pulumi_azure_native import containerservice as aks
from pulumi_azure_native import managedidentity

from cluster.azure.data import Data, grant
from cluster.azure.network import Net
from cluster.azure.settings import SIZES, SYSTEM_SIZE, Settings

NAMESPACE = "prosopon"
GIVEN = {
    "studio": ("prosopon-jobs", "prosopon-secret", "prosopon-webhook-secret", "redis-password"),
    "web": ("web-api-key", "web-cookie-secret", "web-secret"),
}
"""Secrets that each service account may read; besides, `studio` may read where traces go (see watching.py)."""


@dataclass(frozen=True, slots=True)
class Cluster:
    managed: aks.ManagedCluster
    identities: dict[str, managedidentity.UserAssignedIdentity]
    """Of the service accounts, by their names."""


def create(settings: Settings, net: Net, data: Data) -> Cluster:
    own, kubelet = (_identity(settings, net, name) for name in ("cluster", "kubelet"))
    grant("cluster", own.principal_id, "Network Contributor", net.virtual.id)
    grant("cluster", own.principal_id, "Managed Identity Operator", kubelet.id)
    grant("kubelet", kubelet.principal_id, "AcrPull", data.registry.id)
    managed = _managed(settings, net, own, kubelet)
    for pool in pools(settings)[1:]:
        aks.AgentPool(
            pool.name,
            agent_pool_name=pool.name,
            resource_name_=managed.name,
            resource_group_name=net.group,
            **_nodes(settings, net, pool),
        )
    grant("viewers", settings.viewers, "Azure Kubernetes Service RBAC Reader", managed.id, "Group")
    identities = {name: _workload(settings, net, managed, name) for name in GIVEN}
    for name, identity in identities.items():
        for secret in GIVEN[name]:
            grant(
                f"{name}-{secret}",
                identity.principal_id,
                "Key Vault Secrets User",
                data.secrets[secret].id,
            )
    studio = identities["studio"].principal_id
    grant("studio", studio, "Storage Blob Data Contributor", data.account.id)
    return Cluster(managed, identities)


@dataclass(frozen=True, slots=True)
class Pool:
    name: str
    size: str
    least: int
    most: int
    labels: dict[str, str]
    taints: tuple[str, ...] = ()
    spot: bool = False
    mode: str = "User"


def pools(settings: Settings) -> list[Pool]:
    """The first is the system's."""
    if settings.single_node:
        labels = {"prosopon/system": "true", "prosopon/cpu": "true"}
        return [Pool("system", SIZES["lightweight"], 1, 1, labels, mode="System")]
    made = [
        Pool("system", SYSTEM_SIZE, 2, 4, {"prosopon/system": "true"}, mode="System"),
        Pool("cpu", SIZES["lightweight"], 2, settings.most_cpu_nodes, {"prosopon/cpu": "true"}, spot=settings.spot),
    ]  # fmt: skip
    for tier in settings.tiers:
        if tier != "lightweight":
            labels = {"prosopon/gpu": "true", "prosopon/tier": tier}
            made.append(
                Pool(tier, SIZES[tier], 0, settings.most_gpu_nodes, labels, ("sku=gpu:NoSchedule",))
            )
    return made


def _nodes(settings: Settings, net: Net, pool: Pool) -> dict[str, Any]:
    """What an agent pool and the cluster's first one have in common."""
    spot = {
        "scale_set_priority": "Spot",
        "scale_set_eviction_policy": "Delete",
        "spot_max_price": -1.0,
    }
    return {
        "mode": pool.mode,
        "vm_size": pool.size,
        "count": pool.least,
        "min_count": pool.least,
        "max_count": pool.most,
        "enable_auto_scaling": pool.most > pool.least,
        "availability_zones": list(settings.zones),
        "vnet_subnet_id": net.subnet("nodes"),
        "enable_node_public_ip": False,
        "enable_encryption_at_host": True,
        "os_disk_type": "Managed",
        "os_sku": "AzureLinux",
        "node_labels": pool.labels,
        "node_taints": list(pool.taints),
        "tags": settings.tags,
        **(spot if pool.spot else {}),
    }


def _managed(
    settings: Settings,
    net: Net,
    own: managedidentity.UserAssignedIdentity,
    kubelet: managedidentity.UserAssignedIdentity,
) -> aks.ManagedCluster:
    first = pools(settings)[0]
    nodes = _nodes(settings, net, first)
    if not nodes["enable_auto_scaling"]:
        nodes = {
            key: value for key, value in nodes.items() if key not in ("min_count", "max_count")
        }
    on: dict[str, Any] = {"enabled": True}
    return aks.ManagedCluster(
        "cluster",
        resource_name_=settings.name("cluster"),
        resource_group_name=net.group,
        dns_prefix=settings.name("cluster"),
        sku=aks.ManagedClusterSKUArgs(name="Base", tier="Standard"),
        identity=aks.ManagedClusterIdentityArgs(
            type=aks.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[own.id]
        ),
        identity_profile={
            "kubeletidentity": aks.UserAssignedIdentityArgs(
                client_id=kubelet.client_id, object_id=kubelet.principal_id, resource_id=kubelet.id
            )
        },
        agent_pool_profiles=[
            aks.ManagedClusterAgentPoolProfileArgs(name=first.name, os_type="Linux", **nodes)
        ],
        api_server_access_profile=aks.ManagedClusterAPIServerAccessProfileArgs(
            enable_private_cluster=True,
            enable_private_cluster_public_fqdn=False,
            enable_vnet_integration=True,
            subnet_id=net.subnet("api-server"),
            private_dns_zone="system",
        ),
        aad_profile=aks.ManagedClusterAADProfileArgs(
            managed=True, enable_azure_rbac=True, admin_group_object_ids=[settings.administrators]
        ),
        enable_rbac=True,
        disable_local_accounts=True,
        network_profile=aks.ContainerServiceNetworkProfileArgs(
            network_plugin="azure",
            network_plugin_mode="overlay",
            network_dataplane="cilium",
            network_policy="cilium",
            advanced_networking=aks.AdvancedNetworkingArgs(
                enabled=True, security=aks.AdvancedNetworkingSecurityArgs(enabled=True)
            ),
            outbound_type="userDefinedRouting",
            pod_cidr="10.244.0.0/16",
            service_cidr="10.0.0.0/16",
            dns_service_ip="10.0.0.10",
        ),
        oidc_issuer_profile=aks.ManagedClusterOIDCIssuerProfileArgs(**on),
        security_profile=aks.ManagedClusterSecurityProfileArgs(
            workload_identity=aks.ManagedClusterSecurityProfileWorkloadIdentityArgs(**on),
            image_cleaner=aks.ManagedClusterSecurityProfileImageCleanerArgs(
                enabled=True, interval_hours=168
            ),
        ),
        addon_profiles={
            "azureKeyvaultSecretsProvider": aks.ManagedClusterAddonProfileArgs(
                enabled=True, config={"enableSecretRotation": "true", "rotationPollInterval": "2m"}
            ),
            "azurepolicy": aks.ManagedClusterAddonProfileArgs(**on),
        },
        storage_profile=aks.ManagedClusterStorageProfileArgs(
            blob_csi_driver=aks.ManagedClusterStorageProfileBlobCSIDriverArgs(**on),
            disk_csi_driver=aks.ManagedClusterStorageProfileDiskCSIDriverArgs(**on),
            file_csi_driver=aks.ManagedClusterStorageProfileFileCSIDriverArgs(**on),
        ),
        azure_monitor_profile=aks.ManagedClusterAzureMonitorProfileArgs(
            metrics=aks.ManagedClusterAzureMonitorProfileMetricsArgs(**on)
        ),
        auto_upgrade_profile=aks.ManagedClusterAutoUpgradeProfileArgs(
            upgrade_channel="patch", node_os_upgrade_channel="NodeImage"
        ),
        tags=settings.tags,
    )


def _identity(settings: Settings, net: Net, name: str) -> managedidentity.UserAssignedIdentity:
    return managedidentity.UserAssignedIdentity(
        name, resource_name_=settings.name(name), resource_group_name=net.group, tags=settings.tags
    )


def _workload(
    settings: Settings, net: Net, managed: aks.ManagedCluster, account: str
) -> managedidentity.UserAssignedIdentity:
    """An identity that the service account of that name has, by the cluster's word and without a secret."""
    identity = _identity(settings, net, account)
    managedidentity.FederatedIdentityCredential(
        account,
        federated_identity_credential_resource_name=account,
        resource_name_=identity.name,
        resource_group_name=net.group,
        issuer=managed.oidc_issuer_profile.apply(lambda found: found.issuer_url if found else ""),
        subject=f"system:serviceaccount:{NAMESPACE}:{account}",
        audiences=["api://AzureADTokenExchange"],
    )
    return identity
