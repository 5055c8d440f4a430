"""A package of a tree of files, uncompressed. Source: alpm-package(7), makepkg's `create_package`.

There is no `.BUILDINFO`: BUILDINFO(5) states the folders, the options and the installed packages
that makepkg built with, so that it can do so again. No makepkg was involved, and pacman does not require the file.
"""

import os
import tarfile
from io import BytesIO
from pathlib import Path
from typing import NamedTuple, Optional

from . import makepkg, mtree, pkginfo, verify
from .errors import Refused, message
from .lower import backup, install_name


class Member(NamedTuple):
    """What lies in a package: a folder, a file with its bytes or where they are, or another name
    of a member before it."""

    name: str
    mode: int
    time: int
    content: Optional[bytes] = None
    path: Optional[Path] = None
    size: int = 0
    link: Optional[str] = None

    @property
    def is_folder(self):
        return self.content is None and self.path is None

    def open(self):
        return BytesIO(self.content) if self.path is None else self.path.open("rb")


def answer(request):
    packages, messages = [], []
    for job in request["packages"]:
        project, name = job["plan"]["project"], job["native"]["filename"]
        try:
            made = makepkg.build(job, request["target"]) if job["edited"] else pack(job)
            if job["edited"]:
                verify.stated(made, job["recipe"])
        except Refused as error:
            messages.append(message("error", f"{name}: {error}", project))
        else:
            # makepkg names its package by what the recipe says.
            filename = f"{Path(made).name}.zst" if job["edited"] else name
            packages.append({"project": project, "from": made, "filename": filename})
    return {"packages": packages, "messages": messages}


def pack(job):
    """Writes the package of a job and tells the file's name."""
    plan, native = job["plan"], job["native"]
    tree = members(Path(job["payload"]), plan["time"])
    size = sum(member.size for member in tree)
    info = pkginfo.written(plan, native, backup(plan), size)
    own = [metadata(".PKGINFO", info.encode(), plan)]
    script = job["recipe"].get(install_name(plan))
    if script is not None:
        own.append(metadata(".INSTALL", script["text"].encode(), plan))
    whole = sorted(own + tree, key=place)
    own.append(metadata(".MTREE", mtree.written(whole), plan))
    name = native["filename"].rpartition(".pkg.tar")[0] + ".pkg.tar"
    with tarfile.open(name, "w", format=tarfile.PAX_FORMAT) as archive:
        for member in sorted(own + tree, key=place):
            if member.is_folder or member.link is not None:
                archive.addfile(header(member))
                continue
            with member.open() as file:
                archive.addfile(header(member), file)
    verify.planned(name, job, tree)
    return name


def metadata(name, content, plan):
    return Member(name, 0o644, plan["time"], content, size=len(content))


def place(member):
    """makepkg sorts by the bytes of the whole path."""
    return os.fsencode(member.name)


def members(payload, time):
    """The folders and files of a tree, sorted. Their owner on this machine is of no concern."""
    found = []
    for folder, folders, files in os.walk(payload):
        for name in folders + files:
            path = Path(folder, name)
            found.append((path.relative_to(payload).as_posix(), path))
    tree, first = [], {}
    for name, path in sorted(found, key=lambda one: os.fsencode(one[0])):
        if "\n" in name:
            raise Refused(f"{name!r} cannot stand in a database of pacman")
        tree.append(member(name, path, time, first))
    return tree


def member(name, path, time, first):
    """One folder or file; `first` knows the names of files by what they are on disk."""
    status = path.lstat()
    mode = status.st_mode & 0o7777
    if path.is_symlink() or not (path.is_dir() or path.is_file()):
        raise Refused(f"`{name}` is neither a folder nor a file")
    if path.is_dir():
        return Member(name, mode, time)
    known = first.setdefault((status.st_dev, status.st_ino), name)
    link = known if known != name else None
    size = 0 if link else status.st_size
    return Member(name, mode, int(status.st_mtime), path=path, size=size, link=link)


def header(member):
    info = tarfile.TarInfo(member.name)
    info.mode, info.mtime, info.size = member.mode, member.time, member.size
    info.uname = info.gname = "root"
    if member.is_folder:
        info.type = tarfile.DIRTYPE
    elif member.link is not None:
        info.type, info.linkname = tarfile.LNKTYPE, member.link
    return info
