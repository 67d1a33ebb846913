"""What people are told of the service's problems, in English and in Greek."""

import re

from frontend.notices import Sentences, sentence
from frontend.words import WORDS, said

PROBLEMS: dict[str, tuple[str, str]] = {
    "no_face": (
        "No face can be seen in this picture. Take one of a person who looks towards the camera.",
        "Δεν φαίνεται πρόσωπο στην εικόνα. Διαλέξτε μια όπου κάποιος κοιτά προς τον φακό.",
    ),
    "face_too_small": (
        "The face is too small. Take a closer picture.",
        "Το πρόσωπο είναι πολύ μικρό. Διαλέξτε πιο κοντινή λήψη.",
    ),
    "unreadable_media": (
        "This file cannot be read as a picture or a video.",
        "Το αρχείο δεν διαβάζεται ως εικόνα ή βίντεο.",
    ),
    "media_too_large": (
        "This file is too large. Choose a smaller one.",
        "Το αρχείο είναι πολύ μεγάλο. Διαλέξτε μικρότερο.",
    ),
    "empty_text": ("Write a line first.", "Γράψτε πρώτα μια φράση."),
    "text_too_long": WORDS["too_long"],
    "unknown_portrait": (
        "This portrait is no longer kept. Upload it once more.",
        "Το πορτρέτο δεν φυλάσσεται πια. Ανεβάστε το ξανά.",
    ),
    "queue_full": (
        "Many videos are waiting already. Try again in a minute.",
        "Περιμένουν ήδη πολλά βίντεο. Δοκιμάστε σε ένα λεπτό.",
    ),
    "limit_reached": (
        "You have asked for as much as you may for now. Try again later.",
        "Ζητήσατε όσα επιτρέπονται προς το παρόν. Δοκιμάστε αργότερα.",
    ),
    "tier_unavailable": (
        "This engine cannot take work now. Choose another one.",
        "Αυτή η μηχανή δεν δέχεται δουλειά τώρα. Διαλέξτε άλλη.",
    ),
    "synthesis_failed": (
        "The voice could not be made. Try it again.",
        "Η φωνή δεν έγινε. Δοκιμάστε ξανά.",
    ),
    "animation_failed": (
        "The face could not be drawn. Try it again.",
        "Το πρόσωπο δεν σχεδιάστηκε. Δοκιμάστε ξανά.",
    ),
    "encoding_failed": (
        "The film could not be put together. Try it again.",
        "Η ταινία δεν συντέθηκε. Δοκιμάστε ξανά.",
    ),
    "storage_failed": (
        "The service could not keep the video. Try it again in a minute.",
        "Η υπηρεσία δεν μπόρεσε να φυλάξει το βίντεο. Δοκιμάστε σε ένα λεπτό.",
    ),
    "abandoned": (
        "The service began this several times and never came to its end. Try it again.",
        "Η υπηρεσία το άρχισε αρκετές φορές και δεν το τελείωσε. Δοκιμάστε ξανά.",
    ),
    "stage_lost": (
        "A part of the service went down at work. Try it again.",
        "Ένα μέρος της υπηρεσίας σταμάτησε. Δοκιμάστε ξανά.",
    ),
    "unreachable": WORDS["offline"],
    "not_found": WORDS["gone"],
    "unknown_voice": (
        "This engine does not have this voice. Choose another one.",
        "Αυτή η μηχανή δεν έχει αυτή τη φωνή. Διαλέξτε άλλη.",
    ),
    "unsupported_language": (
        "This voice or engine does not speak this language. Choose another one.",
        "Αυτή η φωνή ή η μηχανή δεν μιλά αυτή τη γλώσσα. Διαλέξτε άλλη.",
    ),
    "unknown_tier": (
        "The service does not have this engine any more. Choose another one.",
        "Η υπηρεσία δεν έχει πια αυτή τη μηχανή. Διαλέξτε άλλη.",
    ),
    "request_too_large": (
        "This is too large for the service. Choose a smaller file.",
        "Είναι πολύ μεγάλο για την υπηρεσία. Διαλέξτε μικρότερο αρχείο.",
    ),
    "consent_required": WORDS["need_agreement"],
    "unauthorized": (
        "The service does not let this app in. Tell whoever runs it.",
        "Η υπηρεσία δεν δέχεται αυτή την εφαρμογή. Ενημερώστε τον διαχειριστή της.",
    ),
    "forbidden": (
        "The service does not allow this here. Tell whoever runs it.",
        "Η υπηρεσία δεν το επιτρέπει εδώ. Ενημερώστε τον διαχειριστή της.",
    ),
    "issuer_unavailable": (
        "Signing in cannot be checked now. Try again in a minute.",
        "Η σύνδεση δεν μπορεί να ελεγχθεί τώρα. Δοκιμάστε σε ένα λεπτό.",
    ),
    "not_ready": (
        "The video is not finished. Wait for it, or cancel it first.",
        "Το βίντεο δεν είναι έτοιμο. Περιμένετε ή ακυρώστε το πρώτα.",
    ),
    "gone": WORDS["gone"],
    "link_expired": (
        "This link has expired. Load the page again.",
        "Ο σύνδεσμος έληξε. Φορτώστε ξανά τη σελίδα.",
    ),
    "unsupported_encoder": (
        "The film cannot be made in this size here. Choose another one.",
        "Η ταινία δεν γίνεται εδώ σε αυτό το μέγεθος. Διαλέξτε άλλο.",
    ),
    "engine_failed": (
        "A part of the service failed. Try it again.",
        "Ένα μέρος της υπηρεσίας απέτυχε. Δοκιμάστε ξανά.",
    ),
    "engine_unavailable": (
        "A part of this engine is not installed. Choose another one.",
        "Κάτι λείπει από αυτή τη μηχανή. Διαλέξτε άλλη.",
    ),
    "weights_missing": (
        "A model of this engine is not there. Choose another one.",
        "Λείπει ένα μοντέλο αυτής της μηχανής. Διαλέξτε άλλη.",
    ),
    "licence_forbids": (
        "A licence forbids this here. Choose another engine.",
        "Μια άδεια χρήσης το απαγορεύει εδώ. Διαλέξτε άλλη μηχανή.",
    ),
    "other_version": (
        "The service was updated meanwhile. Try it again.",
        "Η υπηρεσία ενημερώθηκε στο μεταξύ. Δοκιμάστε ξανά.",
    ),
    "stale_request": (
        "The service was updated meanwhile. Try it again.",
        "Η υπηρεσία ενημερώθηκε στο μεταξύ. Δοκιμάστε ξανά.",
    ),
    "internal_error": (
        "Something unexpected failed. Try it again.",
        "Κάτι απρόσμενο απέτυχε. Δοκιμάστε ξανά.",
    ),
}
"""By the code of a problem document; all others are told in the service's own words."""

DETAILS: Sentences = (
    # Of recordings
    (
        r"is (?P<long>\S+) s long; at least (?P<least>\S+) s",
        "Η ηχογράφηση διαρκεί {long} δ. και χρειάζονται τουλάχιστον {least} δ.",
    ),
    ("is silent: its loud parts", "Η ηχογράφηση δεν ακούγεται. Ηχογραφήστε πιο δυνατά."),
    (
        r"holds (?P<heard>\S+) s of a voice; at least (?P<least>\S+) s",
        "Στην ηχογράφηση ακούγονται {heard} δ. ομιλίας και χρειάζονται {least}. Ας μιλά κάποιος συνέχεια.",
    ),
    (
        "is noisy: the noise is",
        "Η ηχογράφηση έχει θόρυβο. Ηχογραφήστε σε ήσυχο χώρο, χωρίς μουσική.",
    ),
    (
        "is clipped in .+ of its length",
        "Ο ήχος της ηχογράφησης είναι παραμορφωμένος. Ηχογραφήστε πιο χαμηλά.",
    ),
    (
        "has more than one speaker",
        "Στην ηχογράφηση μιλούν περισσότεροι από ένας. Κρατήστε το μέρος του ενός.",
    ),
    (
        r"is longer than the (?P<most>\d+) minutes",
        "Η ηχογράφηση ξεπερνά τα {most} λεπτά. Κόψτε την.",
    ),
    ("has no sound in it", "Το αρχείο δεν έχει ήχο. Αποθηκεύστε το ξανά."),
    (
        "is not the id of an upload; send the recording",
        "Η ηχογράφηση δεν φυλάσσεται πια. Ανεβάστε την ξανά.",
    ),
    ("needs reference audio", WORDS["need_recording"][1]),
    ("cannot clone a voice", "Αυτή η μηχανή δεν μιλά με φωνή από ηχογράφηση. Διαλέξτε άλλη."),
    # Of pictures and videos
    (
        r"has (?P<size>\S+) MB; (pictures|videos|recordings) may have (?P<most>\d+)",
        "Το αρχείο έχει {size} MB και το όριο είναι {most}. Αποθηκεύστε το μικρότερο.",
    ),
    (
        r"has (?P<size>\d+) megapixels.*; pictures may have (?P<most>\d+)",
        "Η εικόνα έχει {size} megapixel και το όριο είναι {most}. Αποθηκεύστε τη μικρότερη.",
    ),
    (
        r"is longer than the (?P<most>\d+) seconds",
        "Το βίντεο ξεπερνά τα {most} δευτερόλεπτα. Κόψτε το.",
    ),
    (
        r"pixels large, (?P<most>\d+) megapixels a frame",
        "Το βίντεο έχει πολύ μεγάλα καρέ: έως {most} megapixel. Αποθηκεύστε το μικρότερο.",
    ),
    (
        r"has only (?P<frames>\d+) frames, at least (?P<least>\d+)",
        "Το βίντεο έχει μόνο {frames} καρέ και χρειάζονται {least}. Διαλέξτε μεγαλύτερο ή μια εικόνα του.",
    ),
    (
        r"is cut off: .+ are there|has not a single frame",
        "Από το αρχείο λείπει ένα μέρος. Αντιγράψτε το ή αποθηκεύστε το ξανά.",
    ),
    ("is damaged", "Το αρχείο είναι κατεστραμμένο. Αντιγράψτε το ή αποθηκεύστε το ξανά."),
    ("is empty; give a", "Το αρχείο είναι κενό. Διαλέξτε άλλο."),
    (
        "^no face found in .+ frames",
        "Δεν φαίνεται πρόσωπο στο βίντεο. Διαλέξτε ένα όπου κάποιος κοιτά προς τον φακό, με καλό φως.",
    ),
    (
        r"is lost in (?P<lost>\d+%) of its frames, at most (?P<most>\d+%)",
        "Το πρόσωπο χάνεται στο {lost} των καρέ και το όριο είναι {most}. Κρατήστε ένα μέρος όπου φαίνεται συνέχεια.",
    ),
    ("would cut the face in", WORDS["shape_cuts"][1]),
    (
        "^face .+ does not exist",
        "Αυτό το πρόσωπο δεν υπάρχει στην εικόνα. Διαλέξτε ξανά ποιο μιλά.",
    ),
    (
        "shows portraits before their own background only|a video keeps its own background",
        "Εδώ μένει το φόντο που έχει η εικόνα. Επιλέξτε στο Φόντο: Όπως η φωτογραφία.",
    ),
    (
        "(moves|draws on) pictures: give a picture",
        "Αυτή η μηχανή ζωντανεύει μόνο εικόνες. Διαλέξτε εικόνα ή άλλη μηχανή.",
    ),
    # Of limits
    (
        "of your videos are waiting already",
        "Περιμένουν ήδη αρκετά βίντεό σας. Δοκιμάστε όταν τελειώσει ένα.",
    ),
    (
        "seconds of video of this day are made",
        "Ο χρόνος βίντεο της ημέρας τελείωσε. Νέος από τις 0:00 UTC.",
    ),
    ("^more than .+ changes in a minute", "Πολλές αλλαγές μαζί. Δοκιμάστε σε ένα λεπτό."),
    # Of texts
    (
        r"a sentence of (?P<long>\d+) characters is beyond this engine's (?P<most>\d+)",
        "Μια πρόταση έχει {long} χαρακτήρες και η μηχανή δέχεται {most}. Χωρίστε την.",
    ),
    (
        r"^XTTS cannot read (?P<text>.+) in '",
        "Η μηχανή δεν διαβάζει το {text}. Γράψτε τους αριθμούς με λέξεις.",
    ),
)
"""Greek for what the service says in detail, where that helps more than what is told by the code."""


def known_problem(code: str, greek: bool) -> str:
    """What is told by the code alone; empty where it is not known."""
    return PROBLEMS[code][greek] if code in PROBLEMS else ""


def problem_words(code: str, detail: str, greek: bool) -> str:
    """What a person is told of a problem. Where we do not know it, the service's own words are; on Greek pages they
    stand behind a Greek sentence."""
    if greek and any(re.search(pattern, detail) for pattern, _ in DETAILS):
        return sentence(detail, DETAILS)
    told = known_problem(code, greek)
    if told or not greek:
        return told or detail
    return said("refused", greek) + " " + sentence(detail, ())
