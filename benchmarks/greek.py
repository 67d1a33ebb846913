"""How well the default voice's Greek is understood by a speech recogniser, against espeak-ng's.

    python -m benchmarks.greek [--sentences 30] [--voice VOICE] [--show]

Every sentence is read out by both voices and written down by Whisper base. Prints, and writes to results/greek.json,
the character and word errors of each. Figures count as the words that they are read as; spelling counts as it is
written, so that "ι" for "η", which sound alike, is an error of the recogniser that both voices have.
Needs the extra `judge`.
"""

import argparse
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from backends.script import parse
from backends.speech import find_voice, load_engine
from backends.speech.engine import SpeechEngine, Voice
from backends.types import Utterance
from benchmarks.listening import errors, heard
from benchmarks.machine import machine

RESULTS = Path(__file__).parent / "results" / "greek.json"
SENTENCES = (
    "Καλημέρα σε όλους, χαίρομαι πολύ που σας βλέπω σήμερα.",
    "Το τρένο για τη Θεσσαλονίκη φεύγει στις 14:30 από την τρίτη αποβάθρα.",
    "Ο Νίκος και η Μαρία αγόρασαν ένα σπίτι κοντά στη θάλασσα.",
    "Πόσο κοστίζει αυτό το βιβλίο; Κοστίζει 12,50 €.",
    "Η 28η Οκτωβρίου είναι εθνική εορτή στην Ελλάδα.",
    "Θέλεις να πάμε μια βόλτα το απόγευμα;",
    "Χρειαζόμαστε 3 κιλά ντομάτες, 2 κιλά πατάτες και λίγο τυρί.",
    "Ο γιατρός μού είπε να πίνω περισσότερο νερό.",
    "Στις 5 Μαρτίου 2024 άνοιξε το καινούριο σχολείο του χωριού.",
    "Δυστυχώς πρέπει να αναβάλουμε τη συνάντηση για την επόμενη εβδομάδα.",
    "Η θερμοκρασία θα φτάσει τους 35 βαθμούς στην Αθήνα.",
    "Πού έβαλες τα κλειδιά του αυτοκινήτου;",
    "Η κυρία Παπαδοπούλου εργάζεται σε μια μεγάλη τράπεζα.",
    "Ευχαριστώ θερμά για τη βοήθεια και την υπομονή σας.",
    "Το εισιτήριο κάνει 45 ευρώ και περιλαμβάνει πρωινό.",
    "Τα παιδιά έπαιζαν στην αυλή μέχρι που έπεσε ο ήλιος.",
    "Ο Αλέξανδρος γεννήθηκε το 1987 στην Πάτρα.",
    "Μπορείτε να μου πείτε τι ώρα είναι, παρακαλώ;",
    "Ο αέρας ήταν τόσο δυνατός που έσπασε το παλιό δέντρο.",
    "Περίπου το 60% των κατοίκων ψήφισε στις εκλογές.",
    "Η γιαγιά μου έφτιαχνε το καλύτερο ψωμί του κόσμου.",
    "Γιατί δεν απάντησες στο τηλέφωνο χθες το βράδυ;",
    "Το πλοίο για την Κρήτη καθυστέρησε δύο ώρες λόγω καιρού.",
    "Η εταιρεία μας απασχολεί 250 εργαζόμενους σε τέσσερις πόλεις.",
    "Άκουσα έναν παράξενο θόρυβο πίσω από την πόρτα.",
    "Ο δάσκαλος εξήγησε την άσκηση με υπομονή και χαμόγελο.",
    "Θα ήθελα έναν καφέ με γάλα και χωρίς ζάχαρη.",
    "Η Ελένη σπουδάζει φιλοσοφία στο Πανεπιστήμιο Ιωαννίνων.",
    "Ξέχασα να πληρώσω τον λογαριασμό του ηλεκτρικού ρεύματος.",
    "Τι όμορφη μέρα για μια εκδρομή στο βουνό!",
)


def written(
    engine: SpeechEngine, voice: Voice, sentences: tuple[str, ...]
) -> Iterator[tuple[str, str, float, float]]:
    """For each sentence what was said and what was heard, processor seconds and seconds of speech."""
    for sentence in sentences:
        script = parse(sentence)
        cpu_s, spoken_s, got = 0.0, 0.0, []
        for utterance in script.utterances:
            began = time.process_time()
            chunks = list(engine.synthesize(_greek(utterance), voice, 0))
            cpu_s += time.process_time() - began
            spoken_s += sum(chunk.duration_s for chunk in chunks)
            got += [heard(chunk.samples, chunk.sample_rate, "el") for chunk in chunks]
        yield script.text, " ".join(got), cpu_s, spoken_s


def _greek(utterance: Utterance) -> Utterance:
    assert utterance.language == "el", utterance.text
    return utterance


def judged(voice: Voice, rows: list[tuple[str, str, float, float]]) -> dict[str, object]:
    wrong = [errors(said, got) for said, got, _, _ in rows]
    characters, of_characters, words, of_words = (
        sum(column) for column in zip(*wrong, strict=True)
    )
    return {
        "voice": voice.id,
        "character_error": round(characters / of_characters, 4),
        "word_error": round(words / of_words, 4),
        "cpu_s_per_s": round(sum(r[2] for r in rows) / sum(r[3] for r in rows), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sentences", type=int, default=len(SENTENCES))
    parser.add_argument("--voice", help="another voice than the default one")
    parser.add_argument("--show", action="store_true", help="print what was heard")
    asked = parser.parse_args()
    sentences, console = SENTENCES[: asked.sentences], Console(width=200)
    found = []
    for name, voice_id in (("polyglot", asked.voice), ("espeak", None)):
        engine = load_engine(name)
        voice = find_voice(engine, voice_id, "el")
        rows = list(written(engine, voice, sentences))
        if asked.show:
            for said, got, _, _ in rows:
                console.print(f"{said}\n  {got}", highlight=False)
        found.append(judged(voice, rows))
        console.print(found[-1])
    RESULTS.parent.mkdir(exist_ok=True)
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version("prosopon"),
        "machine": machine(),
        "judge": "Whisper base (faster-whisper), beam 5",
        "sentences": len(sentences),
        "voices": found,
    }
    RESULTS.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
