"""Which cues are read out as words of their sentence."""

import pytest

from backends.script import ScriptOptions, parse

DESIGN = [
    (
        "Hello [happy] everyone! I'm [excited] to share this news with you.",
        "Hello everyone! I'm excited to share this news with you.",
    ),
    (
        "I'm [sad] to inform you that [serious] we need to postpone the meeting.",
        "I'm sad to inform you that we need to postpone the meeting.",
    ),
    (
        "[Surprised] Wow! That's [amazed] absolutely incredible!",
        "Wow! That's absolutely incredible!",
    ),
]

ENGLISH = [
    ("I feel [sad].", "I feel sad."),
    ("I feel [sad]", "I feel sad"),
    ("I am so [excited] about it", "I am so excited about it"),
    ("So [happy] here we are", "So here we are"),
    ("So [happy] to see you!", "So happy to see you!"),
    ("She is [angry] the boss", "She is the boss"),
    ("[sad] I am leaving", "I am leaving"),
    ("I am leaving [sad] now.", "I am leaving now."),
    ("I’m [Excited] to be here.", "I’m excited to be here."),
    ("I'm [EXCITED], really.", "I'm excited, really."),
    ("We're [happy] because you came.", "We're happy because you came."),
    ("They were [surprised] but kind.", "They were surprised but kind."),
    ("It was very [sad] and slow.", "It was very sad and slow."),
    ("I'm not [angry] that you left.", "I'm not angry that you left."),
    ("I'm [sad] you left.", "I'm sad you left."),
    ("I'm [happy] when you sing.", "I'm happy when you sing."),
    ("That is [happy] when we met.", "That is when we met."),
    ("Are you [angry]?", "Are you angry?"),
    ("Hi. Are you [angry]?", "Hi. Are you angry?"),
    ("Why are you [sad]?", "Why are you sad?"),
    ("How are you [happy]?", "How are you?"),
    ("Who are you [angry]?", "Who are you?"),
    ("Here we are [happy]!", "Here we are!"),
    ("That is how it is [serious].", "That is how it is."),
    ("I'm [happy] and [excited] to be here.", "I'm happy and excited to be here."),
    ("I'm [sad], [angry] and [confused].", "I'm sad, angry and confused."),
    ("I'm [happy] [excited] to be here.", "I'm happy to be here."),
    ("I'm [sad:0.6] to say it.", "I'm sad to say it."),
    ("I'm [happy:0.5 sad:0.5] to say it.", "I'm happy to say it."),
    ("I am really [proud] of you.", "I am really proud of you."),
    ("Really [proud] of you!", "Really proud of you!"),
    ("Me too [happy]!", "Me too!"),
    ("I think so [happy].", "I think so."),
    ("Let's [happy] and see.", "Let's and see."),
    ("This is [serious] the end.", "This is the end."),
    ("We are [calm] in Athens.", "We are in Athens."),
    ("We are so [happy] in Athens.", "We are so happy in Athens."),
    ("He looks [confused]...", "He looks confused..."),
    ("We won [happy]!", "We won!"),
    ("The news [sad] and the weather.", "The news and the weather."),
    ("You seem [nervous] about it.", "You seem nervous about it."),
    ("How [sad]!", "How sad!"),
    ("I [angry] want that now.", "I want that now."),
    ('She is [angry] "out!"', 'She is "out!"'),
    ("I was, [sad] to be honest, wrong.", "I was, to be honest, wrong."),
    ("It is what it is [calm], my friend.", "It is what it is, my friend."),
]

GREEK = [
    ("Είμαι [χαρούμενη] που σε βλέπω", "Είμαι χαρούμενη που σε βλέπω"),
    ("Είμαι [Χαρούμενη] που σε βλέπω.", "Είμαι χαρούμενη που σε βλέπω."),
    ("Νιώθω [λυπημένος].", "Νιώθω λυπημένος."),
    ("Είμαι πολύ [θυμωμένος] για αυτό.", "Είμαι πολύ θυμωμένος για αυτό."),
    ("Είμαι τόσο [ενθουσιασμένη] και έτοιμη.", "Είμαι τόσο ενθουσιασμένη και έτοιμη."),
    ("Γεια σας [χαρά] φίλοι μου!", "Γεια σας φίλοι μου!"),
    ("[χαρά] Γεια σας!", "Γεια σας!"),
    ("Είναι [θυμωμένη] η γυναίκα που ήρθε.", "Είναι η γυναίκα που ήρθε."),
    ("Σ' ευχαριστώ πολύ [χαρούμενη]!", "Σ' ευχαριστώ πολύ!"),
    ("Λυπάμαι [λύπη] να σας πω νέα.", "Λυπάμαι να σας πω νέα."),
    ("Είμαστε [περήφανοι] για εσάς.", "Είμαστε περήφανοι για εσάς."),
    ("Δεν είμαι [φοβισμένος], αλήθεια.", "Δεν είμαι φοβισμένος, αλήθεια."),
    ("Είσαι [λυπημένη];", "Είσαι λυπημένη;"),
    ("Νιώθω [χαρούμενος] και [περήφανος].", "Νιώθω χαρούμενος και περήφανος."),
    ("Πόσο [λυπηρό] και άδικο.", "Πόσο λυπηρό και άδικο."),
    ("Είμαι [ήρεμη] σήμερα.", "Είμαι ήρεμη σήμερα."),
    ("Ήταν [σοβαρή] μια μέρα του Μάη.", "Ήταν μια μέρα του Μάη."),
    ("Αισθάνομαι [ΧΑΡΟΥΜΕΝΟΣ] που ήρθες.", "Αισθάνομαι χαρουμενος που ήρθες."),
]


@pytest.mark.parametrize(("source", "spoken"), DESIGN + ENGLISH + GREEK)
def test_auto(source: str, spoken: str) -> None:
    assert parse(source).text == spoken


@pytest.mark.parametrize(
    ("source", "spoken"),
    [
        ("Hello [happy] everyone!", "Hello happy everyone!"),
        ("[sad] I am leaving. [happy] You too", "Sad I am leaving. Happy You too"),
        ("I go[HAPPY].", "I go happy."),
        ("So [happy:0.5 sad] it is", "So sad it is"),
        ("Wait [pause:1] here", "Wait here"),
    ],
)
def test_always(source: str, spoken: str) -> None:
    assert parse(source, ScriptOptions(speak_cues="always")).text == spoken


def test_never() -> None:
    assert parse("I feel [sad].", ScriptOptions(speak_cues="never")).text == "I feel."


def test_a_spoken_cue_begins_its_own_span() -> None:
    (utterance,) = parse("I'm [sad] to go.").utterances
    assert [utterance.text[s.start : s.end] for s in utterance.spans] == ["I'm ", "sad to go."]


@pytest.mark.parametrize(
    ("source", "spoken"),
    [
        ("[Happy] hello there", "Hello there"),
        ("[happy] hello there", "hello there"),
        ("[Happy] iPhone news", "iPhone news"),
        ("Hello [Sad] there", "Hello there"),
    ],
)
def test_a_capital_goes_to_the_next_word(source: str, spoken: str) -> None:
    assert parse(source).text == spoken
