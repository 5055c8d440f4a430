"""Versions as pacman writes and orders them.

PEP 440's order has to be that of vercmp(8), which takes letters behind a number for what comes
before it (1.0a < 1.0), letters behind a separator for what comes after it (1.0 < 1.0.a < 1.0.1),
and letters by their bytes, so that capitals come first:

    1.0DEV3 < 1.0a1DEV2 < 1.0a1 < 1.0a1.post1 < 1.0rc1 < 1.0 < 1.0+local.x < 1.0.post1 < 1.0.1

It cannot be where PEP 440 takes zeros at the end for nothing (1.0 is 1.0.0, for vercmp it is less:
bounds are written with as many numbers as the version has that was chosen), and within a part of a
local version that mixes letters and digits.
"""

import functools
import re
from typing import NamedTuple, Optional

from . import pep440

# alpm-package-version(7): `[EPOCH:]PKGVER-PKGREL`. alpm-pkgver(7): printable ASCII characters but
# `-`, `/`, `:`, `<`, `=` and `>`, and no full stop in front.
FULL = re.compile(
    r"(?:(?P<epoch>[0-9]{1,18}):)?"
    r"(?P<pkgver>[!-,0-9;?-~][!-,.0-9;?-~]*)-"
    r"(?P<pkgrel>[0-9]+(?:\.[0-9]+)?)"
)

# What a version begins with, and each part of it for rpmvercmp: separators, and a run of digits or
# of letters.
EPOCH = re.compile(rb"([0-9]*):")
SEPARATORS = re.compile(rb"[^0-9A-Za-z]*")
DIGITS = re.compile(rb"[0-9]*")
LETTERS = re.compile(rb"[A-Za-z]*")


def pkgver(version):
    """The version without its epoch, as a PKGBUILD states it: published digits are kept."""
    return _release(version.release) + _suffix(version) + _local(version)


def padded(version, components):
    """A bound for packages whose version has so many numbers: without trailing zeros, then filled
    up with them; with the epoch and without the local version."""
    zeros = (0,) * (components - len(version.stripped))
    return _epoch(version) + _release(version.stripped + zeros) + _suffix(version)


def exact(version, components):
    """The same with the local version."""
    return padded(version, components) + _local(version)


def start(version):
    """Below all that belongs to a release, its development releases included."""
    return f"{_epoch(version)}{_release(version.stripped)}DEV"


def _release(numbers):
    return ".".join(map(str, numbers))


def _suffix(version):
    pre = "{}{}".format(*version.pre) if version.pre else ""
    post = f".post{version.post}" if version.post is not None else ""
    dev = f"DEV{version.dev}" if version.dev is not None else ""
    return pre + post + dev


def _local(version):
    """`local` sorts below `post`."""
    return f"+local.{version.local}" if version.local else ""


def _epoch(version):
    return f"{version.epoch}:" if version.epoch else ""


class Evr(NamedTuple):
    """Epoch, pkgver and pkgrel of a text; a missing pkgrel is nothing, and a missing epoch 0."""

    epoch: bytes
    version: bytes
    release: Optional[bytes]


def split(text):
    """The parts of a version, by the rules of libalpm's `parseEVR`."""
    text = text.encode()
    epoch = EPOCH.match(text)
    rest = text[epoch.end() :] if epoch else text
    version, hyphen, release = rest.rpartition(b"-")
    parts = (version, release) if hyphen else (release, None)
    return Evr(epoch[1] if epoch else b"", *parts)


def compare(a, b):
    """-1, 0 or 1, as vercmp(8) answers: a pkgrel counts only where both have one."""
    a, b = split(a), split(b)
    order = _compare_part(a.epoch or b"0", b.epoch or b"0") or _compare_part(a.version, b.version)
    if order or a.release is None or b.release is None:
        return order
    return _compare_part(a.release, b.release)


def _compare_part(a, b):
    """libalpm's `rpmvercmp`: runs of digits or letters in turn, separators by their length."""
    while a and b:
        (skipped_a, a), (skipped_b, b) = _take(SEPARATORS, a), _take(SEPARATORS, b)
        if not (a and b):
            break
        if len(skipped_a) != len(skipped_b):
            return _sign(len(skipped_a), len(skipped_b))
        is_number = a[:1].isdigit()
        run = DIGITS if is_number else LETTERS
        (one, a), (two, b) = _take(run, a), _take(run, b)
        # A number is newer than letters.
        if not two:
            return 1 if is_number else -1
        if is_number:
            one, two = one.lstrip(b"0"), two.lstrip(b"0")
            order = _sign(len(one), len(two)) or _sign(one, two)
        else:
            order = _sign(one, two)
        if order:
            return order
    return _compare_rest(a, b)


def _compare_rest(a, b):
    """What is left of two texts that are alike so far: letters make a version older, all else
    makes it newer."""
    if not a and not b:
        return 0
    return -1 if a[:1].isalpha() or (not a and not b[:1].isalpha()) else 1


def _take(pattern, text):
    end = pattern.match(text).end()
    return text[:end], text[end:]


def _sign(a, b):
    return (a > b) - (a < b)


def answer_versions(request):
    releases = request["releases"].items()
    return {"versions": {name: pkgver(pep440.version(release)) for name, release in releases}}


def answer_order(request):
    """The ranks of versions, from 0; equal ones have the same."""
    versions = request["versions"]
    ranks, last = {}, None
    # Without a pkgrel a version equals several that differ: the texts' own order decides first.
    for text in sorted(sorted(set(versions)), key=functools.cmp_to_key(compare)):
        rank = 0 if last is None else ranks[last] + (compare(last, text) != 0)
        ranks[text], last = rank, text
    return {"ranks": [ranks[text] for text in versions]}
