"""Passwords inside addresses, connection strings and commands that connect."""

from collections.abc import Callable

from promptguard_gateway.core.detector import Candidate, Identity, Pattern
from promptguard_gateway.detectors.secrets import stand_ins
from promptguard_gateway.detectors.secrets.formats import GUESSED, WEAK
from promptguard_gateway.detectors.secrets.values import is_reference, kinds, trimmed

SCORE = 0.92
"""Whoever writes a password between a user and a host means it."""

_SCHEMES = (
    "postgres(?:ql)?|mysql|mariadb|mongodb|redis|rediss|amqps?|mssql|sqlserver|oracle|clickhouse|cockroachdb|neo4j|"
    "bolt|couchdb|cassandra|influxdb|elasticsearch|ftps?|sftp|ssh|smtps?|imaps?|pop3s?|ldaps?|https?|git|socks5h?|"
    "s?nats|mqtts?|wss?|rtsps?|snowflake|jdbc:[a-z]{2,12}"
)
_DULL = frozenset({"pass", "pwd", "password", "passwd", "secret", "user", "root", "test", "guest", "pw", "token"})


def _address(candidate: Candidate) -> Identity | None:
    """The password ends at the last @ before the host."""
    return _password(candidate.text[: candidate.text.rindex("@")], "url_password", SCORE)


def _plain(rule: str, score: float = GUESSED) -> Callable[[Candidate], Identity | None]:
    """The password is all of it, without the signs that end a sentence or a statement."""
    return lambda candidate: _password(trimmed(candidate.text), rule, score)


def _password(value: str, rule: str, score: float) -> Identity | None:
    if is_reference(value) or len(value) < 3:
        return None
    if value.lower() in _DULL or len(set(value)) < 3:
        score = stand_ins.SCORE
    elif rule != "url_password" and kinds(value) < 2:
        score = WEAK
    return Identity(len(value), score, rule)


PATTERNS = (
    Pattern(
        name="url_password",
        lead=rf"(?i:\b(?:{_SCHEMES})(?:\+[a-z0-9]{{2,12}})?://[^\s:/@\"'<>]{{0,64}}:)",
        regex=r"[^\s/\"'<>`]{1,128}@[\w.\[-][\w.:-]{0,252}",
        score=SCORE,
        identify=_address,
        doubts=(stand_ins.DOUBT,),
        source="RFC 3986, 3.2.1; PostgreSQL: connection URIs; MongoDB: connection strings",
    ),
    Pattern(
        name="connection_password",
        lead=r"(?i:;\s?(?:password|pwd|accountkey|sharedaccesskey)\s?=\s?['\"]?)",
        regex=r"[^\s;\"'<>]{4,128}",
        score=GUESSED,
        identify=_plain("connection_password"),
        doubts=(stand_ins.DOUBT,),
        source="Microsoft ADO.NET: connection strings; ODBC",
    ),
    Pattern(
        name="command_password",
        lead=r"(?:\bsshpass -p ?['\"]?|\bcurl [^\n|;]{0,60}-u ?['\"]?[\w.@-]{1,40}:|\bmysql(?:dump)? [^\n|;]{0,60}-p)",
        regex=r"[^\s\"'`<>|;]{4,128}",
        score=GUESSED,
        identify=_plain("command_password"),
        doubts=(stand_ins.DOUBT,),
        source="the manual pages of sshpass, curl and mysql",
    ),
    Pattern(
        name="login_file",
        lead=r"(?i:\bmachine [\w.-]{3,80}\s{1,4}login [\w.@-]{1,64}\s{1,4}password )",
        regex=r"[^\s]{4,128}",
        score=SCORE,
        identify=_plain("login_file", SCORE),
        doubts=(stand_ins.DOUBT,),
        source="the manual page of ftp: netrc",
    ),
    Pattern(
        name="docker_login",
        lead=r'"auth"\s{0,2}:\s{0,2}"',
        regex=r"[A-Za-z0-9+/]{12}",
        rest="[A-Za-z0-9+/=]",
        score=SCORE,
        doubts=(stand_ins.DOUBT,),
        source="Docker: config.json",
        label="API_KEY",
    ),
    Pattern(
        name="database_user",
        lead=r"(?i:\b(?:identified (?:with \w{3,30} )?by|(?:with|encrypted) password)\s{1,3}['\"])",
        regex=r"[^\s'\"]{4,128}",
        score=GUESSED,
        identify=_plain("database_user"),
        doubts=(stand_ins.DOUBT,),
        source="MySQL: CREATE USER; PostgreSQL: CREATE ROLE",
    ),
)
