"""The cloud as the Pulumi program lays it out, with Azure's answers made up: each promise, one test."""

import json
import re
import sys
import tomllib
from functools import cache
from typing import Any

import pytest
import yaml

pytest.importorskip("pulumi_azure_native", reason="pulumi is not installed; run: make test")

from cluster.azure import program, watching
from cluster.azure.kubernetes import GIVEN
from cluster.azure.network import SUBNETS, ZONES
from cluster.azure.settings import SIZES, VMS, hourly_usd
from cluster.render import HERE
from serve_app.telemetry import METRICS
from tests.unit.cluster.built import ran

STACKS = tuple(sorted(p.name.split(".")[1] for p in (HERE / "azure").glob("Pulumi.*.yaml")))


class Cloud:
    """What one environment is made of."""

    def __init__(self, stack: str, laid_out: dict[str, Any]) -> None:
        self.stack = stack
        self.exports: dict[str, Any] = laid_out["exports"]
        self.made: list[tuple[str, str, dict[str, Any]]] = laid_out["made"]

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """Inputs by name."""
        return {name: inputs for what, name, inputs in self.made if what == kind}

    def one(self, kind: str) -> dict[str, Any]:
        (found,) = self.all(kind).values()
        return found


@cache
def clouds() -> dict[str, dict[str, Any]]:
    """Of all stacks, laid out by a process of its own: Pulumi keeps event loops and threads to the end."""
    module = "tests.unit.cluster.laying_out"
    found: dict[str, dict[str, Any]] = json.loads(
        ran(sys.executable, "-m", module, *STACKS, cwd=HERE.parent)
    )
    return found


@pytest.fixture(params=STACKS)
def cloud(request: pytest.FixtureRequest) -> Cloud:
    return Cloud(request.param, clouds()[request.param])


# No way in, few ways out


def test_no_machine_has_a_public_address(cloud: Cloud) -> None:
    """The only one is the firewall's, which needs it to let things out."""
    assert set(cloud.all("PublicIPAddress")) == {"firewall"}
    profile = cloud.one("ManagedCluster")["agentPoolProfiles"][0]
    for pool in (profile, *cloud.all("AgentPool").values()):
        assert pool["enableNodePublicIP"] is False
    collections = cloud.one("FirewallPolicyRuleCollectionGroup")["ruleCollections"]
    assert all(
        c["ruleCollectionType"] == "FirewallPolicyFilterRuleCollection" for c in collections
    ), "no NAT"


def test_the_clusters_api_is_private(cloud: Cloud) -> None:
    access = cloud.one("ManagedCluster")["apiServerAccessProfile"]
    assert access["enablePrivateCluster"] is True
    assert access["enablePrivateClusterPublicFQDN"] is False
    assert access["subnetId"].endswith("/subnets/api-server")


def test_inbound_is_denied_by_default(cloud: Cloud) -> None:
    rules = cloud.one("NetworkSecurityGroup")["securityRules"]
    last = max(rules, key=lambda rule: rule["priority"])
    assert (last["access"], last["direction"], last["sourceAddressPrefix"]) == (
        "Deny",
        "Inbound",
        "*",
    )
    allowed = {rule["sourceAddressPrefix"] for rule in rules if rule["access"] == "Allow"}
    assert allowed == {"VirtualNetwork", "AzureLoadBalancer"}


def test_every_subnet_is_guarded_and_routed_through_the_firewall(cloud: Cloud) -> None:
    subnets = {s["name"]: s for s in cloud.one("VirtualNetwork")["subnets"]}
    assert set(subnets) == set(SUBNETS)
    for name, subnet in subnets.items():
        if name != "AzureFirewallSubnet":
            assert subnet["networkSecurityGroup"]["id"] and subnet["routeTable"]["id"], name
            assert subnet["defaultOutboundAccess"] is False
    route = cloud.one("Route")
    assert (route["addressPrefix"], route["nextHopType"]) == ("0.0.0.0/0", "VirtualAppliance")
    assert cloud.one("ManagedCluster")["networkProfile"]["outboundType"] == "userDefinedRouting"


def test_what_goes_out_is_listed(cloud: Cloud) -> None:
    collections = cloud.one("FirewallPolicyRuleCollectionGroup")["ruleCollections"]
    names, times = (c["rules"] for c in collections)
    assert all(c["action"]["type"] == "Allow" for c in collections)
    hosts = {host for rule in names for host in rule.get("targetFqdns", ())}
    assert (
        "*" not in hosts and "login.microsoftonline.com" in hosts and "hooks.example.com" in hosts
    )
    assert all(p["protocolType"] == "Https" for rule in names for p in rule["protocols"])
    assert [rule["destinationPorts"] for rule in times] == [["123"]]
    assert cloud.one("FirewallPolicy")["threatIntelMode"] == "Deny"


def test_the_pods_policy_and_the_firewall_let_the_same_webhooks_out(cloud: Cloud) -> None:
    collections = cloud.one("FirewallPolicyRuleCollectionGroup")["ruleCollections"]
    (hooks,) = (r for r in collections[0]["rules"] if r["name"] == "webhooks")
    policies = list(yaml.safe_load_all((HERE / "base" / "egress.yaml").read_text("utf-8")))
    (webhooks,) = (p for p in policies if p["metadata"]["name"] == "webhooks")
    named = {n["matchName"] for rule in webhooks["spec"]["egress"] for n in rule.get("toFQDNs", ())}
    assert named == set(hooks["targetFqdns"])


@pytest.mark.parametrize("kind", ["Vault", "StorageAccount", "Registry", "Server"])
def test_stores_are_reached_by_private_endpoints_alone(cloud: Cloud, kind: str) -> None:
    made = cloud.one(kind)
    settings = made.get("properties") or made
    access = (
        made["network"]["publicNetworkAccess"]
        if kind == "Server"
        else settings["publicNetworkAccess"]
    )
    assert access == "Disabled"
    zones = {"Vault": "vault", "StorageAccount": "blob", "Registry": "acr", "Server": "postgres"}
    endpoint = cloud.all("PrivateEndpoint")[f"endpoint-{zones[kind]}"]
    assert endpoint["subnet"]["id"].endswith("/subnets/endpoints")
    names = cloud.all("PrivateDnsZoneGroup")[f"endpoint-{zones[kind]}"]["privateDnsZoneConfigs"]
    assert names[0]["privateDnsZoneId"]


def test_private_names_are_known_in_the_network(cloud: Cloud) -> None:
    zones = {zone["privateZoneName"] for zone in cloud.all("PrivateZone").values()}
    assert zones == set(ZONES.values())
    assert set(cloud.all("VirtualNetworkLink")) == {f"zone-{key}" for key in ZONES}


@pytest.mark.parametrize("kind", ["Vault", "StorageAccount"])
def test_stores_deny_by_default(cloud: Cloud, kind: str) -> None:
    made = cloud.one(kind)
    rules = made["properties"]["networkAcls"] if kind == "Vault" else made["networkRuleSet"]
    assert rules == {"defaultAction": "Deny", "bypass": "None"}


# Who may do what


def test_people_come_by_entra_and_nobody_by_a_local_account(cloud: Cloud) -> None:
    cluster = cloud.one("ManagedCluster")
    assert cluster["disableLocalAccounts"] is True and cluster["enableRBAC"] is True
    assert (
        cluster["aadProfile"]["managed"] is True
        and cluster["aadProfile"]["enableAzureRBAC"] is True
    )
    assert len(cluster["aadProfile"]["adminGroupObjectIDs"]) == 1


def test_pods_have_identities_and_no_secrets(cloud: Cloud) -> None:
    cluster = cloud.one("ManagedCluster")
    assert cluster["oidcIssuerProfile"]["enabled"] is True
    assert cluster["securityProfile"]["workloadIdentity"]["enabled"] is True
    for account, credential in cloud.all("FederatedIdentityCredential").items():
        assert credential["subject"] == f"system:serviceaccount:prosopon:{account}"
        assert credential["issuer"] == "https://issuer"
        assert credential["audiences"] == ["api://AzureADTokenExchange"]
    assert set(cloud.all("FederatedIdentityCredential")) == {"studio", "web"}


def test_each_identity_reads_its_own_secrets_and_no_others(cloud: Cloud) -> None:
    reading: dict[str, set[str]] = {}
    for grant in cloud.all("RoleAssignment").values():
        if grant["roleDefinitionId"].endswith("4633458b-17de-408a-b874-0445c86b69e6"):
            assert "/ids/keyvault:Secret/" in grant["scope"] or "Secret" in grant["scope"]
            who = grant["principalId"].removesuffix("-principal")
            reading.setdefault(who, set()).add(grant["scope"].rsplit("/", 1)[1])
    assert reading == {"studio": {*GIVEN["studio"], "monitoring"}, "web": set(GIVEN["web"])}


def test_manifests_ask_for_the_secrets_that_are_there(cloud: Cloud) -> None:
    documents = yaml.safe_load_all((HERE / "base" / "identities.yaml").read_text("utf-8"))
    for provider in (d for d in documents if d["kind"] == "SecretProviderClass"):
        asked = {
            o["objectName"]
            for o in yaml.safe_load(provider["spec"]["parameters"]["objects"])["array"]
        }
        name = provider["metadata"]["name"]
        assert asked == {*GIVEN[name], *(["monitoring"] if name == "studio" else [])}
        assert asked <= set(cloud.all("Secret"))


def test_nodes_pull_images_with_their_identity(cloud: Cloud) -> None:
    assert cloud.one("Registry")["adminUserEnabled"] is False
    assert cloud.one("Registry")["anonymousPullEnabled"] is False
    assert cloud.all("RoleAssignment")["kubelet-acrpull"]["principalId"] == "kubelet-principal"


def test_nobody_owns_or_contributes_to_everything(cloud: Cloud) -> None:
    owner, contributor = (
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
    )
    for grant in cloud.all("RoleAssignment").values():
        assert grant["roleDefinitionId"].rsplit("/", 1)[1] not in (owner, contributor)


def test_storage_takes_identities_only(cloud: Cloud) -> None:
    account = cloud.one("StorageAccount")
    assert account["allowSharedKeyAccess"] is False and account["allowBlobPublicAccess"] is False
    assert all(c["publicAccess"] == "None" for c in cloud.all("BlobContainer").values())


def test_the_vault_uses_roles_and_cannot_be_purged(cloud: Cloud) -> None:
    vault = cloud.one("Vault")["properties"]
    assert vault["enableRbacAuthorization"] is True
    assert vault["enablePurgeProtection"] is True and vault["softDeleteRetentionInDays"] == 90


def test_every_secret_is_one_in_pulumis_state_too(cloud: Cloud) -> None:
    """A value that is marked as one is encrypted there; Pulumi hands it over in a wrapping."""
    for name, made in cloud.all("Secret").items():
        if name != "monitoring":  # where traces are sent, made up by Azure
            assert set(made["properties"]["value"]) == {"value"}, name
    assert "value" in cloud.one("Server")["administratorLoginPassword"]


# Encryption


def test_what_travels_is_encrypted(cloud: Cloud) -> None:
    account = cloud.one("StorageAccount")
    assert account["enableHttpsTrafficOnly"] is True and account["minimumTlsVersion"] == "TLS1_2"
    options = {c["configurationName"]: c["value"] for c in cloud.all("Configuration").values()}
    assert options == {"require_secure_transport": "on", "ssl_min_protocol_version": "TLSv1.3"}
    url = cloud.all("Secret")["prosopon-jobs"]["properties"]["value"]["value"]
    assert url.startswith(
        "postgresql://prosopon:the-postgres@db.example/prosopon?sslmode=verify-full&sslrootcert=/"
    )


def test_disks_and_caches_of_nodes_are_encrypted(cloud: Cloud) -> None:
    profile = cloud.one("ManagedCluster")["agentPoolProfiles"][0]
    for pool in (profile, *cloud.all("AgentPool").values()):
        assert pool["enableEncryptionAtHost"] is True


def test_what_is_kept_is_encrypted_with_our_own_key_where_that_is_wanted(cloud: Cloud) -> None:
    encryption = cloud.one("StorageAccount")["encryption"]
    assert encryption["requireInfrastructureEncryption"] is True
    own = "own" in cloud.all("Key")
    assert encryption["keySource"] == ("Microsoft.Keyvault" if own else "Microsoft.Storage")
    assert ("dataEncryption" in cloud.one("Server")) is own
    if own:
        assert cloud.one("Server")["dataEncryption"]["type"] == "AzureKeyVault"
        rotation = cloud.one("Key")["properties"]["rotationPolicy"]["lifetimeActions"][0]
        assert rotation["trigger"]["timeAfterCreate"] == "P180D"


# Nodes


def test_every_tier_has_its_nodes_and_gpus_are_free_while_idle(cloud: Cloud) -> None:
    pools = cloud.all("AgentPool")
    if cloud.stack == "development":
        (only,) = cloud.one("ManagedCluster")["agentPoolProfiles"]
        assert pools == {} and only["count"] == 1
        assert only["nodeLabels"] == {"prosopon/system": "true", "prosopon/cpu": "true"}
        return
    assert set(pools) == {"cpu", "balanced", "premium"}
    for tier in ("balanced", "premium"):
        assert pools[tier]["vmSize"] == SIZES[tier]
        assert pools[tier]["minCount"] == 0 and pools[tier]["enableAutoScaling"] is True
        assert pools[tier]["nodeTaints"] == ["sku=gpu:NoSchedule"]
        assert pools[tier]["nodeLabels"]["prosopon/gpu"] == "true"


def test_pods_fit_into_the_machines_that_are_paid_for() -> None:
    vms = {vm["name"]: vm for vm in tomllib.loads(VMS.read_text("utf-8"))["vm"]}
    text = (HERE / "base" / "rayservice.yaml").read_text("utf-8")
    cluster = next(yaml.safe_load_all(text))["spec"]["rayClusterConfig"]
    size = {g["groupName"]: g["template"]["spec"]["containers"][0]["resources"]["requests"]
            for g in cluster["workerGroupSpecs"]}  # fmt: skip
    for tier, vm in ((t, vms[s]) for t, s in SIZES.items()):
        asked = size["cpu" if tier == "lightweight" else "gpu"]
        assert int(asked["cpu"]) < vm["vcpus"], "the system takes part of one"
        assert int(asked["memory"].removesuffix("Gi")) <= 0.8 * vm["memory_gib"]
        assert "retired" not in vm


# Watching, keeping, paying


def test_alerts_ask_for_metrics_that_exist(cloud: Cloud) -> None:
    rules = {r["alert"]: r for r in cloud.one("PrometheusRuleGroup")["rules"]}
    assert {"queue-age", "failures", "gpu-idle"} <= set(rules) == set(watching.ALERTS)
    ours = {metric.name for metric in METRICS}
    for rule in rules.values():
        named = set(re.findall(r"\b(?:prosopon|ray)_\w+", rule["expression"]))
        assert named and all(name in ours for name in named if name.startswith("prosopon_"))
        assert rule["actions"][0]["actionGroupId"]


def test_metrics_logs_traces_and_a_dashboard_are_collected(cloud: Cloud) -> None:
    assert cloud.one("ManagedCluster")["azureMonitorProfile"]["metrics"]["enabled"] is True
    assert cloud.one("DataCollectionRuleAssociation")["resourceUri"]
    categories = {log["category"] for log in cloud.one("DiagnosticSetting")["logs"]}
    assert "kube-audit-admin" in categories
    assert cloud.one("Component")["workspaceResourceId"]
    assert cloud.one("Grafana")["properties"]["publicNetworkAccess"] == "Disabled"


def test_backups_are_kept(cloud: Cloud) -> None:
    blobs, server = cloud.one("BlobServiceProperties"), cloud.one("Server")
    assert blobs["isVersioningEnabled"] is True and blobs["deleteRetentionPolicy"]["days"] >= 7
    assert blobs["restorePolicy"]["days"] < blobs["deleteRetentionPolicy"]["days"]
    assert server["backup"]["backupRetentionDays"] >= 7
    assert server["backup"]["geoRedundantBackup"] == "Enabled"
    (rule,) = cloud.one("ManagementPolicy")["policy"]["rules"]
    assert rule["definition"]["filters"]["prefixMatch"] == ["videos/"]
    assert rule["definition"]["actions"]["version"]["delete"]["daysAfterCreationGreaterThan"] >= 7


def test_a_budget_speaks_up_before_it_is_spent(cloud: Cloud) -> None:
    notifications = cloud.one("Budget")["notifications"].values()
    assert {n["threshold"] for n in notifications} == {50, 80, 100}
    assert all(n["contactEmails"] for n in notifications)


def test_everything_that_can_bears_tags(cloud: Cloud) -> None:
    for kind, name, inputs in cloud.made:
        if "tags" in inputs:
            assert inputs["tags"]["environment"] == cloud.stack, (kind, name)
    assert sum("tags" in inputs for _, _, inputs in cloud.made) > len(cloud.made) / 3


def test_the_site_file_has_every_value_that_the_manifests_take(cloud: Cloud) -> None:
    site = yaml.safe_load(cloud.exports["site"])
    committed = yaml.safe_load(program.SITE.read_text("utf-8"))
    assert set(site["data"]) == set(committed["data"])
    assert site["data"]["studioIdentity"] == "studio-client"
    assert site["data"]["cpuImage"].startswith("images.example/prosopon-cpu@sha256:")
    assert site["data"]["endpoints"] == SUBNETS["endpoints"]


def test_costs_are_the_lists(cloud: Cloud) -> None:
    costs = cloud.exports["monthly_usd_per_node"]
    assert costs and all(costs[tier] == round(730 * hourly_usd(SIZES[tier]), 2) for tier in costs)
    with pytest.raises(KeyError):
        hourly_usd("Standard_Nothing")
