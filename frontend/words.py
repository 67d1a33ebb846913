"""What the interface says, in English and in Greek."""

WORDS: dict[str, tuple[str, str]] = {
    # Around every page
    "skip": ("Skip to content", "Μετάβαση στο περιεχόμενο"),
    "studio": ("Studio", "Στούντιο"),
    "history": ("Videos", "Βίντεο"),
    "system": ("System", "Σύστημα"),
    "main_menu": ("Main", "Κύριο μενού"),
    "theme": ("Switch between light and dark", "Εναλλαγή φωτεινού και σκούρου"),
    "offline": (
        "The service does not answer. We keep trying; nothing is lost.",
        "Η υπηρεσία δεν απαντά. Συνεχίζουμε να προσπαθούμε· τίποτα δεν χάνεται.",
    ),
    "not_found": ("There is nothing here", "Δεν υπάρχει τίποτα εδώ"),
    "to_studio": ("To the studio", "Στο στούντιο"),
    "sign_in": ("Sign in", "Σύνδεση"),
    "sign_in_failed": ("Signing in did not work", "Η σύνδεση δεν πέτυχε"),
    "sign_out": ("Sign out", "Αποσύνδεση"),
    "signed_out": ("You are signed out", "Αποσυνδεθήκατε"),
    "only_consent": (
        "Use only faces of people who agreed to it.",
        "Χρησιμοποιείτε μόνο πρόσωπα ανθρώπων που συμφώνησαν.",
    ),
    # Studio
    "headline": ("Give a face your words.", "Δώστε σε ένα πρόσωπο τα λόγια σας."),
    "subline": (
        "Choose a portrait, write a line, and watch it speak.",
        "Διαλέξτε πορτρέτο, γράψτε μια φράση και δείτε το να μιλά.",
    ),
    "portrait": ("Portrait", "Πορτρέτο"),
    "choose_portrait": ("Choose a portrait", "Διαλέξτε πορτρέτο"),
    "own_photo": ("Your photo", "Δική σας"),
    "own_photo_long": ("Upload a photo or a short video", "Ανεβάστε φωτογραφία ή σύντομο βίντεο"),
    "drop_here": ("Drop the photo here", "Αφήστε τη φωτογραφία εδώ"),
    "uploading": ("Uploading", "Μεταφόρτωση"),
    "checking": ("Looking for the face", "Αναζήτηση προσώπου"),
    "face_ready": ("Ready to speak", "Έτοιμο να μιλήσει"),
    "face": ("Face", "Πρόσωπο"),
    "which_face": ("Which face speaks?", "Ποιο πρόσωπο μιλά;"),
    "shape_cuts": (
        "This shape would cut the face. Choose another one.",
        "Αυτό το σχήμα θα έκοβε το πρόσωπο. Διαλέξτε άλλο.",
    ),
    "cannot_speak": ("This picture cannot speak", "Αυτή η εικόνα δεν μπορεί να μιλήσει"),
    "file_too_large": (
        "The file is too large: 64 MB at most.",
        "Το αρχείο είναι πολύ μεγάλο: έως 64 MB.",
    ),
    "file_kind": (
        "Choose a picture (JPEG, PNG, WebP) or a short video (MP4, WebM, MOV).",
        "Διαλέξτε εικόνα (JPEG, PNG, WebP) ή σύντομο βίντεο (MP4, WebM, MOV).",
    ),
    "upload_failed": (
        "The upload did not work. Check the connection and try again.",
        "Η μεταφόρτωση απέτυχε. Ελέγξτε τη σύνδεση και δοκιμάστε ξανά.",
    ),
    "script": ("What they say", "Τι λέει"),
    "script_hint": (
        "Write what they say. Touch a feeling to place it where the cursor stands.",
        "Γράψτε τι λέει. Πατήστε ένα συναίσθημα για να μπει εκεί που βρίσκεται ο δείκτης.",
    ),
    "feelings": ("Feelings", "Συναισθήματα"),
    "insert": ("Insert", "Εισαγωγή"),
    "pause": ("pause", "παύση"),
    "examples": ("Try", "Δοκιμάστε"),
    "heard": ("How it will be spoken", "Πώς θα ειπωθεί"),
    "estimate": ("About", "Περίπου"),
    "seconds": ("s", "δ."),
    "characters": ("characters", "χαρακτήρες"),
    "too_long": (
        "The text is longer than this tier takes. Shorten it or split it.",
        "Το κείμενο ξεπερνά το όριο. Συντομεύστε το ή χωρίστε το.",
    ),
    "voice": ("Voice", "Φωνή"),
    "voice_auto": ("Automatic", "Αυτόματη"),
    "voice_recorded": ("A voice from a recording", "Φωνή από ηχογράφηση"),
    "voice_own": ("Your own", "Δική σας"),
    "recording": ("Recording of the voice", "Ηχογράφηση της φωνής"),
    "choose_recording": ("Choose a recording", "Διαλέξτε ηχογράφηση"),
    "other_recording": ("Another one", "Άλλη"),
    "recording_hint": (
        "6 to 30 seconds of one person who speaks in a quiet room",
        "6 έως 30 δευτερόλεπτα ενός ανθρώπου που μιλά σε ήσυχο χώρο",
    ),
    "recording_kind": (
        "Choose a recording of sound (WAV, MP3, M4A, OGG) or a video with sound.",
        "Διαλέξτε ηχογράφηση (WAV, MP3, M4A, OGG) ή βίντεο με ήχο.",
    ),
    "recording_short": (
        "The recording is too short: at least 6 seconds of speech are needed.",
        "Η ηχογράφηση είναι πολύ σύντομη: χρειάζονται τουλάχιστον 6 δευτερόλεπτα ομιλίας.",
    ),
    "listen": ("Listen to this voice", "Ακούστε τη φωνή"),
    "stop": ("Stop", "Διακοπή"),
    "language": ("Language", "Γλώσσα"),
    "auto": ("Automatic", "Αυτόματα"),
    "quality_tier": ("Engine", "Μηχανή"),
    "ready": ("Ready", "Έτοιμη"),
    "missing": ("Not available", "Μη διαθέσιμη"),
    "waiting_now": ("waiting", "σε αναμονή"),
    "more": ("Fine-tune", "Ρυθμίσεις"),
    "more_hint": ("movement, picture, captions", "κίνηση, εικόνα, υπότιτλοι"),
    "manner": ("Manner", "Ύφος"),
    "calm": ("Calm", "Ήρεμο"),
    "natural": ("Natural", "Φυσικό"),
    "lively": ("Lively", "Ζωηρό"),
    "intensity": ("Strength of feelings", "Ένταση συναισθημάτων"),
    "head_motion": ("Head movement", "Κίνηση κεφαλιού"),
    "blink": ("Blinking", "Βλεφάρισμα"),
    "speed": ("Pace of speech", "Ταχύτητα ομιλίας"),
    "shape": ("Shape", "Σχήμα"),
    "as_photo": ("Original", "Αρχικό"),
    "square": ("Square", "Τετράγωνο"),
    "tall": ("Tall", "Κάθετο"),
    "wide": ("Wide", "Οριζόντιο"),
    "size": ("Size", "Μέγεθος"),
    "size_480": ("Small, quick (480)", "Μικρό, γρήγορο (480)"),
    "size_720": ("Medium (720)", "Μεσαίο (720)"),
    "size_1080": ("Large (1080)", "Μεγάλο (1080)"),
    "background": ("Background", "Φόντο"),
    "keep_background": ("As the photo", "Όπως η φωτογραφία"),
    "blurred": ("Blurred", "Θολό"),
    "plain_light": ("Plain, light", "Μονόχρωμο, ανοιχτό"),
    "plain_dark": ("Plain, dark", "Μονόχρωμο, σκούρο"),
    "captions": ("Captions", "Υπότιτλοι"),
    "captions_beside": ("Beside the video", "Δίπλα στο βίντεο"),
    "captions_burn": ("In the picture", "Μέσα στην εικόνα"),
    "label": ("“Made by AI” in the picture", "Σήμανση «από ΤΝ» στην εικόνα"),
    "label_off": ("Not shown", "Χωρίς"),
    "label_corner": ("In a corner", "Στη γωνία"),
    "label_end": ("At the end", "Στο τέλος"),
    "seed": ("Seed", "Σπόρος"),
    "seed_hint": (
        "The same number gives the same movements again.",
        "Ο ίδιος αριθμός δίνει ξανά τις ίδιες κινήσεις.",
    ),
    "make": ("Make the video", "Φτιάξτε το βίντεο"),
    "making": ("One moment", "Μια στιγμή"),
    "need_text": ("Write a line first.", "Γράψτε πρώτα μια φράση."),
    "agreement_face": (
        "The person in this picture agreed to be shown speaking.",
        "Ο άνθρωπος της εικόνας συμφώνησε να εμφανιστεί να μιλά.",
    ),
    "agreement_voice": (
        "The person in this recording agreed to have their voice used.",
        "Ο άνθρωπος της ηχογράφησης συμφώνησε να χρησιμοποιηθεί η φωνή του.",
    ),
    "agreement_both": (
        "The people in this picture and this recording agreed to be shown and heard speaking.",
        "Οι άνθρωποι της εικόνας και της ηχογράφησης συμφώνησαν να εμφανιστούν και να ακουστούν.",
    ),
    "need_agreement": (
        "Confirm first that the person agreed.",
        "Επιβεβαιώστε πρώτα ότι το άτομο συμφώνησε.",
    ),
    "need_recording": (
        "Choose first a recording of whoever shall speak.",
        "Διαλέξτε πρώτα μια ηχογράφηση εκείνου που θα μιλήσει.",
    ),
    "under_way": ("A video is being made.", "Ένα βίντεο ετοιμάζεται."),
    "look": ("Watch", "Δείτε το"),
    # While it is made
    "queued": ("In the queue", "Στην ουρά"),
    "place": ("Place", "Θέση"),
    "parsing": ("Reading the text", "Ανάγνωση κειμένου"),
    "speaking": ("Finding the voice", "Δημιουργία φωνής"),
    "drawing": ("Drawing the face", "Σχεδίαση προσώπου"),
    "composing": ("Putting it together", "Σύνθεση"),
    "step_parsing": ("Text", "Κείμενο"),
    "step_speaking": ("Voice", "Φωνή"),
    "step_drawing": ("Face", "Πρόσωπο"),
    "step_composing": ("Film", "Ταινία"),
    "starting": ("Starting", "Εκκίνηση"),
    "left": ("left", "απομένουν"),
    "live": ("Playing while it is made", "Παίζει ενώ ετοιμάζεται"),
    "reconnecting": ("The connection was lost. Reconnecting…", "Η σύνδεση χάθηκε. Επανασύνδεση…"),
    "leave": (
        "You may leave this page: the work goes on, and the video waits under Videos.",
        "Μπορείτε να φύγετε από τη σελίδα: η δουλειά συνεχίζεται και το βίντεο σας περιμένει στα Βίντεο.",
    ),
    "cancel": ("Cancel", "Ακύρωση"),
    "play": ("Play", "Αναπαραγωγή"),
    "video": ("Video", "Βίντεο"),
    "timeline": ("Feelings over time", "Συναισθήματα στον χρόνο"),
    # The result
    "your_video": ("Your video", "Το βίντεό σας"),
    "being_made": ("Being made", "Ετοιμάζεται"),
    "failed": ("It did not work", "Δεν πέτυχε"),
    "cancelled": ("Cancelled", "Ακυρώθηκε"),
    "succeeded": ("Finished", "Έτοιμο"),
    "running": ("Being made", "Ετοιμάζεται"),
    "download": ("Download the video", "Λήψη βίντεο"),
    "share": ("Copy a link", "Αντιγραφή συνδέσμου"),
    "link": ("A link for anyone, for a week", "Σύνδεσμος για όλους, για μία εβδομάδα"),
    "copied": ("The link is copied", "Ο σύνδεσμος αντιγράφηκε"),
    "again": ("Again, with changes", "Ξανά, με αλλαγές"),
    "new": ("New video", "Νέο βίντεο"),
    "other_files": ("Captions and motion data", "Υπότιτλοι και δεδομένα κίνησης"),
    "facts": ("How it was made", "Πώς φτιάχτηκε"),
    "duration": ("Duration", "Διάρκεια"),
    "picture": ("Picture", "Εικόνα"),
    "engines": ("Engines", "Μηχανές"),
    "made_in": ("Made in", "Φτιάχτηκε σε"),
    "gone": ("This video is not there", "Αυτό το βίντεο δεν υπάρχει"),
    "gone_hint": (
        "It was deleted, or it belongs to another browser.",
        "Διαγράφηκε ή ανήκει σε άλλον περιηγητή.",
    ),
    "credentials": ("Content credentials", "Διαπιστευτήρια περιεχομένου"),
    "unchanged": ("Unchanged since it was signed", "Αμετάβλητο από την υπογραφή του"),
    "changed": ("Changed after it was signed", "Αλλαγμένο μετά την υπογραφή του"),
    "how": ("What it is", "Τι είναι"),
    "by_ai": ("A picture brought to life by AI", "Εικόνα που ζωντάνεψε με τεχνητή νοημοσύνη"),
    "made_with": ("Made with", "Φτιάχτηκε με"),
    "made_on": ("Made on", "Φτιάχτηκε στις"),
    "signed_by": ("Signed by", "Υπογραφή"),
    "no_authority": ("no authority vouches for it", "καμία αρχή δεν εγγυάται γι' αυτήν"),
    "consent": ("Consent", "Συγκατάθεση"),
    # History
    "your_videos": ("Your videos", "Τα βίντεό σας"),
    "search": ("Search", "Αναζήτηση"),
    "search_hint": ("Search what is said", "Αναζήτηση στα λόγια"),
    "nothing_yet": ("No videos yet", "Κανένα βίντεο ακόμη"),
    "nothing_yet_hint": (
        "The first one takes a minute.",
        "Το πρώτο χρειάζεται ένα λεπτό.",
    ),
    "nothing_found": ("Nothing fits the search.", "Κανένα αποτέλεσμα."),
    "delete": ("Delete", "Διαγραφή"),
    "delete_really": ("Delete for good?", "Οριστική διαγραφή;"),
    "keep": ("Keep", "Όχι"),
    "more_videos": ("Show more", "Περισσότερα"),
    # System
    "system_title": ("The service at a glance", "Η υπηρεσία με μια ματιά"),
    "tiers": ("Engines", "Μηχανές"),
    "in_queue": ("Waiting", "Σε αναμονή"),
    "in_work": ("In work", "Σε εξέλιξη"),
    "longest_wait": ("Longest wait", "Μέγιστη αναμονή"),
    "replicas": ("Replicas", "Αντίγραφα"),
    "failures": ("Recent failures", "Πρόσφατες αποτυχίες"),
    "no_failures": ("Nothing failed of late.", "Καμία πρόσφατη αποτυχία."),
    "version": ("Version", "Έκδοση"),
    "voices": ("Voices", "Φωνές"),
    "languages": ("Languages", "Γλώσσες"),
}

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
        "Several of your videos are waiting already. Try again when one is finished.",
        "Περιμένουν ήδη αρκετά βίντεό σας. Δοκιμάστε όταν τελειώσει ένα.",
    ),
    "rate_limited": (
        "That was a lot at once. Try again in a minute.",
        "Πολλά αιτήματα μαζί. Δοκιμάστε σε ένα λεπτό.",
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
    "stage_lost": (
        "A part of the service went down at work. Try it again.",
        "Ένα μέρος της υπηρεσίας σταμάτησε. Δοκιμάστε ξανά.",
    ),
    "unreachable": WORDS["offline"],
    "not_found": WORDS["gone"],
}
"""By the code of a problem document; all others are told in the service's own words."""

EXAMPLES: tuple[tuple[str, str, str], ...] = (
    (
        "en",
        "A welcome",
        "Hello [happy] everyone! I'm [excited] to share this news with you.",
    ),
    (
        "en",
        "Sad news",
        "I'm [sad] to inform you that [serious] we need to postpone the meeting.",
    ),
    ("en", "A surprise", "[Surprised] Wow! That's [amazed] absolutely incredible!"),
    (
        "el",
        "Καλημέρα",
        "Καλημέρα! [χαρά] Τι ωραία μέρα. [ηρεμία] Πάρτε μια βαθιά ανάσα.",
    ),
    (
        "el",
        "Άσχημα νέα",
        "[λύπη] Λυπάμαι πολύ. [σοβαρά] Η συνάντηση αναβάλλεται για αύριο.",
    ),
    ("el", "Έκπληξη", "[έκπληξη] Δεν το πιστεύω! [περηφάνια] Τα κατάφερες!"),
)
"""Language, name and text; each page offers those in its own."""

LANGUAGES = {
    "en": ("English", "Αγγλικά"),
    "el": ("Greek", "Ελληνικά"),
    "es": ("Spanish", "Ισπανικά"),
    "it": ("Italian", "Ιταλικά"),
    "fr": ("French", "Γαλλικά"),
    "de": ("German", "Γερμανικά"),
    "pt": ("Portuguese", "Πορτογαλικά"),
    "pl": ("Polish", "Πολωνικά"),
    "tr": ("Turkish", "Τουρκικά"),
    "ru": ("Russian", "Ρωσικά"),
    "nl": ("Dutch", "Ολλανδικά"),
    "cs": ("Czech", "Τσεχικά"),
    "ar": ("Arabic", "Αραβικά"),
    "zh": ("Chinese", "Κινεζικά"),
    "ja": ("Japanese", "Ιαπωνικά"),
    "hu": ("Hungarian", "Ουγγρικά"),
    "ko": ("Korean", "Κορεατικά"),
    "hi": ("Hindi", "Χίντι"),
}


LABELS = {
    "neutral": ("neutral", "ουδέτερα"),
    "happy": ("happy", "χαρούμενα"),
    "excited": ("excited", "ενθουσια\u00adσμένα"),
    "amazed": ("amazed", "με θαυμασμό"),
    "surprised": ("surprised", "με έκπληξη"),
    "sad": ("sad", "λυπημένα"),
    "serious": ("serious", "σοβαρά"),
    "angry": ("angry", "θυμωμένα"),
    "fearful": ("fearful", "φοβισμένα"),
    "disgusted": ("disgusted", "με αηδία"),
    "calm": ("calm", "ήρεμα"),
    "tender": ("tender", "τρυφερά"),
    "confused": ("confused", "μπερδε\u00adμένα"),
    "proud": ("proud", "περήφανα"),
}


STYLES = {"American": "Αμερική", "British": "Βρετανία", "robotic": "ρομποτική"}
"""Of voices, in Greek."""


def said(key: str, greek: bool) -> str:
    return WORDS[key][greek]


def problem_words(code: str, detail: str, greek: bool) -> str:
    """What a person is told of a problem: in the language of the pages where we know it by its code."""
    return PROBLEMS[code][greek] if code in PROBLEMS else detail


def language_name(code: str, greek: bool) -> str:
    return LANGUAGES[code][greek] if code in LANGUAGES else code


def label(emotion: str, greek: bool) -> str:
    return LABELS[emotion][greek] if emotion in LABELS else emotion
