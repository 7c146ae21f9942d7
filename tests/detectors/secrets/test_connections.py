"""Passwords inside addresses, connection strings and commands."""

import pytest

from detectors.examples import sightings
from detectors.secrets.pieces import base64, check_patterns
from promptguard_gateway.detectors.secrets import connections

EXAMPLES = {
    "url_password": (
        [
            "postgresql://app:s3cr" + "3tPw@db.internal:5432/x",
            "mongodb+srv://u:Ab@c#1" + "2@cluster0.example.net/test",
            "https://bob:xK29" + "fLq8@git.example.com/repo.git",
            "redis://:wX82" + "kfqLz@10.0.0.5:6379/0",
        ],
        [
            "postgresql://app:password@localhost/x",
            "postgresql://user:${DB_PASSWORD}@db/x",
            "https://example.com:8080/a@b",
            "postgres://user:<password>@host/db",
            "https://example.com/?next=http://a.example/@user",
        ],
    ),
    "connection_password": (
        ["Server=tcp:db.example;Database=x;User Id=sa;Password=Zr7!" + "kqLm2;Encrypt=true"],
        ["Server=db;Password={your_password};", "Server=db;User Id=sa;"],
    ),
    "command_password": (
        ["curl -u admin:Zr7k" + "qLm2 https://a.example/", "sshpass -p 'Zr7k" + "qLm2' ssh root@host"],
        ["curl -u $USER:$PASS https://a.example/", "mysql -p", "curl -u user:<password> https://a.example"],
    ),
    "login_file": (
        ["machine api.example.com login deploy password Zr7k" + "qLm2"],
        ["the machine needs a login and a password to start"],
    ),
    "docker_login": (['{"auths": {"r.example": {"auth": "' + base64(40) + '"}}}'], ['{"auth": "basic"}']),
    "database_user": (
        ["CREATE USER 'app'@'%' IDENTIFIED BY 'Zr7k" + "qLm2';", "CREATE ROLE app WITH PASSWORD 'Zr7k" + "qLm2'"],
        ["CREATE USER app IDENTIFIED BY 'password'", "ALTER ROLE app WITH PASSWORD '${PW}'"],
    ),
}


def test_every_way_is_found_and_no_near_miss():
    """Each way to connect is found in its example and not believed in near-misses."""
    check_patterns(connections.PATTERNS, EXAMPLES)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("postgresql://app:s3cr3tPw@db.internal:5432/x", "s3cr3tPw"),
        ("mongodb://u:p@ss/w0rd@h/x", None),
        ("amqp://u:aB3@xY7@rabbit.example/", "aB3@xY7"),
        ("x;Pwd=Zr7!kqLm2;Encrypt=true", "Zr7!kqLm2"),
    ],
)
def test_only_the_password_is_the_finding(text, value):
    """User, host and options stay, so that a redacted address still says where it leads."""
    names = {pattern.name for pattern in connections.PATTERNS}
    found = [text[s.start : s.end] for s in sightings(text, at_least=0.8) if s.pattern.name in names]
    assert found == ([value] if value else [])
