"""What pacman checks installed files by: `.MTREE`. Source: ALPM-MTREE(5), version 2; mtree(5)."""

import gzip
import hashlib
from io import BytesIO

# What libarchive writes as it is in a path; all else is an octal escape.
PLAIN = frozenset(range(0x21, 0x7F)) - frozenset(b"#=\\")
DEFAULTS = "/set type=file uid=0 gid=0 mode=644"


def written(members):
    """The compressed text for the members of a package."""
    lines = ["#mtree", DEFAULTS, *(line(member) for member in members), ""]
    return compressed("\n".join(lines).encode())


def compressed(text):
    """With neither a name nor the clock."""
    packed = BytesIO()
    with gzip.GzipFile("", "wb", fileobj=packed, mtime=0) as file:
        file.write(text)
    return packed.getvalue()


def line(member):
    words = [f"./{quoted(member.name)} time={member.time}.0"]
    if member.mode != 0o644:
        words.append(f"mode={member.mode:o}")
    if member.is_folder:
        words.append("type=dir")
    else:
        words += contents(member)
    return " ".join(words)


def contents(member):
    """The size and the digests of a file, which it has under each of its names. Version 2 does not
    ask for MD5, and takes it; pacman before 6.1 does ask."""
    md5, sha256, size = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
    with member.open() as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            md5.update(block)
            sha256.update(block)
            size += len(block)
    return [f"size={size}", f"md5digest={md5.hexdigest()}", f"sha256digest={sha256.hexdigest()}"]


def quoted(path):
    return "".join(chr(b) if b in PLAIN else f"\\{b:03o}" for b in path.encode())
