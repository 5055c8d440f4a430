"""A repository: its databases, and how clients find it.

Source: alpm-repo-db(7), alpm-repo-desc(5) version 2, alpm-repo-files(5), repo-add(8),
pacman.conf(5).
"""

import re
import tarfile
from io import BytesIO
from pathlib import PurePosixPath

from .errors import Refused
from .relation import NAME, newest
from .version import FULL

# The sections of a description in the order of repo-add, and the keywords that they come from.
SECTIONS = {
    "NAME": "pkgname",
    "BASE": "pkgbase",
    "VERSION": "pkgver",
    "DESC": "pkgdesc",
    "GROUPS": "group",
    "CSIZE": None,
    "ISIZE": "size",
    "SHA256SUM": None,
    "URL": "url",
    "LICENSE": "license",
    "ARCH": "arch",
    "BUILDDATE": "builddate",
    "PACKAGER": "packager",
    "REPLACES": "replaces",
    "CONFLICTS": "conflict",
    "PROVIDES": "provides",
    "DEPENDS": "depend",
    "OPTDEPENDS": "optdepend",
    "MAKEDEPENDS": "makedepend",
    "CHECKDEPENDS": "checkdepend",
}

# As repo-add compresses by default.
COMPRESSION = "gzip:9"

# libalpm takes no path in `%FILENAME%`, and no hidden name.
FILENAME = re.compile(r"[^./\x00-\x1f\x7f][^/\x00-\x1f\x7f]*")
ARCH = re.compile(r"^%ARCH%\n(.*)$", re.MULTILINE)
# `local` is what is installed, `options` the general section of pacman.conf.
REPOSITORY = re.compile(r"(?!(?:local|options)$)[A-Za-z0-9_][A-Za-z0-9@._+-]*")

CLIENT = """\
# For /etc/pacman.conf: this section, or `Include = ` and this file's path.
{remark}[{name}]
SigLevel = {level}
Server = {server}
"""
KEY = """\
# The key that signs has to be known: pacman-key --add FILE, pacman-key --lsign-key FINGERPRINT
"""


def entry(fields, filename, size, sha256):
    """The text of `desc` for a package's file."""
    if FILENAME.fullmatch(filename) is None:
        raise Refused(f"`{filename}` is not a valid package file name")
    own = {"CSIZE": [size], "SHA256SUM": [sha256]}
    sections = [section("FILENAME", [filename])]
    for name, keyword in SECTIONS.items():
        sections.append(section(name, own[name] if keyword is None else fields[keyword]))
    return "".join(sections)


def section(name, values):
    """Nothing where there is no value."""
    return "".join([f"%{name}%\n", *(f"{value}\n" for value in values), "\n"]) if values else ""


def answer(request):
    name = request["name"]
    if REPOSITORY.fullmatch(name) is None:
        raise Refused(f"`{name}` is not a valid repository name")
    packages = listed_packages(request["packages"])
    files = []
    for file, with_files in ((f"{name}.files", True), (f"{name}.db", False)):
        write(file, database(packages, request["time"], with_files))
        files.append({"path": file, "from": file, "compression": COMPRESSION, "sign": True})
    if request["url"] is not None:
        client = f"{name}.conf"
        write(client, configuration(name, request).encode())
        files.append({"path": client, "from": client, "sign": False})
    return {"files": files}


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def listed_packages(packages):
    """The packages by name: a database has one version of each, for one architecture."""
    seen = {}
    for package in packages:
        name, version = package["package"], package["version"]
        if NAME.fullmatch(name) is None or FULL.fullmatch(version) is None:
            raise Refused(f"`{name}` `{version}` is not a package of a repository")
        if f"%FILENAME%\n{package['file']}\n" not in package["entry"]:
            raise Refused(f"`{package['file']}` is not where its entry says: packages lie beside "
                          "their database")
        other = seen.setdefault((name, version), package["file"])
        if other != package["file"]:
            raise Refused(f"`{package['file']}` and `{other}` are the same version of one package")
    found = (ARCH.search(package["entry"]) for package in packages)
    machines = sorted({arch[1] for arch in found if arch} - {"any"})
    if len(machines) > 1:
        raise Refused(f"packages for {' and '.join(machines)} lie in one folder: a repository of "
                      "pacman is for one architecture; build each into a folder of its own")
    return newest(packages)


def database(packages, time, with_files):
    """The archive with a folder for each package."""
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for package in packages:
            folder = f"{package['package']}-{package['version']}"
            add(archive, folder, time, None)
            add(archive, f"{folder}/desc", time, package["entry"])
            if with_files:
                add(archive, f"{folder}/files", time, listed(package["paths"]))
    return packed.getvalue()


def add(archive, name, time, text):
    """A file, or a folder where there is no text."""
    info = tarfile.TarInfo(name)
    info.mtime, info.mode = time, 0o755 if text is None else 0o644
    info.type = tarfile.DIRTYPE if text is None else tarfile.REGTYPE
    info.uname = info.gname = "root"
    content = (text or "").encode()
    info.size = len(content)
    archive.addfile(info, BytesIO(content))


def listed(paths):
    """The text of `files`: paths without the root and the folders above them, which end in `/`."""
    found = set()
    for path in paths:
        inside = PurePosixPath(path.lstrip("/"))
        found.add(str(inside))
        found.update(f"{folder}/" for folder in list(inside.parents)[:-1])
    lines = sorted(found, key=lambda line: line.encode())
    return "".join(f"{line}\n" for line in ["%FILES%", *lines])


def configuration(name, request):
    """The section of pacman.conf for a client."""
    url, note = request["url"], request["note"]
    if not url.isprintable() or not note.isprintable():
        raise Refused("the address to publish at is not a line of pacman.conf")
    return CLIENT.format(
        name=name,
        remark=(f"# {note}\n" if note else "") + (KEY if request["signed"] else ""),
        level="Required" if request["signed"] else "Never",
        server=url.rstrip("/"),
    )
