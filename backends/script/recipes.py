"""What an emotion asks of face and voice: the columns of the table of emotions."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FaceRecipe:
    """What the face does at intensity 1; recipes of a mixture add, weighted, and clip at 1."""

    coefficients: Mapping[str, float] = field(default_factory=dict)
    """ARKit coefficients that are added to speech, 0..1, by their names in `COEFFICIENTS`."""
    jaw_gain: float = 1.0
    """Factor on the opening of speech."""
    upper_gain: float = 1.0
    """Factor on the upper lip's lift in speech, which bares teeth."""
    stretch_gain: float = 1.0
    """Factor on the lip spreading of speech."""
    parted: float = 0.0
    """How far the lips stay apart in long rests, 0 (closed) .. 1 (as coefficients leave them)."""
    rest: Mapping[str, float] = field(default_factory=dict)
    """Coefficients that are added only while nobody speaks, 0..1."""
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    head_amplitude: float = 1.0
    """Factor on the head's motion."""
    gaze_deg: tuple[float, float] = (0.0, 0.0)
    """Sideways (> 0 to the person's left) and down, degrees."""
    blink_rate: float = 1.0
    """Factor on the blinks per minute."""
    tempo: float = 1.0
    """Factor on the speed of blinks and of beats of the head."""


@dataclass(frozen=True, slots=True)
class VoiceRecipe:
    """What the voice does at intensity 1."""

    rate: float = 1.0
    """Factor on the speed of speech."""
    pitch_semitones: float = 0.0
    pitch_range: float = 1.0
    """Factor on the excursions of the pitch about its mean."""
    energy_db: float = 0.0
    brightness_db: float = 0.0
    """Of the overtones above 1 kHz against what is below."""
    breathiness: float = 0.0
    """How much of the voice is breath, 0..1."""
    pauses: float = 1.0
    """Factor on the length of pauses inside a sentence."""
    tremor_semitones: float = 0.0
    """How far the pitch trembles up and down."""


@dataclass(frozen=True, slots=True)
class EmotionSpec:
    english: tuple[str, ...]
    """Names in a cue, lower case; the first is the emotion's own."""
    greek: tuple[str, ...]
    """Names in a cue, lower case with accents; the first is the emotion's own."""
    face: FaceRecipe
    voice: VoiceRecipe
