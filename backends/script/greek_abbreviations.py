"""Greek abbreviations, which agree with the word before them."""

import re
from collections.abc import Mapping

from backends.script.cues import fold
from backends.script.greek_acronyms import NAMES as LETTERS
from backends.script.greek_capitals import bare
from backends.script.greek_numbers import STOREYS, cardinal, word_before
from backends.script.text import any_of, words
from backends.script.verbalizer import Rules, closing

_ABBREVIATIONS: Mapping[str, str] = {
    "π.χ": "για παράδειγμα", "λ.χ": "λόγου χάρη", "κ.λπ": "και λοιπά", "κλπ": "και λοιπά", "κ.τ.λ": "και τα λοιπά",
    "κτλ": "και τα λοιπά", "κ.ά": "και άλλα", "κ.α": "και άλλα", "κ.ο.κ": "και ούτω καθεξής", "δηλ": "δηλαδή",
    "βλ": "βλέπε", "αρ": "αριθμός", "τηλ": "τηλέφωνο", "σελ": "σελίδα", "δρ": "Δόκτωρ", "κα": "κυρία",
    "κοσ": "κύριος", "αγ": "Άγιος", "οδ": "οδός", "λεωφ": "λεωφόρος", "π.μ": "προ μεσημβρίας",
    "μ.μ": "μετά μεσημβρίαν", "μ.χ": "μετά Χριστόν", "κ.κ": "κύριοι", "υπ": "υπουργός", "χλμ": "χιλιόμετρα",
    "κεφ": "κεφάλαιο", "αριθμ": "αριθμόν", "σ.σ": "σημείωση συντάκτη", "πρβλ": "παράβαλε", "δολ": "δολάρια",
    "τ.κ": "ταχυδρομικός κώδικας", "περ": "περίπου", "εσωτ": "εσωτερικό", "εικ": "εικόνα", "πίν": "πίνακας",
    "άρθρ": "άρθρο", "τεύχ": "τεύχος", "αι": "αιώνας", "τόμ": "τόμος", "φαξ": "φαξ", "ό.π": "όπως παραπάνω",
    "ημ": "ημερομηνία", "αριθ": "αριθμός", "κ.γ": "κουταλάκι του γλυκού", "κ.σ": "κουταλιά της σούπας",
    "τετρ": "τετραγωνικά", "κιν": "κινητό", "τεμ": "τεμάχια", "πακ": "πακέτα", "στρ": "στρέμματα",
    "δισκ": "δισκία", "φλ": "φλιτζάνι", "φλιτζ": "φλιτζάνι", "κουτ": "κουταλιά", "χλγ": "χιλιόγραμμα",
    "εκδ": "εκδόσεις", "κυβ": "κυβικά", "ταχ": "ταχυδρομική", "διευθ": "διεύθυνση", "πρωτ": "πρωτόκολλο",
    "πεν": "πέναλτι", "δωμ": "δωμάτια", "συζ": "συζητήσιμη",
    "μέγ": "μέγιστο", "ελάχ": "ελάχιστο", "κοιν": "κοινοποίηση", "αναχ": "αναχώρηση", "άφ": "άφιξη", "επ": "επεισόδιο",
    "σημ": "σημείωση", "ασκ": "άσκηση", "στοιχ": "στοιχείο", "συμπ": "συμπεριλαμβανομένου", "κ.ε": "και "
    "εξής", "μτφρ": "μετάφραση", "επιμ": "επιμέλεια", "τ.μ": "τετραγωνικά μέτρα", "ώρ": "ώρα",
    "υ.γ": "υστερόγραφο", "υποσ": "υποσημείωση", "εδ": "εδάφιο", "β.δ": "βασιλικό διάταγμα",
    "π.δ": "προεδρικό διάταγμα", "α.π": "αριθμός πρωτοκόλλου", "χμ": "χιλιόμετρα", "λεπ": "λεπτά",
    "εκατ": "εκατομμύρια", "δισ": "δισεκατομμύρια", "χιλ": "χιλιάδες", "γραμμ": "γραμμάρια", "μ.ο": "μέσος όρος",
    "μ.ό": "μέσος όρος",
}  # fmt: skip
_SLASHED: Mapping[str, str] = {
    "κων/νος": "Κωνσταντίνος", "κων/νου": "Κωνσταντίνου", "κων/νο": "Κωνσταντίνο", "κων/να": "Κωνσταντίνα",
    "κων/πολη": "Κωνσταντινούπολη", "κων/πολης": "Κωνσταντινούπολης", "κ/πολη": "Κωνσταντινούπολη",
    "θεσ/νίκη": "Θεσσαλονίκη", "θεσ/νίκης": "Θεσσαλονίκης", "θεσ/κη": "Θεσσαλονίκη", "θες/νίκη": "Θεσσαλονίκη",
    "αλεξ/πολη": "Αλεξανδρούπολη", "αλεξ/πολης": "Αλεξανδρούπολης", "δ/νση": "διεύθυνση", "δ/νσης": "διεύθυνσης",
    "δ/ντής": "διευθυντής", "δ/ντη": "διευθυντή", "δ/ντρια": "διευθύντρια", "υ/δ": "υπνοδωμάτια",
    "δ/νσεις": "διευθύνσεις", "υπ/μα": "υποκατάστημα", "υπ/νση": "υποδιεύθυνση", "καθ/τής": "καθηγητής",
    "εκ/ριο": "εκατομμύριο", "εκ/ρια": "εκατομμύρια", "εκατ/ρια": "εκατομμύρια", "δισ/ρια": "δισεκατομμύρια",
    "χιλ/τρα": "χιλιόμετρα", "παν/μιο": "πανεπιστήμιο", "παν/μίου": "πανεπιστημίου", "νοσ/μείο": "νοσοκομείο",
    "γεν/ση": "γέννηση", "ημ/νία": "ημερομηνία", "ημ/νια": "ημερομηνία", "λογ/σμός": "λογαριασμός",
    "λογ/μός": "λογαριασμός", "τηλ/νο": "τηλέφωνο", "ον/μο": "ονοματεπώνυμο", "αρ/μός": "αριθμός",
    "φ/β": "φωτοβολταϊκά", "α/α": "αύξων αριθμός", "β/θμια": "δευτεροβάθμια", "α/θμια": "πρωτοβάθμια",
    "β/θμιας": "δευτεροβάθμιας", "α/θμιας": "πρωτοβάθμιας", "β/βάθμια": "δευτεροβάθμια", "π/θ": "πρωθυπουργός",
    "α/φοι": "αδελφοί", "η/υ": "υπολογιστής", "μ/μ": "μετά μεσημβρίαν", "και/ή": "και ή", "ο/η": "ο ή η",
    "σ/κ": "Σαββατοκύριακο", "του/της": "του ή της", "τον/την": "τον ή την", "τους/τις": "τους ή τις",
    "στον/στην": "στον ή στην",
}  # fmt: skip
"""Words of which only the ends are written."""
_SLASHED = {**_SLASHED, **{bare(short): whole for short, whole in _SLASHED.items()}}
_PER = re.compile(
    r"(?<=\w)/(?=(?:η?μέρα|εβδομάδα|μήνα|έτος|χρόνο|ώρα|λεπτό|δευτ|δευτερόλεπτο|άτομο|βράδυ|νύχτα|τεμάχιο|τεμ|κιλό|λίτρο|στρέμμα|μέτρο)\b)"
)
_DOTTED: Mapping[str, str] = {
    "Ο.Η.Ε": "Οηέ", "Η.Π.Α": "ΗΠΑ", "Δ.Ε.Η": "Δεή", "Ο.Τ.Ε": "Οτέ", "Ο.Σ.Ε": "Οσέ", "Α.Ε.Π": "Αέπ", "Ε.Φ.Κ.Α": "Εφκά",
    "Ε.Λ.Α.Σ": "Ελάς", "Α.Σ.Ε.Π": "Ασέπ", "Ε.Σ.Υ": "Εσύ", "ΠΑ.ΣΟ.Κ": "Πασόκ", "Ε.Κ.Α.Β": "Εκάβ", "Ν.Α.Τ.Ο": "ΝΑΤΟ",
    "Α.Μ.Κ.Α": "Αμκά", "ΕΛ.ΑΣ": "Ελάς", "ΕΛ.ΣΤΑΤ": "Ελστάτ", "Α.Ε.Κ": "ΑΕΚ",
    "Π.Α.Ο.Κ": "ΠΑΟΚ", "Ο.Φ.Η": "ΟΦΗ", "ΓΕ.ΜΗ": "Γεμή", "ΑΡ.ΓΕΜΗ": "αριθμός Γεμή",
}  # fmt: skip
_ACRONYM = re.compile(rf"(?<![\w.])({any_of(_DOTTED)})(?:\.(?!\w)|(?!\.?\w))")
_WINDS: Mapping[str, str] = {
    "Β": "βόρειοι", "Ν": "νότιοι", "Α": "ανατολικοί", "Δ": "δυτικοί", "ΒΑ": "βορειοανατολικοί", "ΒΔ": "βορειοδυτικοί",
    "ΝΑ": "νοτιοανατολικοί", "ΝΔ": "νοτιοδυτικοί",
}  # fmt: skip
_ABBREVIATION = re.compile(r"(?<![\w.])([^\W\d_][\w.]{0,5})\.(?!\w)")
_MISTER: Mapping[str, str] = {
    "του": "κυρίου", "τον": "κύριο", "στον": "κύριο",
    "αγαπητε": "κύριε", "υποψη": "κυρίου", "υποψιν": "κυρίου", "η": "κυρία",
    "της": "κυρίας", "την": "κυρία", "στην": "κυρία", "στη": "κυρία", "τη": "κυρία",
}  # fmt: skip
_HOLY: Mapping[str, str] = {
    "η": "Αγία", "την": "Αγία", "στην": "Αγία", "τη": "Αγία", "στη": "Αγία", "τησ": "Αγίας",
    "του": "Αγίου", "τον": "Άγιο", "στον": "Άγιο", "οι": "Άγιοι", "των": "Αγίων",
    "τουσ": "Αγίους", "στουσ": "Αγίους", "το": "Άγιο", "στο": "Άγιο",
}  # fmt: skip
_HOLY_MEN = frozenset(
    words(
        "ανδρεασ ηλιασ λουκασ θωμασ σαββασ νεκταριοσ γερασιμοσ μηνασ ιωαννησ αχιλλησ μανωλησ δημητρησ γιαννησ"
    )
)
_OF_MEN = frozenset(words("ιωαννη ανδρεα ηλια λουκα θωμα σαββα μηνα"))
_NAME = re.compile(r"[^\W\d_]+")
_LADY: Mapping[str, str] = {"της": "κυρίας", "την": "κυρία", "η": "κυρία"}


def _half_of_day(match: re.Match[str]) -> str:
    return f" {_ABBREVIATIONS[match[1] + '.μ']}" + (
        closing(match) if match.group()[-1] == "." else ""
    )


def _abbreviation(match: re.Match[str]) -> str:
    short = match[1].lower()
    if short in _OF and _after(match) in ("του", "τησ"):
        return _OF[short] + closing(match)
    word = "προ Χριστού" if match[1] == "π.Χ" else _ABBREVIATIONS.get(match[1].casefold())
    return word + closing(match) if word else match.group()


_OF: Mapping[str, str] = {
    "κεφ": "κεφαλαίου",
    "σελ": "σελίδας",
    "παρ": "παραγράφου",
    "άρθρ": "άρθρου",
    "αρ": "αριθμού",
    "εικ": "εικόνας",
}
"""Behind an article in the genitive."""


def _after(match: re.Match[str]) -> str:
    """The word before a match, folded; "" at the beginning."""
    before = word_before(match.string, match.start())
    return fold(before[1]) if before else ""


def _holy(match: re.Match[str]) -> str:
    """By the article, else by the ending of the name."""
    name = _NAME.match(match.string, match.end())
    ending = fold(name.group())[-2:] if name else ""
    default = "Άγιος"
    if ending == "ου":
        default = "Αγίου"
    elif ending in ("ασ", "ησ") and fold(name.group() if name else "") not in _HOLY_MEN:
        default = "Αγίας"
    elif fold(name.group() if name else "") in _OF_MEN:
        default = "Αγίου"
    elif ending[-1:] in ("α", "η"):
        default = "Αγία"
    elif ending == "οι":
        default = "Άγιοι"
    return _HOLY.get(_after(match), default) + " "


def _lady(match: re.Match[str]) -> str:
    return f"{match[1]} {_LADY[match[1].lower()]} "


def _new(match: re.Match[str]) -> str:
    if match.string.startswith(("Ψυχικ", "Φάληρ", "Φαλήρ", "Ηράκλει", "Ηρακλεί"), match.end()):
        return (
            "Νέου "
            if match.string[match.end() : match.end() + 12].split()[0].rstrip(",.").endswith("ου")
            else "Νέο "
        )
    return "Νέας " if _after(match) == "τησ" else "Νέα "


def _mister(match: re.Match[str]) -> str:
    before = word_before(match.string, match.start())
    return _MISTER.get(fold(before[1]) if before else "", "κύριος") + " "


def _law(match: re.Match[str]) -> str:
    before = word_before(match.string, match.start())
    word = {"του": "νόμου", "τον": "νόμο", "στον": "νόμο"}.get(fold(before[1]) if before else "")
    return f"{word or 'νόμος'} {cardinal(int(match[1]))} του "


def _floor(match: re.Match[str]) -> str:
    return f"{match[1]} όροφ{match[1]}"


HALF_OF_DAY: Rules = ((re.compile(r"(?<=\d)\s?([πμ])\.?μ\b\.?"), _half_of_day),)
"""Behind a time; before anything else makes a word of it."""


def _acronym(match: re.Match[str]) -> str:
    return _DOTTED[match[1]] + (closing(match) if match.group()[-1] == "." else "")


def _slashed(match: re.Match[str]) -> str:
    written, word = match[1], _SLASHED[match[1].lower()]
    return word if word[0].isupper() or written[0].islower() else word[0].upper() + word[1:]


_ONE_IN: Mapping[str, str] = {"στους": "ένας", "στις": "μία", "στα": "ένα"}


def _one_in(match: re.Match[str]) -> str:
    """ "1 στους 4" is a man, until something else is said."""
    return _ONE_IN[match[1]] + " "


def _world_war(match: re.Match[str]) -> str:
    return "Παγκοσμίου Πολέμου" if match[1] else "Παγκόσμιος Πόλεμος"


_PARTS: Mapping[str, str] = {
    "εδ": "εδάφιο", "περ": "περίπτωση", "στοιχ": "στοιχείο", "παρ": "παράγραφος", "υποπαρ": "υποπαράγραφος",
}  # fmt: skip


_FATHER: Mapping[str, str] = {"ο": "πατήρ", "τον": "πατέρα", "στον": "πατέρα", "του": "πατρός"}


def _father(match: re.Match[str]) -> str:
    return f"{match[1]} {_FATHER[match[1].lower()]} "


_APOSTLE: Mapping[str, str] = {
    "του": "Αποστόλου", "τουσ": "Αποστόλους", "τον": "Απόστολο", "στον": "Απόστολο",
}  # fmt: skip


def _municipal(match: re.Match[str]) -> str:
    """Schools are of the first grade, councils of the town."""
    return (
        "Δημοτικό"
        if match.string.startswith((" Σχολείο", " Συμβούλιο"), match.end())
        else "Δημοτικού"
    )


def _great(match: re.Match[str]) -> str:
    return "Μεγάλης " if _after(match) == "τησ" else "Μεγάλη "


def _storeys(match: re.Match[str]) -> str:
    word = STOREYS.get(int(match[1]))
    return f"{word}ροφ" if word else match.group()


def _century(match: re.Match[str]) -> str:
    """ "Τον 5ο αι." bends, "ο 5ος αι." does not."""
    return f"{match[1]} αιώνα" + ("ς" if match[2][-1] in "ςσ" else "")


NUMBERED: Rules = (
    (re.compile(r"(?<=\d)\s?χιλ\.?(?=\s?(?:βροχ|[)]|νερού|ύψος))"), lambda _: " χιλιοστά"),
    (
        re.compile(
            r""
            r"\b([Νν])\.\s?(\d{3,4})/(\d\d)(?![\d/])"
        ),
        lambda m: f"{m[1]}. {m[2]}/{'20' if int(m[3]) < 50 else '19'}{m[3]}",
    ),
    (re.compile(r"(?<![\w.,])(\d\d?)[όώο]ροφ(?=[^\W\d_])"), _storeys),
    (re.compile(r"(\b\d{1,2}(ος|ου|ό?ς|ού|ο|ό))\s?αι\.?(?!\w)"), _century),
    (re.compile(r"(?<=\b[Αα]ρ\.)\s?[Ππ]ρωτ\.?(?!\w)"), lambda _: " πρωτοκόλλου"),
    (
        re.compile(r"(?<=[\d,])\s?κ\.(?=\s[α-ωά-ώ]|\s*\Z|,)(?<=[Ζζ]υγίζει\s\d\d\sκ\.)"),
        lambda _: " κιλά",
    ),
    (
        re.compile(r"(?<![\w./,-])(1\d\d|9\d)/(?=(?:1[0-3]|[4-9])\d(?:\s?mmHg\b|\b(?!/)))"),
        lambda m: f"{m[1]} με ",
    ),
    (re.compile(r"(?<=\d)\s?mmHg\b"), lambda _: " χιλιοστά υδραργύρου"),
    (
        re.compile(r"(ΦΕΚ|[Φφ]ύλλο|[Τ]εύχος)\s([Α-Δ])['’΄΄]?\s?(?=\d)"),
        lambda m: f"{m[1]} {LETTERS[m[2]]} ",
    ),
    (re.compile(r"(?<=\w)(?:\s?[xχ×]\s?(?=\d{1,2}\sφορ)|\s[xχ×]\s?(?=\d))"), lambda _: " επί "),
    (
        re.compile(
            r"(?<=\d)\s?εκ\.(?!\s?(?:€|ευρώ|λίρ|γιεν|φράγκ|ρούβλ|δολ|άτομα|κάτοικ|κατοίκ|τόν|θεατ|χρήστ|πολίτ|ψήφ|τουρ|επισκ))"
        ),
        lambda m: " εκατοστά" + closing(m),
    ),
    (re.compile(r"\b1\s(?=(στους|στις|στα)\s\d)"), _one_in),
    (
        re.compile(r"(?<=\d)\s?(?:χλμ|km)\.?/δευτ\.?(?:ερόλεπτο)?"),
        lambda _: " χιλιόμετρα το δευτερόλεπτο",
    ),
    (re.compile(r"(?<=\d)\s?μ\.?/δευτ\.?(?:ερόλεπτο)?"), lambda _: " μέτρα το δευτερόλεπτο"),
    (re.compile(r"(?<=\d)\s?υ/δ\b"), lambda _: " υπνοδωμάτια"),
    (re.compile(r"\b1\sυπνοδωμάτια"), lambda _: "1 υπνοδωμάτιο"),
    (re.compile(r"(?<=\d)[οό]\s?χλμ\.?(?!\w)"), lambda _: "ο χιλιόμετρο"),
    (re.compile(r"(?<![\w.])[νΝ]\.\s?(\d{3,4})/(?=(?:19|20)\d\d\b)"), _law),
    (re.compile(r"(?<![\w/.,-])(\d{1,6})/(?=(?:19|20)\d\d(?![\w/]))"), lambda m: f"{m[1]} του "),
    (re.compile(r"(?<=\d)(ος|ου|ο)\s?όρ\."), _floor),
)
"""Beside a number, which they agree with."""
TITLES: Rules = (
    (re.compile(r"(?<=\bΟ )καθ\.(?!\w)|(?<=\bο )καθ\.(?!\w)"), lambda _: "καθηγητής"),
    (re.compile(r"(?<=\bτου )καθ\.(?!\w)|(?<=\bτον )καθ\.(?!\w)"), lambda _: "καθηγητή"),
    (re.compile(r"(?<!\w)Δημ\.(?=\s(?:Σχολεί|Συμβο|Δρόμο))"), _municipal),
    (re.compile(r"(?<=το )τεμ\.(?!\w)"), lambda m: "τεμάχιο" + closing(m)),
    (
        re.compile(
            r"(\b[Άά]νεμος\s)([ΒΝ][ΑΔ]?"
            r""
            r"|[ΑΔ])(?!\w)"
        ),
        lambda m: (
            m[1]
            + _WINDS[m[2]][:-2]
            + (
                "ός"
                if _WINDS[m[2]].endswith("ί") and m[2] in ("Α", "Δ", "ΒΑ", "ΒΔ", "ΝΑ", "ΝΔ")
                else "ος"
            )
        ),
    ),
    (
        re.compile(
            r"(?<!\w)Απ\.\s?(?=(?:Παύλο|Πέτρο|Ανδρέα|Ιωάννη"
            r"|Θωμά)[ςυ]?\b)"
        ),
        lambda m: _APOSTLE.get(_after(m), "Απόστολος") + " ",
    ),
    (
        re.compile(
            r"(?<!\w)Μ\.\s(?=(?:Δευτέρα|Τρίτη|Τετάρτη|Πέμπτη|Παρασκευή|Εβδομάδα|Βρετανία|Ασία"
            r"|Σαρακοστή)ς?\b)"
        ),
        _great,
    ),
    (
        re.compile(r"(?<!\w)Μ\.\s(?=(?:Σάββατο|Σαββάτου)\b)"),
        lambda m: "Μεγάλου " if _after(m) == "του" else "Μεγάλο ",
    ),
    (
        re.compile(
            r"(?<!\w)(Μ)\.\s(?=Αλέξανδρο|Βασίλειο|Κωνσταντίνο"
            r"|Ναπολέων)"
        ),
        lambda m: "Μέγας " if _after(m) in ("ο", "") else "Μέγα ",
    ),
    (
        re.compile(r"\b(στοιχ)\.\s(στ|ζ|η|θ|ι)['΄’ʹ](?!\w)"),
        lambda m: f"στοιχείο {LETTERS.get(m[2].upper(), 'στίγμα')}",
    ),
    (re.compile(r"(?<!\w)Βασ\.\s?(?=Σοφίας|Αμαλίας|Όλγας)"), lambda _: "Βασιλίσσης "),
    (re.compile(r"(?<!\w)Βασ\.\s?(?=[Α-ΩΆ-Ώ]\w*ου\b)"), lambda _: "Βασιλέως "),
    (re.compile(r"(?<!\w)[Ππ]λ\.\s?(?=[Α-ΩΆ-Ώ])"), lambda m: m.group()[0] + "λατεία "),
    (re.compile(r"\b([Υυ]π['’]\s?)[Αα]ρ(?:ιθ(?:μ)?)?\."), lambda m: f"{m[1]}αριθμόν"),
    (re.compile(r"\b([Οο]|[Ττ]ον|[Ττ]ου|[Σσ]τον)\sπ\.\s?(?=[Α-ΩΆ-Ώ])"), _father),
    (re.compile(r"(?<!\w)[Σσ][ςσ]{2,}(?!\w)"), lambda _: "σουτ"),
    (
        re.compile(r"\b(εδ|περ|στοιχ|παρ|υποπαρ)\.\s([α-ω])['΄’ʹ](?!\w)"),
        lambda m: f"{_PARTS[m[1]]} {LETTERS[m[2].upper()]}",
    ),
    (re.compile(r"(?:(?<=\bτου [ΑΒ]['΄’ʹ] )(Π\.?Π\b\.?)|(?<=[ΑΒ]['΄’ʹ] )Π\.?Π\b\.?)"), _world_war),
    (re.compile(r"(?<!\w)(ΒΑ|ΒΔ|ΝΑ|ΝΔ)(?=\sάνεμοι)"), lambda m: _WINDS[m[1]]),
    (
        re.compile(r"(?<!\w)(ΒΑ|ΒΔ|ΝΑ|ΝΔ)(?=\s(?:της|του|των|από)\b)"),
        lambda m: _WINDS[m[1]].removesuffix("οί") + "ά",
    ),
    (re.compile(r"(\b[Άά]νεμοι\s)([ΒΝ][ΑΔ]?|[ΑΔ])(?!\w)"), lambda m: m[1] + _WINDS[m[2]]),
    (
        re.compile(r"\b[Κκ]εφ\.\s?(?=[Α-Ω]{1,2}['΄’ʹ])"),
        lambda m: "κεφαλαίου " if _after(m) in ("του", "τουσ") else "κεφάλαιο ",
    ),
    (
        re.compile(
            r"(?<=[Κκ]αλημέρα )κ\.\s?(?=[Α-ΩΆ-Ώ])|(?<=[Κκ]αλησπέρα )κ\.\s?(?=[Α-ΩΆ-Ώ])"
            r"|(?<=[Αα]γαπητέ )κ\.\s?(?=[Α-ΩΆ-Ώ])|(?<=σας )κ\.\s?(?=[Α-ΩΆ-Ώ])"
        ),
        lambda _: "κύριε ",
    ),
    (re.compile(r"(?<![\w.])κ\.\s?(?=[Α-ΩΆ-Ώ]\w*ε\b)"), lambda _: "κύριε "),
    (re.compile(r"(?<![\w.])κ\.\s?(?=[Α-ΩΆ-Ώ])"), _mister),
    (re.compile(r"(?<!\w)[ΑΆ]γ\.\s?(?=[Α-ΩΆ-Ώ])"), _holy),
    (re.compile(r"\b([Ηη]|[Ττ]ην|[Ττ]ης) κας?\.? (?=[Α-ΩΆ-Ώ])"), _lady),
    (
        re.compile(
            r"(?<!\w)Ν\.\s?(?=(?:Υόρκη|Ζηλανδία|Σμύρνη|Ιωνία|Ερυθραία|Φιλαδέλφεια|Πεντέλη|Χαλκηδόνα|Μάκρη|Μουδανιά|Πέραμο|Κηφισιά|Αρτάκη|Αγχίαλο|Δημοκρατία|Ψυχικ[όο]ύ?|Φάληρο|Φαλήρου|Ηράκλειο|Ηρακλείου)ς?\b)"
        ),
        _new,
    ),
)
OTHERS: Rules = (
    (re.compile(rf"(?<![\w/])({any_of(_SLASHED)})(?![\w/])", re.IGNORECASE), _slashed, "/"),
    (_PER, lambda _: " ανά ", "/"),
    (_ACRONYM, _acronym, "."),
    (_ABBREVIATION, _abbreviation, "."),
)
