"""What the service says in English of texts, pictures, videos and tiers, in Greek.

A notice is known by its code, all else by its sentence; what is not known is told in the service's own words.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from frontend.words import label, language_name

Sentences = Sequence[tuple[str, str]]
"""A pattern that is sought in the service's sentence, and another one with the pattern's groups in it."""

_AT_THE_SERVICE = "Στον υπολογιστή της υπηρεσίας: {run}"
NOTICES: Mapping[str, Sentences] = {
    # Of a text
    "unknown_cue": (
        (
            r"^(?P<cue>.+?) is not a known cue, did you mean \[(?P<near>.+)\]\?",
            "Το {cue} δεν είναι γνωστό συναίσθημα· μήπως εννοείτε [{near}]; Λέγεται ως κείμενο.",
        ),
        (
            r"^(?P<cue>.+?) is not a known cue",
            "Το {cue} δεν είναι γνωστό συναίσθημα και λέγεται ως κείμενο.",
        ),
    ),
    "unclosed_cue": (("", "Μια αγκύλη ανοίγει και δεν κλείνει· οι λέξεις της λέγονται."),),
    "unused_cue": (
        (r"cue (?P<emotion>\w+)$", "Καμία λέξη δεν ακολουθεί το συναίσθημα «{emotion}»."),
    ),
    "bad_intensity": (
        (
            r"intensity (?P<value>.+) is",
            "Η ένταση {value} δεν είναι αριθμός από 0 έως 1· ισχύει το 1.",
        ),
    ),
    "intensity_clipped": (
        (
            r"intensity (?P<value>.+) is outside 0 to 1; (?P<taken>\S+)",
            "Η ένταση {value} είναι εκτός του 0 έως 1· ισχύει το {taken}.",
        ),
    ),
    "bad_pause": (
        (
            r"pause (?P<value>.+) is not .+; (?P<taken>\S+) s",
            "Η παύση {value} δεν είναι αριθμός δευτερολέπτων· ισχύει {taken} δ.",
        ),
    ),
    "pause_clipped": (
        (
            r"pause (?P<value>.+) is outside 0 to (?P<most>\S+) s; (?P<taken>\S+) s",
            "Η παύση {value} είναι εκτός του 0 έως {most} δ.· ισχύει {taken} δ.",
        ),
    ),
    "markup_left_out": ((r": (?P<what>.+)", "Η σήμανση δεν λέγεται: {what}"),),
    "dropped_characters": (
        (r": (?P<what>.+)", "Παραλείφθηκαν χαρακτήρες που δεν έχουν ήχο: {what}"),
    ),
    # Of voices and recordings
    "several_voices": (
        ("", "Το κείμενο είναι σε περισσότερες γλώσσες· κάθε μία έχει δική της φωνή."),
    ),
    "foreign_voice": (
        (
            r"^(?P<voice>\S+) is a voice for '(?P<own>\w+)'; it speaks '(?P<language>\w+)'",
            "Η φωνή {voice} είναι για {own}· μιλά {language} με ξενική προφορά.",
        ),
    ),
    "voice_advice": (
        (
            r"^(?P<voice>\S+) speaks Greek with an accent.+run: (?P<run>.+)",
            "Η φωνή {voice} μιλά ελληνικά με ξενική προφορά. Για ελληνική φωνή: {run}",
        ),
        (
            r"^(?P<voice>\S+) is a robotic voice.+run: (?P<run>.+)",
            "Η φωνή {voice} είναι ρομποτική. Για καλύτερη: {run}",
        ),
    ),
    "coarse_alignment": (
        ("", "Η ηχογράφηση συγχρονίστηκε μόνο με την έντασή της· τα χείλη μπορεί να απέχουν λίγο."),
    ),
    "transcript_mismatch": (
        (
            r"^(?P<share>\d+%)",
            "Το {share} των φθόγγων του κειμένου δεν ακούγεται στην ηχογράφηση· ελέγξτε το κείμενο και τη γλώσσα.",
        ),
    ),
    # Of pictures and videos
    "eyes_closed": (
        ("", "Τα μάτια είναι κλειστά ή κοιτούν κάτω· με ανοιχτά μάτια θα δείχνει πιο ζωντανό."),
    ),
    "little_light": (
        ("", "Το πρόσωπο είναι σκοτεινό· με περισσότερο φως θα ζωντανέψει καλύτερα."),
    ),
    "mouth_open": (("", "Το στόμα είναι πολύ ανοιχτό· με κλειστό θα μιλά πιο φυσικά."),),
    "turned_away": (
        (
            r"turned (?P<yaw>\d+) degrees to the side; up to (?P<most>\d+)",
            "Το πρόσωπο είναι στραμμένο {yaw}° στο πλάι· έως {most}° δείχνει φυσικό.",
        ),
    ),
    "face_missing": (
        (
            r"in (?P<lost>\d+) of the (?P<all>\d+) frames of .+, first at (?P<first>\S+) s",
            "Το πρόσωπο δεν φαίνεται σε {lost} από τα {all} καρέ του βίντεο, πρώτη φορά στα {first} δ.",
        ),
    ),
    "background_moves": (
        (
            "",
            "Το πρόσωπο δεν ξεχωρίζει από το φόντο: ό,τι είναι δίπλα στο κεφάλι κινείται λίγο μαζί του και το φόντο "
            "δεν αλλάζει. Διαλέξτε εικόνα όπου κεφάλι και ώμοι ξεχωρίζουν.",
        ),
    ),
    "no_expressions": (("", "Το πρόσωπο του βίντεο δεν θα δείχνει συναισθήματα."),),
    "soft_face": (
        (
            r"enlarged (?P<times>\S+) times",
            "Το πρόσωπο μεγεθύνεται {times} φορές και δείχνει θολό· διαλέξτε μικρότερο μέγεθος.",
        ),
    ),
}

FACES: Sentences = (
    (
        r"is (?P<width>\d+) pixels wide, at least (?P<least>\d+)",
        "Το πρόσωπο έχει πλάτος {width} εικονοστοιχεία και χρειάζονται {least}. Διαλέξτε πιο κοντινή εικόνα.",
    ),
    (
        "is hardly one",
        "Δεν μοιάζει αρκετά με πρόσωπο. Διαλέξτε εικόνα όπου κάποιος φωτίζεται καλά και δεν καλύπτεται.",
    ),
    (
        "cut by the edge",
        "Το πρόσωπο κόβεται στην άκρη της εικόνας. Διαλέξτε μια που το δείχνει ολόκληρο.",
    ),
    (
        r"lies (?P<roll>\d+) degrees on its side, at most (?P<most>\d+)",
        "Το πρόσωπο γέρνει {roll}° και το όριο είναι {most}°. Γυρίστε την εικόνα όρθια.",
    ),
    (
        r"turned (?P<yaw>\d+) degrees to the side, at most (?P<most>\d+)",
        "Το πρόσωπο είναι στραμμένο {yaw}° στο πλάι και το όριο είναι {most}°. Διαλέξτε μια που κοιτά προς τον φακό.",
    ),
    (
        r"^the mouth of .+ is covered",
        "Το στόμα καλύπτεται ή δεν φαίνεται. Διαλέξτε εικόνα χωρίς χέρι, μάσκα ή μικρόφωνο μπροστά του.",
    ),
    (
        "looks like an animal",
        "Δεν φαίνεται πρόσωπο ανθρώπου: μοιάζει με ζώο. Διαλέξτε εικόνα ανθρώπου.",
    ),
    (
        r"only one seen from the side; at most (?P<most>\d+)",
        "Το πρόσωπο φαίνεται μόνο από το πλάι. Διαλέξτε εικόνα που κοιτά προς τον φακό, έως {most}° στο πλάι.",
    ),
    (
        "^no face found",
        "Δεν φαίνεται πρόσωπο στην εικόνα. Διαλέξτε μια όπου κάποιος κοιτά προς τον φακό, με καλό φως.",
    ),
)
"""Why a face cannot speak."""

TIERS: Sentences = (
    ("^Piper and the portrait rig, on the CPU$", "Piper και ζωντανά πορτρέτα, στη CPU"),
    (
        "^Piper, Kokoro for Greek, and the portrait rig, on the CPU$",
        "Piper, Kokoro για τα ελληνικά, και ζωντανά πορτρέτα, στη CPU",
    ),
    (
        "^ESPnet, other voices .+, and Wav2Lip",
        "ESPnet, άλλες φωνές για όσες γλώσσες δεν έχει, και Wav2Lip με ζωντανά πορτρέτα",
    ),
    (
        "^XTTS with cloned voices, others .+, and SadTalker$",
        "XTTS με φωνές από ηχογράφηση, άλλες για όσες γλώσσες δεν έχει, και SadTalker",
    ),
    ("^no application of this name is deployed$", "Δεν έχει εγκατασταθεί σε αυτή την υπηρεσία."),
    ("^Ray Serve's controller does not answer$", "Ο ελεγκτής του Ray Serve δεν απαντά."),
    ("^(NOT_STARTED|DEPLOYING)", "Ξεκινά τώρα."),
    (r"run: (?P<run>.+)$", "Κάτι της λείπει. " + _AT_THE_SERVICE),
)
"""What they are, and why they cannot take work."""

PLAIN: Sentences = (("^no application of this name is deployed$", "Not set up on this service."),)
"""What the service says to whoever runs it, in English for everyone."""


def notices(told: Iterable[Mapping[str, str]], greek: bool) -> list[str]:
    """The service's notices."""
    return [sentence(one["message"], NOTICES.get(one["code"], ()) if greek else ()) for one in told]


def sentence(english: str, known: Sentences) -> str:
    """In the words that are known for it; in its own otherwise, as a sentence begins."""
    for pattern, words in known:
        if found := re.search(pattern, english):
            return words.format(**{name: _value(name, v) for name, v in found.groupdict().items()})
    first = english.partition(" ")[0]
    return english[0].upper() + english[1:] if first.isalpha() else english


def _value(name: str, value: str) -> str:
    if name == "emotion":
        return label(value, True)
    return language_name(value, True) if name in ("own", "language") else value
