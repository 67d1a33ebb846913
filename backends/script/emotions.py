"""The table of emotions: how each is named in a cue, what the face does, what the voice does.

Face recipes follow the facial action coding of Ekman & Friesen (FACS, 1978; EMFACS), tuned on
portraits so that a viewer and two expression classifiers name them. Coefficient 1 is the largest
amplitude that still looks natural. Directions of the voice recipes follow Juslin & Laukka
(2003), Psychological Bulletin 129(5).
"""

import math
from collections.abc import Mapping

from backends.script.recipes import EmotionSpec, FaceRecipe, VoiceRecipe
from backends.types import COEFFICIENTS, Emotion

INTENSITY_EXPONENT = 0.7


def amplitude(intensity: float) -> float:
    """How much of a recipe (0..1) an intensity (0..1) gives; linear is too weak in the middle."""
    return math.pow(min(max(intensity, 0.0), 1.0), INTENSITY_EXPONENT)


def _face(**both: float) -> dict[str, float]:
    """Coefficients by name; a name without a side stands for left and right."""
    values: dict[str, float] = {}
    for name, value in both.items():
        sides = [name] if name in COEFFICIENTS else [f"{name}Left", f"{name}Right"]
        values.update(dict.fromkeys(sides, value))
    return values


def _words(text: str) -> tuple[str, ...]:
    """Names from a list; "~" before a Greek adjective adds its nominative forms and adverb."""
    names: list[str] = []
    for word in text.split():
        if word.startswith("~"):
            stem, accented = word[1:-2], word.endswith("ός")
            endings = "ός ή ό οί ές ά" if accented else "ος η ο οι ες α"
            names += [stem + ending for ending in endings.split()]
        else:
            names.append(word)
    return tuple(names)


def _spec(english: str, greek: str, face: FaceRecipe, voice: VoiceRecipe) -> EmotionSpec:
    return EmotionSpec(_words(english), _words(greek), face, voice)


EMOTIONS: Mapping[Emotion, EmotionSpec] = {
    Emotion.NEUTRAL: _spec(
        "neutral neutrally neutrality normal expressionless",
        "ουδέτερο ουδέτερος ουδέτερη ουδέτεροι ουδέτερες ουδέτερα ουδετερότητα κανονικά "
        "φυσιολογικά",
        FaceRecipe(),
        VoiceRecipe(),
    ),
    Emotion.HAPPY: _spec(
        "happy happiness happily joyful joyfully joy joyous cheerful cheerfully cheer glad gladly "
        "smiling smile delighted delight pleased merry merrily jolly content contented amused",
        "χαρά ~χαρούμενος ~ευτυχισμένος ευτυχία ευτυχής ευτυχώς ~χαμογελαστός χαμόγελο ~εύθυμος "
        "ευθυμία κέφι ~κεφάτος ~γελαστός ~ευχαριστημένος χαίρομαι",
        FaceRecipe(
            _face(
                mouthSmile=1.0,
                mouthDimple=0.5,
                mouthStretch=0.45,
                mouthUpperUp=0.22,
                mouthLowerDown=0.10,
                cheekSquint=0.45,
                eyeSquint=0.38,
                browOuterUp=0.07,
            ),
            parted=1.0,
            rest=_face(jawOpen=0.06, mouthUpperUp=0.10),
            pitch_deg=-1.0,
            head_amplitude=1.15,
            blink_rate=1.05,
            tempo=1.05,
        ),
        VoiceRecipe(1.05, 2.0, 1.35, 1.5, brightness_db=1.5),
    ),
    Emotion.EXCITED: _spec(
        "excited excitement excitedly enthusiastic enthusiasm enthusiastically thrilled eager "
        "eagerly energetic ecstatic elated overjoyed",
        "ενθουσιασμός ~ενθουσιασμένος ενθουσιώδης ενθουσιώδες ενθουσιωδώς ~ξετρελαμένος έξαψη "
        "~συναρπασμένος πανευτυχής",
        FaceRecipe(
            _face(
                mouthSmile=1.0,
                mouthDimple=0.5,
                mouthStretch=0.45,
                mouthUpperUp=0.29,
                mouthLowerDown=0.10,
                cheekSquint=0.45,
                eyeSquint=0.21,
                browOuterUp=0.46,
                browInnerUp=0.28,
                eyeWide=0.42,
            ),
            jaw_gain=1.3,
            parted=1.0,
            rest=_face(jawOpen=0.14, mouthUpperUp=0.10),
            pitch_deg=-2.0,
            head_amplitude=1.5,
            blink_rate=1.4,
            tempo=1.12,
        ),
        VoiceRecipe(1.12, 3.0, 1.6, 3.0, brightness_db=3.0, pauses=0.85),
    ),
    Emotion.AMAZED: _spec(
        "amazed amazement astonished astonishment astounded awe awed wonder impressed marvelling "
        "marveling",
        "θαυμασμός ~κατάπληκτος κατάπληξη ~εντυπωσιασμένος ~θαμπωμένος δέος ~γοητευμένος "
        "~μαγεμένος",
        FaceRecipe(
            _face(
                browOuterUp=0.90,
                browInnerUp=0.58,
                eyeWide=0.87,
                jawOpen=0.20,
                mouthFunnel=0.10,
                mouthLowerDown=0.06,
                mouthSmile=0.41,
                cheekSquint=0.25,
            ),
            stretch_gain=0.55,
            parted=1.0,
            rest=_face(jawOpen=0.25, mouthFunnel=0.13),
            pitch_deg=-1.7,
            blink_rate=0.55,
        ),
        VoiceRecipe(0.97, 2.5, 1.5, 1.5, brightness_db=1.0, breathiness=0.4),
    ),
    Emotion.SURPRISED: _spec(
        "surprised surprise surprising startled shocked shock stunned",
        "έκπληξη ~έκπληκτος ~ξαφνιασμένος ξάφνιασμα ~σοκαρισμένος σοκ",
        FaceRecipe(
            _face(
                browOuterUp=1.0,
                browInnerUp=0.75,
                eyeWide=0.90,
                jawOpen=0.54,
                mouthFunnel=0.60,
                mouthPucker=0.24,
                mouthLowerDown=0.06,
            ),
            jaw_gain=1.25,
            upper_gain=0.45,
            stretch_gain=0.1,
            parted=1.0,
            rest=_face(jawOpen=0.22, mouthFunnel=0.10),
            pitch_deg=-3.8,
            head_amplitude=0.7,
            blink_rate=0.5,
            tempo=1.1,
        ),
        VoiceRecipe(1.05, 3.0, 1.6, 2.5, brightness_db=2.0),
    ),
    Emotion.SAD: _spec(
        "sad sadness sadly unhappy unhappily sorrow sorrowful melancholy melancholic depressed "
        "gloomy grief grieving disappointed disappointment mournful heartbroken",
        "λύπη ~λυπημένος ~θλιμμένος ~θλιβερός θλίψη ~στενοχωρημένος στενοχώρια ~στεναχωρημένος "
        "μελαγχολία ~μελαγχολικός ~απογοητευμένος απογοήτευση ~πικραμένος λυπάμαι",
        FaceRecipe(
            _face(
                mouthFrown=1.0,
                browInnerUp=1.0,
                browDown=0.40,
                mouthShrugLower=0.85,
                mouthPress=0.20,
                mouthFunnel=0.28,
                mouthPucker=0.30,
                cheekSquint=0.10,
                eyeBlink=0.47,
            ),
            jaw_gain=0.65,
            upper_gain=0.2,
            stretch_gain=0.1,
            pitch_deg=6.0,
            roll_deg=1.5,
            head_amplitude=0.6,
            gaze_deg=(0.0, 4.5),
            blink_rate=0.7,
            tempo=0.85,
        ),
        VoiceRecipe(0.85, -2.0, 0.65, -3.0, brightness_db=-4.0, breathiness=0.5, pauses=1.4),
    ),
    Emotion.SERIOUS: _spec(
        "serious seriously seriousness earnest stern sternly solemn solemnly formal grave gravely "
        "determined",
        "σοβαρότητα ~σοβαρός ~αυστηρός αυστηρότητα ~επίσημος ~αποφασισμένος",
        FaceRecipe(
            _face(browDown=0.50, eyeSquint=0.33, mouthPress=0.35, mouthFrown=0.13),
            pitch_deg=1.0,
            head_amplitude=0.7,
            blink_rate=0.6,
            tempo=0.95,
        ),
        VoiceRecipe(0.93, -1.0, 0.8, 0.0, pauses=1.2),
    ),
    Emotion.ANGRY: _spec(
        "angry anger angrily mad furious furiously fury annoyed annoyance irritated enraged rage "
        "outraged frustrated frustration",
        "θυμός ~θυμωμένος ~οργισμένος οργή ~εκνευρισμένος ~νευριασμένος νεύρα ~έξαλλος "
        "~εξοργισμένος ~τσαντισμένος ~αγανακτισμένος αγανάκτηση",
        FaceRecipe(
            _face(
                browDown=1.0,
                noseSneer=1.0,
                mouthUpperUp=0.45,
                mouthPress=0.75,
                mouthFrown=1.0,
                mouthFunnel=0.50,
                eyeWide=0.50,
                eyeSquint=0.48,
            ),
            stretch_gain=0.6,
            pitch_deg=3.2,
            head_amplitude=1.15,
            blink_rate=0.35,
            tempo=1.2,
        ),
        VoiceRecipe(1.06, 1.0, 1.3, 4.0, brightness_db=4.0, pauses=0.85),
    ),
    Emotion.FEARFUL: _spec(
        "fearful fear fearfully afraid scared frightened terrified terror anxious anxiously "
        "anxiety nervous nervously worried worry panicked panic",
        "φόβος ~φοβισμένος ~τρομαγμένος ~τρομοκρατημένος τρόμος ~ανήσυχος ανησυχία άγχος "
        "~αγχωμένος ~πανικόβλητος πανικός φοβάμαι",
        FaceRecipe(
            _face(
                browInnerUp=1.0,
                browDown=0.50,
                eyeWide=1.0,
                eyeSquint=0.10,
                jawOpen=0.15,
                mouthStretch=0.30,
                mouthFunnel=0.20,
                mouthFrown=0.90,
                mouthLowerDown=0.25,
            ),
            upper_gain=0.3,
            stretch_gain=0.6,
            parted=1.0,
            rest=_face(jawOpen=0.05),
            pitch_deg=-3.8,
            head_amplitude=0.5,
            blink_rate=1.5,
            tempo=1.1,
        ),
        VoiceRecipe(1.12, 2.5, 0.8, -1.0, breathiness=0.4, tremor_semitones=0.35),
    ),
    Emotion.DISGUSTED: _spec(
        "disgusted disgust repulsed revolted repelled disdain disdainful contempt contemptuous",
        "αηδία ~αηδιασμένος ~σιχαμένος σιχασιά απέχθεια περιφρόνηση ~περιφρονητικός",
        FaceRecipe(
            _face(
                noseSneer=1.0,
                browDown=1.0,
                eyeSquint=1.0,
                cheekSquint=0.90,
                eyeBlink=0.34,
                mouthFrown=1.0,
                mouthFunnel=0.18,
                mouthUpperUp=0.20,
                mouthLowerDown=0.10,
                mouthShrugLower=0.50,
            ),
            upper_gain=0.55,
            yaw_deg=1.5,
            pitch_deg=-3.8,
            roll_deg=2.0,
            head_amplitude=0.6,
            tempo=0.9,
        ),
        VoiceRecipe(0.9, -1.0, 0.75, 0.5, brightness_db=-1.0, pauses=1.1),
    ),
    Emotion.CALM: _spec(
        "calm calmly calmness relaxed peaceful peacefully serene serenely serenity soothing "
        "composed",
        "ηρεμία ~ήρεμος γαλήνη ~γαλήνιος ~χαλαρός ~ψύχραιμος ψυχραιμία νηφαλιότητα ~νηφάλιος",
        FaceRecipe(
            _face(mouthSmile=0.20, cheekSquint=0.15, eyeBlink=0.10, browOuterUp=0.04),
            pitch_deg=0.5,
            head_amplitude=0.6,
            blink_rate=0.6,
            tempo=0.85,
        ),
        VoiceRecipe(0.92, -0.5, 0.7, -2.0, brightness_db=-1.5, pauses=1.25),
    ),
    Emotion.TENDER: _spec(
        "tender tenderly tenderness loving lovingly love affectionate affectionately affection "
        "gentle gently warm warmly caring compassionate sympathetic",
        "τρυφερότητα ~τρυφερός αγάπη ~στοργικός στοργή ~γλυκός ζεστασιά ~ευγενικός συμπόνια "
        "~συμπονετικός",
        FaceRecipe(
            _face(
                mouthSmile=0.42,
                cheekSquint=0.30,
                eyeSquint=0.20,
                browInnerUp=0.30,
                eyeBlink=0.08,
                mouthDimple=0.15,
            ),
            pitch_deg=1.0,
            roll_deg=2.2,
            head_amplitude=0.8,
            blink_rate=0.8,
            tempo=0.88,
        ),
        VoiceRecipe(0.9, -0.5, 0.75, -2.5, brightness_db=-3.0, breathiness=0.7, pauses=1.2),
    ),
    Emotion.CONFUSED: _spec(
        "confused confusion confusedly puzzled perplexed bewildered baffled uncertain unsure "
        "doubtful hesitant",
        "σύγχυση ~μπερδεμένος ~συγχυσμένος απορία ~απορημένος ~σαστισμένος ~αβέβαιος αβεβαιότητα "
        "~διστακτικός αμηχανία ~αμήχανος",
        FaceRecipe(
            _face(
                browDownRight=0.72,
                browDownLeft=0.18,
                browOuterUpLeft=0.75,
                browInnerUp=0.20,
                eyeSquint=0.29,
                mouthShrugLower=0.35,
                mouthDimpleRight=0.60,
            ),
            roll_deg=3.0,
            head_amplitude=0.9,
            blink_rate=1.2,
            tempo=0.95,
        ),
        VoiceRecipe(0.95, 1.0, 1.2, -1.0, pauses=1.3),
    ),
    Emotion.PROUD: _spec(
        "proud proudly pride confident confidently confidence triumphant triumphantly",
        "περηφάνια ~περήφανος υπερηφάνεια ~υπερήφανος αυτοπεποίθηση σιγουριά ~σίγουρος "
        "~θριαμβευτικός",
        FaceRecipe(
            _face(
                mouthSmile=0.50,
                mouthDimple=0.25,
                mouthPress=0.20,
                cheekSquint=0.25,
                eyeSquint=0.17,
                browOuterUp=0.20,
                mouthShrugLower=0.12,
            ),
            pitch_deg=-2.5,
            head_amplitude=0.9,
            blink_rate=0.7,
            tempo=0.92,
        ),
        VoiceRecipe(0.96, -0.3, 1.25, 1.5, brightness_db=1.5),
    ),
}
