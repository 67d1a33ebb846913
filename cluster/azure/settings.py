"""What differs from environment to environment, as the stack files say it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

VMS = Path(__file__).parents[2] / "benchmarks" / "vms.toml"
SYSTEM_SIZE = "Standard_D4s_v5"
SIZES = {
    "lightweight": "Standard_D8s_v5",
    "balanced": "Standard_NC4as_T4_v3",
    "premium": "Standard_NC24ads_A100_v4",
}
"""Of a tier's nodes. The machines first thought of (D8s_v3, NV6, NC12s_v3) are old or no longer run: their successors
are the smallest that have what the tier needs: 8 processors; 4 to 6 GB of GPU memory; 12 to 16 GB."""
SECRETS = ("postgres", "redis-password", "prosopon-secret", "prosopon-webhook-secret", "web-api-key",
           "web-cookie-secret", "web-secret")  # fmt: skip
"""Given by `pulumi config set --secret`; all but the first go to the Key Vault under the same names."""


@dataclass(frozen=True, slots=True)
class Settings:
    environment: str
    tiers: tuple[str, ...]
    zones: tuple[str, ...]
    administrators: str
    """Entra group that may do everything in the cluster."""
    viewers: str
    """Entra group that may look."""
    host: str
    sign_in_client: str
    """Client id of the Entra application that pages sign in with."""
    webhook_hosts: tuple[str, ...]
    alarms: str
    """Address that alerts and budgets write to."""
    monthly_budget: float
    owner: str
    single_node: bool = False
    spot: bool = False
    """CPU nodes are spot machines: cheaper, and taken away at times; jobs go on elsewhere."""
    own_keys: bool = False
    """What is stored is encrypted with a key of our own."""
    backup_days: int = 35
    most_cpu_nodes: int = 12
    most_gpu_nodes: int = 4

    @property
    def tags(self) -> dict[str, str]:
        return {"application": "prosopon", "environment": self.environment, "owner": self.owner}

    def name(self, what: str) -> str:
        return f"prosopon-{self.environment}-{what}"

    def short(self, what: str) -> str:
        """For what Azure allows no hyphens and 24 letters in, all over the world."""
        return f"prosopon{self.environment}{what}".replace("-", "")[:24]


def read() -> Settings:
    """Of the stack that runs."""
    config = pulumi.Config("prosopon")
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name in Settings.__dataclass_fields__
        if (value := _value(config, name)) is not None
    }
    return Settings(**{"environment": pulumi.get_stack(), **fields})


def _value(config: pulumi.Config, name: str) -> Any:
    kind = Settings.__dataclass_fields__[name].type
    if kind is bool:
        return config.get_bool(name)
    if kind in (int, float):
        return config.get_float(name) if kind is float else config.get_int(name)
    return config.get(name) if kind is str else config.get_object(name)


def hourly_usd(size: str) -> float:
    """List price of a machine; raises KeyError where benchmarks/vms.toml has none."""
    prices = {vm["name"]: vm["usd_per_hour"] for vm in tomllib.loads(VMS.read_text("utf-8"))["vm"]}
    return float(prices[size])


def monthly_usd(settings: Settings) -> dict[str, float]:
    """By tier, what one node of it costs where it runs all month (730 hours)."""
    return {tier: round(hourly_usd(SIZES[tier]) * 730, 2) for tier in settings.tiers}
