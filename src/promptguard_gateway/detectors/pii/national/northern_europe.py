"""The Nordic and Baltic countries."""

from promptguard_gateway.detectors.pii.identifiers import Identifier

ROWS = (
    Identifier("DK", "DK_CVR", "CVR-nummer", "dk.cvr", "99 99 99 99", "CVR|CVR-nummer|CVR-nr|SE-nummer"),
    Identifier(
        "EE", "EE_IK", "Isikukood", "ee.ik", "99999999999", "isikukood|estonian personal code|personal code", digits=0.4
    ),
    Identifier(
        "FI",
        "FI_PERSONAL_IDENTITY_CODE",
        "Henkilötunnus",
        "fi.hetu",
        "999999[-+A-FU-Y]999X",
        "henkilötunnus|HETU|sosiaaliturvatunnus|personbeteckning|personal identity code",
        alone=0.95,
    ),
    Identifier("IS", "IS_KENNITALA", "Kennitala", "is_.kennitala", "999999-9999", "kennitala|kt|kt.", alone=0.6),
    Identifier("LT", "LT_ASMENS", "Asmens kodas", "lt.asmens", "99999999999", "asmens kodas|personal code", digits=0.4),
    Identifier(
        "LV", "LV_PERSONAS", "Personas kods", "lv.pvn", "999999-99999", "personas kods|personal code", alone=0.7
    ),
    Identifier(
        "NO",
        "NO_FODSELSNUMMER",
        "Fødselsnummer",
        "no.fodselsnummer",
        "999999 99999",
        "fødselsnummer|fodselsnummer|personnummer|d-nummer|fnr|birth number",
        alone=0.8,
        digits=0.4,
    ),
    Identifier("NO", "NO_ORGNR", "Organisasjonsnummer", "no.orgnr", "999 999 999", "organisasjonsnummer|orgnr|org.nr"),
    Identifier(
        "SE",
        "SE_PERSONNUMMER",
        "Personnummer",
        "se.personnummer",
        "999999-9999 | 99999999-9999",
        "personnummer|personnr|pnr|samordningsnummer|swedish personal number|personal identity number",
        alone=0.75,
    ),
    Identifier(
        "SE",
        "SE_ORGANISATIONSNUMMER",
        "Organisationsnummer",
        "se.orgnr",
        "999999-9999",
        "organisationsnummer|orgnr|org.nr|org nr",
    ),
    Identifier(
        "DK",
        "DK_CPR",
        "CPR-nummer",
        "dk.cpr",
        "999999-9999",
        "CPR|CPR-nummer|CPR-nr|CPR nr|personnummer|central person register",
        alone=0.3,
    ),
)
