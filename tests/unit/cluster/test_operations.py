"""The runbooks name what exists, and their arithmetic is right."""

import json
import math
import re
import tomllib

import pytest

from cluster.render import HERE

ROOT = HERE.parent
TEXT = (ROOT / "docs" / "operations.md").read_text("utf-8")
VMS = {
    vm["name"]: vm
    for vm in tomllib.loads((ROOT / "benchmarks" / "vms.toml").read_text("utf-8"))["vm"]
}
RESULTS = ROOT / "benchmarks" / "results"


def rows(heading: str) -> list[list[str]]:
    """Of the table below the line that begins so."""
    table = TEXT.partition(f"\n| {heading} |")[2].partition("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]
    ]


def test_every_task_has_a_runbook() -> None:
    found = set(re.findall(r"^## (.*)$", TEXT, flags=re.MULTILINE))
    assert found >= {
        "Upgrade", "Rollback", "Add a tier", "Rotate keys", "Restore", "A GPU node dies", "The queue grows",
        "It costs too much", "Capacity",
    }  # fmt: skip


def test_the_measured_figure_is_that_of_the_results() -> None:
    lines = (RESULTS / "speak.jsonl").read_text("utf-8").splitlines()
    two = [r for r in map(json.loads, lines) if r["cores"] == 2 and r["size"] == 512][-1]
    told = float(re.search(r"takes \*\*([\d.]+)\*\* core-seconds", TEXT)[1])  # type: ignore[index]
    assert told == pytest.approx(2 * two["rtf"], rel=0.25), (
        "speed has changed: correct the capacity section"
    )


@pytest.mark.parametrize("row", rows("users at once"), ids=lambda row: row[0])
def test_capacity_is_reckoned_right(row: list[str]) -> None:
    users, video, cores, workers, usd = map(float, row)
    assert video == pytest.approx(users * 10 / 120, rel=0.05)
    assert cores == pytest.approx(users * 10 / 120 * 0.41 / 0.7, rel=0.05)
    assert workers == max(2, math.ceil(users * 10 / 120 * 0.41 / 0.7 / 7))
    assert usd == pytest.approx(workers * VMS["Standard_D8s_v5"]["usd_per_hour"], abs=0.01)


@pytest.mark.parametrize("row", rows("tier"), ids=lambda row: row[0])
def test_monthly_costs_are_the_lists(row: list[str]) -> None:
    assert float(row[2]) == round(730 * VMS[row[1]]["usd_per_hour"])


@pytest.mark.parametrize(
    "path", ["docs/operations.md", "cluster/README.md", "cluster/compose/README.md"]
)
def test_links_lead_somewhere(path: str) -> None:
    text = (ROOT / path).read_text("utf-8")
    for link in re.findall(r"\]\((?!https?://)([^)#]+)\)", text):
        assert ((ROOT / path).parent / link).exists(), link
