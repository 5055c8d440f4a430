"""Reading a finished package back: it is what was planned, or what its recipe says."""

import hashlib
import re
import tarfile

from . import pkginfo
from .errors import Refused
from .lower import backup, full_version, install_name

# What makepkg puts into a package beside the files that it installs. Source: alpm-package(7).
METADATA = (".PKGINFO", ".MTREE", ".INSTALL", ".CHANGELOG", ".BUILDINFO")
SHOWN = 5


def planned(name, job, tree):
    """Compares the package of the file `name` with the plan, and with the members of the tree that it
    was made of."""
    plan, native = job["plan"], job["native"]
    found = Contents(name)
    wrong = found.strangers((".PKGINFO", ".MTREE", ".INSTALL"))
    wrong += differences(found.files, {member.name: of_tree(member) for member in tree})
    fields = pkginfo.parsed(found.text(".PKGINFO"))
    wanted = {
        "pkgname": [native["name"]],
        "pkgver": [full_version(plan["evr"])],
        "arch": [native["architecture"]],
        "backup": backup(plan),
        "group": [],
    }
    for keyword in pkginfo.STRENGTHS:
        wanted[keyword] = []
    for relation in native["relations"]:
        keyword = pkginfo.KEYWORDS[relation["strength"]]
        wanted[keyword].append(pkginfo.one_line(relation["text"]))
    for keyword, values in wanted.items():
        if fields[keyword] != values:
            wrong.append(f"`{keyword}` is {fields[keyword]!r}, planned was {values!r}")
    script = job["recipe"].get(install_name(plan))
    if found.text(".INSTALL") != (script and script["text"]):
        wrong.append("its `.INSTALL` is not the planned one")
    refuse(wrong)


def stated(name, recipe):
    """Compares the package of the file `name` with the text of the recipe that a person changed."""
    found = Contents(name)
    text = "\n".join(file["text"] for file in recipe.values())
    words = set(re.split(r"[^A-Za-z0-9._-]+", text))
    wrong = found.strangers(METADATA)
    for path, (kind, mode, owner, group, _) in found.files.items():
        if not {owner, group} <= words | {"root"}:
            wrong.append(f"`{path}` belongs to {owner}:{group}")
        if mode & 0o7000 and f"{mode:o}" not in words and f"0{mode:o}" not in words:
            wrong.append(f"`{path}` has the mode {mode:04o}")
        if kind == "special file":
            wrong.append(f"`{path}` is neither a folder, a file nor a link")
    script = found.text(".INSTALL")
    if script is not None and script not in [file["text"] for file in recipe.values()]:
        wrong.append("its `.INSTALL` is not one of the recipe's files")
    fields = pkginfo.parsed(found.text(".PKGINFO"))
    for keyword in pkginfo.STRENGTHS:
        for value in fields[keyword]:
            relation = re.split("[<>=: ]", value)[0]
            if relation not in text:
                wrong.append(f"it has the relation `{keyword} = {value}`")
    refuse(wrong)


def refuse(wrong):
    if wrong:
        more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise Refused("it was built otherwise than planned: " + "; ".join(wrong[:SHOWN]) + more)


class Contents:
    """The members of a package: its metadata, and what each installed one is."""

    def __init__(self, name):
        self.metadata, self.files = {}, {}
        with tarfile.open(name, "r:") as archive:
            for member in archive:
                path = member.name.removeprefix("./") if hasattr(str, "removeprefix") else member.name
                content = archive.extractfile(member) if member.isreg() or member.islnk() else None
                if path.startswith(".") and "/" not in path:
                    self.metadata[path] = content.read() if content else None
                    continue
                if path in self.files:
                    raise Refused(f"it was built with `{path}` twice")
                self.files[path] = facts(member, content)

    def text(self, name):
        content = self.metadata.get(name)
        return content if content is None else content.decode("utf-8", "replace")

    def strangers(self, known):
        return [f"it has `{name}`" for name in self.metadata if name not in known]


def facts(member, content):
    kind = "folder" if member.isdir() else "file" if content else "special file"
    kind = "link" if member.issym() else kind
    what = digest(content) if content else member.linkname
    named = ((member.uname, member.uid), (member.gname, member.gid))
    owners = [name if name and number == 0 else str(number) for name, number in named]
    owners = ["root" if owner == "0" else owner for owner in owners]
    return (kind, member.mode & 0o7777, *owners, what)


def of_tree(member):
    """The same of a member that was packed; another name of a file has its contents."""
    if member.is_folder:
        return ("folder", member.mode, "root", "root", "")
    with member.open() as file:
        return ("file", member.mode, "root", "root", digest(file))


def digest(file):
    sha256 = hashlib.sha256()
    for block in iter(lambda: file.read(1 << 20), b""):
        sha256.update(block)
    return sha256.hexdigest()


def differences(found, wanted):
    wrong = []
    for path in sorted({*found, *wanted}):
        if found.get(path) != wanted.get(path):
            wrong.append(f"`{path}` is {found.get(path)}, planned was {wanted.get(path)}")
    return wrong
