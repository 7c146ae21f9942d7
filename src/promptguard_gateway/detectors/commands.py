r"""Commands that destroy: a machine (`code.destruction`), or data and infrastructure (`code.deletion`).

What decides is the target, not the tool: `rm -rf ./build` tidies up, `rm -rf /` ends a machine; a table for temporary
data may go, a database may not. So every pattern reaches to the end of its target, and a pattern that only names a
tool which is used daily (`DROP TABLE`, a forced push) scores below what the presets act on.
"""

import re

from promptguard_gateway.core.detector import Pattern, PatternDetector, Spec
from promptguard_gateway.core.findings import Family, Severity

_SOURCE = "MITRE ATT&CK T1485, T1490, T1561 and T1565; the manuals of the tools; scores judged on own near-misses"

# The end of a word of a shell, also when the command stands in quotes or in JSON.
_END = r"(?:[\s;&|\"'`)\\]|$)"
_WINDOWS_END = r"(?:[\s;&|\"'`)]|$)"
_DIRECTORIES = (
    r"(?:bin|boot|dev|etc|home|lib(?:32|64)?|opt|proc|root|sbin|srv|sys|usr|var|System|Users|Library|Applications)"
)
_EVERYTHING = rf"[\"']?(?:/(?:{_DIRECTORIES}|\*)?(?:/\*?)?|~(?:/\*?)?|\$\{{?HOME\}}?(?:/\*?)?)"
_DISK = r"/dev/(?:sd[a-z]|hd[a-z]|x?vd[a-z]|nvme\d|mmcblk\d|disk\d|md\d|mapper/)"
_FLAGS = r"(?:-{1,2}[A-Za-z-]{1,24}\s{1,4})"
_DRIVE = (
    r"[\"']?(?:[a-z]:\\{0,2}(?:\*(?:\.\*)?|windows\\{0,2}|users\\{0,2})?|%system(?:root|drive)%\\{0,2}\*?|"
    r"\$env:system(?:root|drive)\\{0,2}\*?)[\"']?"
)

_BOMB = re.compile(r"(?:function\s+)?([\w:]{1,20})\s*\(\s*\)\s*\{\s*([\w:]{1,20})\s*\|\s*([\w:]{1,20})\s*&")
_PASSING = re.compile(
    r"(?i)(?:^|[_\W])(?:te?mp|test(?:s|ing)?|scratch|sandbox|demo|dev|ci|mock|fixture|staging)(?:$|[_\W\d])"
)


def _calls_itself(text: str) -> bool:
    """A function whose body is nothing but two calls of itself."""
    bomb = _BOMB.match(text)
    return bomb is not None and len(set(bomb.groups())) == 1


def _lasting(statement: str) -> bool:
    """What is deleted does not say that it was made to be deleted."""
    return _PASSING.search(statement) is None


def _spec(id_: str, category: str, threat: str, summary: str, severity: Severity) -> Spec:
    return Spec(
        id=id_,
        family=Family.CODE,
        category=category,
        threat_type=threat,
        severity=severity,
        label="COMMAND",
        owasp=("LLM05", "LLM06"),
        agentic=("ASI02", "ASI05"),
        summary=summary,
        source=_SOURCE,
    )


DESTRUCTION = PatternDetector(
    spec=_spec(
        "code.destruction", "destructive_command", "malware", "a command that destroys a machine", Severity.CRITICAL
    ),
    patterns=(
        Pattern(
            name="remove_everything",
            regex=rf"\brm\s{{1,4}}{_FLAGS}{{0,4}}(?:-[A-Za-z]{{0,8}}[rR][A-Za-z]{{0,8}}|--recursive)\s{{1,4}}"
            rf"{_FLAGS}{{0,4}}{_EVERYTHING}{_END}",
            score=0.95,
        ),
        Pattern(name="no_preserve_root", regex=r"\brm\s[^\n;|&]{0,60}--no-preserve-root\b", score=0.97),
        Pattern(
            name="find_and_delete",
            regex=r"\bfind\s{1,4}(?:/|~|\$HOME)\s{1,4}(?:-type\s{1,4}[fd]\s{1,4})?-(?:delete\b|exec\s{1,4}rm\b)",
            score=0.93,
        ),
        Pattern(name="overwrite_disk", regex=rf"\bdd\s[^\n;|&]{{0,80}}\bof={_DISK}", score=0.93),
        Pattern(name="redirect_to_disk", regex=rf">\s{{0,2}}{_DISK}", score=0.92),
        Pattern(
            name="wipe_disk",
            regex=rf"\b(?:wipefs\s{{1,4}}(?:-a|--all)|shred|blkdiscard|sgdisk\s{{1,4}}(?:-Z|--zap-all))"
            rf"\s[^\n;|&]{{0,60}}{_DISK}",
            score=0.93,
        ),
        Pattern(name="make_file_system", regex=rf"\bmkfs(?:\.[a-z0-9]{{2,8}})?\s[^\n;|&]{{0,60}}{_DISK}", score=0.85),
        Pattern(
            name="fork_bomb",
            regex=r"[\w:]{1,20}\s{0,3}\(\s{0,3}\)\s{0,3}\{\s{0,3}[\w:]{1,20}\s{0,3}\|\s{0,3}[\w:]{1,20}\s{0,3}&",
            score=0.96,
            validate=_calls_itself,
        ),
        Pattern(
            name="endless_processes",
            regex=r"%0\s{0,3}\|\s{0,3}%0|\bwhile\s{1,4}(?:True|1)\s{0,4}:\s{0,8}os\.fork\(",
            score=0.92,
        ),
        Pattern(
            name="open_everything",
            regex=rf"\bch(?:mod|own)\s{{1,4}}(?:-[A-Za-z]{{0,6}}R[A-Za-z]{{0,6}}|--recursive)\s{{1,4}}"
            rf"(?:[\w.:+=,-]{{1,40}})\s{{1,4}}[\"']?/(?:{_DIRECTORIES}|\*)?/?{_END}",
            score=0.9,
        ),
        Pattern(name="move_to_nothing", regex=r"\bmv\s{1,4}(?:/|~)[*/]{0,2}\s{1,4}/dev/null\b", score=0.95),
        Pattern(
            name="overwrite_accounts",
            regex=r"(?:^|[^>])>\s{0,2}/etc/(?:passwd|shadow|sudoers|fstab|hosts\.allow)\b",
            score=0.85,
        ),
        Pattern(name="kill_everything", regex=r"\bkill\s{1,4}(?:-9|-KILL|-s\s{1,4}KILL)\s{1,4}-1\b", score=0.9),
        Pattern(name="crash_kernel", regex=r"\b[bco]\s{0,3}>\s{0,3}/proc/sysrq-trigger\b", score=0.92),
        Pattern(
            name="remove_tree_in_python",
            regex=r"\bshutil\.rmtree\(\s{0,3}(?:Path\.home\(\)|[\"'](?:/|~|/home|/etc|/usr|/var|[A-Z]:\\{1,2})[\"'])",
            score=0.92,
        ),
        Pattern(
            name="format_drive",
            regex=r"(?i)\bformat(?:\.com)?\s{1,4}[c-z]:\s{1,4}/(?:y|q|x|p:|fs:)",
            score=0.92,
        ),
        Pattern(
            name="delete_drive",
            regex=rf"(?i)\b(?:del|erase|rd|rmdir)\s{{1,4}}(?:/[sqfa]\s{{1,4}}){{1,4}}{_DRIVE}{_WINDOWS_END}",
            score=0.93,
        ),
        Pattern(
            name="remove_item_drive",
            regex=rf"(?i)\bremove-item\s{{1,4}}(?:-[a-z]{{1,12}}\s{{1,4}}){{0,4}}{_DRIVE}{_WINDOWS_END}",
            score=0.92,
        ),
        Pattern(
            name="delete_backups",
            regex=r"(?i)\b(?:vssadmin(?:\.exe)?\s{1,4}delete\s{1,4}shadows|wmic\s{1,4}shadowcopy\s{1,4}delete|"
            r"wbadmin\s{1,4}delete\s{1,4}(?:catalog|systemstatebackup|backup))\b",
            score=0.95,
        ),
        Pattern(
            name="break_boot",
            regex=r"(?i)\bbcdedit(?:\.exe)?\s[^\n]{0,40}(?:recoveryenabled\s{1,4}(?:no|off)|"
            r"/delete\s{1,4}\{(?:bootmgr|current|default)\})",
            score=0.93,
        ),
        Pattern(
            name="delete_registry",
            regex=r"(?i)\breg(?:\.exe)?\s{1,4}delete\s{1,4}[\"']?hk(?:lm|cr|ey_local_machine|ey_classes_root)"
            r"(?:\\{1,2}(?:system|software|sam|security)(?:\\{1,2}(?:currentcontrolset|"
            r"microsoft(?:\\{1,2}windows)?))?)?"
            r"[\"']?\s{1,4}/(?:f|va)\b",
            score=0.92,
        ),
    ),
)

_NAME = r"[\w\"`\[\].$-]{1,64}"
_SQL_END = r"\s{0,4}(?:;|$|[\"'`)]|cascade\b|with\b|restrict\b)"
_OPTIONS = r"(?:-[\w=./:-]{1,60}\s{1,4}){0,4}"
_BRANCH = r"(?:\+|[\w/.-]{1,60}:)?(?:main|master|production|release)"

DELETION = PatternDetector(
    spec=_spec(
        "code.deletion",
        "destructive_operation",
        "insecure_code",
        "a command that deletes data or infrastructure",
        Severity.HIGH,
    ),
    patterns=(
        Pattern(
            name="drop_database",
            regex=rf"(?i)\bdrop\s{{1,4}}(?:database|schema)\s{{1,4}}(?:if\s{{1,4}}exists\s{{1,4}})?{_NAME}{_SQL_END}",
            score=0.88,
            validate=_lasting,
        ),
        Pattern(
            name="injected_drop",
            regex=r"(?i)[\"']\s{0,3}\)?\s{0,3};\s{0,3}(?:drop\s{1,4}table|delete\s{1,4}from|truncate\s{1,4}table)\s",
            score=0.85,
        ),
        Pattern(
            name="drop_table",
            regex=rf"(?i)\b(?:drop|truncate)\s{{1,4}}table\s{{1,4}}(?:if\s{{1,4}}exists\s{{1,4}})?{_NAME}{_SQL_END}",
            score=0.6,
            validate=_lasting,
        ),
        Pattern(
            name="delete_all_rows",
            regex=rf"(?i)\bdelete\s{{1,4}}from\s{{1,4}}{_NAME}\s{{0,4}}(?:;|where\s{{1,4}}(?:1"
            rf"\s{{0,2}}=\s{{0,2}}1|true)\b)",
            score=0.6,
            validate=_lasting,
        ),
        Pattern(
            name="empty_store",
            regex=r"\bdb\.dropDatabase\(|\bFLUSHALL\b|(?i:\bredis-cli\s[^\n;|&]{0,60}\bflushall\b)|"
            r"-X\s{0,2}DELETE\s{1,4}[\"']?https?://[\w.:@-]{1,80}:9200/(?:_all|\*)",
            score=0.86,
        ),
        Pattern(
            name="terraform_destroy",
            regex=rf"\b(?:terraform|tofu)\s{{1,4}}{_OPTIONS}(?:destroy|apply\s{{1,4}}-destroy)\s[^\n;|"
            rf"&]{{0,80}}-auto-approve\b",
            score=0.9,
        ),
        Pattern(
            name="kubernetes_delete",
            regex=rf"\bkubectl\s{{1,4}}{_OPTIONS}delete\s{{1,4}}(?:(?:ns|namespaces?|pvc|pv|nodes?|crds?)\b|"
            r"[\w,./]{1,60}\s{1,4}(?:-n\s{1,4}[\w-]{1,60}\s{1,4})?--all\b)",
            score=0.86,
        ),
        Pattern(
            name="aws_delete",
            regex=r"\baws\s{1,4}(?:s3\s{1,4}rb\s{1,4}s3://[\w./-]{1,100}\s{1,4}--force\b|"
            r"s3\s{1,4}rm\s{1,4}s3://[\w.-]{1,63}/?\s{1,4}--recursive\b|ec2\s{1,4}terminate-instances\b|"
            r"rds\s{1,4}delete-db-(?:instance|cluster)\b|dynamodb\s{1,4}delete-table\b|"
            r"cloudformation\s{1,4}delete-stack\b|eks\s{1,4}delete-cluster\b|kms\s{1,4}schedule-key-deletion\b)",
            score=0.86,
        ),
        Pattern(
            name="gcloud_delete",
            regex=r"\bgcloud\s{1,4}(?:projects|(?:compute|sql|spanner)\s{1,4}instances|container"
            r"\s{1,4}clusters)\s{1,4}delete\b|"
            rf"\bgsutil\s{{1,4}}(?:-m\s{{1,4}})?rm\s{{1,4}}-[a-z]{{0,3}}r[a-z]{{0,3}}"
            rf"\s{{1,4}}gs://[\w.-]{{1,63}}(?:/\*{{0,2}})?{_END}",
            score=0.86,
        ),
        Pattern(
            name="azure_delete",
            regex=r"\baz\s{1,4}(?:group|vm|aks|keyvault|sql\s{1,4}(?:db|server)|storage"
            r"\s{1,4}account)\s{1,4}delete\b",
            score=0.86,
        ),
        Pattern(
            name="forced_push",
            regex=rf"\bgit\s{{1,4}}push\s{{1,4}}(?:(?:--force|-f)\s{{1,4}}[\w./:@-]{{1,80}}\s{{1,4}}{_BRANCH}{_END}|"
            rf"[\w./:@-]{{1,80}}\s{{1,4}}{_BRANCH}\s{{1,4}}(?:--force|-f){_END})",
            score=0.6,
        ),
        Pattern(
            name="delete_repository",
            regex=r"\bgh\s{1,4}repo\s{1,4}delete\s[^\n;|&]{0,80}--(?:yes|confirm)\b",
            score=0.88,
        ),
    ),
)
