"""What measurements say: lines, ratios, limits, answers, comparisons; out of sweeps whose truth is known."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.sweep import compare, plan
from benchmarks.sweep.answers import NOT_ASKED, NOT_MEASURED, answers
from benchmarks.sweep.cost import BUSY, costs, prices
from benchmarks.sweep.findings import Findings, findings
from benchmarks.sweep.limits import markdown
from benchmarks.sweep.records import Row
from benchmarks.sweep.stats import (
    Spread,
    line,
    mean_interval,
    ratio_of_medians,
    share_interval,
    survival,
)
from tests.unit.benchmarks import sweeps

ASKED_FOR = (
    "Character limit", "Emotion cue processing", "Processing time against text length", "Speech duration",
    "Hardware benchmarks", "Configuration comparison", "Scalability limits", "User acceptance",
    "Processing time tolerance", "Output video length",
)  # fmt: skip
"""The parameters to be determined through testing."""


@pytest.fixture(scope="module")
def found() -> Findings:
    return findings(sweeps.CONTEXT, list(sweeps.rows()))


@given(
    st.floats(-10, 10), st.floats(-3, 3), st.lists(st.integers(0, 4000), min_size=3, unique=True)
)
def test_a_line_is_found_again(fixed: float, each: float, x: list[int]) -> None:
    found = line(x, [fixed + each * v for v in x])
    assert found is not None
    assert math.isclose(found.each, each, abs_tol=1e-6)
    assert math.isclose(found.at(100), fixed + each * 100, abs_tol=1e-4)


def test_scatter_lowers_what_a_line_explains() -> None:
    chance = random.Random(1)
    x = [float(v) for v in range(0, 400, 4)]
    exact, rough = line(x, x), line(x, [v + chance.gauss(0, 80) for v in x])
    assert exact is not None and exact.r2 == pytest.approx(1)
    assert rough is not None and 0.4 < rough.r2 < 0.85


def test_too_little_for_a_line() -> None:
    assert line([1, 2], [1, 2]) is None
    assert line([5, 5, 5], [1, 2, 3]) is None


def test_the_interval_of_a_ratio_holds_the_true_one_and_narrows_with_the_scatter() -> None:
    chance = random.Random(2)
    a, b = ([chance.gauss(mean, 0.05) for _ in range(25)] for mean in (1.0, 1.3))
    wide = ratio_of_medians(*([chance.gauss(m, 0.4) for _ in range(25)] for m in (1.0, 1.3)))
    found = ratio_of_medians(a, b)
    assert found.low < 1.3 < found.high and found.low > 1
    assert found.high - found.low < wide.high - wide.low


def test_intervals_of_shares_and_means() -> None:
    share, low, high = share_interval(9, 10)
    assert share == 0.9 and 0.55 < low < 0.65 and 0.97 < high < 1  # Wilson: .596 to .982
    assert share_interval(0, 5)[1] == pytest.approx(0, abs=1e-12)
    mean, low, high = mean_interval([1, 2, 3, 4, 5])
    assert mean == 3 and 1.5 < low < 3 < high < 4.5


def test_who_stayed_to_the_end_did_not_leave() -> None:
    # Five wait; one leaves after 2 s, one is let in after 3 s, one leaves after 4 s, two stay.
    steps = survival([2, 3, 4, 9, 9], [True, False, True, False, False])
    assert steps == [(2, 0.8), (4, pytest.approx(0.8 * 2 / 3))]


def test_the_line_of_processing_time_is_found_although_a_round_was_slow(found: Findings) -> None:
    cpu = found.cpu_line
    assert cpu is not None
    assert cpu.each == pytest.approx(sweeps.EACH_S * 4 / 3)  # the mean of the rounds
    assert cpu.count == 3 * 5


def test_ratios_to_the_base_know_nothing_of_slow_rounds(found: Findings) -> None:
    larger = found.case(sweeps.clip(size=720))
    assert larger is not None and larger.to_base is not None
    assert larger.to_base == Spread(pytest.approx(1.5), pytest.approx(1.5), pytest.approx(1.5), 3)


def test_clips_around_the_base_differ_in_one_thing(found: Findings) -> None:
    tasks = [case.task for case in found.around_base]
    assert plan.BASE not in tasks and plan.of_tier("lightweight") not in tasks
    assert len(tasks) == 6
    assert [case.task.characters for case in found.lengths] == [60, 180, 360, 720]


def test_a_sentence_that_is_cut_off_is_beyond_the_limit(found: Findings) -> None:
    limits = {limit.engine: limit for limit in found.limits}
    assert limits["piper"].characters == limits["piper"].declared == 1000
    assert limits["kokoro"].characters == 100 and "0.43 times" in limits["kokoro"].failure
    assert limits["xtts"].characters == 0 and limits["xtts"].failure == "no weights"


def test_speech_is_compared_with_neutral_speech(found: Findings) -> None:
    assert {(p.language, p.emotion): round(p.to_neutral, 2) for p in found.paces} == {
        ("en", "neutral"): 1.0,
        ("en", "happy"): 0.9,
    }


def test_the_highest_rate_that_keeps_the_target(found: Findings) -> None:
    assert [rate.kept for rate in found.rates] == [True, True, False]
    assert found.best_rate is not None and found.best_rate.share == 1.0


def test_cost_is_what_the_processors_can_make(found: Findings) -> None:
    cost = next(c for c in costs(found) if c.vm.name == "Standard_D8s_v5")
    assert found.cpu_rtf is not None and cost.minutes_an_hour is not None
    assert cost.minutes_an_hour == pytest.approx(60 * 8 * BUSY / found.cpu_rtf)
    assert cost.usd_a_minute == pytest.approx(cost.vm.usd_per_hour / cost.minutes_an_hour)


def test_what_needs_a_gpu_has_no_guessed_cost(found: Findings) -> None:
    assert all(c.usd_a_minute is None for c in costs(found) if c.vm.gpu)


def test_prices_name_machines_of_every_tier_and_their_successors() -> None:
    vms = {vm.name: vm for vm in prices().vm}
    first = {"Standard_NC12s_v3", "Standard_NV6", "Standard_D8s_v3"}
    assert first <= set(vms)
    assert {vm.replaces for vm in vms.values() if vm.replaces} == first
    assert {"lightweight", "balanced", "premium"} == {vm.tier for vm in vms.values()}


def test_every_parameter_has_its_number_or_its_instrument(found: Findings) -> None:
    given_answers = {a.question: a for a in answers(found, None)}
    assert tuple(given_answers) == ASKED_FOR
    measured = [a for a in given_answers.values() if a.group != "Quality against speed"]
    assert all(any(c.isdigit() for c in a.answer) for a in measured)
    for question in ASKED_FOR[7:]:
        assert NOT_ASKED in given_answers[question].answer
        assert "bench survey" in given_answers[question].how
    assert "1,000 characters" in given_answers["Character limit"].answer
    assert "8.0 videos under way" not in given_answers["Scalability limits"].answer
    assert "24.0 a minute" in given_answers["Scalability limits"].answer


def test_nothing_measured_is_told_as_such() -> None:
    nothing = findings(sweeps.CONTEXT, [])
    told = {a.question: a.answer for a in answers(nothing, None)}
    assert all(NOT_MEASURED in told[question] for question in ASKED_FOR[:7])
    assert NOT_MEASURED in markdown(nothing, None)


@pytest.mark.parametrize("missing", ["warm", "cold", "speech", "sentence", "parsing", "served"])
def test_half_a_sweep_has_a_page_too(missing: str) -> None:
    rows: list[Row] = [row for row in sweeps.rows() if row.task.kind != missing]
    page = markdown(findings(sweeps.CONTEXT, rows), None)
    assert all(question in page for question in ASKED_FOR)


def test_a_page_of_limits_names_every_tier_and_what_was_not_to_be_had(found: Findings) -> None:
    page = markdown(found, None)
    assert "| lightweight | 10,000 |" in page and "| premium | 5,000 |" in page
    assert "its weights are missing" in page and "no weights" in page


def scattered(factor: float, seed: int) -> Findings:
    """A sweep of which every figure is a little off."""
    chance = random.Random(seed)
    rows = []
    for row in sweeps.rows(factor):
        if row.found is not None and row.task.kind == "warm":
            off = {"cpu_s": row.found.cpu_s * chance.gauss(1, 0.01)}  # type: ignore[union-attr]
            row = row.model_copy(update={"found": row.found.model_copy(update=off)})
        rows.append(row)
    return findings(sweeps.CONTEXT, [row for row in rows if row.round != 2])


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [(0.7, "better"), (1.0, "no difference"), (1.02, "no difference"), (1.4, "worse")],
)
def test_what_got_better_or_worse_is_told(factor: float, verdict: str) -> None:
    changes = list(compare.changes(scattered(1.0, 1), scattered(factor, 2)))
    told = {change.verdict for change in changes if change.measure == "processor time"}
    assert told == {verdict}
    assert {change.verdict for change in changes if change.measure == "memory"} == {"no difference"}


def test_two_runs_agree_on_ratios_although_one_machine_was_slower() -> None:
    middle, worst = compare.worst(compare.agreements(scattered(1.0, 1), scattered(1.9, 2)))
    assert 0 < middle < 0.03 and worst < 0.1
