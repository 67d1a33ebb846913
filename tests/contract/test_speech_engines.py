"""What every speech engine of the table keeps to."""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache, partial

import librosa
import numpy as np
import pytest

from backends.errors import (
    EmptyTextError,
    InputError,
    TextTooLongError,
    UnknownVoiceError,
    UnsupportedLanguageError,
)
from backends.script.emotions import EMOTIONS
from backends.speech import ENGINES, find_voice
from backends.speech.engine import SpeechEngine, Voice
from backends.types import NO_CUE, Cue, Emotion, Pause, SpeechChunk, TextSpan, Utterance
from tests.contract.small_engines import small_engine

TEXTS = {
    "en": "Hello everyone, I'm so excited!",
    "el": "Γεια σας, χαίρομαι πάρα πολύ!",
    "es": "Hola a todos, me alegro mucho!",
    "it": "Ciao a tutti, sono molto contento!",
    "fr": "Bonjour à tous, je suis ravi de vous voir!",
    "de": "Guten Tag, ich freue mich sehr auf euch!",
    "pt": "Olá a todos, fico muito feliz em vos ver!",
    "pl": "Witam was, bardzo się cieszę na wasz widok!",
    "tr": "Herkese merhaba, bugün sizi görmek çok güzel!",
    "ru": "Всем привет, очень рад вас сегодня видеть!",
    "nl": "Dag allemaal, ik ben blij jullie te zien!",
    "cs": "Ahoj všichni, moc rád vás dnes vidím!",
    "ar": "مرحبا بالجميع، أنا سعيد جدا برؤيتكم اليوم!",
    "zh": "大家好很高兴今天见到你们!",
    "ja": "こんにちはきょうはあえてうれしいです!",
    "hu": "Sziasztok, nagyon örülök hogy ma látlak titeket!",
    "ko": "여러분 안녕하세요, 오늘 만나서 정말 반갑습니다!",
    "da": "Hej alle sammen, jeg er glad for at se jer!",
    "fi": "Hei kaikille, on mukava nähdä teidät tänään!",
    "ms": "Helo semua, saya gembira melihat anda hari ini!",
    "no": "Hei alle sammen, jeg er glad for å se dere!",
    "sv": "Hej allihop, jag är glad att se er idag!",
    "sw": "Habari zenu, nimefurahi kuwaona nyote leo!",
    "hi": "नमस्ते दोस्तो, आज आपसे मिलकर बहुत खुशी हुई!",
}
BRIEF = "We did it again."
MELODY = "We were alone in our room, and I never really knew the reason."
"""Voiced almost throughout: its pitch can be told, whichever sample of it a voice speaks."""
HUMMING = ("chatterbox", "xtts")
"""Engines whose random weights, or stand-ins, only hum, so that the times which are heard in it mean nothing."""
_TREMBLE_S = 0.05
"""By which sentences of an engine that is not deterministic may differ."""
CALM_DOWN = Cue.of(Emotion.NEUTRAL)
Once = Callable[[Utterance], SpeechChunk]
LONG = ("She asked whether the board of the company had seen it. " * 2)[:100]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], SpeechEngine]]:
    """Engines by name; those whose weights are not in packages have small random ones."""
    with ExitStack() as stack:
        yield cache(lambda name: small_engine(name, tmp_path_factory, stack))


@pytest.fixture(params=sorted(ENGINES), scope="module")
def engine(request: pytest.FixtureRequest, loaded: Callable[[str], SpeechEngine]) -> SpeechEngine:
    return loaded(request.param)


@pytest.fixture(scope="module")
def once(engine: SpeechEngine) -> Once:
    """Speaks what several tests listen to, or compare with, for all of them."""
    return cache(partial(speak, engine))


@pytest.fixture(scope="module")
def facts(once: Once) -> Callable[[Cue], dict[str, float]]:
    """What a listener hears in MELODY under a cue, against the same spoken plainly."""
    tune = cache(lambda cue: melody(once(wholly(MELODY, cue))))

    def heard(cue: Cue) -> dict[str, float]:
        chunks = [once(wholly(MELODY, c)) for c in (cue, NO_CUE)]
        spoken = [sum(b - a for p, a, b in c.phonemes if p != "_") for c in chunks]
        power = [np.mean(c.samples.astype(np.float64) ** 2) for c in chunks]
        return {
            "semitones": float(np.nanmedian(tune(cue) - tune(NO_CUE))),
            "pace": spoken[1] / spoken[0],
            "decibels": float(10 * np.log10(power[0] / power[1])),
        }

    return heard


def utterance(
    text: str, language: str = "en", cues: tuple[int, ...] = (), pauses: tuple[Pause, ...] = ()
) -> Utterance:
    """A sentence whose cue changes at the given characters."""
    edges = [0, *cues, len(text)]
    moods = [NO_CUE, *(Cue.of(emotion) for emotion in Emotion)]
    spans = tuple(
        TextSpan(a, b, moods[i], -1) for i, (a, b) in enumerate(itertools.pairwise(edges))
    )
    return Utterance(text, spans, language, pauses=pauses)


def wholly(text: str, cue: Cue) -> Utterance:
    return Utterance(text, (TextSpan(0, len(text), cue, -1),), "en")


def melody(chunk: SpeechChunk) -> np.ndarray:
    """Semitones at the middle of each phoneme, by another tracker than the engines' own; NaN where there are none."""
    hop = round(0.01 * chunk.sample_rate)
    hertz, _, _ = librosa.pyin(
        chunk.samples,
        fmin=60,
        fmax=400,
        sr=chunk.sample_rate,
        frame_length=1024,
        hop_length=hop,
        resolution=0.2,
    )
    middles = [(a + b) / 2 * chunk.sample_rate / hop for _, a, b in chunk.phonemes]
    return 12 * np.log2(hertz[np.minimum(np.rint(middles).astype(int), len(hertz) - 1)])


def speak(engine: SpeechEngine, what: Utterance, seed: int = 0, speed: float = 1.0) -> SpeechChunk:
    """The utterance's chunks, each checked, as one."""
    chunks = list(engine.synthesize(what, voice_for(engine, what.language), seed, speed))
    for chunk in chunks:
        check_sound(chunk)
    assert chunks[0].start_s == 0
    for before, after in itertools.pairwise(chunks):
        assert after.start_s == pytest.approx(before.end_s, abs=1e-9)
    joined = SpeechChunk(
        samples=np.concatenate([c.samples for c in chunks]),
        sample_rate=chunks[0].sample_rate,
        phonemes=tuple(p for c in chunks for p in c.phonemes),
        words=tuple(w for c in chunks for w in c.words),
        cues=tuple(s for c in chunks for s in c.cues),
    )
    check_text(joined, what)
    return joined


def voice_for(engine: SpeechEngine, language: str) -> Voice:
    return find_voice(engine, None, language)


def alike(engine: SpeechEngine, one: SpeechChunk, other: SpeechChunk) -> bool:
    """The same sample for sample where the engine is deterministic, else the same words in the same time."""
    if engine.info.deterministic:
        same = len(one.samples) == len(other.samples) and (one.samples == other.samples).all()
        return bool(same) and one.phonemes == other.phonemes
    names = [[p.phoneme for p in chunk.phonemes] for chunk in (one, other)]
    return names[0] == names[1] and abs(one.duration_s - other.duration_s) < _TREMBLE_S


def check_sound(chunk: SpeechChunk) -> None:
    assert chunk.samples.dtype == np.float32
    assert chunk.samples.ndim == 1 and len(chunk.samples)
    assert np.isfinite(chunk.samples).all()
    assert np.abs(chunk.samples).max() <= 1
    at = chunk.start_s
    for phoneme, start_s, end_s in chunk.phonemes:
        assert phoneme and phoneme.strip() == phoneme
        assert start_s == pytest.approx(at, abs=1e-9)
        assert end_s > start_s
        at = end_s
    assert at == pytest.approx(chunk.end_s, abs=1e-9)


def check_text(chunk: SpeechChunk, what: Utterance) -> None:
    at_s, at_char = 0.0, 0
    for word in chunk.words:
        assert at_s - 1e-9 <= word.start_s <= word.end_s <= chunk.end_s + 1e-9
        assert at_char <= word.char_start < word.char_end
        assert what.text[word.char_start : word.char_end] == word.word
        at_s, at_char = word.end_s, word.char_end
    assert "".join(cue.text for cue in chunk.cues) == what.text
    assert [cue.cue for cue in chunk.cues] == [span.cue for span in what.spans]
    assert chunk.cues[0].start_s == 0
    assert chunk.cues[-1].end_s == pytest.approx(chunk.end_s, abs=1e-9)
    for before, after in zip(chunk.cues, chunk.cues[1:], strict=False):
        assert before.start_s <= before.end_s == after.start_s


def test_facts_are_told(engine: SpeechEngine) -> None:
    info = engine.info
    assert ENGINES[info.name]
    assert info.alignments in ("exact", "estimated")
    assert info.max_characters >= 400
    assert len({voice.id for voice in info.voices}) == len(info.voices) > 0
    for voice in info.voices:
        assert voice.id.partition(":")[0] in ENGINES
        assert voice.language in info.languages
        assert voice.sample_rate >= 16_000
        assert voice.licence.code and voice.licence.weights


def test_every_language_is_spoken(engine: SpeechEngine, once: Once) -> None:
    for language in engine.info.languages:
        what = utterance(TEXTS[language], language)
        chunk = once(what)
        assert len(chunk.words) == len(what.text.split())
        assert 1 < chunk.duration_s < 10
        assert np.sqrt(np.mean(chunk.samples**2)) > 0.01


def test_a_cue_begins_with_its_first_word(once: Once) -> None:
    chunk = once(utterance(BRIEF, cues=(BRIEF.index("did"), BRIEF.index("again"))))
    onsets = {word.word: word.start_s for word in chunk.words}
    assert [cue.start_s for cue in chunk.cues] == [0, onsets["did"], onsets["again"]]


def test_a_cue_without_words_has_no_length(engine: SpeechEngine) -> None:
    text = "Wow!"
    chunk = speak(engine, utterance(text, cues=(3,)))
    assert chunk.cues[1].start_s == chunk.cues[1].end_s == pytest.approx(chunk.duration_s)


def test_only_a_voice_that_follows_cues_changes_with_them(engine: SpeechEngine, once: Once) -> None:
    cues = (BRIEF.index("did"), BRIEF.index("again"))
    plain, cued = once(utterance(BRIEF)), once(utterance(BRIEF, cues=cues))
    if engine.info.emotions:
        assert not np.array_equal(plain.samples, cued.samples)
    else:
        assert alike(engine, plain, cued)


def test_neutral_is_what_no_cue_is(engine: SpeechEngine, once: Once) -> None:
    plain, neutral = (once(wholly(BRIEF, cue)) for cue in (NO_CUE, CALM_DOWN))
    assert alike(engine, plain, neutral)


@pytest.mark.parametrize("emotion", [Emotion.EXCITED, Emotion.SAD])
def test_an_emotion_is_heard_and_grows(
    engine: SpeechEngine, facts: Callable[[Cue], dict[str, float]], emotion: Emotion
) -> None:
    """Pitch, pace and level go the recipe's way, and further the stronger the cue."""
    if not engine.info.emotions or engine.info.name in HUMMING:
        return
    recipe = EMOTIONS[emotion].voice
    some, full = (facts(Cue.of(emotion, intensity)) for intensity in (0.4, 1.0))
    for name, aim, still, near in [
        ("semitones", recipe.pitch_semitones, 0.0, 0.6),
        ("pace", recipe.rate, 1.0, 0.04),
        ("decibels", recipe.energy_db, 0.0, 0.7),
    ]:
        assert 0 < (some[name] - still) / (aim - still) < (full[name] - still) / (aim - still), name
        assert full[name] == pytest.approx(aim, abs=near), name


def test_a_cue_inside_a_sentence_turns_the_voice_at_its_word(
    engine: SpeechEngine, once: Once
) -> None:
    if not engine.info.emotions or engine.info.name in HUMMING:
        return
    at = MELODY.index("in our")
    spans = (
        TextSpan(0, at, NO_CUE, -1),
        TextSpan(at, len(MELODY), Cue.of(Emotion.EXCITED), -1),
    )
    plain, cued = once(wholly(MELODY, NO_CUE)), once(Utterance(MELODY, spans, "en"))
    change = melody(cued) - melody(plain)
    assert [p.phoneme for p in plain.phonemes] == [p.phoneme for p in cued.phonemes]
    turn = cued.cues[1].start_s
    onsets = [w.start_s for w in cued.words if w.start_s <= turn]
    assert onsets == pytest.approx([w.start_s for w in plain.words][: len(onsets)], abs=0.01)
    early = change[[p.end_s <= turn - 0.06 for p in cued.phonemes]]  # a glide is either phone's
    late = change[[p.start_s >= turn + 0.06 for p in cued.phonemes]]
    before, after = (part[~np.isnan(part)] for part in (early, late))
    assert np.median(np.abs(before)) < 0.5 and np.median(np.abs(before[-3:])) < 0.8
    assert np.median(after[:5]) > 0.3 and np.median(after) > 1.5
    assert cued.duration_s - turn < (plain.duration_s - turn) * 0.95


def test_same_request_same_sound(engine: SpeechEngine) -> None:
    assert alike(engine, *(speak(engine, utterance(BRIEF), seed=7) for _ in range(2)))


def test_threads_do_not_meet(engine: SpeechEngine, once: Once) -> None:
    quick, other = utterance("Half past four."), (engine.info.languages * 2)[1]
    asked = [(quick, 1), (utterance(TEXTS[other], other), 0)] * 2
    alone = [speak(engine, quick, 1), once(asked[1][0])] * 2
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda job: speak(engine, *job), asked))
    for one, met in zip(alone, together, strict=True):
        assert alike(engine, one, met)
        assert [word.word for word in one.words] == [word.word for word in met.words]


def test_speed_scales_the_time(engine: SpeechEngine, once: Once) -> None:
    what = utterance(TEXTS["en"])
    slow, normal, fast = speak(engine, what, speed=0.5), once(what), speak(engine, what, speed=2.0)
    assert slow.duration_s == pytest.approx(2 * normal.duration_s, rel=0.1)
    assert fast.duration_s == pytest.approx(
        normal.duration_s / 2, rel=0.15
    )  # none of its sounds vanishes
    assert (
        [w.word for w in slow.words]
        == [w.word for w in normal.words]
        == [w.word for w in fast.words]
    )


def test_a_pause_is_silence_of_its_length(engine: SpeechEngine, once: Once) -> None:
    text = TEXTS["en"]
    at = text.index("I'm")
    slack = 1e-4 if engine.info.deterministic else _TREMBLE_S
    without, paused = once(utterance(text)), once(utterance(text, pauses=(Pause(at, 0.75),)))
    assert paused.duration_s - without.duration_s == pytest.approx(0.75, abs=slack)
    for before, after in zip(without.words, paused.words, strict=False):
        shift = 0.75 if before.char_start >= at else 0.0
        assert after.start_s - before.start_s == pytest.approx(shift, abs=slack)
    first, second = (paused.words[i] for i in (1, 2))
    between = [p for p in paused.phonemes if first.end_s <= p.start_s < p.end_s <= second.start_s]
    assert any(p.phoneme == "_" and p.end_s - p.start_s >= 0.75 - 1e-9 for p in between)
    zeros = _longest_zeros(paused.samples) - _longest_zeros(without.samples)
    assert zeros / paused.sample_rate == pytest.approx(0.75, abs=0.01 + slack)


@pytest.mark.parametrize("at", [0, 3, 4, 6, 16])
def test_a_pause_anywhere_keeps_the_words(engine: SpeechEngine, at: int) -> None:
    chunk = speak(engine, utterance("Now we go home.."[:16], pauses=(Pause(at, 0.3),)))
    assert [word.word for word in chunk.words] == ["Now", "we", "go", "home"]
    assert _longest_zeros(chunk.samples) >= round(0.3 * chunk.sample_rate) - 1


@pytest.mark.parametrize("text", ["a", "I", LONG, "Yes.No", "It’s 3 o'clock — “really”… isn't it?"])
def test_texts_of_any_shape(engine: SpeechEngine, text: str) -> None:
    chunk = speak(engine, utterance(text))
    assert chunk.words[0].word == text.split()[0].strip(".").split(".")[0]
    assert chunk.duration_s > 0.02 * len(text)


@pytest.mark.parametrize("text", ["...", "—", "?!", "(“”)", "\u200b.", "\x00", "\ud800"])
def test_a_text_without_words_is_silence(engine: SpeechEngine, text: str) -> None:
    chunk = speak(engine, utterance(text))
    assert chunk.words == ()
    assert [p.phoneme for p in chunk.phonemes] == ["_"]
    assert not chunk.samples.any()
    assert 0.05 < chunk.duration_s < 1


@pytest.mark.parametrize(
    ("what", "speed", "error"),
    [
        (utterance("saluton", "eo"), 1.0, UnsupportedLanguageError),
        (utterance("hello", "xx"), 1.0, UnsupportedLanguageError),
        (utterance(""), 1.0, EmptyTextError),
        (utterance("  "), 1.0, EmptyTextError),
        (utterance("a" * 100_000), 1.0, TextTooLongError),
        (utterance("hello"), 0.0, InputError),
        (utterance("hello"), 100.0, InputError),
        (utterance("hello"), float("nan"), InputError),
    ],
)
def test_bad_requests_are_refused(
    engine: SpeechEngine, what: Utterance, speed: float, error: type[InputError]
) -> None:
    with pytest.raises(error):
        list(engine.synthesize(what, engine.info.voices[0], 0, speed))


def test_a_foreign_voice_is_refused(
    engine: SpeechEngine, loaded: Callable[[str], SpeechEngine]
) -> None:
    known = {voice.id for voice in engine.info.voices}
    foreign = next(
        v for name in ("tone", "espeak") for v in loaded(name).info.voices if v.id not in known
    )
    with pytest.raises(UnknownVoiceError):
        list(engine.synthesize(utterance("hello"), foreign, 0))


def test_any_seed_is_taken(engine: SpeechEngine) -> None:
    for seed in (-1, 2**63, 2**80):
        speak(engine, utterance("Hi."), seed)


def _longest_zeros(samples: np.ndarray) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], samples == 0, [0]]).astype(int)))
    return int(max(edges[1::2] - edges[::2], default=0))
