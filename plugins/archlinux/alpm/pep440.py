"""Versions and specifiers of Python projects, normalised as plans have them. Source: PEP 440."""

import re
from typing import NamedTuple, Optional, Tuple

from .errors import Refused

VERSION = re.compile(
    r"(?:(?P<epoch>[0-9]+)!)?"
    r"(?P<release>[0-9]+(?:\.[0-9]+)*)"
    r"(?:(?P<phase>a|b|rc)(?P<pre>[0-9]+))?"
    r"(?:\.post(?P<post>[0-9]+))?"
    r"(?:\.dev(?P<dev>[0-9]+))?"
    r"(?:\+(?P<local>[a-z0-9]+(?:\.[a-z0-9]+)*))?"
)

SPECIFIER = re.compile(
    r"(?P<operator>===|==|!=|~=|<=|>=|<|>)\s*(?P<version>[^\s*]+?)(?P<star>\.\*)?"
)


class Version(NamedTuple):
    epoch: int
    release: Tuple[int, ...]
    # `a`, `b` or `rc`, and its number.
    pre: Optional[Tuple[str, int]] = None
    post: Optional[int] = None
    dev: Optional[int] = None
    local: str = ""

    @property
    def is_final(self):
        return self.pre is None and self.post is None and self.dev is None

    @property
    def stripped(self):
        """The release without trailing zeros; at least one number."""
        length = len(self.release)
        while length > 1 and self.release[length - 1] == 0:
            length -= 1
        return self.release[:length]


class Specifier(NamedTuple):
    operator: str
    version: Version
    # Whether it ends in `.*`.
    is_prefix: bool


def version(text):
    found = VERSION.fullmatch(text)
    if found is None:
        raise Refused(f"`{text}` is not a normalised version")

    def number(name):
        return None if found[name] is None else int(found[name])

    return Version(
        epoch=number("epoch") or 0,
        release=tuple(int(part) for part in found["release"].split(".")),
        pre=(found["phase"], number("pre")) if found["phase"] else None,
        post=number("post"),
        dev=number("dev"),
        local=found["local"] or "",
    )


def specifiers(text):
    """The specifiers of a set such as `>=2.5,<4`, in its order."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        one = SPECIFIER.fullmatch(part)
        if one is None:
            raise Refused(f"`{part}` is not a version specifier")
        found.append(Specifier(one["operator"], version(one["version"]), one["star"] is not None))
    return found


def next_prefix(prefix):
    """The release where versions that begin with `prefix` end: 2.5 for 2.4."""
    *start, last = prefix.release
    return Version(prefix.epoch, (*start, last + 1))
