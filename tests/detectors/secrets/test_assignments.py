"""What a name or a sentence calls a secret, in the idioms of many languages, and what only looks like it."""

import pytest

from detectors.examples import sightings
from detectors.secrets.pieces import both, hexa
from promptguard_gateway.detectors.secrets import assignments

NAMES = {pattern.name for pattern in assignments.PATTERNS}
PW, KEY, HEX = "Winter" + "#2024x", both(32), hexa(40)

PASSWORDS = [
    "DB_PASSWORD={}",
    "export SMTP_PASSWORD='{}'",
    "password: {}",
    '{{"db": {{"password": "{}", "user": "x"}}}}',
    '{{\\"password\\": \\"{}\\"}}',
    "[mail]\npassword = {}",
    'password = "{}"',
    "define('DB_PASSWORD', '{}');",
    "$config['password'] = '{}';",
    "'password' => '{}',",
    'variable "db_password" {{\n  default = "{}"\n}}',
    "- name: DB_PASSWORD\n  value: '{}'",
    "ENV DB_PASSWORD {}",
    "spring.datasource.password={}",
    'conn = connect(host="h", password="{}")',
    'dbPass := "{}"',
    'const dbPassword: string = "{}";',
    "<password>{}</password>",
    '<add key="SmtpPassword" value="{}"/>',
    "mysqldump --password={} shop",
    "2026-03-14 ERROR login failed user=anna password={} ip=10.0.0.5",
    "my password is {}",
    "The password for the staging server is {}.",
    "the password is: {}",
    "Das Passwort lautet {}",
    "Das Passwort für den Router ist {}.",
    "Kennwort: {}",
    "Le mot de passe est {}.",
    "mot de passe : {}",
    "La contraseña es {}.",
    "contraseña: {}",
]
KEYS = [
    "API_KEY={}",
    "api_key: {}",
    '"apiKey": "{}"',
    "apiKey: '{}',",
    "X-API-Key: {}",
    "https://a.example/v1?api_key={}&page=2",
    "client_secret: '{}'",
    'clientSecret := "{}"',
    "define('AUTH_TOKEN', '{}');",
    'variable "token" {{\n  default = "{}"\n}}',
    "- name: SIGNING_KEY\n  value: {}",
    "ENV SERVICE_TOKEN {}",
    'private static final String TOKEN = "{}";',
    "tool --api-key {}",
    "my api key is {}",
    "der Token ist {}",
    "jwt.secret={}",
    'ENCRYPTION_KEY="{}"',
]
HEADERS = [
    "Authorization: Bearer {}",
    '"Authorization": "token {}"',
    "curl -H 'Authorization: Basic {}' https://a.example",
]
HARMLESS = [
    "password = os.environ['DB_PASSWORD']",
    'password = os.getenv("DB_PASSWORD")',
    "password: ${DB_PASSWORD}",
    "password: {{ vault_db_password }}",
    "token: ${{ secrets.DEPLOY_TOKEN }}",
    "const token = process.env.API_TOKEN;",
    "token = request.headers.get('Authorization')",
    "api_key = config.api_key_primary_2024",
    "secret = vault.read('secret/data/app1')",
    "api_key = your-api-key-goes-here",
    "password=changeme123",
    "password: 'hunter2'",
    "password = <your password 1>",
    "password: string",
    "password: required|min:8",
    "the password is wrong",
    "The password is case-sensitive.",
    "The password is base64-encoded, then hashed.",
    "Le mot de passe est obligatoire.",
    "Das Passwort ist falsch.",
    "La contraseña es incorrecta.",
    "Password: Forgot? Reset it here.",
    "bypass: enabled2024",
    "passage: Suddenly, Beckett2 appears",
    "max_tokens: 4096",
    "tokenizer: gpt2-medium-v2-tokenizer",
    "nextPageToken: " + both(32),
    "public_key = " + both(43),
    "cache_key = " + hexa(40),
    "csrf_token = " + both(32),
    "token_type: bearer",
    "secretKeyRef:\n  name: db-credentials-v2",
    "secret_name = app-db-credentials-prod-1",
    "token_url = https://login.example.com/oauth2/v2/token",
    "private_key_path = /etc/ssl/private/server1.key",
    "password_file: ./secrets/db1.txt",
    "secret: !Ref DatabaseSecret1",
    "credentials: arn:aws:secretsmanager:eu-west-1:123456789012:secret:app-1",
    'if password == "":',
    "self.token = generate_token_v2(user)",
    "Passwords, anti-malware software and 2FA are the topics of week 2.",
    "password=password, user=user",
    'assert form["password"].errors == ["This field is required."]',
    "Authorization: Bearer <your-access-token-here>",
    "Authorization: Bearer $TOKEN",
    "Authorization: none",
    '<label for="password">Password</label><input type="password" name="password">',
    "token: [API_KEY_REDACTED]",
    "password: [PASSWORD_REDACTED]",
]


def found(text: str) -> list[str]:
    return [text[s.start : s.end] for s in sightings(text, at_least=0.8) if s.pattern.name in NAMES]


@pytest.mark.parametrize("idiom", PASSWORDS)
def test_a_password_is_found_in_every_idiom(idiom):
    """The finding is the value alone, so that what is redacted still says what it was."""
    assert found(idiom.format(PW)) == [PW]


@pytest.mark.parametrize("idiom", KEYS)
@pytest.mark.parametrize("value", [KEY, HEX])
def test_a_drawn_value_is_found_in_every_idiom(idiom, value):
    """Keys of no known vendor are found by their names and by how they look."""
    assert found(idiom.format(value)) == [value]


@pytest.mark.parametrize("idiom", HEADERS)
def test_the_value_of_an_authorization_header_is_found(idiom):
    """Whatever the scheme."""
    assert found(idiom.format(KEY)) == [KEY]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_value_is_not_believed(text):
    """References, calls, types, placeholders, prose, and names that only lie beside secrets."""
    assert found(text) == []


def test_what_could_be_anything_acts_under_strict_alone():
    """A short or plain value beside such a name is a finding for those who want all."""
    [one] = [s for s in sightings("password: 483920") if s.pattern.name in NAMES]
    [other] = [s for s in sightings("password = swordfish") if s.pattern.name in NAMES]
    assert (one.score, other.score) == (0.65, 0.4)
