"""National identifiers: one made-up value of each kind, a twin whose check digits fail, and the words that name it."""

import pytest

from detectors.examples import sightings
from promptguard_gateway.core.book import CONTEXT, Sighting
from promptguard_gateway.detectors.pii.identifiers import BEHIND, NAMED, words_regex
from promptguard_gateway.detectors.pii.national import IDENTIFIERS

# entity: what it is called, a value, and one that is wrong (None: its check is too weak to say so).
EXAMPLES: dict[str, tuple[str, str, str | None]] = {
    "AD_NRT": ("NRT", "C-967929-Q", None),
    "AT_SVNR": ("sozialversicherungsnummer", "7218 761250", "7218 661250"),
    "AT_TIN": ("abgabenkontonummer", "16-409/2405", "66-409/9405"),
    "BE_NATIONAL_NUMBER": ("rijksregisternummer", "11.01.01-198.10", "11.71.01-198.17"),
    "CH_AHV": ("AHV", "756.0996.2215.73", "756.3996.2215.73"),
    "DE_TAX_ID": ("steuer-ID", "19 751 018 464", "09 751 015 464"),
    "DE_TAX_NUMBER": ("steuernummer", "1101011984120", "1701010984120"),
    "DE_VAT_ID": ("USt-IdNr", "DE521967172", "DE525967172"),
    "DE_SOCIAL_SECURITY": ("rentenversicherungsnummer", "19 721110 W 377", "19 121110 W 377"),
    "DE_HEALTH_INSURANCE": ("krankenversichertennummer", "F400515036", "F450515036"),
    "DE_ID_CARD": ("personalausweis", "Y792487883", "Y792497883"),
    "ES_NIF": ("DNI", "11010119-L", "18910119-L"),
    "ES_NIE": ("NIE", "X-3521206-K", "X-3521207-K"),
    "ES_CIF": ("CIF", "F-1600921-9", "F-1610927-9"),
    "ES_SOCIAL_SECURITY": ("NASS", "03 93972391 04", "03 93972491 04"),
    "FR_NIR": ("NIR", "1 98 50 91 885 796 95", "1 98 50 91 885 793 95"),
    "FR_NIF": ("numéro fiscal", "31 28 848 743 342", "31 22 848 743 042"),
    "FR_SIREN": ("SIREN", "020 551 214", "020 524 214"),
    "FR_SIRET": ("SIRET", "160 484 424 55441", "120 684 424 55441"),
    "UK_NHS": ("NHS", "199 311 1840", "199 314 1840"),
    "UK_UTR": ("UTR", "89604 46375", "89304 46375"),
    "UK_NINO": ("NINO", "XM 16 10 59 A", None),
    "GR_AMKA": ("ΑΜΚΑ", "09128293371", "08128293371"),
    "GR_AFM": ("ΑΦΜ", "171080886", "101080886"),
    "CY_TIC": ("ΑΦΤ", "19540605N", "59540645N"),
    "IE_PPSN": ("PPS", "1101011 TB", "1101071 TB"),
    "IT_FISCAL_CODE": ("codice fiscale", "MTH FDZ 32E27 A182L", "MTH FDZ 32E27 A582L"),
    "IT_VAT_CODE": ("partita IVA", "96092878881", "96042878841"),
    "LU_MATRICULE": ("matricule", "1991 01 07 319 51", "4993 01 07 319 51"),
    "MT_VAT": ("VAT", "MT3581-2048", "MT3584-3048"),
    "NL_BSN": ("BSN", "198.109.118", "198.109.117"),
    "PT_CITIZEN_CARD": ("cartão de cidadão", "62082187 8 837", "62082187 8 835"),
    "PT_NIF": ("NIF", "196 806 232", "196 806 622"),
    "DK_CVR": ("CVR", "17 50 61 10", "17 30 61 10"),
    "EE_IK": ("isikukood", "11010119810", "11010109310"),
    "FI_PERSONAL_IDENTITY_CODE": ("henkilötunnus", "130295D0161", "110195D0161"),
    "IS_KENNITALA": ("kennitala", "110101-1989", "180101-1981"),
    "LT_ASMENS": ("asmens kodas", "11010119810", "11210119810"),
    "LV_PERSONAS": ("personas kods", "110101-19800", "110106-19800"),
    "NO_FODSELSNUMMER": ("fødselsnummer", "110101 19830", "110101 89830"),
    "NO_ORGNR": ("organisasjonsnummer", "703 743 811", "703 747 811"),
    "SE_PERSONNUMMER": ("personnummer", "110101-1987", "110181-1987"),
    "SE_ORGANISATIONSNUMMER": ("organisationsnummer", "950718-1221", "950718-1521"),
    "DK_CPR": ("CPR", "110101-1981", "107101-1981"),
    "AL_NIPT": ("NIPT", "K76462972U", None),
    "BG_EGN": ("ЕГН", "6604027342", "6664027342"),
    "BG_LNCH": ("ЛНЧ", "1101011984", "1101011981"),
    "BY_UNP": ("УНП", "700301419", "700201419"),
    "CZ_BIRTH_NUMBER": ("rodné číslo", "950802/416", "956802/416"),
    "CZ_DIC": ("DIČ", "CZ 1101011989", "CZ 1101016989"),
    "SK_DPH": ("IČ DPH", "SK1952072860", "SK1952572860"),
    "HR_OIB": ("OIB", "56547477427", "06547477427"),
    "HU_TAJ": ("TAJ", "616 757 965", "611 757 965"),
    "HU_TAX_ID": ("adóazonosító", "8219024143", "8219004173"),
    "HU_VAT": ("adószám", "36212020", "38912020"),
    "MD_IDNO": ("IDNO", "4922589045866", "4922589025866"),
    "ME_PIB": ("PIB", "19720718", "79720718"),
    "MK_EDB": ("ЕДБ", "1110590841564", "1110594841564"),
    "PL_PESEL": ("PESEL", "76050199744", "76050109744"),
    "PL_NIP": ("NIP", "386-312-10-82", "386-312-10-72"),
    "PL_REGON": ("REGON", "196032350", "096032150"),
    "PL_ID_CARD": ("dowód osobisty", "XNG 969293", "XNG 869293"),
    "RO_CNP": ("CNP", "3750514095916", "3750914035916"),
    "RO_CUI": ("CUI", "39606070", "39602070"),
    "RS_JMBG": ("JMBG", "2701702432427", "2701702632427"),
    "RS_PIB": ("PIB", "880426153", "888426153"),
    "RU_INN": ("ИНН", "199410175138", "199410175238"),
    "RU_SNILS": ("СНИЛС", "161-091-078 34", "161-092-078 34"),
    "SI_EMSO": ("EMŠO", "1101011988061", "1109011987061"),
    "SI_TAX": ("davčna številka", "19604190", "49604790"),
    "TR_NATIONAL_ID": ("TCKN", "18311133034", "18311113834"),
    "TR_VKN": ("VKN", "1950022525", "1980022525"),
    "UA_RNTRC": ("РНОКПП", "7310014211", "7319014211"),
    "US_ITIN": ("ITIN", "960-82-0285", "563-82-0285"),
    "US_EIN": ("EIN", "38-0031447", "08-0031147"),
    "US_NPI": ("NPI", "1994122251", "1924122251"),
    "US_MBI": ("MBI", "3U65-H74-DC30", None),
    "MEDICAL_LICENSE": ("DEA", "CZ9807047", "CZ9897247"),
    "CA_SIN": ("SIN", "930-819-909", "934-919-909"),
    "CA_BC_PHN": ("PHN", "9509 268 623", "2503 268 623"),
    "CA_BN": ("business number", "150090348", "159290348"),
    "MX_CURP": ("CURP", "XHOI110101MCLUFK19", "XHOI110101MCLUFK29"),
    "MX_RFC": ("RFC", "PPY 581027 235", "PPY 581397 235"),
    "AR_CUIT": ("CUIT", "27-02549829-7", "27-02649829-7"),
    "AR_DNI": ("DNI", "16.007.117", None),
    "BR_CPF": ("CPF", "700.624.926-08", "200.624.926-08"),
    "BR_CNPJ": ("CNPJ", "43.661.973/0743-82", "43.561.973/0743-82"),
    "CL_RUT": ("RUT", "1.984.050-6", "1.964.050-6"),
    "CO_NIT": ("NIT", "550.505.824-6", "550.505.834-6"),
    "CR_CPF": ("cédula", "1-1010-1198", None),
    "CU_NI": ("número de identidad", "11010119870", "41016119870"),
    "DO_CEDULA": ("cédula", "353-1114259-6", "351-1114259-6"),
    "DO_RNC": ("RNC", "1-50-05012-4", "1-50-25012-4"),
    "EC_CI": ("cédula", "196412095-8", "196112095-8"),
    "EC_RUC": ("RUC", "1101011987090", "0101011987090"),
    "GT_NIT": ("NIT", "19870214-0", "19830214-0"),
    "PE_CUI": ("DNI", "11125246-2", "21125246-2"),
    "PE_RUC": ("RUC", "10037761821", "12037761871"),
    "PY_RUC": ("RUC", "21087699-9", "26087699-9"),
    "SV_NIT": ("NIT", "1740-425449-214-8", "1740-465449-204-8"),
    "UY_CI": ("cédula", "2.277.896-4", "2.276.896-4"),
    "UY_RUT": ("RUT", "196091070016", "192091030016"),
    "VE_RIF": ("RIF", "P-18089771-8", "P-10089770-8"),
    "AU_TFN": ("TFN", "251 193 585", "221 193 515"),
    "AU_ABN": ("ABN", "55 011 934 973", "55 010 934 973"),
    "AU_ACN": ("ACN", "198 080 750", "198 080 754"),
    "AU_MEDICARE": ("medicare", "3720 72180 7", "3720 72480 7"),
    "AZ_VOEN": ("VÖEN", "8967242491", "8967245491"),
    "CN_RESIDENT_ID": ("身份证", "110101198309078644", "110101198309079644"),
    "HK_ID_CARD": ("HKID", "N1101011", "N1131011"),
    "ID_NIK": ("NIK", "7458872409369673", "7458842439369673"),
    "ID_NPWP": ("NPWP", "20.017.692.3-652.883", "20.010.692.3-652.883"),
    "IL_ID": ("תעודת זהות", "19921226-7", "12921226-7"),
    "IN_AADHAAR": ("aadhaar", "3540 8128 5828", "3540 8128 5824"),
    "IN_PAN": ("PAN", "WWXLX1974M", None),
    "IN_GSTIN": ("GSTIN", "37KPBTY4080G5Z0", "87KPBTY4080G5Z0"),
    "IN_VOTER": ("EPIC", "XJY0325555", "XJY0325552"),
    "IN_VID": ("VID", "3600 5114 8412 6240", "3600 5114 8412 0230"),
    "IR_NATIONAL_CODE": ("کد ملی", "187-122885-9", "167-122885-9"),
    "JP_MY_NUMBER": ("マイナンバー", "7585 2284 6074", "7585 2284 6014"),
    "JP_CORPORATE_NUMBER": ("法人番号", "1-9630-4227-3483", "1-1630-4227-3413"),
    "KR_RRN": ("주민등록번호", "590511-2752737", "590521-2752733"),
    "KR_BRN": ("사업자등록번호", "271-09-78904", "271-00-78504"),
    "KZ_IIN": ("ИИН", "110101198911", "119101198911"),
    "MY_NRIC": ("NRIC", "510716-62-6169", "514716-62-7169"),
    "NZ_IRD": ("IRD", "110-101-198", "310-101-198"),
    "PK_CNIC": ("CNIC", "25368-2864252-1", "25368-2854252-0"),
    "SG_NRIC_FIN": ("NRIC", "T1101011Z", "T1101913Z"),
    "SG_UEN": ("UEN", "39307073E", "39307077E"),
    "TH_TNIN": ("เลขประจำตัวประชาชน", "1-9780-52213-18-5", "1-7780-52213-18-5"),
    "TW_NATIONAL_ID": ("身分證", "I197601032", "I193701032"),
    "TW_UBN": ("統一編號", "11010119", "12010119"),
    "VN_MST": ("mã số thuế", "9012288170-931", "0012288170-931"),
    "DZ_NIF": ("NIF", "195303032747805", None),
    "EG_TAX_NUMBER": ("الرقم الضريبي", "405-646-921", None),
    "GH_TIN": ("TIN", "C0050485636", "C6053485636"),
    "GN_NIFP": ("NIFp", "197-702-061", "197-782-061"),
    "KE_PIN": ("KRA", "P374032452Q", None),
    "MA_ICE": ("ICE", "197001162607512", "197501162607512"),
    "MU_NID": ("NID", "T1101011984052", "T1101011934052"),
    "MZ_NUIT": ("NUIT", "110101198", "116101128"),
    "SN_NINEA": ("NINEA", "774652111", "774652514"),
    "TN_MF": ("matricule fiscal", "1101011L/P/E/988", None),
    "ZA_ID_NUMBER": ("south african ID", "110101 1981 06 0", "150103 1981 06 0"),
    "ZA_INCOME_TAX_NUMBER": ("income tax", "1511/216/457", "1011/216/457"),
}
# Kinds that share their shape, their check and a word with another kind: either name will do.
ALIKE = {"SK_DPH", "JP_MY_NUMBER"}


def identified(text: str) -> list[Sighting]:
    """What the detector of national identifiers says."""
    return [one for one in sightings(text) if one.spec.id == "pii.national"]


def test_every_identifier_has_an_example_and_a_name_of_its_own() -> None:
    """Rows of the table are told apart by their entity, and cover more than 40 countries."""
    entities = [row.entity for row in IDENTIFIERS]
    assert entities == list(EXAMPLES)
    assert len(set(entities)) == len(entities)
    assert len({row.country for row in IDENTIFIERS}) > 40


@pytest.mark.parametrize("entity", EXAMPLES)
def test_a_named_value_is_found_and_its_twin_is_not(entity: str) -> None:
    """Beside its name, before it or behind it, a value with valid check digits is found as a whole."""
    word, value, twin = EXAMPLES[entity]
    for text in (f"my {word}: {value}, thanks", f"{word} {value}", f"is {value} a correct {word} for her?"):
        found = [text[one.start : one.end] for one in identified(text) if one.label == entity and one.score >= 0.85]
        assert found == [value], text
    if twin is not None:
        assert entity not in {one.label for one in identified(f"my {word}: {twin}, thanks")}


@pytest.mark.parametrize("entity", EXAMPLES)
def test_digits_alone_are_nobodys_identifier(entity: str) -> None:
    """Digits that nothing names are not believed, unless their format is hardly met by chance."""
    _, value, _ = EXAMPLES[entity]
    row = next(row for row in IDENTIFIERS if row.entity == entity)
    found = [one for one in identified(f"order {value} was sent") if one.label == entity]
    assert all(one.score == (row.digits if value.isdigit() else row.alone) < NAMED + 0.01 for one in found)
    assert not (value.isdigit() and not row.digits and found)


@pytest.mark.parametrize(
    "text",
    [
        "PESEL 440514013591",  # one digit more
        "PESEL: 3.44051401359",  # the decimals of a number
        "PESEL 2021/44051401359",
        "PESEL 44051401359-22",
        "the PESELS 44051401359",
        "PESEL " + "x" * CONTEXT + " 44051401359",
        "44051401359 " + "x" * BEHIND + " PESEL",
        "44051401359\nPESEL",
        "a sin of 046454286",
    ],
)
def test_near_misses(text: str) -> None:
    """Parts of longer numbers, names that are other words, and names that are too far away."""
    assert [one for one in identified(text) if one.score > 0.5] == []


def test_a_value_ends_where_its_layout_ends() -> None:
    """What follows behind a space is another number."""
    text = "PESEL 44051401359 12 items"
    [found] = identified(text)
    assert text[found.start : found.end] == "44051401359"


def test_words_are_found_without_their_accents_and_in_scripts_without_spaces() -> None:
    """People leave accents out; Chinese, Japanese and Thai have no spaces around words."""
    assert identified("cedula: 171003406-5")[0].label in ("EC_CI", "DO_CEDULA")
    assert identified("我的身份证号是11010519491231002X")[0].label == "CN_RESIDENT_ID"
    assert "rodne cislo" in words_regex("rodné číslo")
