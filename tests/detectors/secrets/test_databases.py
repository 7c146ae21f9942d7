"""Credentials of databases and data platforms."""

from detectors.secrets.pieces import base64, both, check_patterns, hexa, lower
from promptguard_gateway.detectors.secrets import databases

EXAMPLES = {
    "databricks": (["da" + "pi" + hexa(32)], ["dapi" + hexa(10)]),
    "databricks_secret": (["do" + "se" + hexa(32)], ["dose" + hexa(4)]),
    "planetscale": (["pscale" + "_tkn_" + both(43)], ["pscale_tkn_x"]),
    "supabase": (["sb" + "p_" + hexa(40)], ["sbp_x"]),
    "supabase_secret": (["sb" + "_secret_" + both(31)], ["sb_publishable_" + both(31)]),
    "neon": (["na" + "pi_" + lower(64)], ["napi_module"]),
    "mongodb_atlas": (["mdb" + "_sa_sk_" + both(40)], ["mdb_sa_id_" + hexa(24)]),
    "clickhouse": (["4b" + "1d" + both(38)], ["4b1d" + hexa(36)]),
    "confluent": (["cf" + "lt" + base64(59) + "a"], ["cflt"]),
    "aiven": (["AV" + "NS_" + both(19)], ["AVNS_x"]),
    "fauna": (["fn" + "A" + both(37)], ["fnApply", "fnA" + "b" * 37]),
    "elastic_cloud": (["es" + "su_" + base64(80) + "=="], ["essu_x"]),
    "xata": (["xa" + "u_" + both(38)], ["xau_x"]),
    "dbt": (["db" + "tc_" + both(44)], ["dbtc_x"]),
    "prefect": (["pn" + "u_" + both(36)], ["pnu_x"]),
}


def test_every_format_is_found_and_no_near_miss():
    """Each format of a database is found in its example and not believed in near-misses."""
    check_patterns(databases.PATTERNS, EXAMPLES)
