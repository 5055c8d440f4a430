"""The package that a PKGBUILD makes which a person has changed. Source: makepkg(8)."""

import gzip
import os
import pwd
import shlex
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

from . import mtree
from .errors import Refused

TOOLS = {"makepkg": "`makepkg` (on Debian the package makepkg, on Arch Linux pacman)",
         "setpriv": "`setpriv` (util-linux)"}

# Nothing is downloaded, checked or signed, and the host's own settings do not count. The paths are
# makepkg's own defaults, for options that a PKGBUILD may turn on.
CONFIGURATION = """\
DLAGENTS=()
VCSCLIENTS=()
CARCH={architecture}
CHOST={architecture}-pc-linux-gnu
BUILDENV=(!distcc !color !ccache !check !sign)
OPTIONS=(!strip docs libtool staticlibs emptydirs !zipman !purge !debug !lto)
INTEGRITY_CHECK=(sha256)
STRIP_BINARIES=--strip-all
STRIP_SHARED=--strip-unneeded
STRIP_STATIC=--strip-debug
MAN_DIRS=({{usr{{,/local}}{{,/share}},opt/*}}/{{man,info}})
DOC_DIRS=(usr/{{,local/}}{{,share/}}{{doc,gtk-doc}} opt/*/{{doc,gtk-doc}})
PURGE_TARGETS=(usr/{{,share}}/info/dir .packlist *.pod)
PACKAGER={packager}
PKGEXT=.pkg.tar
SRCEXT=.src.tar
"""

COMMAND = ["makepkg", "--config", "../makepkg.conf", "--nodeps", "--nocheck", "--nosign",
           "--skippgpcheck", "--holdver", "--noconfirm"]

# Makepkg sees no network and nothing but programs of the system, and writes
# to its own folder alone.
CONFINED = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--uid", "1000",
            "--gid", "1000", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/sbin", "/etc/alternatives", "/etc/group",
          "/etc/ld.so.cache", "/etc/passwd")

# makepkg refuses to run as root.
USER = "nobody"
SHOWN = 20


def build(job, target):
    """Runs makepkg in a folder of its own and tells the package's path."""
    require("makepkg")
    outer = Path("makepkg", job["plan"]["project"])
    folder = outer / "recipe"
    folder.mkdir(parents=True)
    outer.joinpath("makepkg.conf").write_text(CONFIGURATION.format(
        architecture=shlex.quote(target["architecture"]),
        packager=shlex.quote(job["native"]["packager"]),
    ))
    fill(folder, job)
    run(folder, job["plan"]["time"], job["unconfined"])
    made = sorted(folder.glob("*.pkg.tar"))
    if len(made) != 1:
        raise Refused(f"its PKGBUILD makes {len(made)} packages, and has to make one")
    package = outer / made[0].name
    reproduce(made[0], package)
    return str(package)


def fill(folder, job):
    """The recipe with its sources beside it."""
    for name, file in job["recipe"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file["text"])
        path.chmod(0o755 if file["executable"] else 0o644)
    source = job["plan"]["source"]
    shutil.copyfile(job["source"], folder / (source.get("built-wheel") or source["filename"]))
    for path in job["sources"]:
        shutil.copyfile(path, folder / Path(path).name)


def require(tool):
    if shutil.which(tool) is None:
        raise Refused(f"its recipe was changed, and what builds it is not installed: {TOOLS[tool]}")


def works(command):
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


def command(folder, unconfined):
    """What runs makepkg in a folder: confined, or where a person wants no sandbox, at least not as
    root."""
    place = str(folder.parent.absolute())
    system = [word for path in SYSTEM for word in ("--ro-bind-try", path, path)]
    confined = [*CONFINED, *system, "--bind", place, place, "--chdir", str(folder.absolute()), "--"]
    if not unconfined:
        if works([*confined, "true"]):
            return [*confined, *COMMAND]
        raise Refused("its recipe was changed, which takes `makepkg`, and nothing confines that here: "
                      "bubblewrap does not work; install it, or use `--no-sandbox`")
    if os.geteuid() != 0:
        return COMMAND
    require("setpriv")
    user = pwd.getpwnam(USER)
    give(folder.parent, user)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups",
            *COMMAND]


def run(folder, time, unconfined):
    done = subprocess.run(
        command(folder, unconfined),
        cwd=folder,
        env={**os.environ, "HOME": str(folder.absolute()), "SOURCE_DATE_EPOCH": str(time)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode != 0:
        lines = [line for line in done.stdout.split("\n") if line.strip()]
        print("\n".join(lines[-SHOWN:]), file=sys.stderr)
        reason = next((line for line in reversed(lines) if "ERROR:" in line), "nothing said")
        raise Refused(f"`makepkg` failed (status {done.returncode}): {reason[:300]}")


def give(folder, user):
    """Lets the user work in the folder, and get there."""
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, user.pw_uid, user.pw_gid)
    for path in folder.parents:
        path.chmod(path.stat().st_mode | 0o011)


def reproduce(made, package):
    """Copies a package without its `.BUILDINFO`, which names a folder that is another one each
    time."""
    with tarfile.open(made) as old, tarfile.open(package, "w", format=tarfile.PAX_FORMAT) as new:
        for member in old:
            if member.name == ".BUILDINFO":
                continue
            content = old.extractfile(member) if member.isreg() else None
            if member.name == ".MTREE":
                lines = gzip.decompress(content.read()).split(b"\n")
                kept = [line for line in lines if not line.startswith(b"./.BUILDINFO ")]
                packed = mtree.stored(b"\n".join(kept))
                member.size, content = len(packed), BytesIO(packed)
            new.addfile(member, content)
