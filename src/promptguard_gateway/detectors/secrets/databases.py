"""Credentials of databases and data platforms."""

from promptguard_gateway.detectors.secrets.checks import is_mixed
from promptguard_gateway.detectors.secrets.formats import issued

PATTERNS = (
    issued("databricks", r"\bdapi[0-9a-f]{32}(?:-\d)?\b", "Databricks: personal access tokens"),
    issued("databricks_secret", r"\bdose[0-9a-f]{32}\b", "Databricks: OAuth secrets"),
    issued("planetscale", r"\bpscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,64}", "PlanetScale: service tokens"),
    issued("supabase", r"\bsbp_[0-9a-f]{40}\b", "Supabase: access tokens"),
    issued("supabase_secret", r"\bsb_secret_[A-Za-z0-9_-]{20,50}\b", "Supabase: API keys"),
    issued("neon", r"\bnapi_[a-z0-9]{60,68}\b", "Neon: API keys"),
    issued("mongodb_atlas", r"\bmdb_sa_sk_[A-Za-z0-9_-]{36,48}", "MongoDB Atlas: service accounts"),
    issued("clickhouse", r"\b4b1d[A-Za-z0-9]{38}\b", "ClickHouse Cloud: API keys", validate=is_mixed),
    issued("confluent", r"\bcflt[A-Za-z0-9+/]{60}\b", "Confluent Cloud: API keys"),
    issued("aiven", r"\bAVNS_[A-Za-z0-9_-]{19}\b", "Aiven: service passwords"),
    issued("fauna", r"\bfnA[A-Za-z0-9_-]{37}\b", "Fauna: keys", validate=is_mixed),
    issued("elastic_cloud", r"\bessu_[A-Za-z0-9+/]{60,120}={0,2}", "Elastic Cloud: API keys"),
    issued("xata", r"\bxau_[A-Za-z0-9]{36,44}\b", "Xata: API keys"),
    issued("dbt", r"\bdbt[cu]_[A-Za-z0-9_-]{40,60}", "dbt Cloud: tokens"),
    issued("prefect", r"\bpn[ub]_[A-Za-z0-9]{36}\b", "Prefect: API keys"),
)
