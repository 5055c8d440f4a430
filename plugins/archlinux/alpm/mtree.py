"""What pacman checks installed files by: `.MTREE`. Source: ALPM-MTREE(5), version 2; mtree(5)."""

import gzip
import hashlib
from io import BytesIO

# What libarchive writes as it is in a path; all else is an octal escape.
PLAIN = frozenset(range(0x21, 0x7F)) - frozenset(b"#=\\")
DEFAULTS = "/set type=file uid=0 gid=0 mode=644"


def written(members):
    """The compressed text for the members of a package."""
    lines = ["#mtree", DEFAULTS] + [line(member) for member in members]
    packed = BytesIO()
    # Neither a name nor the clock.
    with gzip.GzipFile("", "wb", fileobj=packed, mtime=0) as file:
        file.write("\n".join(lines).encode() + b"\n")
    return packed.getvalue()


def line(member):
    words = [f"./{quoted(member.name)} time={member.time}.0"]
    if member.mode != 0o644:
        words.append(f"mode={member.mode:o}")
    if member.is_folder:
        words.append("type=dir")
    else:
        size, digest = contents(member)
        words += [f"size={size}", f"sha256digest={digest}"]
    return " ".join(words)


def contents(member):
    """The size and the digest of a file, which it has under each of its names."""
    digest, size = hashlib.sha256(), 0
    with member.open() as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
            size += len(block)
    return size, digest.hexdigest()


def quoted(path):
    return "".join(chr(b) if b in PLAIN else f"\\{b:03o}" for b in path.encode())
