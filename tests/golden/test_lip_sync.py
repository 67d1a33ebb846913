"""Lip sync of finished clips, with landmarks found again in the decoded pictures."""

from collections.abc import Mapping

import numpy as np
import pytest

from benchmarks.quality.sync import SyncReport, measure
from tests.golden.conftest import Kept

pytestmark = pytest.mark.xdist_group("golden")


@pytest.fixture(scope="module")
def reports(clips: Mapping[str, Kept]) -> Mapping[str, SyncReport]:
    return {name: measure(k.path, k.phonemes, k.clip.performance) for name, k in clips.items()}


@pytest.fixture
def report(reports: Mapping[str, SyncReport], name: str) -> SyncReport:
    return reports[name]


def test_the_face_is_found_in_every_frame(report: SyncReport) -> None:
    assert report.tracked == 1


def test_lips_close_on_p_b_and_m(reports: Mapping[str, SyncReport]) -> None:
    bilabials = sum(report.bilabials for report in reports.values())
    closed = sum(report.closed for report in reports.values())
    assert bilabials >= 25
    assert closed >= 0.95 * bilabials


def test_lips_close_in_a_sentence_full_of_p_b_and_m(reports: Mapping[str, SyncReport]) -> None:
    assert reports["lips"].bilabials >= 17
    assert reports["lips"].closed_share >= 0.95


def test_the_mouth_opens_as_planned_and_in_time(report: SyncReport) -> None:
    assert report.correlation is not None and report.lag_ms is not None
    assert report.correlation >= 0.8  # a clip has some 90 frames: one misread moment counts
    assert abs(report.lag_ms) <= 40


def test_mouths_open_as_planned(reports: Mapping[str, SyncReport]) -> None:
    assert np.mean([report.correlation or 0.0 for report in reports.values()]) >= 0.9
