"""`make fuzz`: tens of thousands of cases for every decoder and endpoint, each in a process of its own.

What is found is written into a folder, is told of, and makes the exit code 1.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.fuzz.decoders import DECODERS

_MOST_S = 3 * 3600
_MOST_GROWTH_MB = 200.0


def main() -> int:
    arguments = _arguments()
    arguments.findings.mkdir(parents=True, exist_ok=True)
    if arguments.served:
        from tests.fuzz.served import main as attack_served

        return 0 if attack_served(arguments.cases, arguments.only, arguments.findings, _tell) else 1
    names = _names(arguments.only)
    _tell(
        f"{len(names)} targets, {arguments.cases} cases each; findings go to {arguments.findings}"
    )
    with ThreadPoolExecutor(arguments.jobs) as pool:
        ran = pool.map(lambda name: _run(name, arguments.cases, arguments.findings), names)
        bad = sum(not fine for fine in ran)
    _tell(f"{bad} of {len(names)} targets have findings" if bad else "nothing was found")
    return 1 if bad else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="of each target")
    parser.add_argument("--only", default="", help="targets whose names contain this")
    parser.add_argument("--served", action="store_true", help="endpoints of a service that runs")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--findings", type=Path, default=Path("build/fuzz"))
    return parser.parse_args()


def _names(wanted: str) -> Sequence[str]:
    """Those whose names contain what is wanted; a decoder's own name is that one."""
    if wanted in DECODERS:
        return [wanted]
    from tests.fuzz.target import endpoint_names

    every = [*DECODERS, *asyncio.run(endpoint_names())]
    return [name for name in every if wanted in name]


def _run(name: str, cases: int, findings: Path) -> bool:
    """Whether nothing was found."""
    with tempfile.TemporaryDirectory(prefix="prosopon-fuzz-") as work:
        folder = Path(work, "temporary")
        folder.mkdir()
        report = Path(work, "report.json")
        own = {"TMPDIR": str(folder), "PROSOPON_HOME": f"{work}/home", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "tests.fuzz.target", name, str(cases), report, findings]
        try:
            done = subprocess.run(
                list(map(str, command)),
                env=os.environ | own,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_MOST_S,
            )
            code, said = done.returncode, done.stdout + done.stderr
        except subprocess.TimeoutExpired:
            code, said = -1, "it came to no end"
        faults = [] if code == 0 and report.exists() else [f"the process ended with {code}"]
        facts = json.loads(report.read_text()) if report.exists() else {}
        if facts.get("grown_mb", 0.0) > _MOST_GROWTH_MB:
            faults.append(f"memory grew by {facts['grown_mb']} MB over its second half")
        if left := sorted(p.name for p in folder.iterdir()):
            faults.append(f"left temporary files: {left[:3]}")
    _tell(f"{'FOUND' if faults else 'fine '} {name}: {facts} {'; '.join(faults)}")
    if faults:
        (findings / f"{name.replace('/', '-')}.txt").write_text(said)
        _tell("  " + "\n  ".join(said.splitlines()[-12:]))
    return not faults


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
