"""What tells how the studio does: metrics, logs, traces, a dashboard, alerts, and a budget."""

import pulumi
from pulumi_azure_native import (
    alertsmanagement,
    applicationinsights,
    authorization,
    consumption,
    dashboard,
    monitor,
    operationalinsights,
)

from cluster.azure.data import Data, grant, secret
from cluster.azure.kubernetes import Cluster
from cluster.azure.network import Net
from cluster.azure.settings import Settings

ALERTS = {
    "queue-age": ("max by (tier) (prosopon_oldest_queued_seconds) > 300", "PT5M",
                  "The first video in line has waited for five minutes."),
    "failures": ('sum(rate(prosopon_videos_total{outcome="failed"}[15m]))'
                 " / sum(rate(prosopon_videos_total[15m])) > 0.05",
                 "PT10M", "More than one video in twenty fails."),
    "gpu-idle": ("avg by (cluster) (ray_node_gpus_utilization) < 5", "PT30M", "GPUs are paid for and do nothing."),
    "tier-down": ("min by (tier) (prosopon_tier_up) == 0", "PT5M", "A tier can take no work."),
}  # fmt: skip
"""By name: when, for how long, and what it means. The metrics are those of serve_app.telemetry and of Ray."""
_KEPT_DAYS = 90


def create(settings: Settings, net: Net, data: Data, cluster: Cluster) -> None:
    logs = operationalinsights.Workspace(
        "logs",
        workspace_name=settings.name("logs"),
        resource_group_name=net.group,
        sku=operationalinsights.WorkspaceSkuArgs(name="PerGB2018"),
        retention_in_days=_KEPT_DAYS,
        tags=settings.tags,
    )
    _control_plane(cluster, logs)
    _traces(settings, net, data, cluster, logs)
    metrics = monitor.AzureMonitorWorkspace(
        "metrics",
        azure_monitor_workspace_name=settings.name("metrics"),
        resource_group_name=net.group,
        tags=settings.tags,
    )
    _collection(settings, net, cluster, metrics)
    _dashboard(settings, net, metrics)
    _alerts(settings, net, cluster, metrics)
    _budget(settings, net)


def _control_plane(cluster: Cluster, logs: operationalinsights.Workspace) -> None:
    monitor.DiagnosticSetting(
        "control-plane",
        name="control-plane",
        resource_uri=cluster.managed.id,
        workspace_id=logs.id,
        logs=[
            monitor.LogSettingsArgs(category=category, enabled=True)
            for category in ("kube-audit-admin", "guard", "cluster-autoscaler")
        ],
    )


def _traces(
    settings: Settings, net: Net, data: Data, cluster: Cluster, logs: operationalinsights.Workspace
) -> None:
    insights = applicationinsights.Component(
        "traces",
        resource_name_=settings.name("traces"),
        resource_group_name=net.group,
        kind="web",
        application_type="web",
        workspace_resource_id=logs.id,
        ingestion_mode="LogAnalytics",
        tags=settings.tags,
    )
    kept = secret(settings, net, data.vault, "monitoring", insights.connection_string)
    studio = cluster.identities["studio"].principal_id
    grant("studio-monitoring", studio, "Key Vault Secrets User", kept.id)


def _collection(
    settings: Settings, net: Net, cluster: Cluster, metrics: monitor.AzureMonitorWorkspace
) -> None:
    point = monitor.DataCollectionEndpoint(
        "metrics",
        data_collection_endpoint_name=settings.name("metrics"),
        resource_group_name=net.group,
        kind="Linux",
        tags=settings.tags,
    )
    rule = monitor.DataCollectionRule(
        "metrics",
        data_collection_rule_name=settings.name("metrics"),
        resource_group_name=net.group,
        kind="Linux",
        data_collection_endpoint_id=point.id,
        data_sources=monitor.DataCollectionRuleDataSourcesArgs(
            prometheus_forwarder=[
                monitor.PrometheusForwarderDataSourceArgs(
                    name="prometheus", streams=["Microsoft-PrometheusMetrics"]
                )
            ]
        ),
        destinations=monitor.DataCollectionRuleDestinationsArgs(
            monitoring_accounts=[
                monitor.MonitoringAccountDestinationArgs(
                    name="metrics", account_resource_id=metrics.id
                )
            ]
        ),
        data_flows=[
            monitor.DataFlowArgs(streams=["Microsoft-PrometheusMetrics"], destinations=["metrics"])
        ],
        tags=settings.tags,
    )
    monitor.DataCollectionRuleAssociation(
        "metrics",
        association_name="metrics",
        resource_uri=cluster.managed.id,
        data_collection_rule_id=rule.id,
    )


def _dashboard(settings: Settings, net: Net, metrics: monitor.AzureMonitorWorkspace) -> None:
    grafana = dashboard.Grafana(
        "dashboard",
        workspace_name=settings.short("board"),
        resource_group_name=net.group,
        sku=dashboard.ResourceSkuArgs(name="Standard"),
        identity=dashboard.ManagedServiceIdentityArgs(type="SystemAssigned"),
        properties=dashboard.ManagedGrafanaPropertiesArgs(
            public_network_access="Disabled",
            api_key="Disabled",
            grafana_integrations=dashboard.GrafanaIntegrationsArgs(
                azure_monitor_workspace_integrations=[
                    dashboard.AzureMonitorWorkspaceIntegrationArgs(
                        azure_monitor_workspace_resource_id=metrics.id
                    )
                ]
            ),
        ),
        tags=settings.tags,
    )
    reader = grafana.identity.apply(lambda found: found.principal_id if found else "")
    grant("dashboard", reader, "Monitoring Data Reader", metrics.id)


def _alerts(
    settings: Settings, net: Net, cluster: Cluster, metrics: monitor.AzureMonitorWorkspace
) -> None:
    people = monitor.ActionGroup(
        "alarms",
        action_group_name=settings.name("alarms"),
        group_short_name="prosopon",
        resource_group_name=net.group,
        location="Global",
        enabled=True,
        email_receivers=[
            monitor.EmailReceiverArgs(
                name="alarms", email_address=settings.alarms, use_common_alert_schema=True
            )
        ],
        tags=settings.tags,
    )
    alertsmanagement.PrometheusRuleGroup(
        "alerts",
        rule_group_name=settings.name("alerts"),
        resource_group_name=net.group,
        scopes=[metrics.id, cluster.managed.id],
        enabled=True,
        interval="PT1M",
        rules=[
            alertsmanagement.PrometheusRuleArgs(
                alert=name,
                expression=expression,
                for_=lasting,
                severity=2,
                annotations={"summary": meaning, "runbook": "docs/operations.md"},
                actions=[alertsmanagement.PrometheusRuleGroupActionArgs(action_group_id=people.id)],
            )
            for name, (expression, lasting, meaning) in ALERTS.items()
        ],
        tags=settings.tags,
    )


def _budget(settings: Settings, net: Net) -> None:
    subscription = authorization.get_client_config_output().subscription_id
    consumption.Budget(
        "budget",
        budget_name=settings.name("budget"),
        scope=pulumi.Output.concat("/subscriptions/", subscription, "/resourceGroups/", net.group),
        amount=settings.monthly_budget,
        category="Cost",
        time_grain="Monthly",
        time_period=consumption.BudgetTimePeriodArgs(start_date="2026-01-01T00:00:00Z"),
        notifications={
            f"at-{percent}": consumption.NotificationArgs(
                enabled=True,
                operator="GreaterThan",
                threshold=percent,
                threshold_type="Forecasted" if percent == 100 else "Actual",
                contact_emails=[settings.alarms],
            )
            for percent in (50, 80, 100)
        },
    )
