r"""Code that attacks: fetches and runs what others wrote, opens a shell to them, takes credentials, or stays.

These are the forms that public descriptions of intrusions agree on, each with the part that does the harm: a download
is harmless until it goes into a shell, a socket until a shell reads from it, `crontab -l` until it is written back.
"""

from promptguard_gateway.core.detector import Pattern, PatternDetector, Spec
from promptguard_gateway.core.findings import Family, Severity

_SOURCE = "MITRE ATT&CK T1059, T1105, T1003, T1552, T1053, T1098, T1547 and T1562; scores judged on own near-misses"


def _spec(id_: str, category: str, summary: str, *agentic: str) -> Spec:
    return Spec(
        id=id_,
        family=Family.CODE,
        category=category,
        threat_type="malware",
        severity=Severity.CRITICAL,
        label="COMMAND",
        owasp=("LLM05", "LLM06"),
        agentic=("ASI05", *agentic),
        summary=summary,
        source=_SOURCE,
    )


# Up to so much of one command line; never across its end.
_REST = r"[^\n;|&]{0,120}"
_INTERPRETER = r"(?:(?:ba|z|da|k)?sh|python[\d.]{0,4}|perl|ruby|node|php)"
_SHELL = r"(?:/bin/|/usr/bin/)?(?:ba|z|da|k)?sh"
_POWERSHELL = r"(?i)\b(?:powershell|pwsh)(?:\.exe)?\s"

EXECUTION = PatternDetector(
    spec=_spec("code.execution", "remote_code", "a command that runs code fetched from elsewhere", "ASI02"),
    patterns=(
        Pattern(
            name="download_into_shell",
            regex=rf"\b(?:curl|wget)\s{_REST}\|\s{{0,4}}(?:sudo\s{{1,4}}(?:-\w{{1,4}}\s{{1,4}}){{0,2}})?"
            rf"(?:/(?:usr/)?bin/)?(?:env\s{{1,4}})?{_INTERPRETER}\b",
            score=0.85,
        ),
        Pattern(
            name="download_substituted",
            regex=rf"(?:{_SHELL}|eval|source|\.)\s{{1,4}}(?:-\w{{1,4}}\s{{1,4}})?[\"']?(?:<\(|\$\(|"
            rf"`)\s{{0,4}}(?:curl|wget)\s",
            score=0.86,
        ),
        Pattern(
            name="decode_into_shell",
            regex=rf"\bbase64\s{{1,4}}(?:-d|-D|--decode)\b{_REST}\|\s{{0,4}}(?:sudo\s{{1,4}})?{_SHELL}\b",
            score=0.9,
        ),
        Pattern(
            name="powershell_cradle",
            regex=r"(?i)\b(?:iex|invoke-expression)\b[\s({&\"']{0,8}(?:\(?\s{0,3}new-object"
            r"\s{1,4}(?:system\.)?net\.webclient\)?"
            r"|iwr\b|irm\b|invoke-webrequest|invoke-restmethod|curl\b|wget\b)|"
            r"\b(?:downloadstring|downloaddata)\s{0,3}\([^\n|]{1,200}\)\s{0,4}\|\s{0,4}(?:iex|invoke-expression)\b|"
            r"\b(?:iwr|irm|invoke-webrequest|invoke-restmethod)\s[^\n|;]{1,200}\|\s{0,4}(?:iex|invoke-expression)\b",
            score=0.92,
        ),
        Pattern(
            name="powershell_encoded",
            regex=rf"{_POWERSHELL}[^\n|;]{{0,80}}-e(?:nc(?:odedcommand)?|c)?\s{{1,4}}[\"']?[A-Za-z0-9+/]{{40}}",
            score=0.9,
        ),
        Pattern(
            name="borrowed_binary",
            regex=r"(?i)\b(?:mshta(?:\.exe)?\s{1,4}[\"']?(?:https?:|javascript:|vbscript:)|"
            r"regsvr32(?:\.exe)?\s[^\n]{0,40}/i:https?:|rundll32(?:\.exe)?\s{1,4}[\"']?javascript:|"
            r"certutil(?:\.exe)?\s[^\n]{0,40}-urlcache\s[^\n]{0,20}https?:|"
            r"bitsadmin(?:\.exe)?\s[^\n]{0,40}/transfer\s[^\n]{0,60}https?:)",
            score=0.9,
        ),
        Pattern(
            name="python_download",
            regex=r"\bexec\(\s{0,3}(?:urllib\.request\.urlopen|requests\.get|urlopen)\(",
            score=0.9,
        ),
    ),
)

REVERSE_SHELL = PatternDetector(
    spec=_spec("code.reverse_shell", "reverse_shell", "a shell that is opened to somebody else", "ASI02"),
    patterns=(
        Pattern(
            name="bash_socket",
            regex=r"/dev/(?:tcp|udp)/[\w.$\{\}-]{1,80}/[\w$\{\}]{1,12}",
            score=0.9,
        ),
        Pattern(
            name="netcat_exec",
            regex=r"\b(?:nc|ncat|netcat)(?:\.exe)?\s[^\n;|]{0,60}-[a-z]{0,6}[ec]\s{1,4}(?:/bin/|cmd|powershell|"
            r"(?:ba|z)?sh\b)",
            score=0.93,
        ),
        Pattern(
            name="fifo_shell",
            regex=r"\bmk(?:fifo|nod)\s[^\n]{0,80}\|\s{0,4}(?:/bin/)?(?:ba)?sh\s[^\n]{0,40}\|\s{0,4}(?:nc|ncat|"
            r"netcat|telnet|openssl)\b",
            score=0.95,
        ),
        Pattern(
            name="script_socket",
            regex=r"\bos\.dup2\(\s{0,3}\w{1,20}\.fileno\(\)\s{0,3},\s{0,3}[012]\s{0,3}\)|"
            r"\bfsockopen\([^\n]{1,80}\bexec\(|\bTCPSocket\.(?:new|open)\([^\n]{1,80}\bexec\b|"
            r"\bopen\(STDIN,\s{0,3}[\"']>&S[\"']\)|\bpty\.spawn\(\s{0,3}[\"']/bin/",
            score=0.9,
        ),
        Pattern(
            name="socat_exec",
            regex=r"(?i)\bsocat\s[^\n]{0,80}\bexec:[\"']?(?:/bin/)?(?:ba|z)?sh\b",
            score=0.93,
        ),
        Pattern(
            name="powershell_socket",
            regex=r"(?i)new-object\s{1,4}(?:system\.)?net\.sockets\.tcpclient\([^\n]{1,120}getstream\(",
            score=0.92,
        ),
    ),
)

CREDENTIALS = PatternDetector(
    spec=_spec("code.credentials", "credential_access", "a command that takes credentials of a machine", "ASI03"),
    patterns=(
        Pattern(
            name="dump_memory",
            regex=r"(?i)\b(?:sekurlsa::\w{4}|lsadump::\w{3}|invoke-mimikatz\b|"
            r"procdump(?:64)?(?:\.exe)?\s[^\n]{0,40}lsass|"
            r"comsvcs(?:\.dll)?[\s,\"']{1,6}(?:minidump|#?\+?24)\b)",
            score=0.93,
        ),
        Pattern(
            name="save_hives",
            regex=r"(?i)\breg(?:\.exe)?\s{1,4}save\s{1,4}[\"']?hk(?:lm|ey_local_machine)\\{1,2}(?:sam|security|"
            r"system)\b|"
            r"\bntdsutil\b[^\n]{0,80}\bifm\b|\bsecretsdump(?:\.py)?\s",
            score=0.93,
        ),
        Pattern(
            name="read_password_hashes",
            regex=r"\b(?:cat|less|more|head|tail|cp|scp|curl|base64|xxd|tar)\s[^\n;|&]{0,60}/etc/(?:shadow|"
            r"gshadow|master\.passwd)\b",
            score=0.88,
        ),
        Pattern(
            name="read_key_files",
            regex=r"\b(?:cat|less|head|tail|cp|scp|base64|xxd|tar|curl)\s[^\n;|&]{0,60}(?:~|\$HOME|/root|"
            r"/home/[\w.-]{1,40})/"
            r"\.(?:ssh/id_(?:rsa|dsa|ecdsa|ed25519)(?:[^\w.]|$)|aws/credentials\b|kube/config\b|"
            r"docker/config\.json\b|"
            r"netrc\b|git-credentials\b|pgpass\b)",
            score=0.86,
        ),
        Pattern(
            name="cloud_credentials",
            regex=r"\b169\.254\.169\.254/(?:latest/(?:meta-data/iam|user-data|api/token)|metadata/identity)|"
            r"\bmetadata\.google\.internal/computeMetadata/v1/instance/service-accounts",
            score=0.88,
        ),
        Pattern(
            name="environment_sent",
            regex=r"\b(?:env|printenv|set)\s{0,4}\|\s{0,4}(?:base64\s[^\n|]{0,20}\|\s{0,4})?(?:curl|wget|nc|ncat)\s",
            score=0.92,
        ),
    ),
)

PERSISTENCE = PatternDetector(
    spec=_spec("code.persistence", "persistence", "a command that keeps access or turns protection off", "ASI03"),
    patterns=(
        Pattern(
            name="scheduled_command",
            regex=r"\|\s{0,4}crontab\s{1,4}-(?:[\s;&\"'`)]|$)|>>?\s{0,3}/(?:etc/cron[\w./-]{1,40}|"
            r"var/spool/cron[\w./-]{0,40})",
            score=0.84,
        ),
        Pattern(
            name="authorized_key",
            regex=r"(?:>>?|\btee\s{1,4}(?:-a\s{1,4})?)\s{0,3}[\"']?(?:~|\$HOME|/root|"
            r"/home/[\w.-]{1,40})?/?\.ssh/authorized_keys\b",
            score=0.87,
        ),
        Pattern(
            name="windows_autostart",
            regex=r"(?i)\breg(?:\.exe)?\s{1,4}add\s{1,4}[\"']?hk(?:lm|"
            r"cu)\\[^\n\"']{0,60}\\currentversion\\{1,2}run(?:once)?\b|"
            r"\bschtasks(?:\.exe)?\s{1,4}/create\s[^\n]{0,160}/sc\s{1,4}(?:onlogon|onstart|minute)\b",
            score=0.85,
        ),
        Pattern(
            name="root_account",
            regex=r"\buseradd\s[^\n;|&]{0,60}-u\s{0,4}0\b|>>\s{0,3}/etc/(?:sudoers\b|passwd\b)|"
            r"\bchmod\s{1,4}(?:u\+s|4[0-7]{3})\s{1,4}/(?:usr/)?bin/"
            r"(?:ba|z|da)?sh\b|(?i:\bnet\s{1,4}localgroup\s{1,4}administrators\s[^\n]{1,60}/add\b)",
            score=0.9,
        ),
        Pattern(
            name="protection_off",
            regex=r"(?i)\bset-mppreference\s[^\n]{0,40}-disablerealtimemonitoring\s{1,4}(?:\$true|1)\b|"
            r"\bnetsh\s{1,4}advfirewall\s{1,4}set\s{1,4}allprofiles\s{1,4}state\s{1,4}off\b|\bsetenforce\s{1,4}0\b|"
            r"\bsystemctl\s{1,4}(?:stop|disable)\s{1,4}(?:--now\s{1,4})?(?:auditd|falco|falcon-sensor|osqueryd|"
            r"clamav-daemon)\b|"
            r"\bwevtutil(?:\.exe)?\s{1,4}cl\s",
            score=0.86,
        ),
        Pattern(
            name="traces_removed",
            regex=r"\bhistory\s{1,4}-c\b|\bunset\s{1,4}HISTFILE\b|\bHISTFILE=/dev/null\b|\brm\s[^\n;|"
            r"&]{0,20}\.bash_history\b",
            score=0.82,
        ),
    ),
)
