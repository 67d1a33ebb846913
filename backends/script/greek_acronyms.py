"""Greek acronyms that nobody reads as the word they look like: ΦΠΑ is φι πι α, ΔΕΗ has its stress at the end."""

import re
from collections.abc import Mapping

NAMES: Mapping[str, str] = {
    "Α": "άλφα", "Β": "βήτα", "Γ": "γάμα", "Δ": "δέλτα", "Ε": "έψιλον", "Ζ": "ζήτα", "Η": "ήτα", "Θ": "θήτα",
    "Ι": "γιώτα", "Κ": "κάπα", "Λ": "λάμδα", "Μ": "μι", "Ν": "νι", "Ξ": "ξι", "Ο": "όμικρον", "Π": "πι", "Ρ": "ρο",
    "Σ": "σίγμα", "Τ": "ταυ", "Υ": "ύψιλον", "Φ": "φι", "Χ": "χι", "Ψ": "ψι", "Ω": "ωμέγα",
}  # fmt: skip
_SPELLED = frozenset({"ΑΦΜ", "ΦΠΑ", "ΑΠΘ", "ΕΜΠ", "ΕΕ", "ΑΤ"})
_STRESSED: Mapping[str, str] = {
    "ΔΕΗ": "Δεή", "ΟΤΕ": "Οτέ", "ΟΣΕ": "Οσέ", "ΑΕΠ": "Αέπ", "ΑΜΚΑ": "Αμκά", "ΕΦΚΑ": "Εφκά", "ΕΛΑΣ": "Ελάς",
    "ΟΠΑΠ": "Οπάπ", "ΟΗΕ": "Οηέ", "ΟΑΕΔ": "Οαέδ", "ΑΣΕΠ": "Ασέπ", "ΕΣΥ": "Εσύ", "ΕΟΠΥΥ": "Εόπι", "ΠΑΣΟΚ": "Πασόκ",
    "ΕΚΑΒ": "Εκάβ", "ΓΣΕΕ": "Γεσέ",
}  # fmt: skip
_VOWEL = re.compile("[ΑΕΗΙΟΥΩ]")
_TWICE = re.compile(r"([ΒΓΔΖΘΚΛΜΝΞΠΡΣΤΦΧΨ])\1")

PATTERN = re.compile(r"(?<![\w.])[Α-Ω]{2,5}(?![\w.]\w|\w)")


def spoken(match: re.Match[str]) -> str:
    """Capitals without a vowel, or with a consonant twice, are named letter by letter."""
    written = match.group()
    if match.string.isupper():  # a text in capitals says nothing of acronyms
        return written
    if written in _STRESSED:
        return _STRESSED[written]
    if written in _SPELLED or not _VOWEL.search(written) or _TWICE.search(written):
        return " ".join(NAMES[letter] for letter in written)
    return written
