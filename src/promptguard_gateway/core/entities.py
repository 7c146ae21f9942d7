"""What kinds of personal data are called: by their entity, by the aliases that clients use, and in placeholders.

Entities are named as Presidio names them where it knows the kind. A placeholder bears the label: most are the entity's
own name, the older ones are shorter (`[EMAIL_REDACTED]`). An alias stands for one entity or for a family of them.
"""

from collections.abc import Mapping

# Placeholders that are not the entity's name.
_LABELS: Mapping[str, str] = {
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "US_SSN": "SSN",
    "IBAN_CODE": "IBAN",
}

# Tax numbers, health numbers, and the rest of the identifiers that a country gives its people.
_TAX = (
    "TAX_ID AD_NRT AT_TIN DE_TAX_ID DE_TAX_NUMBER DE_VAT_ID ES_NIF ES_NIE ES_CIF FR_NIF FR_SIREN FR_SIRET UK_UTR "
    "GR_AFM "
    "CY_TIC IT_FISCAL_CODE IT_VAT_CODE MT_VAT PT_NIF DK_CVR NO_ORGNR SE_ORGANISATIONSNUMMER AL_NIPT BY_UNP "
    "CZ_DIC SK_DPH "
    "HU_TAX_ID HU_VAT MD_IDNO ME_PIB MK_EDB PL_NIP PL_REGON RO_CUI RS_PIB RU_INN SI_TAX TR_VKN UA_RNTRC US_ITIN US_EIN "
    "CA_BN MX_RFC AR_CUIT BR_CPF BR_CNPJ CL_RUT CO_NIT DO_RNC EC_RUC GT_NIT PE_RUC PY_RUC SV_NIT UY_RUT VE_RIF AU_TFN "
    "AU_ABN AU_ACN AZ_VOEN ID_NPWP IN_PAN IN_GSTIN JP_CORPORATE_NUMBER KR_BRN NZ_IRD SG_UEN TW_UBN VN_MST DZ_NIF "
    "EG_TAX_NUMBER GH_TIN GN_NIFP KE_PIN MA_ICE MZ_NUIT SN_NINEA TN_MF ZA_INCOME_TAX_NUMBER"
)
_HEALTH = (
    "MEDICAL_RECORD MEDICAL_LICENSE UK_NHS DE_HEALTH_INSURANCE HU_TAJ US_NPI US_MBI CA_BC_PHN AU_MEDICARE FR_NIR "
    "ES_SOCIAL_SECURITY"
)
_NATIONAL = (
    "NATIONAL_ID US_SSN AT_SVNR BE_NATIONAL_NUMBER CH_AHV DE_SOCIAL_SECURITY DE_ID_CARD ES_NIF ES_NIE "
    "ES_SOCIAL_SECURITY "
    "FR_NIR UK_NINO UK_NHS GR_AMKA IE_PPSN IT_FISCAL_CODE LU_MATRICULE NL_BSN PT_CITIZEN_CARD EE_IK "
    "FI_PERSONAL_IDENTITY_CODE IS_KENNITALA LT_ASMENS LV_PERSONAS NO_FODSELSNUMMER SE_PERSONNUMMER DK_CPR BG_EGN "
    "BG_LNCH "
    "CZ_BIRTH_NUMBER HR_OIB HU_TAJ PL_PESEL PL_ID_CARD RO_CNP RS_JMBG RU_SNILS SI_EMSO TR_NATIONAL_ID UA_RNTRC CA_SIN "
    "MX_CURP AR_DNI BR_CPF CL_RUT CR_CPF CU_NI DO_CEDULA EC_CI PE_CUI UY_CI VE_RIF CN_RESIDENT_ID HK_ID_CARD "
    "ID_NIK IL_ID "
    "IN_AADHAAR IN_VOTER IN_VID IR_NATIONAL_CODE JP_MY_NUMBER KR_RRN KZ_IIN MY_NRIC PK_CNIC SG_NRIC_FIN TH_TNIN "
    "TW_NATIONAL_ID MU_NID ZA_ID_NUMBER"
)

ALIASES: Mapping[str, tuple[str, ...]] = {
    "email": ("EMAIL_ADDRESS",),
    "phone": ("PHONE_NUMBER",),
    "phone_us": ("PHONE_NUMBER",),
    "ssn": ("US_SSN",),
    "credit_card": ("CREDIT_CARD",),
    "iban": ("IBAN_CODE",),
    "bank_account": ("BANK_ACCOUNT", "IBAN_CODE", "ABA_ROUTING_NUMBER", "SWIFT_CODE", "SORT_CODE"),
    "crypto_wallet": ("CRYPTO",),
    "ip_address": ("IP_ADDRESS",),
    "mac_address": ("MAC_ADDRESS",),
    "url_credentials": ("URL_CREDENTIALS",),
    "coordinates": ("COORDINATES",),
    "address": ("ADDRESS",),
    "date_of_birth": ("DATE_OF_BIRTH",),
    "passport": ("PASSPORT",),
    "driver_license": ("DRIVER_LICENSE",),
    "vehicle_id": ("VIN", "LICENSE_PLATE"),
    "medical_record": tuple(_HEALTH.split()),
    "tax_id": tuple(_TAX.split()),
    "national_id": tuple(_NATIONAL.split()),
}
"""Names for clients, in lower case, and the entities that each stands for."""

ENTITIES: tuple[str, ...] = tuple(dict.fromkeys(entity for entities in ALIASES.values() for entity in entities))
"""Every kind of personal data that is told from others."""

_KNOWN = frozenset((*ENTITIES, *_LABELS.values()))


def label_of(entity: str) -> str:
    """What the placeholder of an entity says."""
    return _LABELS.get(entity, entity)


def labels_of(name: str) -> frozenset[str]:
    """The labels that a name stands for: an alias, an entity or a label, in any case. None is empty."""
    upper = name.upper()
    entities = ALIASES.get(name.lower(), (upper,))
    return frozenset(label_of(entity) for entity in entities if entity in _KNOWN)
