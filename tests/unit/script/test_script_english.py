"""Figures, abbreviations and signs as English words."""

import pytest

from backends.script import ScriptOptions, parse


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("0 cats", "zero cats"),
        ("21 cats", "twenty-one cats"),
        ("1,234 cats", "one thousand two hundred and thirty-four cats"),
        ("1234567 cats", "one million two hundred and thirty-four thousand five hundred and "
         "sixty-seven cats"),
        ("3.14", "three point one four"),
        ("1,5 liters", "one point five liters"),
        ("-5 points", "minus five points"),
        ("(−5)", "(minus five)"),
        ("a 5-10 split", "a five to ten split"),
        ("pages 5–10 here", "pages five to ten here"),
        ("50%", "fifty percent"),
        ("3.5 %", "three point five percent"),
        ("$1", "one dollar"),
        ("$5.50", "five dollars and fifty cents"),
        ("$0.99", "ninety-nine cents"),
        ("-$5", "minus five dollars"),
        ("£2.01", "two pounds and one penny"),
        ("€3", "three euros"),
        ("5,50 €", "five euros and fifty cents"),
        ("100 USD", "one hundred dollars"),
        ("$5 million", "five million dollars"),
        ("$3.5M", "three point five million dollars"),
        ("21/11/2026", "November twenty-first, twenty twenty-six"),
        ("11/21/2026", "November twenty-first, twenty twenty-six"),
        ("2026-11-21", "November twenty-first, twenty twenty-six"),
        ("1.2.2003", "February first, two thousand and three"),
        ("Nov 21", "November twenty-first"),
        ("Nov. 21, 2026", "November twenty-first, twenty twenty-six"),
        ("21 November 1905", "the twenty-first of November, nineteen oh five"),
        ("the 1st of May", "the first of May"),
        ("Sept. 3rd", "September third"),
        ("14:30", "fourteen thirty"),
        ("9:05", "nine oh five"),
        ("9:00", "nine o'clock"),
        ("3:30 pm", "three thirty PM"),
        ("10 a.m. sharp", "ten AM sharp"),
        ("14:30-15:45", "fourteen thirty to fifteen forty-five"),
        ("in 1990", "in nineteen ninety"),
        ("in 1821", "in eighteen twenty-one"),
        ("1500 people", "one thousand five hundred people"),
        ("2024", "twenty twenty-four"),
        ("the 1990s", "the nineteen nineties"),
        ("the 90s", "the nineties"),
        ("a 90s wait", "a ninety seconds wait"),
        ("1st, 2nd, 3rd", "first, second, third"),
        ("the 21st", "the twenty-first"),
        ("call 210 123 4567", "call two one zero, one two three, four five six seven"),
        ("call +44 20 7946 0958", "call plus four four, two zero, seven nine four six, "
         "zero nine five eight"),
        ("room 007", "room zero zero seven"),
        ("6912345678", "six nine one two three four five six seven eight"),
        ("5 km", "five kilometers"),
        ("1 kg", "one kilogram"),
        ("5-10 km", "five to ten kilometers"),
        ("20°C", "twenty degrees Celsius"),
        ("100 km/h", "one hundred kilometers per hour"),
        ("30 m²", "thirty square meters"),
        ("1/2 of 3/4", "one half of three quarters"),
        ("5/5", "five out of five"),
        ("24/7", "twenty-four seven"),
        ("the 1,000,000th", "the one millionth"),
        ("Nov 2026", "November twenty twenty-six"),
        ("call 1-800-555-0199", "call one, eight zero zero, five five five, zero one nine nine"),
        ("2½ cups", "two and a half cups"),
        ("mp3 in 3D", "mp three in three D"),
        ("COVID-19", "COVID-nineteen"),
        ("v2.0.1", "v two point zero point one"),
        ("16:9", "sixteen to nine"),
        ("#5 and #hello", "number five and hashtag hello"),
        ("No. 5", "number five"),
        ("see p. 5", "see page five"),
        ("Dr. No, Mr. Big and Mrs. Lee", "Doctor No, Mister Big and Missus Lee"),
        ("St. Mary on Main St. is", "Saint Mary on Main Street is"),
        ("pens, etc., e.g. red", "pens, et cetera, for example red"),
        ("R&D at AT&T", "R and D at AT and T"),
        ("me @ home", "me at home"),
        ("2+2=4", "two plus two equals four"),
        ("mail john.doe@example.gr", "mail john dot doe at example dot gr"),
        ("see https://www.example.com/a-b/", "see example dot com slash a dash b"),
        ("see example.com.", "see example dot com."),
        ("and/or", "and slash or"),
        ("**bold** _text_", "bold text"),
        ("٣ cats", "three cats"),
        ("a $5 million deal", "a five million dollar deal"),
        ("another £5 note", "another five pound note"),
        ("a $5 or so", "a five dollars or so"),
        ("€10-€20", "ten to twenty euros"),
        ("$1,000–2,500", "one thousand to two thousand five hundred dollars"),
        ("5%-10% off", "five to ten percent off"),
        ("99¢", "ninety-nine cents"),
        ("9am-5pm", "nine AM to five PM"),
        ("Mon.-Fri. at", "Monday to Friday at"),
        ("on Wed. at noon", "on Wednesday at noon"),
        ("May 5-7, 2024", "May fifth to seventh, twenty twenty-four"),
        ("The 3rd of May", "The third of May"),
        ("the 1st-2nd floor", "the first to second floor"),
        ("in 1066", "in ten sixty-six"),
        ("6'2\"", "six feet two inches"),
        ("5 ft 1 in", "five feet one inch"),
        ("5 m/s²", "five meters per second squared"),
        ("2h 30min", "two hours thirty minutes"),
        ("2 1/2 and 1 3/4", "two and a half and one and three quarters"),
        ("10 000 and 1 250 000", "ten thousand and one million two hundred and fifty thousand"),
        ("2^10", "two to the power of ten"),
        ("10^-3", "ten to the power of minus three"),
        ("x² + H₂O", "x squared plus H two O"),
        ("5 - 3 = 2", "five minus three equals two"),
        ("6 / 2", "six divided by two"),
        ("≥ 4", "greater than or equal to four"),
        (".5", "zero point five"),
        ("20k users", "twenty thousand users"),
        ("12.5k and", "twelve point five thousand and"),
        ("ISBN 978-3-16-148410-0", "ISBN nine seven eight, three, one six, one four eight four one "
         "zero, zero"),
        ("call 911", "call nine one one"),
        ("Apt. 4B", "Apartment four B"),
        ("ca. 1850", "circa eighteen fifty"),
        ("max. 10, min. 2", "maximum ten, minimum two"),
        ("Chapter IV, Part I", "Chapter four, Part one"),
        ("Henry VIII and Louis XIV's", "Henry the eighth and Louis the fourteenth's"),
        ("Elizabeth I reigned", "Elizabeth the first reigned"),
        ("as I told Mary I am late", "as I told Mary I am late"),
        ("Malcolm X and Vitamin C", "Malcolm X and Vitamin C"),
        ("World War II, WWII", "World War two, World War two"),
        ("Rocky IIX", "Rocky IIX"),
        ("C#", "C sharp"),
    ],
)  # fmt: skip
def test_words(written: str, spoken: str) -> None:
    assert parse(f"Well, {written}").text == f"Well, {spoken}"


def test_a_sentence_keeps_its_capital_and_full_stop() -> None:
    assert parse("5 cats came at 5 p.m.").text == "Five cats came at five PM."
    assert parse("No. 5 is alive, etc.").text == "Number five is alive, et cetera."


@pytest.mark.parametrize("digits", ["1" * 16, "9" * 400, "1" * 9000, "1," * 3000, "1." * 3000])
def test_endless_figures_are_read_one_by_one(digits: str) -> None:
    text = parse(digits).text
    assert not any(char.isdigit() for char in text)
    assert text.count("one") + text.count("nine") + text.count("One") + text.count("Nine") >= 16


def test_impossible_dates_stay_numbers() -> None:
    assert "thirty-two" in parse("On 32/13/2026 it rained.").text


def test_other_languages_get_their_numbers() -> None:
    options = ScriptOptions(language="de")
    (utterance,) = parse("Ich habe 21 Katzen und 3,5 Hunde.", options).utterances
    assert utterance.language == "de"
    assert utterance.text == "Ich habe einundzwanzig Katzen und drei Komma fünf Hunde."


def test_languages_without_numbers_keep_figures() -> None:
    assert parse("Go 5 there.", ScriptOptions(language="xx")).text == "Go 5 there."
