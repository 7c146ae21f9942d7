"""Check digits that python-stdnum does not know, each from the authority that issues the number."""

import re
from itertools import cycle

from stdnum import luhn, verhoeff

_SPACE = re.compile(r"[^0-9A-Za-z]")


def compact(text: str) -> str:
    """Letters and digits only, in upper case."""
    return _SPACE.sub("", text).upper()


def _weighted(digits: str, weights: str) -> int:
    return sum(int(digit) * int(weight) for digit, weight in zip(digits, cycle(weights), strict=False))


def _digit_sums(digits: str, weights: str) -> int:
    """Like a weighted sum, with the digits of each product added up."""
    return sum(sum(divmod(int(digit) * int(weight), 10)) for digit, weight in zip(digits, weights, strict=False))


def _number(letter: str) -> str:
    return f"{ord(letter) - 64:02d}"


def de_pension(text: str) -> bool:
    """Rentenversicherungsnummer: VKVV § 2, weights 2 1 2 5 7 1 2 1 2 1 2 1 and sums of digits."""
    value = compact(text)
    if not 1 <= int(value[2:4]) <= 31 + 50 or not 1 <= int(value[4:6]) <= 12:
        return False
    return _digit_sums(value[:8] + _number(value[8]) + value[9:11], "212571212121") % 10 == int(value[11])


def de_health(text: str) -> bool:
    """Krankenversichertennummer: SGB V § 290, a modified Luhn over the letter's number and eight digits."""
    value = compact(text)
    return _digit_sums(_number(value[0]) + value[1:9], "1212121212") % 10 == int(value[9])


def icao(text: str) -> bool:
    """The check digit of machine-readable documents: ICAO 9303, weights 7 3 1, letters from 10."""
    value, check = compact(text)[:-1], compact(text)[-1]
    total = sum(int(one, 36) * weight for one, weight in zip(value, cycle((7, 3, 1)), strict=False))
    return check.isdigit() and total % 10 == int(check) and any(one.isdigit() for one in value)


def pl_card(text: str) -> bool:
    """Dowód osobisty: three letters and six digits, the first of them the check digit (weights 7 3 1 7 3 1 7 3)."""
    value = compact(text)
    rest = value[:3] + value[4:]
    return sum(int(one, 36) * weight for one, weight in zip(rest, cycle((7, 3, 1)), strict=False)) % 10 == int(value[3])


def hu_taj(text: str) -> bool:
    """TAJ-szám: weights 3 7, modulo 10."""
    value = compact(text)
    return value[0] != "0" and _weighted(value[:8], "37") % 10 == int(value[8])


def hu_tax(text: str) -> bool:
    """Adóazonosító jel: begins with 8, weights 1 to 9, modulo 11."""
    value = compact(text)
    return value[0] == "8" and _weighted(value[:9], "123456789") % 11 == int(value[9])


def lu_matricule(text: str) -> bool:
    """Matricule: a date, three digits, and both Luhn's and Verhoeff's check digit over them."""
    value = compact(text)
    dated = value[:2] in ("18", "19", "20") and 1 <= int(value[4:6]) <= 12 and 1 <= int(value[6:8]) <= 31
    return dated and bool(luhn.is_valid(value[:12])) and bool(verhoeff.is_valid(value[:11] + value[12]))


def ru_snils(text: str) -> bool:
    """СНИЛС: weights 9 to 1, modulo 101, where 100 counts as 0."""
    value = compact(text)
    return value[0:9] > "001001998" and _weighted(value[:9], "987654321") % 101 % 100 == int(value[9:])


def es_social(text: str) -> bool:
    """Número de la Seguridad Social: province and number, modulo 97."""
    value = compact(text)
    province, number = int(value[:2]), int(value[2:-2])
    whole = number + province * 10**7 if number < 10**7 else int(value[:-2])
    return 1 <= province <= 66 and whole % 97 == int(value[-2:])


_NINO_NEVER = ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ")


def uk_nino(text: str) -> bool:
    """National Insurance number: HMRC NIM39110 on prefixes; there is no check digit."""
    value = compact(text)
    return value[:2] not in _NINO_NEVER and value[0] not in "DFIQUV" and value[1] not in "DFIOQUV"


def us_npi(text: str) -> bool:
    """National Provider Identifier: Luhn behind the prefix 80840 (45 CFR 162.406)."""
    value = compact(text)
    return value[0] in "12" and bool(luhn.is_valid("80840" + value))


def us_dea(text: str) -> bool:
    """DEA registration: the odd digits and twice the even ones."""
    value = compact(text)[2:]
    total = _weighted(value[0:6:2], "1") + _weighted(value[1:6:2], "2")
    return total % 10 == int(value[6])


def us_mbi(text: str) -> bool:
    """Medicare Beneficiary Identifier: CMS, its layout is all there is; letters S L O I B Z are never used."""
    return not set(compact(text)) & set("SLOIBZ")


def au_medicare(text: str) -> bool:
    """Medicare card: begins with 2 to 6, weights 1 3 7 9 1 3 7 9, modulo 10."""
    value = compact(text)
    return value[0] in "23456" and _weighted(value[:8], "13791379") % 10 == int(value[8])


_SG_LETTERS = {
    "S": "JZIHGFEDCBA",
    "T": "JZIHGFEDCBA",
    "F": "XWUTRQPNMLK",
    "G": "XWUTRQPNMLK",
    "M": "XWUTRQPNJLK",
}
_SG_OFFSETS = {"T": 4, "G": 4, "M": 3}


def sg_nric(text: str) -> bool:
    """NRIC and FIN: weights 2 7 6 5 4 3 2 and an offset by series, modulo 11, a letter by series."""
    value = compact(text)
    total = _weighted(value[1:8], "2765432") + _SG_OFFSETS.get(value[0], 0)
    return value[8] == _SG_LETTERS[value[0]][total % 11]


def hk_id(text: str) -> bool:
    """Hong Kong identity card: weights 9 to 2, a space before a single letter counts 36, modulo 11."""
    value = compact(text).rjust(9)
    numbers = [36 if one == " " else int(one, 36) for one in value]
    return sum(number * weight for number, weight in zip(numbers, range(9, 0, -1), strict=True)) % 11 == 0


_TW_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def tw_id(text: str) -> bool:
    """Taiwanese identity card: the letter's number from 10, weights 1 9 8 7 6 5 4 3 2 1 1, modulo 10."""
    value = compact(text)
    letter = _TW_LETTERS.index(value[0]) + 10
    return value[1] in "1289" and (letter // 10 + letter % 10 * 9 + _weighted(value[1:], "876543211")) % 10 == 0


def ir_code(text: str) -> bool:
    """Iranian national code: weights 10 to 2, modulo 11."""
    value = compact(text)
    rest = sum(int(digit) * weight for digit, weight in zip(value[:9], range(10, 1, -1), strict=True)) % 11
    return len(set(value)) > 1 and int(value[9]) == (rest if rest < 2 else 11 - rest)


def kz_iin(text: str) -> bool:
    """Kazakh IIN: a date, weights 1 to 11, and shifted ones where the rest is 10."""
    value = [int(digit) for digit in compact(text)]
    month, day = value[2] * 10 + value[3], value[4] * 10 + value[5]
    rest = sum(digit * weight for digit, weight in zip(value, range(1, 12), strict=False)) % 11
    if rest == 10:
        rest = sum(d * w for d, w in zip(value, (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2), strict=False)) % 11
    return 1 <= month <= 12 and 1 <= day <= 31 and rest == value[11]


def uy_ci(text: str) -> bool:
    """Uruguayan identity card: weights 2 9 8 7 6 3 4, modulo 10."""
    value = compact(text).zfill(8)
    return (10 - _weighted(value[:7], "2987634") % 10) % 10 == int(value[7])
