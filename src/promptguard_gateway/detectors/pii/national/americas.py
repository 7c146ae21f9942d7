"""North, Central and South America."""

from promptguard_gateway.detectors.pii import digits
from promptguard_gateway.detectors.pii.identifiers import Identifier

ROWS = (
    Identifier(
        "US",
        "US_ITIN",
        "Individual Taxpayer Identification Number",
        "us.itin",
        "999-99-9999",
        "ITIN|individual taxpayer|taxpayer identification|tax number|tax id|TIN",
        alone=0.8,
    ),
    Identifier(
        "US",
        "US_EIN",
        "Employer Identification Number",
        "us.ein",
        "99-9999999",
        "EIN|FEIN|employer identification|employer ID|federal tax ID|tax ID|TIN",
    ),
    Identifier("US", "US_NPI", "National Provider Identifier", digits.us_npi, "9999999999", "NPI|national provider"),
    Identifier(
        "US",
        "US_MBI",
        "Medicare Beneficiary Identifier",
        digits.us_mbi,
        "[1-9]AX9-AX9-AA99",
        "MBI|medicare|beneficiary",
        alone=0.6,
    ),
    Identifier(
        "US",
        "MEDICAL_LICENSE",
        "DEA number",
        digits.us_dea,
        "[ABCDEFGHJKLMPRSTUX]A9999999",
        "DEA|prescriber|license",
        alone=0.5,
    ),
    Identifier(
        "CA",
        "CA_SIN",
        "Social Insurance Number",
        "ca.sin",
        "999-999-999",
        "(?-i:SIN)|social insurance|numéro d'assurance sociale|assurance sociale|(?-i:NAS)",
    ),
    Identifier(
        "CA",
        "CA_BC_PHN",
        "Personal Health Number",
        "ca.bc_phn",
        "9999 999 999",
        "PHN|personal health number|health card",
    ),
    Identifier("CA", "CA_BN", "Business Number", "ca.bn", "999999999", "business number|BN|numéro d'entreprise"),
    Identifier(
        "MX",
        "MX_CURP",
        "CURP",
        "mx.curp",
        "AAAA999999[HMX]AAAAAX9",
        "CURP|clave única",
        alone=0.95,
    ),
    Identifier(
        "MX",
        "MX_RFC",
        "RFC",
        "mx.rfc",
        "AAAA 999999 XX[0-9A] | AAA 999999 XX[0-9A]",
        "RFC|registro federal|número fiscal|contribuyente",
        alone=0.6,
    ),
    Identifier("AR", "AR_CUIT", "CUIT, CUIL", "ar.cuit", "99-99999999-9", "CUIT|CUIL|CDI", alone=0.85),
    Identifier(
        "AR", "AR_DNI", "DNI", "ar.dni", "99.999.999 | 9.999.999", "DNI|documento nacional de identidad", named=0.85
    ),
    Identifier(
        "BR",
        "BR_CPF",
        "CPF",
        "br.cpf",
        "999.999.999-99",
        "CPF|cadastro de pessoas físicas|cadastro de pessoa física",
        alone=0.85,
    ),
    Identifier("BR", "BR_CNPJ", "CNPJ", "br.cnpj", "99.999.999/9999-99", "CNPJ|cadastro nacional da pessoa", alone=0.9),
    Identifier("CL", "CL_RUT", "RUT", "cl.rut", "99.999.999-[0-9K] | 9.999.999-[0-9K]", "RUT|RUN|rol único", alone=0.6),
    Identifier(
        "CO", "CO_NIT", "NIT", "co.nit", "999.999.999-9 | 9.999.999.999-9", "NIT|identificación tributaria", alone=0.5
    ),
    Identifier(
        "CR", "CR_CPF", "Cédula de persona física", "cr.cpf", "9-9999-9999 | 99-9999-9999", "cédula|CPF", named=0.9
    ),
    Identifier(
        "CU",
        "CU_NI",
        "Número de identidad",
        "cu.ni",
        "99999999999",
        "número de identidad|carné de identidad",
        named=0.85,
    ),
    Identifier(
        "DO", "DO_CEDULA", "Cédula", "do.cedula", "999-9999999-9", "cédula|cédula de identidad|documento de identidad"
    ),
    Identifier("DO", "DO_RNC", "RNC", "do.rnc", "9-99-99999-9", "RNC|registro nacional del contribuyente"),
    Identifier("EC", "EC_CI", "Cédula", "ec.ci", "999999999-9", "cédula|cédula de identidad|CI"),
    Identifier("EC", "EC_RUC", "RUC", "ec.ruc", "9999999999999", "RUC|registro único de contribuyentes"),
    Identifier("GT", "GT_NIT", "NIT", "gt.nit", "9999999-[0-9K] | 99999999-[0-9K]", "NIT"),
    Identifier("PE", "PE_CUI", "DNI", "pe.cui", "99999999-X", "DNI|CUI|documento nacional"),
    Identifier("PE", "PE_RUC", "RUC", "pe.ruc", "99999999999", "RUC|registro único"),
    Identifier("PY", "PY_RUC", "RUC", "py.ruc", "99999999-9 | 9999999-9", "RUC|registro único"),
    Identifier("SV", "SV_NIT", "NIT", "sv.nit", "9999-999999-999-9", "NIT|identificación tributaria", alone=0.7),
    Identifier("UY", "UY_CI", "Cédula de identidad", digits.uy_ci, "9.999.999-9", "cédula|cédula de identidad|CI"),
    Identifier("UY", "UY_RUT", "RUT", "uy.rut", "999999999999", "RUT|registro único tributario"),
    Identifier(
        "VE",
        "VE_RIF",
        "RIF",
        "ve.rif",
        "[VEJPG]-99999999-9",
        "RIF|registro de información fiscal|registro de identificación",
        alone=0.7,
    ),
)
