"""From a folder and an environment to settings that hold together: files are read here, and checks that need the parts.

`domain.settings_source` reads the texts; whatever needs a file or a table of another package stands here.
"""

import difflib
from collections.abc import Mapping
from pathlib import Path

from msgspec import structs

from promptguard_gateway.domain.projects import KEY_SHAPE
from promptguard_gateway.domain.settings import Settings
from promptguard_gateway.domain.settings_source import SettingsError, read_dotenv, read_policy, read_settings
from promptguard_gateway.wire import fields

# The key that stands in PromptGuard's guides. Everybody knows it, so it opens a gateway only on loopback.
GUIDE_KEY = "your-" + "promptguard-key"


class GuideKeyRefused(SettingsError):
    """The guide's example key on an address that others can reach."""


def settings_of(environ: Mapping[str, str], folder: Path) -> Settings:
    """Settings from the environment, `.env` and `promptguard.yaml` in a folder. Raises SettingsError."""
    dotenv = _read(folder / ".env")
    settings = read_settings(environ, dotenv, _read_config(environ, dotenv, folder))
    _check_key(settings)
    _check_fields(settings)
    return _with_policy_file(settings, folder)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read ({type(error).__name__}). Mend it or take it away.") from error


def _read_config(environ: Mapping[str, str], dotenv: str, folder: Path) -> str:
    named = environ.get("PROMPTGUARD_CONFIG") or read_dotenv(dotenv).get("PROMPTGUARD_CONFIG")
    if named and not Path(named).exists():
        raise SettingsError(f"PROMPTGUARD_CONFIG names {named}, which does not exist. Correct it or take it away.")
    return _read(Path(named) if named else folder / "promptguard.yaml")


def _with_policy_file(settings: Settings, folder: Path) -> Settings:
    """With the policy of the file that the settings name."""
    if settings.policy_file is None:
        return settings
    if settings.policy != Settings().policy:
        raise SettingsError("PROMPTGUARD_POLICY and PROMPTGUARD_POLICY_FILE both say which policy. Keep one of them.")
    return with_policy(settings, folder, settings.policy_file)


def with_policy(settings: Settings, folder: Path, file: str) -> Settings:
    """With the policy of a file in place of their own. Raises SettingsError."""
    path = folder / file
    if not path.is_file():
        raise SettingsError(f"{path}, named as the file of a policy, is no file. Correct its name or leave it out.")
    return structs.replace(settings, policy=read_policy(_read(path), str(path)), policy_file=file)


def _check_fields(settings: Settings) -> None:
    """Only a field that is refused can be allowed."""
    tables = (fields.CHAT, fields.COMPLETIONS, fields.EMBEDDINGS)
    guarded = {name for table in tables for name, field in table.items() if field.guarded}
    for name in settings.allow_fields:
        if name not in guarded:
            near = difflib.get_close_matches(name, guarded, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise SettingsError(
                f"{fields.ALLOW_SETTING} names {name!r}, which is no field that is refused. "
                f"{hint}docs/api.md lists them."
            )


def _check_key(settings: Settings) -> None:
    key = settings.api_key
    if key is None:
        return
    if not KEY_SHAPE.match(key):
        raise SettingsError(
            "PROMPTGUARD_API_KEY must be 16 to 128 letters, digits, '-' or '_'. Leave it out and a key is made for you."
        )
    if key == GUIDE_KEY and not settings.on_loopback:
        raise GuideKeyRefused(
            f"PROMPTGUARD_API_KEY is the guides' example key, and PROMPTGUARD_HOST {settings.host} can be reached by "
            "others. Leave the key out and one is made for you, or bind to 127.0.0.1."
        )
