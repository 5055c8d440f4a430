"""Relations between packages. Source: alpm-package-relation(7), alpm-comparison(7).

A package's relations are single comparisons, all of which must hold: there are no alternatives.
What they cannot exclude is a conflict, and of a whole series of versions the dependency stays on
the side of the one that was chosen. `!=1.0` lets local versions of 1.0 in, which is one conflict
more than a package can state.
"""

import re
from typing import NamedTuple, Sequence

from . import pep440
from .errors import Refused
from .version import compare, exact, padded, start

# alpm-package-name(7).
NAME = re.compile(r"[A-Za-z0-9@_+][A-Za-z0-9@._+-]*")
COMPARISON = re.compile(r"(?P<name>[^<>=\s]+)(?:(?P<operator><=|>=|<|>|=)(?P<version>[^<>=\s]+))?")

HOLDS = {
    "": lambda order: True,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    "=": lambda order: order == 0,
    ">=": lambda order: order >= 0,
    ">": lambda order: order > 0,
}


class Dependency(NamedTuple):
    """`python-idna>=2.5`."""

    name: str
    operator: str = ""
    version: str = ""

    @classmethod
    def parse(cls, text):
        found = COMPARISON.fullmatch(text)
        if found is None or NAME.fullmatch(found["name"]) is None:
            raise Refused(f"`{text}` is not a valid dependency")
        return cls(found["name"], found["operator"] or "", found["version"] or "")

    def admits(self, version):
        return HOLDS[self.operator](compare(version, self.version))

    def __str__(self):
        return self.name + self.operator + self.version


class Clauses(NamedTuple):
    """What a relation comes to: what is required, lower bounds first, what is in conflict, and the
    series of versions that neither excludes."""

    requires: Sequence[str]
    conflicts: Sequence[str] = ()
    unsaid: Sequence[pep440.Version] = ()


def clauses(package, specifiers, candidate):
    """The relations with `package` within the specifiers; `candidate` is the version that was
    chosen, where one was."""
    components = len(candidate.release) if candidate else 0
    lower, upper, conflicts, unsaid = [], [], [], []
    for specifier in specifiers:
        if specifier.operator == "!=" and not specifier.is_prefix:
            conflicts.append(f"{package}={exact(specifier.version, components)}")
            continue
        if specifier.operator == "!=":
            low, high = side(specifier.version, candidate)
            unsaid += [] if low or high else [specifier.version]
        else:
            low, high = bounds(specifier, components)
        lower += [low] if low else []
        upper += [high] if high else []
    requires = [package + bound for bound in dict.fromkeys(lower + upper)]
    return Clauses(requires or [package], conflicts, unsaid)


def bounds(specifier, components):
    """The lower and the upper bound of a specifier; the empty text where there is none.

    Local versions belong to the public one that they begin with (PEP 440), and sort below `.post`.
    """
    operator, version = specifier.operator, specifier.version
    at_least, at_most = f">={padded(version, components)}", f"<{padded(version, components)}.post"
    if operator in ("==", "===") and specifier.is_prefix:
        return f">={start(version)}", f"<{start(pep440.next_prefix(version))}"
    if operator in ("==", "===") and version.local:
        return f"={exact(version, components)}", ""
    if operator == "~=":
        prefix = version._replace(release=version.release[: max(len(version.release) - 1, 1)])
        return at_least, f"<{start(pep440.next_prefix(prefix))}"
    return {
        "==": (at_least, at_most),
        "===": (at_least, at_most),
        ">=": (at_least, ""),
        "<=": ("", at_most),
        # No post-release, and no local version, of the version itself.
        ">": (f">={padded(version, components)}.1DEV", ""),
        "<": ("", f"<{before(version, components)}"),
    }[operator]


def before(version, components):
    """Where what is less than a version ends: PEP 440 leaves its pre-releases out, too, unless it
    is one itself."""
    if version.is_final:
        return start(version)
    is_post = version.post is not None and version.dev is None
    return padded(version, components) + ("DEV" if is_post else "")


def side(prefix, candidate):
    """The bounds that keep a dependency on the side of a prefix on which the candidate is."""
    chosen = candidate and exact(candidate, len(candidate.release))
    first, end = start(prefix), start(pep440.next_prefix(prefix))
    if chosen and compare(chosen, first) < 0:
        return "", f"<{first}"
    if chosen and compare(chosen, end) >= 0:
        return f">={end}", ""
    return "", ""


class Offer(NamedTuple):
    """What a package answers to: its name and version, and what it provides."""

    name: str
    version: str
    provides: Sequence[Dependency]

    def satisfies(self, dependency):
        """By libalpm's `_alpm_depcmp`: a provision without a version meets no bound."""
        if dependency.name == self.name and dependency.admits(self.version):
            return True
        named = (provided for provided in self.provides if provided.name == dependency.name)
        return any(
            not dependency.operator or (p.operator == "=" and dependency.admits(p.version))
            for p in named
        )


def of_strength(package, strength):
    """The relations of one kind that a package has, each with its text."""
    texts = (r["text"] for r in package["relations"] if r["strength"] == strength)
    return [(Dependency.parse(text), text) for text in texts]


def newest(packages):
    """The newest package of each name, sorted by name."""
    found = {}
    for package in packages:
        known = found.get(package["package"])
        if known is None or compare(package["version"], known["version"]) > 0:
            found[package["package"]] = package
    return sorted(found.values(), key=lambda package: package["package"])


def answer_unmet(request):
    """The requirements of the newest packages that none of them meets: a database has no others."""
    packages = newest(request["packages"])
    offers = {}
    for package in packages:
        provides = [dependency for dependency, _ in of_strength(package, "provides")]
        offer = Offer(package["package"], package["version"], provides)
        for name in {offer.name, *(provided.name for provided in provides)}:
            offers.setdefault(name, []).append(offer)
    unmet = []
    for package in packages:
        for dependency, text in of_strength(package, "requires"):
            if not any(offer.satisfies(dependency) for offer in offers.get(dependency.name, ())):
                told = {"package": package["package"], "relation": text, "name": dependency.name}
                unmet.append(told)
    return {"unmet": unmet}
