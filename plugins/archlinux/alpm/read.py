"""What a package says of itself, and its entry in a repository's database.

A package may come from anybody: nothing of it is unpacked, and all that it states is checked.
"""

import hashlib
import io
import os
import tarfile
from pathlib import Path, PurePosixPath

from . import pkginfo
from .errors import Refused
from .repository import entry
from .version import FULL

# Above what the largest packages of Arch Linux have.
MEMBERS = 1_000_000
METADATA = 8 << 20
FILES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE)


class Bounded(io.FileIO):
    """A file of which no large part is read: tarfile reads headers whole, of any stated size."""

    def read(self, size=-1):
        if not 0 <= size <= METADATA:
            raise tarfile.ReadError("a header is too large")
        return super().read(size)


def answer(request):
    return {"packages": [package(file) for file in request["files"]]}


def package(file):
    name = Path(file["path"]).name
    try:
        info, paths = contents(file["contents"])
        fields = pkginfo.parsed(info)
    except Refused as error:
        raise Refused(f"`{name}` is not a package: {error}") from None
    version = FULL.fullmatch(fields["pkgver"][0])
    return {
        "package": fields["pkgname"][0],
        "epoch": int(version["epoch"] or 0),
        "version": version["pkgver"],
        "release": version["pkgrel"],
        "architecture": fields["arch"][0],
        "time": int(fields["builddate"][0]),
        "relations": [
            {"strength": strength, "text": text}
            for keyword, strength in pkginfo.STRENGTHS.items()
            for text in fields[keyword]
        ],
        "paths": paths,
        "entry": entry(fields, name, os.path.getsize(file["path"]), digest(file["path"])),
    }


def contents(path):
    """The text of `.PKGINFO` and the installed paths of files, sorted."""
    info, paths = None, set()
    try:
        with Bounded(path) as file, tarfile.open(
            fileobj=file, mode="r:", encoding="utf-8", errors="strict"
        ) as archive:
            for member in members(archive):
                name = checked(member.name)
                if name == ".PKGINFO" and info is not None:
                    raise Refused("it has two files `.PKGINFO`")
                if name == ".PKGINFO":
                    info = metadata(archive, member)
                elif not name.startswith(".") and member.type in FILES:
                    paths.add(f"/{name}")
                elif not name.startswith(".") and not member.isdir():
                    raise Refused(f"`{name}` is neither a folder nor a file")
            check_end(archive)
    # What tarfile raises where numbers, texts or nested headers make no sense.
    except (tarfile.TarError, ValueError, OverflowError, EOFError, RecursionError) as error:
        raise Refused(f"its archive cannot be read: {error}") from None
    if info is None:
        raise Refused("it has no `.PKGINFO`")
    return info, sorted(paths)


def members(archive):
    """The members, as long as each lies behind the one before."""
    last = -1
    for count, member in enumerate(iter(archive.next, None)):
        if count == MEMBERS:
            raise Refused(f"it has more than {MEMBERS} files")
        if member.offset <= last or member.size < 0:
            raise Refused("its archive leads back")
        last = member.offset
        # Nothing of what was passed is needed again.
        archive.members.clear()
        yield member


def check_end(archive):
    """tarfile takes whatever is not a member for the end, which is a block of zeros."""
    archive.fileobj.seek(archive.offset)
    if archive.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise Refused("its archive ends too early")


def checked(name):
    """A member's name as a path below the root."""
    path = PurePosixPath(name)
    if not path.parts or path.is_absolute() or ".." in path.parts or "\n" in name:
        raise Refused(f"{name[:200]!r} is not a path in a package")
    return path.as_posix()


def metadata(archive, member):
    if not member.isreg() or member.size > METADATA:
        raise Refused(f"`{member.name}` is not a file of less than {METADATA >> 20} MiB")
    return archive.extractfile(member).read().decode("utf-8")


def digest(path):
    sha256 = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            sha256.update(block)
    return sha256.hexdigest()
