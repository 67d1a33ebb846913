"""Texts of any length to measure with. They stay as they are: results are compared over versions."""

from itertools import cycle

SENTENCES = {
    "en": (
        "Good morning, everyone, and thank you for coming.",
        "We have worked on this for a long time, and today you will see what came of it.",
        "The first part took us longer than we thought.",
        "Nobody knew whether it would hold, so we tried it again and again.",
        "On the third morning it simply worked.",
        "I remember the silence in the room, and then the laughter.",
        "Please look at the picture on the left while I explain how it is made.",
        "It is smaller than it seems, and much lighter.",
        "If you have a question, raise your hand at any moment.",
        "There will be coffee afterwards, by the windows at the back.",
    ),
    "el": (
        "Καλημέρα σε όλους, και ευχαριστώ που ήρθατε.",
        "Δουλέψαμε πολύ καιρό γι' αυτό, και σήμερα θα δείτε τι βγήκε.",
        "Το πρώτο μέρος κράτησε περισσότερο απ' όσο νομίζαμε.",
        "Κανείς δεν ήξερε αν θα αντέξει, γι' αυτό το δοκιμάσαμε ξανά και ξανά.",
        "Το τρίτο πρωί απλώς λειτούργησε.",
        "Θυμάμαι τη σιωπή στην αίθουσα, και μετά τα γέλια.",
        "Κοιτάξτε παρακαλώ την εικόνα αριστερά, όσο εξηγώ πώς φτιάχνεται.",
        "Είναι μικρότερο απ' όσο φαίνεται, και πολύ πιο ελαφρύ.",
        "Αν έχετε κάποια ερώτηση, σηκώστε το χέρι όποτε θέλετε.",
        "Μετά θα υπάρχει καφές, κοντά στα παράθυρα.",
    ),
}
LANGUAGE_NAMES = {"en": "English", "el": "Greek"}
CHANGING = ("happy", "sad", "surprised", "angry", "calm", "fearful", "excited", "serious")


def text_of(language: str, characters: int, changing: bool = False) -> str:
    """Sentences of a language, a text of nearly so many characters: it ends with a whole word and a full stop.

    Args:
        changing: with another cue before every sentence; the cues do not count as characters.
    """
    said: list[str] = []
    length, cues = 0, cycle(CHANGING)
    for sentence in cycle(SENTENCES[language]):
        left = characters - length - bool(said)
        if left < 2:
            break
        part = sentence if len(sentence) <= left else _begun(sentence, left)
        if not part:
            break
        said.append(f"[{next(cues)}] {part}" if changing else part)
        length += len(part) + (len(said) > 1)
    return " ".join(said)


def one_sentence(language: str, characters: int) -> str:
    """The same words as a single sentence of nearly so many characters, its parts set apart by commas."""
    words = text_of(language, characters)
    return words[:-1].replace(".", ",") + "."


def _begun(sentence: str, characters: int) -> str:
    """As many whole words of a sentence as there is room for, ended by a full stop; nothing where none fits."""
    words = sentence[: characters - 1].rpartition(" ")[0].rstrip(",")
    return f"{words}." if words else ""
