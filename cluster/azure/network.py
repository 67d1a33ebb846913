"""The network: nothing comes in from the Internet, and what goes out passes a firewall with a list of names."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network, privatedns

from cluster.azure.settings import Settings

SUBNETS = {
    "nodes": "10.20.0.0/21",
    "endpoints": "10.20.8.0/24",
    "api-server": "10.20.9.0/28",
    "AzureFirewallSubnet": "10.20.12.0/26",
}
ZONES = {
    "acr": "privatelink.azurecr.io",
    "vault": "privatelink.vaultcore.azure.net",
    "blob": "privatelink.blob.core.windows.net",
    "file": "privatelink.file.core.windows.net",
    "postgres": "privatelink.postgres.database.azure.com",
}
OUTGOING = {
    "sign-in": ("login.microsoftonline.com",),
    "monitoring": ("*.ingest.monitor.azure.com", "*.in.applicationinsights.azure.com",
                   "*.handler.control.monitor.azure.com"),
    "operators": ("ghcr.io", "quay.io", "registry.k8s.io", "pkg-containers.githubusercontent.com"),
}  # fmt: skip
"""Names that nodes and pods may reach besides Azure's own for AKS, and for what; settings name webhooks' receivers."""


@dataclass(frozen=True, slots=True)
class Net:
    group: pulumi.Output[str]
    virtual: network.VirtualNetwork
    zones: dict[str, privatedns.PrivateZone]

    def subnet(self, name: str) -> pulumi.Output[str]:
        return pulumi.Output.concat(self.virtual.id, "/subnets/", name)


def create(settings: Settings, group: pulumi.Output[str]) -> Net:
    public = network.PublicIPAddress(
        "firewall",
        public_ip_address_name=settings.name("firewall"),
        resource_group_name=group,
        sku=network.PublicIPAddressSkuArgs(name="Standard"),
        public_ip_allocation_method="Static",
        tags=settings.tags,
    )
    closed = _closed(settings, group)
    routes = network.RouteTable(
        "routes",
        route_table_name=settings.name("routes"),
        resource_group_name=group,
        disable_bgp_route_propagation=True,
        tags=settings.tags,
    )
    virtual = network.VirtualNetwork(
        "network",
        virtual_network_name=settings.name("network"),
        resource_group_name=group,
        address_space=network.AddressSpaceArgs(address_prefixes=["10.20.0.0/16"]),
        subnets=[_subnet(name, prefix, closed, routes) for name, prefix in SUBNETS.items()],
        tags=settings.tags,
    )
    net = Net(group, virtual, _zones(settings, group, virtual))
    firewall = _firewall(settings, net, public)
    network.Route(
        "out",
        route_name="out",
        resource_group_name=group,
        route_table_name=routes.name,
        address_prefix="0.0.0.0/0",
        next_hop_type="VirtualAppliance",
        next_hop_ip_address=firewall.ip_configurations.apply(
            lambda found: found[0].private_ip_address if found else ""
        ),
    )
    return net


def _closed(settings: Settings, group: pulumi.Output[str]) -> network.NetworkSecurityGroup:
    def rule(name: str, access: str, priority: int, source: str) -> network.SecurityRuleArgs:
        return network.SecurityRuleArgs(
            name=name,
            access=access,
            priority=priority,
            direction="Inbound",
            protocol="*",
            source_address_prefix=source,
            source_port_range="*",
            destination_address_prefix="*",
            destination_port_range="*",
        )

    return network.NetworkSecurityGroup(
        "closed",
        network_security_group_name=settings.name("closed"),
        resource_group_name=group,
        security_rules=[
            rule("inside", "Allow", 100, "VirtualNetwork"),
            rule("balancer", "Allow", 110, "AzureLoadBalancer"),
            rule("all-else", "Deny", 4096, "*"),
        ],
        tags=settings.tags,
    )


def _subnet(
    name: str, prefix: str, closed: network.NetworkSecurityGroup, routes: network.RouteTable
) -> network.SubnetArgs:
    if name == "AzureFirewallSubnet":  # Azure allows it neither
        return network.SubnetArgs(name=name, address_prefix=prefix)
    return network.SubnetArgs(
        name=name,
        address_prefix=prefix,
        default_outbound_access=False,
        network_security_group=network.NetworkSecurityGroupArgs(id=closed.id),
        route_table=network.RouteTableArgs(id=routes.id),
        private_endpoint_network_policies="Enabled" if name == "endpoints" else None,
        delegations=[
            network.DelegationArgs(
                name="aks", service_name="Microsoft.ContainerService/managedClusters"
            )
        ]
        if name == "api-server"
        else None,
    )


def _zones(
    settings: Settings, group: pulumi.Output[str], virtual: network.VirtualNetwork
) -> dict[str, privatedns.PrivateZone]:
    made = {}
    for key, name in ZONES.items():
        made[key] = privatedns.PrivateZone(
            f"zone-{key}",
            private_zone_name=name,
            location="global",
            resource_group_name=group,
            tags=settings.tags,
        )
        privatedns.VirtualNetworkLink(
            f"zone-{key}",
            private_zone_name=made[key].name,
            resource_group_name=group,
            location="global",
            registration_enabled=False,
            virtual_network=privatedns.SubResourceArgs(id=virtual.id),
        )
    return made


def endpoint(settings: Settings, net: Net, name: str, target: pulumi.Input[str], part: str) -> None:
    """A private endpoint with its name in the private zone.

    Args:
        name: key of `ZONES`.
        part: what of the target ("blob", "vault", …), in Azure's words.
    """
    made = network.PrivateEndpoint(
        f"endpoint-{name}",
        private_endpoint_name=settings.name(name),
        resource_group_name=net.group,
        subnet=network.SubnetArgs(id=net.subnet("endpoints")),
        private_link_service_connections=[
            network.PrivateLinkServiceConnectionArgs(
                name=name, private_link_service_id=target, group_ids=[part]
            )
        ],
        tags=settings.tags,
    )
    network.PrivateDnsZoneGroup(
        f"endpoint-{name}",
        private_dns_zone_group_name="default",
        private_endpoint_name=made.name,
        resource_group_name=net.group,
        private_dns_zone_configs=[
            network.PrivateDnsZoneConfigArgs(name=name, private_dns_zone_id=net.zones[name].id)
        ],
    )


def _firewall(
    settings: Settings, net: Net, public: network.PublicIPAddress
) -> network.AzureFirewall:
    policy = network.FirewallPolicy(
        "firewall",
        firewall_policy_name=settings.name("firewall"),
        resource_group_name=net.group,
        sku=network.FirewallPolicySkuArgs(tier="Standard"),
        threat_intel_mode="Deny",
        dns_settings=network.DnsSettingsArgs(enable_proxy=True),
        tags=settings.tags,
    )
    network.FirewallPolicyRuleCollectionGroup(
        "outgoing",
        rule_collection_group_name="outgoing",
        firewall_policy_name=policy.name,
        resource_group_name=net.group,
        priority=200,
        rule_collections=[_names(settings), _times()],
    )
    return network.AzureFirewall(
        "firewall",
        azure_firewall_name=settings.name("firewall"),
        resource_group_name=net.group,
        sku=network.AzureFirewallSkuArgs(name="AZFW_VNet", tier="Standard"),
        firewall_policy=network.SubResourceArgs(id=policy.id),
        zones=list(settings.zones),
        ip_configurations=[
            network.AzureFirewallIPConfigurationArgs(
                name="out",
                public_ip_address=network.SubResourceArgs(id=public.id),
                subnet=network.SubResourceArgs(id=net.subnet("AzureFirewallSubnet")),
            )
        ],
        tags=settings.tags,
    )


def _names(settings: Settings) -> network.FirewallPolicyFilterRuleCollectionArgs:
    https = [network.FirewallPolicyRuleApplicationProtocolArgs(protocol_type="Https", port=443)]
    source = [SUBNETS["nodes"]]
    aks = network.ApplicationRuleArgs(
        rule_type="ApplicationRule",
        name="aks",
        source_addresses=source,
        protocols=https,
        fqdn_tags=["AzureKubernetesService"],
    )
    named = {**OUTGOING, "webhooks": settings.webhook_hosts}
    return network.FirewallPolicyFilterRuleCollectionArgs(
        rule_collection_type="FirewallPolicyFilterRuleCollection",
        name="names",
        priority=100,
        action=network.FirewallPolicyFilterRuleCollectionActionArgs(type="Allow"),
        rules=[
            aks,
            *(
                network.ApplicationRuleArgs(
                    rule_type="ApplicationRule",
                    name=name,
                    source_addresses=source,
                    protocols=https,
                    target_fqdns=list(hosts),
                )
                for name, hosts in named.items()
            ),
        ],
    )


def _times() -> network.FirewallPolicyFilterRuleCollectionArgs:
    return network.FirewallPolicyFilterRuleCollectionArgs(
        rule_collection_type="FirewallPolicyFilterRuleCollection",
        name="times",
        priority=200,
        action=network.FirewallPolicyFilterRuleCollectionActionArgs(type="Allow"),
        rules=[
            network.NetworkRuleArgs(
                rule_type="NetworkRule",
                name="ntp",
                ip_protocols=["UDP"],
                source_addresses=[SUBNETS["nodes"]],
                destination_fqdns=["ntp.ubuntu.com"],
                destination_ports=["123"],
            )
        ],
    )
