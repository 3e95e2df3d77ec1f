"""The database of a stopped gateway, kept to be put back again and again."""

from __future__ import annotations

import shutil

from support.tollgate import Gateway


class Stored:
    """The files of a stopped gateway, to start from again and again."""

    def __init__(self, server: Gateway) -> None:
        self.server = server
        self.kept = server.folder / "kept"
        self.kept.mkdir()
        for file in server.folder.glob("tollgate.db*"):
            shutil.copy(file, self.kept / file.name)

    def restore(self) -> None:
        for file in self.server.folder.glob("tollgate.db*"):
            file.unlink()
        for file in self.kept.iterdir():
            shutil.copy(file, self.server.folder / file.name)
