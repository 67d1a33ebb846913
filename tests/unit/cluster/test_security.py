"""Each promise that cluster/ makes about safety and about staying up, one test each."""

import re
from typing import Any

import pytest
import yaml

from cluster.render import HERE
from tests.unit.cluster.built import (
    NAMES,
    Manifest,
    containers,
    manifests,
    of_kind,
    pods,
    ray,
    serve_config,
)

each = pytest.mark.parametrize("overlay", NAMES)


def policies(overlay: str) -> dict[str, Manifest]:
    return {name: m["spec"] for name, m in of_kind(overlay, "NetworkPolicy").items()}


def labels_of(sources: list[Manifest]) -> set[str]:
    """Of the pods that a policy's rule lets in or out, by app; of other namespaces, their names."""
    found = set()
    for source in sources:
        if "namespaceSelector" in source:
            found.add(source["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"])
        elif "podSelector" in source:
            found.add(source["podSelector"]["matchLabels"]["app"])
        else:
            found.add(source["ipBlock"]["cidr"])
    return found


# Pods


@each
def test_nobody_is_root(overlay: str) -> None:
    for pod in pods(overlay).values():
        context = pod["spec"]["securityContext"]
        assert context["runAsNonRoot"] is True and context["runAsUser"] >= 10000


@each
def test_containers_can_change_nothing_but_their_volumes_and_gain_nothing(overlay: str) -> None:
    sidecar = ray(overlay)["rayClusterConfig"]["autoscalerOptions"]
    for name, container in (*containers(overlay), ("head/autoscaler", sidecar)):
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True, name
        assert context["allowPrivilegeEscalation"] is False, name
        assert context["capabilities"] == {"drop": ["ALL"]}, name
        assert "privileged" not in context, name


@each
def test_system_calls_are_filtered(overlay: str) -> None:
    for pod in pods(overlay).values():
        assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}


@each
def test_no_pod_sees_its_node(overlay: str) -> None:
    for pod in pods(overlay).values():
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod["spec"])
        assert all("hostPath" not in volume for volume in pod["spec"]["volumes"])


@each
def test_the_namespace_refuses_lesser_pods(overlay: str) -> None:
    labels = of_kind(overlay, "Namespace")["prosopon"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


@each
def test_only_the_head_may_ask_the_api_server(overlay: str) -> None:
    asking = {n for n, p in pods(overlay).items() if p["spec"]["automountServiceAccountToken"]}
    assert asking == {"head"}
    for account in of_kind(overlay, "ServiceAccount").values():
        assert account["automountServiceAccountToken"] is False
    assert not {m["kind"] for m in manifests(overlay)} & {"Role", "ClusterRole", "RoleBinding"}


@each
def test_everything_has_requests_and_limits_and_memory_is_never_overcommitted(overlay: str) -> None:
    for name, container in containers(overlay):
        resources = container["resources"]
        assert {"cpu", "memory"} <= set(resources["requests"]), name
        assert {"cpu", "memory"} <= set(resources["limits"]), name
        if name != "web/sign-in":
            assert resources["requests"]["memory"] == resources["limits"]["memory"], name


@each
def test_images_are_pinned_by_digest(overlay: str) -> None:
    for name, container in containers(overlay):
        assert re.search(r"@sha256:[0-9a-f]{64}$", container["image"]), name


# Secrets and identity


@each
def test_no_secret_stands_in_a_manifest(overlay: str) -> None:
    assert "Secret" not in {m["kind"] for m in manifests(overlay)}
    for name, container in containers(overlay):
        for variable in container.get("env", ()):
            if re.search(r"KEY|SECRET|PASSWORD|TOKEN", variable["name"]):
                told = variable.get("value", "")
                assert "secretKeyRef" in variable.get("valueFrom", {}) or told in (
                    "true",
                    "/tls/tls.key",
                ), name
    for config in of_kind(overlay, "ConfigMap").values():
        assert not [k for k in config["data"] if re.search(r"KEY|SECRET|PASSWORD|TOKEN", k)]


@each
def test_every_secret_that_is_used_comes_from_the_key_vault_or_cert_manager(overlay: str) -> None:
    from_vault = {
        (made["secretName"], entry["key"])
        for provider in of_kind(overlay, "SecretProviderClass").values()
        for made in provider["spec"]["secretObjects"]
        for entry in made["data"]
    }
    issued = {c["spec"]["secretName"] for c in of_kind(overlay, "Certificate").values()}
    for name, container in containers(overlay):
        for variable in container.get("env", ()):
            if found := variable.get("valueFrom", {}).get("secretKeyRef"):
                assert (found["name"], found["key"]) in from_vault, name
        for source in container.get("envFrom", ()):
            if "secretRef" in source:
                assert source["secretRef"]["name"] in {secret for secret, _ in from_vault}
    for pod in pods(overlay).values():
        for volume in pod["spec"]["volumes"]:
            if "secret" in volume:
                assert volume["secret"]["secretName"] in issued


@each
def test_what_a_provider_gives_it_takes_from_the_vault(overlay: str) -> None:
    for provider in of_kind(overlay, "SecretProviderClass").values():
        parameters = provider["spec"]["parameters"]
        fetched = {o["objectName"] for o in yaml.safe_load(parameters["objects"])["array"]}
        given = {e["objectName"] for s in provider["spec"]["secretObjects"] for e in s["data"]}
        assert fetched == given


@each
def test_secrets_exist_while_a_pod_mounts_them(overlay: str) -> None:
    """The driver makes them for as long as their volume is mounted."""
    for name, pod in pods(overlay).items():
        mounted = {
            v["csi"]["volumeAttributes"]["secretProviderClass"]
            for v in pod["spec"]["volumes"]
            if "csi" in v
        }
        text = str(pod["spec"])
        used = set(re.findall(r"'secret(?:Key)?Ref': {(?:'key': '\w+', )?'name': '(\w+)'", text))
        assert used <= mounted, name


@each
def test_pods_are_themselves_towards_azure(overlay: str) -> None:
    for name, pod in pods(overlay).items():
        assert pod["metadata"]["labels"]["azure.workload.identity/use"] == "true", name
        account = of_kind(overlay, "ServiceAccount")[pod["spec"]["serviceAccountName"]]
        assert "azure.workload.identity/client-id" in account["metadata"]["annotations"]


@each
def test_whoever_asks_the_gateway_shows_a_key(overlay: str) -> None:
    gateway = serve_config(overlay)["applications"][0]
    assert gateway["import_path"] == "serve_app.app:build_gateway"
    assert gateway["args"]["auth"] == "keys"


@each
def test_pages_are_shown_to_those_who_signed_in(overlay: str) -> None:
    """The app listens on the pod's loopback; the Service, the policy and the port are the sign-in's."""
    web = of_kind(overlay, "Deployment")["web"]["spec"]["template"]["spec"]
    app, sign_in = web["containers"]
    assert "ports" not in app
    env = {e["name"]: e.get("value") for e in sign_in["env"]}
    assert env["OAUTH2_PROXY_PROVIDER"] == "entra-id"
    assert env["OAUTH2_PROXY_ENTRA_ID_FEDERATED_TOKEN_AUTH"] == "true"
    assert "OAUTH2_PROXY_CLIENT_SECRET" not in env
    assert env["OAUTH2_PROXY_UPSTREAMS"] == "http://127.0.0.1:3000"
    assert env["OAUTH2_PROXY_COOKIE_SECURE"] == "true"
    (port,) = of_kind(overlay, "Service")["web"]["spec"]["ports"]
    assert port["targetPort"] == sign_in["ports"][0]["name"]


# Encryption on every hop


@each
def test_ray_encrypts_among_its_nodes_and_asks_for_a_token(overlay: str) -> None:
    cluster = ray(overlay)["rayClusterConfig"]
    assert cluster["tlsOptions"] == {"enabled": True}
    assert cluster["authOptions"] == {"mode": "token"}


@each
def test_redis_speaks_tls_only_and_ray_checks_it(overlay: str) -> None:
    redis = of_kind(overlay, "StatefulSet")["redis"]["spec"]["template"]["spec"]["containers"][0]
    args = dict(zip(redis["args"][::2], redis["args"][1::2], strict=True))
    assert args["--port"] == "0" and args["--tls-port"] == "6379"
    assert args["--requirepass"] == "$(REDIS_PASSWORD)"
    tolerance = ray(overlay)["rayClusterConfig"]["gcsFaultToleranceOptions"]
    assert tolerance["redisAddress"] == "rediss://redis:6379"
    variables = of_kind(overlay, "ConfigMap")["studio"]["data"]
    certificate = of_kind(overlay, "Certificate")["redis"]["spec"]
    assert variables["RAY_REDIS_CA_CERT"] == "/tls/ca.crt"
    assert variables["RAY_REDIS_SERVER_NAME"] in certificate["dnsNames"]


@each
def test_the_gateway_listens_with_tls_and_web_and_ingress_check_it(overlay: str) -> None:
    options = serve_config(overlay)["http_options"]
    assert options["ssl_certfile"] == "/tls/tls.crt" and options["ssl_keyfile"] == "/tls/tls.key"
    for name, pod in pods(overlay).items():
        if name in ("head", "cpu", "gpu"):
            assert {"name": "tls", "secret": {"secretName": "gateway-tls"}} in pod["spec"][
                "volumes"
            ]
    names = of_kind(overlay, "Certificate")["gateway"]["spec"]["dnsNames"]
    web = pods(overlay)["web"]["spec"]["containers"][0]
    env = {e["name"]: e.get("value") for e in web["env"]}
    assert re.fullmatch(r"https://([\w.-]+):8000", env["PROSOPON_URL"])[1] in names  # type: ignore[index]
    assert env["SSL_CERT_FILE"] == "/tls/ca.crt"
    transport = of_kind(overlay, "ServersTransport")["gateway"]["spec"]
    assert transport["serverName"] in names and transport["rootCAs"]
    assert "insecureSkipVerify" not in transport
    service = ray(overlay)["serveService"]["metadata"]["annotations"]
    assert service["traefik.ingress.kubernetes.io/service.serversscheme"] == "https"


@each
def test_the_web_app_is_reached_with_tls(overlay: str) -> None:
    annotations = of_kind(overlay, "Service")["web"]["metadata"]["annotations"]
    assert annotations["traefik.ingress.kubernetes.io/service.serversscheme"] == "https"
    transport = of_kind(overlay, "ServersTransport")["web"]["spec"]
    assert transport["serverName"] in of_kind(overlay, "Certificate")["web"]["spec"]["dnsNames"]


@each
def test_the_outside_is_https_only(overlay: str) -> None:
    (ingress,) = of_kind(overlay, "Ingress").values()
    hosts = {rule["host"] for rule in ingress["spec"]["rules"]}
    assert {h for tls in ingress["spec"]["tls"] for h in tls["hosts"]} == hosts
    entry = ingress["metadata"]["annotations"]["traefik.ingress.kubernetes.io/router.entrypoints"]
    assert entry == "websecure"
    assert all(
        s["spec"].get("type", "ClusterIP") == "ClusterIP"
        for s in of_kind(overlay, "Service").values()
    )


# Who may talk to whom


@each
def test_nothing_may_talk_unless_it_is_said(overlay: str) -> None:
    deny = policies(overlay)["default-deny"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@each
def test_what_is_said_is_web_gateway_ray_redis_endpoints_and_dns(overlay: str) -> None:
    said = policies(overlay)
    assert set(said) == {"default-deny", "dns", "head", "redis", "studio", "web"}
    endpoints = said["studio"]["egress"][2]["to"][0]["ipBlock"]["cidr"]
    allowed_in = {
        "web": {"ingress"},
        "redis": {"studio"},
        "studio": {"studio", "web", "ingress", "kuberay", "kube-system"},
    }
    for name, sources in allowed_in.items():
        assert set().union(*(labels_of(r["from"]) for r in said[name]["ingress"])) == sources
    assert labels_of(said["web"]["egress"][0]["to"]) == {"studio"}
    assert set().union(*(labels_of(r["to"]) for r in said["studio"]["egress"])) == {
        "studio",
        "redis",
        endpoints,
    }
    assert [p["port"] for p in said["studio"]["egress"][2]["ports"]] == [5432, 443]
    assert said["dns"]["egress"][0]["ports"] == [
        {"port": 53, "protocol": "UDP"},
        {"port": 53, "protocol": "TCP"},
    ]


@each
def test_no_rule_is_open_to_all(overlay: str) -> None:
    for name, policy in policies(overlay).items():
        for rule in (*policy.get("ingress", ()), *policy.get("egress", ())):
            assert rule.get("from") or rule.get("to"), name
            assert "0.0.0.0/0" not in str(rule), name


@each
def test_names_outside_are_listed_one_by_one(overlay: str) -> None:
    named: list[Any] = []
    for policy in of_kind(overlay, "CiliumNetworkPolicy").values():
        for rule in policy["spec"]["egress"]:
            assert set(rule) in ({"toFQDNs", "toPorts"}, {"toEndpoints", "toPorts"})
            named += rule.get("toFQDNs", ())
    assert named and all(set(entry) == {"matchName"} for entry in named)


@each
def test_webhooks_stay_out_of_the_own_network(overlay: str) -> None:
    assert "webhooks_to_private" not in serve_config(overlay)["applications"][0]["args"]


# Staying up


@each
def test_every_container_that_serves_is_probed(overlay: str) -> None:
    for name, container in containers(overlay):
        if name.split("/")[0] in ("web", "redis"):
            assert {"readinessProbe", "livenessProbe"} <= set(container), name
        elif name in ("cpu/ray", "gpu/ray"):
            assert container["readinessProbe"]["httpGet"]["scheme"] == "HTTPS"


@each
def test_the_head_is_replaced_without_a_loss(overlay: str) -> None:
    assert ray(overlay)["rayClusterConfig"]["gcsFaultToleranceOptions"]
    assert ray(overlay)["excludeHeadPodFromServeSvc"] is True
    (data,) = of_kind(overlay, "StatefulSet")["redis"]["spec"]["volumeClaimTemplates"]
    assert data["spec"]["accessModes"] == ["ReadWriteOnce"]


@each
def test_a_drain_takes_one_at_a_time(overlay: str) -> None:
    budgets = of_kind(overlay, "PodDisruptionBudget")
    assert set(budgets) == {"cpu", "gpu", "web"}
    assert all(b["spec"]["maxUnavailable"] == 1 for b in budgets.values())


@each
def test_work_in_hand_is_finished_before_a_pod_goes(overlay: str) -> None:
    longest = max(
        deployment.get("graceful_shutdown_timeout_s", 20)
        for application in serve_config(overlay)["applications"]
        for deployment in application["deployments"]
    )
    for group in ray(overlay)["rayClusterConfig"]["workerGroupSpecs"]:
        assert group["template"]["spec"]["terminationGracePeriodSeconds"] > longest


@each
def test_replicas_spread_over_zones_and_nodes(overlay: str) -> None:
    for name in {"cpu", "gpu", "web"} & set(pods(overlay)):
        spread = pods(overlay)[name]["spec"]["topologySpreadConstraints"]
        assert [s["topologyKey"] for s in spread] == [
            "topology.kubernetes.io/zone",
            "kubernetes.io/hostname",
        ]


@each
def test_what_answers_users_goes_before_what_draws(overlay: str) -> None:
    classes = {n: c["value"] for n, c in of_kind(overlay, "PriorityClass").items()}
    of = {name: classes[pod["spec"]["priorityClassName"]] for name, pod in pods(overlay).items()}
    assert of["head"] == of["web"] == of["redis"] > of["cpu"]


@each
def test_clusters_grow_and_shrink_by_themselves(overlay: str) -> None:
    cluster = ray(overlay)["rayClusterConfig"]
    assert cluster["enableInTreeAutoscaling"] is True
    assert cluster["autoscalerOptions"]["idleTimeoutSeconds"] > 0
    web = of_kind(overlay, "HorizontalPodAutoscaler")["web"]["spec"]
    assert 2 <= web["minReplicas"] < web["maxReplicas"]


@pytest.mark.skipif("all" not in NAMES, reason="there is no overlay of all tiers")
def test_gpu_nodes_take_nothing_else_and_cost_nothing_while_idle() -> None:
    groups = yaml.safe_load((HERE / "base" / "rayservice.yaml").read_text("utf-8").split("---")[0])
    cpu, gpu = groups["spec"]["rayClusterConfig"]["workerGroupSpecs"]
    assert gpu["minReplicas"] == 0 and gpu["rayStartParams"]["num-gpus"] == "1"
    taints = {(t["key"], t.get("value")) for t in gpu["template"]["spec"]["tolerations"]}
    assert {("sku", "gpu"), ("nvidia.com/gpu", None)} <= taints
    assert not {t["key"] for t in cpu["template"]["spec"]["tolerations"]} & {
        "sku",
        "nvidia.com/gpu",
    }
    resources = gpu["template"]["spec"]["containers"][0]["resources"]
    assert resources["limits"]["nvidia.com/gpu"] == "1"


@each
def test_weights_are_checked_before_anything_starts(overlay: str) -> None:
    for group in ray(overlay)["rayClusterConfig"]["workerGroupSpecs"]:
        (weights,) = group["template"]["spec"]["initContainers"]
        assert weights["args"][0].endswith("&& prosopon models verify")
        mounts = {m["name"]: m.get("readOnly", False) for m in weights["volumeMounts"]}
        assert mounts["mirror"] is True
    claims = of_kind(overlay, "PersistentVolumeClaim")
    assert claims["weights"]["spec"]["accessModes"] == ["ReadWriteMany"]
    assert of_kind(overlay, "ConfigMap")["studio"]["data"]["PROSOPON_OFFLINE"] == "1"
