"""Lines as people paste them: news, recipes, results, forecasts, adverts, addresses, chats, laws, timetables."""

import pytest

from backends.script import parse


def _said(written: str) -> str:
    said = parse(written).text
    return said[0].lower() + said[1:]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("at 9 p.m. ET on Sunday", "at nine PM ET on Sunday"),
        ("at 11:45 p.m. Friday in Rome", "at eleven forty-five PM Friday in Rome"),
        ("¾ lb. of butter and ½ tsp. salt", "three quarters of a pound of butter and one half of a teaspoon salt"),
        ("⅓ c. milk, ⅛ tsp. cayenne", "a third cup milk, one eighth of a teaspoon cayenne"),
        ("1½ Tbsp. oil, 2 T butter", "one and a half tablespoons oil, two tablespoons butter"),
        (
            "£850 pcm, £1,250 p/m",
            "eight hundred and fifty pounds per calendar month, one thousand two hundred and fifty pounds per month",
        ),
        ("he weighs 12 st 7 lb", "he weighs twelve stone seven pounds"),
        ("the lat./long. of it", "the latitude and longitude of it"),
        ("Lat 37.7° N", "latitude thirty-seven point seven degrees north"),
        ("Ca(OH)2 and Al2(SO4)3", "c A O H two and A L two S O four three"),
        ("COP28 and CO2", "cOP twenty-eight and C O two"),
        ("the 100m sprint, the 4x100m relay", "the one hundred-meter sprint, the four by one hundred-meter relay"),
        ("a 24-hr day, a 200-mg tablet", "a twenty-four-hour day, a two hundred-milligram tablet"),
        ("WW2 is WWII", "world War two is World War two"),
        ("25bps in 22 yrs.", "twenty-five basis points in twenty-two years."),
        ("for 25–30 mins. or so", "for twenty-five to thirty minutes or so"),
        ("1 lg. onion (choc. chip)", "one large onion (chocolate chip)"),
        ("High 78°F / Low 61°F", "high seventy-eight degrees Fahrenheit, Low sixty-one degrees Fahrenheit"),
        ("180C/350F", "one hundred and eighty degrees Celsius, three hundred and fifty degrees Fahrenheit"),
        ("Prep: 15 min | Cook: 1 hr", "prep: fifteen minutes, Cook: one hour"),
        ("due Fri 10/25", "due Friday October twenty-fifth"),
        ("Sat 10–4, closed Sun.", "saturday ten to four, closed Sunday."),
        ("Jan-Mar 2024", "january to March twenty twenty-four"),
        ("7am M–F", "seven AM Monday to Friday"),
        ("the 2008-09 season", "the two thousand and eight to oh nine season"),
        ("b. 1950, d. 2011", "born nineteen fifty, died twenty eleven"),
        ("BP 130/85, HR 72 bpm", "bP one hundred and thirty over eighty-five, HR seventy-two beats per minute"),
        ("1 cap q8h x 10d", "one cap every eight hours for ten days"),
        ("1g x 7 days, 2X faster", "one gram for seven days, two times faster"),
        (
            "123 N. Main St., Springfield, IL 62704",
            "one hundred and twenty-three North Main Street, Springfield, Illinois six two seven zero four",
        ),
        (
            "W. 42nd St. and Fell St., Bldg. C, 3rd Fl.",
            "west forty-second Street and Fell Street, Building C, third floor.",
        ),
        ("Hwy 101 N, 9 Penn Ave. NW, here", "highway one hundred and one North, nine Penn Avenue Northwest, here"),
        (
            "1-800-FLOWERS or 07700 900123",
            "one, eight hundred, FLOWERS or zero seven seven zero zero, nine zero zero one two three",
        ),
        ("macOS 13.x on Windows 10/11", "macOS thirteen point x on Windows ten, eleven"),
        ("7-6(3), a 401(k), sec. 4(a)(ii)", "seven to six three, a four oh one K, section four a two"),
        ("$85k–$110k p.a. here", "eighty-five thousand dollars to one hundred and ten thousand dollars per annum here"),
        ("£15/£12, 12GB/256GB", "fifteen pounds, twelve pounds, twelve gigabytes, two hundred and fifty-six gigabytes"),
        ("1.199€ and $1.199", "one thousand one hundred and ninety-nine euros and one point one nine nine dollars"),
        ("the $64,000 question", "the sixty-four thousand dollar question"),
        ("70m people and 52.3M shares", "seventy million people and fifty-two point three million shares"),
        ('10" x 12" x 3/4"', "ten inches by twelve inches by three quarters inches"),
        ("2' x 4'", "two feet by four feet"),
        ("24cm x 18cm", "twenty-four centimeters by eighteen centimeters"),
        ("10K in 51:02, shares 60:40", "ten K in fifty-one oh two, shares sixty to forty"),
        ("odds of 7/2, a 50-50 chance", "odds of seven to two, a fifty-fifty chance"),
        (
            "4.5/5 and 87/100 and 18/20",
            "four point five out of five and eighty-seven out of one hundred and eighteen out of twenty",
        ),
        ("3 × 10⁸ m/s, x⁴", "three times ten to the power of eight meters per second, x to the power of four"),
        ("6.6e-34", "six point six times ten to the power of minus thirty-four"),
        ("3x² - 5x = 0, y = -2/3", "three x squared minus five x equals zero, y equals minus two thirds"),
        ("so he says³.", "so he says."),
        ("at –10 °C", "at minus ten degrees Celsius"),
        ("1 Cor. 13:4-8, Ps. 23", "one Corinthians thirteen, four to eight, Psalm twenty-three"),
        ("vol. 1, 3rd ed., Eq. (4)", "volume one, third edition, equation (four)"),
        ("Vols. I–III", "volumes one to three"),
        ("Roe v. Wade, inc. VAT", "roe versus Wade, including VAT"),
        (
            "est. 1965, 3.1% est., est. time",
            "established nineteen sixty-five, three point one percent estimated, estimated time",
        ),
        ("Anna <anna@corp.com> wrote", "anna anna at corp dot com wrote"),
        ("number ==1 && C++", "number equals one and C plus plus"),
        ("My 3yo; omega-3s", "my three-year-old; omega-threes"),
        (
            "GR16 0110 1250 0000 0001 2300 695",
            "g R one six, zero one one zero, one two five zero, zero zero zero zero, zero zero zero one, two "
            "three zero zero, six nine five",
        ),
        ("soooo cooool, nooo waaay", "so cool, no way"),
        ("XIII and AAA", "xIII and AAA"),
        ('"W-what? I-I do," he said', '"Wha-what? I-I do," he said'),
        ("re-read on D-Day", "re-read on D-Day"),
        ("idk, brb, ttyl", "i don't know, be right back, talk to you later"),
        ("gr8 2 see u lol", "great two see you lol"),
        ("Shhh, brrr", "shush, burr"),
        ("my ETA, 8GB of RAM", "my E.T.A., eight gigabytes of ram"),
        ("a wood, / And sorry", "a wood, And sorry"),
        ("1. Eggs", "one. Eggs"),
        ("Press # to go, order #A-102", "press hash to go, order number A-one hundred and two"),
        ("a 12-in. pan on med. heat", "a twelve-inch pan on medium heat"),
        ("in the mid-50s at 0430 hrs", "in the mid-fifties at oh four thirty hours"),
        ("at 2:30 p.m. PST", "at two thirty PM PST"),
        ("on Fri., Dec. 25 & 26", "on Friday, December twenty-fifth and twenty-sixth"),
        ("before 12/31 since '08", "before December thirty-first since oh eight"),
        ("a B- in the 5 W's", "a B minus in the five W's"),
        ("f/3.5-5.6 glass", "f three point five to five point six glass"),
        ("1 x 400g tin", "one times four hundred grams tin"),
        ("PO Box 12, max 14C", "pO Box twelve, max fourteen degrees Celsius"),
        ("at 9.30am, min. spend £5", "at nine thirty AM, minimum spend five pounds"),
        ("a >= 3 => b", "a greater than or equal to three, b"),
        ("COVID at 40/100", "cOVID at forty out of one hundred"),
        ("Class: 6.2-magnitude, 2 C's", "class: six point two-magnitude, two C's"),
    ],
)  # fmt: skip
def test_english_as_pasted(written: str, spoken: str) -> None:
    assert _said(written) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ('τηλεόραση 27" και', "τηλεόραση είκοσι επτά ίντσες και"),
        ("κράτησε 1ω 20λ", "κράτησε μία ώρα και είκοσι λεπτά"),
        ("διαρκεί 2h 15'", "διαρκεί δύο ώρες και δεκαπέντε λεπτά"),
        ("Τον Ιαν. θα πάμε", "τον Ιανουάριο θα πάμε"),
        ("τέλη Σεπτ. του 2023", "τέλη Σεπτεμβρίου του δύο χιλιάδες είκοσι τρία"),
        ("το Σάβ. κατά τις 9, Κυρ κλειστά", "το Σάββατο κατά τις εννέα, Κυριακή κλειστά"),
        ("ΦΕΚ Α' 147/08.08.2016", "φΕΚ άλφα εκατόν σαράντα επτά, οκτώ Αυγούστου δύο χιλιάδες δεκαέξι"),
        ("η απόφαση 1523/2019", "η απόφαση χίλια πεντακόσια είκοσι τρία του δύο χιλιάδες δεκαεννέα"),
        ("Ολυμπιακός - ΑΕΚ 1-2 (45' Ελ Κααμπί)", "ολυμπιακός - ΑΕΚ ένα δύο (σαράντα πέντε λεπτά Ελ Κααμπί)"),
        ("έχασε με 6-4, 3-6, 7-5", "έχασε με έξι τέσσερα, τρία έξι, επτά πέντε"),
        ("πήραν 85-79, ήρθαν 1-1", "πήραν ογδόντα πέντε εβδομήντα εννέα, ήρθαν ένα ένα"),
        (
            "τότε (356-323 π.Χ.) και 5-6",
            "τότε (τριακόσια πενήντα έξι έως τριακόσια είκοσι τρία προ Χριστού) και πέντε έως έξι",
        ),
        ("1 δισκίο x 3 φορές/ημέρα", "ένα δισκίο επί τρεις φορές ανά ημέρα"),
        ("κιν. 6944 123456", "κινητό έξι εννέα τέσσερα τέσσερα, ένα δύο τρία τέσσερα πέντε έξι"),
        ("ο Κων/νος στη ΘΕΣ/ΝΙΚΗ", "ο Κωνσταντίνος στη Θεσσαλονίκη"),
        ("2 υ/δ, η Δ/νση", "δύο υπνοδωμάτια, η Διεύθυνση"),
        ("Τῇ 25ῃ Μαρτίου", "τῇ εικοστή πέμπτη Μαρτίου"),
        ("1/2 φλ. λάδι και 4 στρ. γη", "μισό φλιτζάνι λάδι και τέσσερα στρέμματα γη"),
        ("στις 08.15, 08.45 και 09.15", "στις οκτώ και δεκαπέντε, οκτώ και σαράντα πέντε και εννέα και δεκαπέντε"),
        ("η Python 3.12 βγήκε στις 2", "η Python τρία κόμμα δώδεκα βγήκε στις δύο"),
        ("Οι 300 του Λεωνίδα, οι άλλοι 3", "οι τριακόσιοι του Λεωνίδα, οι άλλοι τρεις"),
        ("του 480 π.Χ. εκεί", "του τετρακόσια ογδόντα προ Χριστού εκεί"),
        ("τον 5ο αι. π.Χ. εκεί, ο 5ος αι.", "τον πέμπτο αιώνα προ Χριστού εκεί, ο πέμπτος αιώνας"),
        ("10 χλμ. ΒΔ της Λαμίας", "δέκα χιλιόμετρα βορειοδυτικά της Λαμίας"),
        ("300.000 χλμ./δευτ.", "τριακόσιες χιλιάδες χιλιόμετρα το δευτερόλεπτο"),
        ("85x60x55 εκ.", "ογδόντα πέντε επί εξήντα επί πενήντα πέντε εκατοστά."),
        ("το ποσό των 5.000€, βάρους 10 kg", "το ποσό των πέντε χιλιάδων ευρώ, βάρους δέκα κιλών"),
        ("άνω των 100 χλμ. εκεί", "άνω των εκατό χιλιομέτρων εκεί"),
        ("του Κεφ. Β' εκεί", "του κεφαλαίου Δεύτερου εκεί"),
        ("δίπλωμα Γ' κατηγορίας", "δίπλωμα Τρίτης κατηγορίας"),
        ("Αρ. Πρωτ.: 12, υπ' αρ. 7", "αριθμός πρωτοκόλλου: δώδεκα, υπ' αριθμόν επτά"),
        ("ο Β' ΠΠ, ο Ο.Η.Ε. εκεί", "ο Δεύτερος Παγκόσμιος Πόλεμος, ο Οηέ εκεί"),
        ("1 στους 4, βαθμός 18/20", "ένας στους τέσσερις, βαθμός δεκαοκτώ στα είκοσι"),
        ("ΑΠ 140/90 mmHg", "αΠ εκατόν σαράντα με ενενήντα χιλιοστά υδραργύρου"),
        ("Αγ. Μελετίου και Ν. Ψυχικό", "αγίου Μελετίου και Νέο Ψυχικό"),
        ("Καλημέρα κ. Γεωργίου, ο π. Ιωάννης", "καλημέρα κύριε Γεωργίου, ο πατήρ Ιωάννης"),
        ("το Σ/Κ 18-19/5", "το Σαββατοκύριακο δεκαοκτώ έως δεκαεννέα Μαΐου"),
        ("το 2όροφο κτίριο", "το διώροφο κτίριο"),
        ("παρ. 5, εδ. β΄", "παράγραφος πέντε, εδάφιο βήτα"),
        ("Πάμεεεε! Ψ-ψέματα, δλδ τπτ", "πάμε! Ψέ-ψέματα, δηλαδή τίποτα"),
        ("1. Βράζουμε", "ένα. Βράζουμε"),
        ("18-24 βαθμοί, 2 εβδ. εκεί", "δεκαοκτώ έως είκοσι τέσσερις βαθμοί, δύο εβδομάδες εκεί"),
        ("Βασ. Σοφίας, Πλ. Αγ. Ιωάννη", "βασιλίσσης Σοφίας, Πλατεία Αγίου Ιωάννη"),
        ("έως 31/12, ραντεβού 15/5", "έως τριάντα μία Δεκεμβρίου, ραντεβού δεκαπέντε Μαΐου"),
        ("4,8/5, η Α.Ε.Κ. εκεί", "τέσσερα κόμμα οκτώ στα πέντε, η ΑΕΚ εκεί"),
        ("έχει 300 βουλευτές", "έχει τριακόσιους βουλευτές"),
        ("από τους 5° στους -3°", "από τους πέντε βαθμούς στους μείον τρεις βαθμούς"),
        ("της Α', Β' και Γ' τάξης", "της Πρώτης, Δεύτερης και Τρίτης τάξης"),
        ("Μαθηματικά Γ΄ Λυκείου", "μαθηματικά Τρίτης Λυκείου"),
        ("η Μ. Παρασκευή, ο Άγ. Νικόλαος", "η Μεγάλη Παρασκευή, ο Άγιος Νικόλαος"),
        ("του ν. 3852/10 εκεί", "του νόμου τρεις χιλιάδες οκτακόσια πενήντα δύο του δύο χιλιάδες δέκα εκεί"),
        ("πρωινό 7-9, γεύμα 12-2.30 και", "πρωινό επτά έως εννέα, γεύμα δώδεκα έως δύο και τριάντα και"),
        ("3 δωμ., μέγ. 2 τεμ. εκεί", "τρία δωμάτια, μέγιστο δύο τεμάχια εκεί"),
    ],
)  # fmt: skip
def test_greek_as_pasted(written: str, spoken: str) -> None:
    assert _said(written) == spoken


@pytest.mark.parametrize(
    "sentence",
    [
        "Ο Ελ. Βενιζέλος ήρθε.",
        "Η κα Μ. Ιωάννου ήρθε.",
        "They meet at 5 p.m. Monday in Rome.",
        "He was b. Oct. 3 in Rome.",
        "See Novak def. Carlos in two.",
        "Έτρεξε 42χλμ. και τερμάτισε.",
    ],
)
def test_an_abbreviation_does_not_end_its_sentence(sentence: str) -> None:
    assert len(parse(sentence).utterances) == 1


@pytest.mark.parametrize(
    "plain",
    [
        "We went to the sun.",
        "Mon ami!",
        "I met Al.",
        "This is the ref.",
        "Take your med.",
        "The T cells and a c.",
        "A committee, Hawaii, skiing and Mississippi.",
        "Re-elect the co-owner on D-Day after a t-test.",
        "AAA batteries.",
        "He said R is a letter.",
        "The u in colour.",
        "Take the box, tax and fax.",
        "My phone is in the U.S. Senate.",
        "Πήγα στη λίμνη, και μετά είδα το φως.",
        "Το ω και το λ.",
        "Ο Μαρ. Νικολάου ήρθε.",
        "Η Ν.Δ. και το ΠΑΜΕ.",
        "Ο κυρ Γιάννης ήρθε.",
    ],
)
def test_words_that_look_like_shorthand_stay(plain: str) -> None:
    assert parse(plain).text == plain


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Wait 5 min. Then go.", "wait five minutes. Then go."),
        ("At 12 Main Dr. He lives.", "at twelve Main Drive. He lives."),
        (
            "2023/05/06 and 7/4/90",
            "may sixth, twenty twenty-three and April seventh, nineteen ninety",
        ),
        ("5-3=2", "five minus three equals two"),
        ("S. Korea, 5' tall", "south Korea, five feet tall"),
        ("two 2x4s, 1h15", "two two by fours, one hour fifteen minutes"),
        ("every wk. by 6:05a", "every week by six oh five AM"),
        ("48'30\" and 5'4\"", "forty-eight minutes thirty seconds and five feet four inches"),
        ("M-Th 11-9", "monday to Thursday eleven to nine"),
        ("code 4412-0098", "code four four one two, zero zero nine eight"),
        ("3x² − 5", "three x squared minus five"),
        ("call 911", "call nine one one"),
        ("3–5 in. of snow", "three to five inches of snow"),
        ("20-27 Αυγούστου", "είκοσι έως είκοσι επτά Αυγούστου"),
        ("24ωρο, επ. 5", "εικοσιτετράωρο, επεισόδιο πέντε"),
        ("των 95 εκατ. ευρώ", "των ενενήντα πέντε εκατομμυρίων ευρώ"),
        ("3,1 εκ. λίρες", "τρία κόμμα ένα εκατομμύρια λίρες"),
        ("3 κουτ. λάδι", "τρεις κουταλιές λάδι"),
        ("άνεμος Β, το τεμ. εκεί", "άνεμος βόρειος, το τεμάχιο εκεί"),
        ("Ο καθ. Παύλου", "ο καθηγητής Παύλου"),
        ("ο Απ. Παύλος", "ο Απόστολος Παύλος"),
        ("στους 200°C", "στους διακόσιους βαθμούς Κελσίου"),
        ("Αγαπητή κ. Αλεξίου", "αγαπητή κυρία Αλεξίου"),
        ("ασθενείς ΒΔ ανέμους, άνεμοι Β", "ασθενείς βορειοδυτικούς ανέμους, άνεμοι βόρειοι"),
        ("Napoleon I was born; Mary I was sad", "napoleon the first was born; Mary I was sad"),
        ("a 5-qt. pan at 6% APR.", "a five-quart pan at six percent A.P.R."),
    ],
)
def test_more_of_what_is_pasted(written: str, spoken: str) -> None:
    assert _said(written) == spoken
