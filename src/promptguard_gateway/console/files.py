"""The pages: files that the front end's build put beside this module, read once at the start.

Every path that is no file is the application's, which shows the page of that name; so a reload stays where it was.
"""

import mimetypes
from collections.abc import Mapping
from pathlib import Path

from promptguard_gateway.console.answers import SECURITY_HEADERS, UNSTORED, Refused
from promptguard_gateway.domain.listener import Incoming, Outgoing

STATIC = Path(__file__).parent / "static"
_INDEX = "/index.html"
_FOR_EVER: Mapping[str, str] = {**SECURITY_HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
_UNBUILT = b"The console's pages are not built. In a clone of the repository, `make console` builds them.\n"


class Files:
    """The files of a folder by their paths."""

    def __init__(self, folder: Path) -> None:
        found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        self._files = {f"/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in found}

    @property
    def built(self) -> bool:
        """Whether there are pages."""
        return _INDEX in self._files

    def answer(self, incoming: Incoming) -> Outgoing:
        """A file, or the application. Names under /assets hold their content's digest, so they never change."""
        if incoming.method not in ("GET", "HEAD"):
            raise Refused("method_not_allowed", "Pages are only read.")
        path = incoming.path
        if path.startswith("/assets/"):
            if path not in self._files:
                raise Refused("not_found", "There is no such file.")
            return self._file(path, _FOR_EVER)
        return self._file(path if path in self._files else _INDEX, UNSTORED)

    def _file(self, path: str, headers: Mapping[str, str]) -> Outgoing:
        body = self._files.get(path)
        if body is None:
            return Outgoing(status=503, body=_UNBUILT, content_type="text/plain; charset=utf-8", headers=headers)
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        if kind.startswith("text/"):
            kind += "; charset=utf-8"
        return Outgoing(status=200, body=body, content_type=kind, headers=headers)
