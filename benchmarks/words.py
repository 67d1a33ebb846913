"""How well the default English voice is understood by a speech recogniser, plainly and in full emotion.

    python -m benchmarks.words [--sentences 50] [--voice VOICE] [--emotions happy …] [--seed 0] [--show]

Every sentence is read out without a cue, and under one cue of full intensity, each emotion in turn; Whisper base writes
down what it hears. Prints, and writes to results/words.json, the word errors of both readings and of each emotion. That
leaves an emotion four sentences, too few to judge it by: with --emotions every sentence is read under each of those,
and nothing is written. Figures count as the words that they are read as, and words are spelled as the recogniser spells
them. Needs the extra `judge`.
"""

import argparse
from collections.abc import Iterable
from itertools import cycle, product

from rich.console import Console

from backends.speech import find_voice, load_engine
from backends.types import Emotion
from benchmarks.listening import Reading, read_out, summary
from benchmarks.machine import keep, stamp

BARS = {"neutral": 0.06, "full emotion": 0.10}
"""Most word errors."""
EMOTIONS = tuple(emotion for emotion in Emotion if emotion != Emotion.NEUTRAL)
SENTENCES = (
    "The next train to Manchester leaves at 9:45 from platform 3.",
    "Could you tell me where the nearest pharmacy is?",
    "Margaret and her brother William bought a small house near Oxford.",
    "The total comes to $24.50, including tax.",
    "On March 3rd, 1998, the bridge was opened to the public.",
    "Why did nobody tell me that the meeting was canceled?",
    "Please turn off the lights before you leave the building.",
    "About 65% of the students passed the final examination.",
    "Dr. Thompson will see you in room 12 this afternoon.",
    "The weather tomorrow will be cloudy, with a little rain in the evening.",
    "Have you ever been to Barcelona in the summer?",
    "She practiced the violin for two hours every single morning.",
    "The population of the city has grown to 350,000 people.",
    "I would rather walk than wait another half an hour for the bus.",
    "Who left this umbrella in the kitchen?",
    "Jennifer called twice, but Robert did not answer the phone.",
    "The recipe needs 200 grams of butter and 3 eggs.",
    "Our company was founded in Chicago in 1974.",
    "It was so quiet that we could hear the snow falling from the trees.",
    "Is there anything else that I can help you with today?",
    "The doctor told him to drink more water and sleep at least eight hours.",
    "They walked along the river until the sun went down.",
    "The flight from Toronto was delayed by 40 minutes.",
    "What would you do if you won a million dollars?",
    "My grandmother used to bake the best apple pie in the village.",
    "Mr. Anderson teaches history at the high school.",
    "The temperature will drop to minus 5 degrees tonight.",
    "How many languages does your sister speak?",
    "The old library was full of dust and forgotten books.",
    "We are pleased to announce that our new office is open.",
    "Remember to bring your passport and two photographs.",
    "The children were playing football behind the church.",
    "You can reach us by telephone from Monday to Friday.",
    "Elizabeth lives at 27 Baker Street in London.",
    "When does the museum close on Sundays?",
    "Heavy traffic is expected on all roads into the city.",
    "He opened the door slowly and looked into the empty room.",
    "A ticket costs 15 euros, and children under 6 travel free.",
    "Nothing is more important than the health of your family.",
    "Which of these two colors do you like better?",
    "The ship sailed from Boston to Lisbon in 14 days.",
    "I have not seen my cousin David since last Christmas.",
    "The engineers solved the problem within a few hours.",
    "Would you like some more coffee, or shall I bring the bill?",
    "Her speech lasted only 10 minutes, but everybody remembered it.",
    "The mountain is 2,500 meters high and covered with forest.",
    "There must be a mistake, because I paid the invoice last week.",
    "Susan forgot her keys, so Michael had to climb through the window.",
    "The first chapter explains how the machine works.",
    "Thank you very much for your help and your patience.",
)


def by_emotion(readings: Iterable[Reading], emotions: Iterable[Emotion]) -> dict[str, float]:
    """Word errors of the readings under each cue.

    Args:
        emotions: Of each reading.
    """
    under: dict[Emotion, list[Reading]] = {}
    for reading, emotion in zip(readings, emotions, strict=True):
        under.setdefault(emotion, []).append(reading)
    return {emotion.value: summary(those)["word_error"] for emotion, those in under.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sentences", type=int, default=len(SENTENCES))
    parser.add_argument("--voice", help="another voice than the default one")
    parser.add_argument(
        "--emotions", type=Emotion, nargs="+", help="of which each sentence is read"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="print what was heard")
    asked = parser.parse_args()
    console, engine = Console(width=200), load_engine("piper")
    voice = find_voice(engine, asked.voice, "en")
    plain = SENTENCES[: asked.sentences]
    pairs = (
        list(product(asked.emotions, plain))
        if asked.emotions
        else list(zip(cycle(EMOTIONS), plain, strict=False))
    )
    cued = [f"[{emotion}:1] {sentence}" for emotion, sentence in pairs]
    found = []
    for (name, most), texts in zip(BARS.items(), (plain, cued), strict=True):
        readings = list(read_out(engine, voice, texts, asked.seed))
        for reading in readings if asked.show else ():
            console.print(f"{reading.said}\n  {reading.heard}", highlight=False, markup=False)
        row: dict[str, object] = {"reading": name, "most": most, **summary(readings)}
        if texts is cued:
            row["word_error_by_emotion"] = by_emotion(readings, (emotion for emotion, _ in pairs))
        found.append(row)
        console.print(row)
    report = {
        **stamp(),
        "judge": "Whisper base (faster-whisper), beam 5",
        "voice": voice.id,
        "sentences": len(plain),
        "seed": asked.seed,
        "readings": found,
    }
    if not asked.emotions:
        keep("words", report)


if __name__ == "__main__":
    main()
