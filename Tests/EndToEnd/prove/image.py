"""A file system of its own in a file, so that its power can be cut and its disk be full; needs root."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The journal of the file system is committed by an fsync only, not by time.
OPTIONS = "loop,commit=600,data=ordered"


def root(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


class Image:
    """An ext4 of `megabytes` at `folder`; one database in it and nothing else: a neighbour's fsync commits all."""

    def __init__(self, megabytes: int) -> None:
        assert os.geteuid() == 0, "mounting needs root"
        self.directory = tempfile.TemporaryDirectory(prefix="tollgate-image-")
        self.file = Path(self.directory.name) / "disk"
        self.folder = Path(self.directory.name) / "mounted"
        self.folder.mkdir()
        with open(self.file, "wb") as handle:
            handle.truncate(megabytes << 20)
        root("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(self.file))
        self.mount()

    def mount(self) -> None:
        root("mount", "-t", "ext4", "-o", OPTIONS, str(self.file), str(self.folder))

    def unmount(self) -> None:
        root("umount", str(self.folder))

    def flush(self) -> None:
        """Everything is on the disk now."""
        root("sync", "-f", str(self.folder))

    def cut_power(self) -> None:
        """What the disk has at this instant is mounted in place of what the system only remembers."""
        kept = self.file.with_suffix(".kept")
        root("cp", "--sparse=always", str(self.file), str(kept))
        self.unmount()
        os.replace(kept, self.file)
        self.mount()

    def abort(self) -> None:
        """As after an error of the device: read-only from this instant, whatever is open."""
        root("mount", "-o", "remount,abort", str(self.folder))

    def repair(self) -> None:
        """What an operator does after `abort`."""
        self.unmount()
        done = subprocess.run(["e2fsck", "-fp", str(self.file)], capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        self.mount()

    def free(self) -> int:
        return shutil.disk_usage(self.folder).free

    def fill(self) -> None:
        """Leaves no block free; what stops it for another reason is an error."""
        with open(self.folder / "ballast", "ab") as handle:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        os.write(handle.fileno(), b"x" * size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self) -> None:
        (self.folder / "ballast").unlink()
        self.flush()  # blocks of what is removed are free once the journal is committed

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.folder)], capture_output=True, check=False)
        self.directory.cleanup()


@contextmanager
def image(megabytes: int) -> Iterator[Image]:
    made = Image(megabytes)
    try:
        yield made
    finally:
        made.close()
