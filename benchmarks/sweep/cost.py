"""What a minute of finished video costs on rented machines: prices from benchmarks/vms.toml, speed as measured here."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from benchmarks.sweep.findings import Findings
from serve_app.config import StrictModel

VMS = Path(__file__).parents[1] / "vms.toml"
BUSY = 0.7
"""Share of a machine's processors that is put to use on average."""


class Vm(StrictModel):
    name: str
    tier: str
    vcpus: int
    memory_gib: float
    gpu: str = ""
    gpu_gib: float = 0.0
    usd_per_hour: float
    replaces: str = ""
    retired: date | None = None


class Prices(StrictModel):
    checked: date
    vm: tuple[Vm, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    vm: Vm
    usd_a_minute: float | None
    """For a minute of finished video; None where the tier's speed on such a machine was not measured."""
    minutes_an_hour: float | None
    """Of finished video."""


@cache
def prices() -> Prices:
    return Prices.model_validate(tomllib.loads(VMS.read_text(encoding="utf-8")))


def costs(found: Findings) -> list[Cost]:
    """For each machine. One of its processors counts as much as one here; what needs a GPU is not guessed."""
    return [_cost(vm, found) for vm in prices().vm]


def _cost(vm: Vm, found: Findings) -> Cost:
    tier = next((t for t in found.tiers if t.name == vm.tier), None)
    cpu_rtf = found.cpu_rtf if tier and not vm.gpu and not tier.failure else None
    if cpu_rtf is None:
        return Cost(vm, None, None)
    minutes = 60 * vm.vcpus * BUSY / cpu_rtf
    return Cost(vm, vm.usd_per_hour / minutes, minutes)
