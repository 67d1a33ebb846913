"""What a figure was measured on, and where figures are kept."""

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

_RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, object]:
    """Processor, cores, Python, and the load average (of a minute) so far."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8") if os.name == "posix" else ""
    models = (line.partition(":")[2].strip() for line in info.splitlines() if "model name" in line)
    return {
        "cpu": next(models, platform.processor()),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def stamp(**known: float) -> dict[str, Any]:
    """When, with which version and on what: the head of a result. `known` of the machine goes first."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version("prosopon"),
        "machine": machine() | known,
    }


def keep(name: str, found: Mapping[str, Any]) -> None:
    """Writes the results of a benchmark, in the place of its last ones."""
    _RESULTS.mkdir(exist_ok=True)
    text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    (_RESULTS / f"{name}.json").write_text(text, encoding="utf-8")


def keep_also(name: str, row: Mapping[str, Any]) -> None:
    """Adds a row to those of earlier runs."""
    _RESULTS.mkdir(exist_ok=True)
    with (_RESULTS / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
