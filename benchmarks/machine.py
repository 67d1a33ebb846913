"""What a figure was measured on."""

import os
import platform
from pathlib import Path


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
