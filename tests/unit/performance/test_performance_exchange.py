"""CSV and JSON of performances."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.errors import InputError
from backends.performance import plan_speech
from backends.performance.exchange import CSV_COLUMNS, from_csv, from_json, to_csv, to_json
from backends.types import Cue, Emotion, Performance
from tests.unit.performance.spoken_by_hand import SENTENCE, speech


@pytest.fixture(scope="module")
def plan() -> Performance:
    return plan_speech(speech(SENTENCE, ((0.3, Cue.of(Emotion.HAPPY)),)), 30, 2)


def test_json_keeps_everything(plan: Performance) -> None:
    part = plan.slice(7, 60)
    back = from_json(to_json(part))
    assert (back.fps, back.start, len(back)) == (30, 7, 53)
    for name in ("coefficients", "pose", "gaze"):
        np.testing.assert_allclose(getattr(back, name), getattr(part, name), atol=1e-4)
    assert list(back.extra) == list(part.extra)
    for name, track in part.extra.items():
        np.testing.assert_allclose(back.extra[name], track, atol=1e-4)


def test_csv_looks_like_live_link_face(plan: Performance) -> None:
    lines = to_csv(plan).splitlines()
    assert lines[0].startswith("Timecode,BlendShapeCount,EyeBlinkLeft,EyeLookDownLeft,EyeLookIn")
    assert lines[0].endswith(",TongueOut,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw,LeftEyePitch,"
                             "LeftEyeRoll,RightEyeYaw,RightEyePitch,RightEyeRoll")  # fmt: skip
    assert len(lines) == len(plan) + 1
    assert lines[1].startswith("00:00:00:00.000,61,") and lines[32].startswith("00:00:01:01.000,61")
    row = lines[50].split(",")
    assert float(row[CSV_COLUMNS.index("HeadYaw")]) == pytest.approx(
        np.deg2rad(plan.pose[49, 0]), abs=1e-5
    )


def test_csv_comes_back(plan: Performance) -> None:
    back = from_csv(to_csv(plan), 30)
    np.testing.assert_allclose(back.coefficients, plan.coefficients, atol=1e-4)
    np.testing.assert_allclose(back.pose[:, :3], plan.pose[:, :3], atol=1e-3)
    np.testing.assert_allclose(back.gaze, plan.gaze, atol=1e-3)
    assert back.extra["relax"].min() == 1.0
    lips = plan.extra["closure"] == 1.0
    assert lips.any() and back.extra["closure"][lips].min() > 0.99


def test_a_csv_from_elsewhere() -> None:
    text = "\ufeffframe, jawopen ,MOUTHCLOSE,Confidence\r\n1,0.5,0.25,0.9\r\n2,1.7,0,x\r\n"
    back = from_csv(text, 60)
    assert back.channel("jawOpen").tolist() == [0.5, 1.0]
    assert back.extra["closure"].tolist() == [0.5, 0.0]
    assert not back.pose.any() and not back.gaze.any()


@pytest.mark.parametrize(
    "text",
    [
        "", "\n\n", "a,b\n1,2", "JawOpen", "JawOpen\n", "JawOpen\nx", "JawOpen\nnan",
        "JawOpen\ninf", "JawOpen\n1e99", "JawOpen\n1,2", "JawOpen,EyeBlinkLeft\n1",
        "JawOpen,jawOpen\n1,1", 'JawOpen\n"1', "JawOpen\n\0",
    ],
)  # fmt: skip
def test_a_wrong_csv_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        from_csv(text, 25)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_wrong_rate_is_refused() -> None:
    with pytest.raises(InputError):
        from_csv("JawOpen\n1", 0)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "x"}, {"version": 2}, {"fps": 0}, {"fps": 1.5}, {"start": -1}, {"frames": []},
        {"frames": [{}]}, {"frames": "x"}, {"more": 1}, {"names": {"coefficients": ["a"]}},
        {"names": {"extra": ["closure", "closure", "teeth", "relax"]}}, {"names": {"extra": []}},
    ],
)  # fmt: skip
def test_a_wrong_json_is_refused(plan: Performance, change: dict[str, object]) -> None:
    data = json.loads(to_json(plan.slice(0, 2)))
    with pytest.raises(InputError):
        from_json(json.dumps(data | change))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e300", "null", '"1"', "[]"])
def test_a_wrong_number_is_refused(plan: Performance, value: str) -> None:
    text = to_json(plan.slice(0, 1))
    data = json.loads(text)
    data["frames"][0]["pose"][2] = 12345.0
    with pytest.raises(InputError, match="pose"):
        from_json(json.dumps(data).replace("12345.0", value))


@given(st.text(max_size=200) | st.text("JawOpen,\n\r\"'0.19eE+-;", max_size=60))
def test_no_text_crashes_the_readers(text: str) -> None:
    for read in (from_json, lambda t: from_csv(t, 25), lambda t: from_csv("JawOpen,x\n" + t, 25)):
        try:
            assert np.isfinite(read(text).coefficients).all()
        except InputError as error:
            assert error.message


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["coefficients", "pose", "gaze", "extra", "x"]), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["fps", "start", "names", "frames", "version"]), _VALUES))
def test_no_json_crashes_the_reader(data: dict[str, object]) -> None:
    head = {"format": "prosopon-performance", "version": 1, "fps": 25, "start": 0, "names": {}}
    with pytest.raises(InputError):
        from_json(json.dumps(head | data))


def test_deep_json_is_refused() -> None:
    with pytest.raises(InputError):
        from_json('{"frames":' + "[" * 100_000)


def test_lone_surrogates_are_refused() -> None:
    for read in (from_json, lambda t: from_csv(t, 25)):
        with pytest.raises(InputError):
            read('{"format": "\ud800"}')
