"""What a plan says, in pacman's words."""

import hashlib
import re

from . import pep440
from .errors import Refused, message
from .pkginfo import HEADER
from .relation import NAME, Clauses, Dependency, clauses
from .version import FULL, pkgver

STRENGTHS = ("requires", "recommends", "suggests", "provides", "conflicts", "replaces")

# Names that a person gives may come with a bound, in any format's way: `NAME`, `NAME >= VERSION`,
# `NAME (>= VERSION)`.
GIVEN = re.compile(r"(\S+)(?: \(?(<<|<=|=|>=|>>|<|>) ([^\s)]+)\)?)?")


def answer(request):
    packages, messages = [], []
    for plan in request["packages"]:
        lowering = Lowering(plan, request["target"])
        packages.append(lowering.package())
        messages += lowering.messages
    return {"packages": packages, "messages": messages}


class Lowering:
    """One plan, and what is told about it."""

    def __init__(self, plan, target):
        self.plan = plan
        self.target = target
        self.messages = []

    def tell(self, level, text):
        self.messages.append(message(level, text, self.plan["project"]))

    def package(self):
        plan = self.plan
        name, version = plan["package"], full_version(plan["evr"])
        if NAME.fullmatch(name) is None:
            self.tell("error", f"`{name}` is not a valid package name")
        if FULL.fullmatch(version) is None:
            self.tell("error", f"`{version}` is not a valid package version")
        summary = plan["summary"].rstrip(". ")
        independent = plan["architecture"] == "independent"
        architecture = self.target["independent-architecture" if independent else "architecture"]
        return {
            "project": plan["project"],
            "architecture": architecture,
            # alpm-package(7).
            "filename": f"{name}-{version}-{architecture}.pkg.tar.zst",
            "relations": self.relations(),
            # In a database it would begin a section.
            "summary": f"| {summary}" if HEADER.fullmatch(summary) else None,
            "words": words(plan),
        }

    def relations(self):
        """Each once, in the order of strengths and names; the bounds of a name keep theirs."""
        origins = {}
        for stated in self.plan["relations"]:
            try:
                for key in self.lowered(stated):
                    origins.setdefault(key, stated["origin"])
            except Refused as error:
                self.tell("error", f"{stated['origin']}: {error}")

        def place(key):
            strength, text = key
            return STRENGTHS.index(strength), re.split("[<>=:]", text)[0]

        return [
            {"strength": strength, "text": text, "origin": origins[strength, text]}
            for strength, text in sorted(origins, key=place)
        ]

    def lowered(self, stated):
        """The strengths and texts that a relation becomes."""
        strength = stated["strength"]
        ((kind, capability),) = stated["capability"].items()
        found = KINDS[kind](self, capability)
        if strength in ("recommends", "suggests"):
            # PKGBUILD(5), `optdepends`: for information; pacman compares no versions.
            names = dict.fromkeys(Dependency.parse(text).name for text in found.requires)
            return [(strength, f"{name}: {stated['origin']}") for name in names]
        if strength != "requires" and len(found.requires) + len(found.conflicts) > 1:
            raise Refused("each of its bounds would count alone")
        for version in found.unsaid:
            self.tell("note", f"{stated['origin']}: {pkgver(version)}.* is not excluded: no "
                      "relation of pacman has alternatives")
        texts = [(strength, text) for text in found.requires]
        return texts + [("conflicts", text) for text in found.conflicts]

    def project(self, capability):
        candidate = capability.get("candidate")
        return clauses(
            capability["package"],
            pep440.specifiers(capability["specifiers"]),
            pep440.version(candidate) if candidate else None,
        )

    def dist(self, capability):
        """A package is found by its own name; where that is not the project's, also by the name
        that the project would have."""
        package, interpreter = self.plan["package"], self.target["interpreter-package"]
        conventional = f"{interpreter}-{capability['project']}"
        # Other names are those of collections in a tree of their own.
        is_public = package.startswith(f"{interpreter}-")
        if not is_public or package in (conventional, capability["project"]):
            return Clauses([])
        return Clauses([f"{conventional}={full_version(self.plan['evr'])}"])

    def interpreter(self, capability):
        """Exact for every package: the site folder has the version in its name."""
        name, (major, minor) = self.target["interpreter-package"], capability["version"]
        return Clauses([f"{name}>={major}.{minor}", f"{name}<{major}.{minor + 1}"])

    def library(self, capability):
        if capability.get("package") is None:
            raise Refused(f"no package is known that has `{capability['soname']}`")
        return Clauses([given(capability["package"])])

    def named(self, capability):
        own = f"={full_version(self.plan['evr'])}" if capability["own-version"] else ""
        return Clauses([given(capability["name"]) + own])


KINDS = {
    "project": Lowering.project,
    "dist": Lowering.dist,
    "interpreter": Lowering.interpreter,
    "library": Lowering.library,
    "package": Lowering.named,
}


def given(text):
    """A name with its bound, as pacman writes it."""
    found = GIVEN.fullmatch(text)
    if found is None:
        raise Refused(f"`{text}` is not a valid dependency")
    operator = (found[2] or "").replace("<<", "<").replace(">>", ">")
    return str(Dependency.parse(found[1] + operator + (found[3] or "")))


def full_version(evr):
    """alpm-package-version(7): `[EPOCH:]PKGVER-PKGREL`."""
    epoch = f"{evr['epoch']}:" if evr.get("epoch") else ""
    return f"{epoch}{evr['version']}-{evr['release']}"


def words(plan):
    """What the templates use beside the general context: `context.csv`."""
    return {
        "install": install_name(plan),
        "backup": backup(plan),
        "checksums": checksums(plan),
    }


def install_name(plan):
    """The file of a PKGBUILD's `install`, where a person has scriptlets."""
    return f"{plan['package']}.install" if plan.get("scriptlets") else None


def backup(plan):
    """Files that pacman keeps where they were changed: PKGBUILD(5), `backup`."""
    files = (file["path"] for file in plan["files"] if file["role"] == "configuration")
    return [path.lstrip("/") for path in files]


def checksums(plan):
    """The sums of a recipe's sources: of the release file, of the plan's own texts, then of the
    list of scripts whose first line is replaced. A wheel that was built here is another one wherever it is built again."""
    source = plan["source"]
    built = source.get("built-wheel") is not None
    published = "SKIP" if built else source["hashes"].get("sha256", "SKIP")
    contents = [file["content"] for file in plan["files"]]
    texts = [content["text"] for content in contents if "text" in content]
    scripts = {}
    for script in (content["script"] for content in contents if "script" in content):
        scripts.setdefault(script["member"]["path"], script["shebang"])
    if scripts:
        texts.append("".join(f"{name}\n{scripts[name]}\n" for name in sorted(scripts)))
    return [published] + [hashlib.sha256(text.encode()).hexdigest() for text in texts]
