"""What everyday texts hold, printed as it is spoken: prices, formulas, files, hashtags, numerals, acronyms."""

import pytest

from backends.script import parse


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("9.81 m/s^2", "nine point eight one meters per second squared"),
        ("1.2 kg/m³", "one point two kilograms per cubic meter"),
        ("5 m³/s", "five cubic meters per second"),
        ("12 l/100 km", "twelve liters per one hundred kilometers"),
        ("10 mL and 5 µg", "ten milliliters and five micrograms"),
        ("3/4 lb or 2 1/2 kg", "three quarters of a pound or two and a half kilograms"),
        ("$5/month, 30 €/kg", "five dollars per month, thirty euros per kilogram"),
        ("H₂SO₄ and CO2", "H two S O four and C O two"),
        ("NaCl, Fe2O3 and H2O", "N A C L, F E two O three and H two O"),
        ("Na2CO3 for NASA, PhD and HeLa cells", "N A two C O three for NASA, PhD and HeLa cells"),
        ("MP3 files", "MP three files"),
        ("#ThrowbackThursday", "hashtag Throwback Thursday"),
        ("#summer2019", "hashtag summer twenty nineteen"),
        ("10x faster", "ten times faster"),
        ("640x480", "six hundred and forty by four hundred and eighty"),
        ("let 2x < 10", "let two x less than ten"),
        ('a 6.7" screen', "a six point seven inches screen"),
        ('He said "it costs 6.7" twice', 'He said "it costs six point seven" twice'),
        ("10.0.0.1:80", "ten point zero point zero point one colon eighty"),
        ("my_file_v2.pdf", "my file v two dot pdf"),
        ("See vol. II, ch. iv.", "See volume two, chapter four."),
        ("Q4'23", "Q four twenty-three"),
        ("₹500 and 5 CHF", "five hundred rupees and five Swiss francs"),
        ("₿0.5", "zero point five bitcoin"),
        ("2x^3", "two x cubed"),
        ("9,81 m/s² είναι", "εννέα κόμμα ογδόντα ένα μέτρα ανά δευτερόλεπτο στο τετράγωνο είναι"),
        ("είναι 1,2 kg/m³", "είναι ένα κόμμα δύο κιλά ανά κυβικό μέτρο"),
        ("το εσωτ. 15 και το εσωτ. 2", "το εσωτερικό δεκαπέντε και το εσωτερικό δύο"),
        ("παρ. 2, εικ. 5, περ. 10", "παράγραφος δύο, εικόνα πέντε, περίπου δέκα"),
        ("βάλε 1/2 κούπα και 1/2 κιλό", "βάλε μισή κούπα και μισό κιλό"),
        ("Έληξε 2-1 στο 90' χθες", "Έληξε δύο ένα στο ενενήντα λεπτό χθες"),
        ("λήγει Δευ. 5/1", "λήγει Δευτέρα πέντε Ιανουαρίου"),
        ("από -5°C έως 30°C", "από μείον πέντε βαθμούς Κελσίου έως τριάντα βαθμούς Κελσίου"),
        ("85,30 δολ./βαρέλι", "ογδόντα πέντε κόμμα τριάντα δολάρια ανά βαρέλι"),
        ("ο Λουδοβίκος XIV", "ο Λουδοβίκος Δέκατος τέταρτος"),
        ("του XIX αιώνα", "του δέκατου ένατου αιώνα"),
        ("Κεφάλαιο IV.", "Κεφάλαιο τέσσερα."),
        ("το CV και το XL", "το CV και το XL"),
        ("το ΚΚΕ, ο ΦΠΑ και η ΔΕΗ", "το κάπα κάπα έψιλον, ο φι πι άλφα και η Δεή"),
        ("ο ΠΑΟΚ και το ΝΑΤΟ", "ο ΠΑΟΚ και το ΝΑΤΟ"),
        ("Η ΔΕΗ ΚΑΙ ΤΟ ΚΚΕ", "Η ΔΕΗ ΚΑΙ ΤΟ ΚΚΕ"),
        ("#ΜένουμεΣπίτι", "χάσταγκ Μένουμε Σπίτι"),
        ("οθόνη 15,6\" και 10x", "οθόνη δεκαπέντε κόμμα έξι ίντσες και δέκα φορές"),
        ("σε 15΄ με το μετρό", "σε δεκαπέντε λεπτά με το μετρό"),
    ],
)  # fmt: skip
def test_everyday_text(written: str, spoken: str) -> None:
    said = parse(written).text
    assert said[0].lower() + said[1:] == spoken[0].lower() + spoken[1:]
