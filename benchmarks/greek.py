"""How well the default voice's Greek is understood by a speech recogniser, against espeak-ng's.

    python -m benchmarks.greek [--sentences 30] [--voice VOICE] [--show]

Every sentence is read out by both voices and written down by Whisper base. Prints, and writes to results/greek.json,
the character and word errors of each. Figures count as the words that they are read as; spelling counts as it is
written, so that "ι" for "η", which sound alike, is an error of the recogniser that both voices have.
Needs the extra `judge`.
"""

import argparse

from rich.console import Console

from backends.speech import find_voice, load_engine
from benchmarks.listening import read_out, summary
from benchmarks.machine import keep, stamp

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
        readings = list(read_out(engine, voice, sentences))
        if asked.show:
            for reading in readings:
                console.print(f"{reading.said}\n  {reading.heard}", highlight=False)
        found.append({"voice": voice.id, **summary(readings)})
        console.print(found[-1])
    report = {
        **stamp(),
        "judge": "Whisper base (faster-whisper), beam 5",
        "sentences": len(sentences),
        "voices": found,
    }
    keep("greek", report)


if __name__ == "__main__":
    main()
