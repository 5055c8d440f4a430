"""What pacman checks installed files by: `.MTREE`. Source: ALPM-MTREE(5), version 2; mtree(5)."""

import hashlib
import struct
import zlib

# What libarchive writes as it is in a path; all else is an octal escape.
PLAIN = frozenset(range(0x21, 0x7F)) - frozenset(b"#=\\")
# The most that a block of a gzip file holds as it is.
BLOCK = 0xFFFF
DEFAULTS = "/set type=file uid=0 gid=0 mode=644"


def written(members):
    """The file's bytes for the members of a package."""
    lines = ["#mtree", DEFAULTS, *(line(member) for member in members), ""]
    return stored("\n".join(lines).encode())


def stored(text):
    """A gzip file that holds the text as it is (RFC 1952, RFC 1951 3.2.4): compressors differ between
    the builds of Python, and the package is compressed itself."""
    blocks = [text[at:at + BLOCK] for at in range(0, len(text), BLOCK)]
    parts = [b"\x1f\x8b\x08\0\0\0\0\0\0\x03"]
    for number, block in enumerate(blocks, 1):
        parts.append(struct.pack("<BHH", number == len(blocks), len(block), len(block) ^ 0xFFFF))
        parts.append(block)
    parts.append(struct.pack("<II", zlib.crc32(text), len(text) & 0xFFFFFFFF))
    return b"".join(parts)


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
