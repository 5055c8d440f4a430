"""Builds the wheel of a source inside a sandbox.

Reads a request from standard input, as JSON. Writes one line of JSON to standard output: either
{"requires": [...]}, what the backend wants to have installed beside what was asked for, or
{"wheel": NAME}, which the bytes of the wheel follow. All else is said on standard error.

What builds is installed here and not by pip: pip need not be there, and its options differ by its
version. What is installed lasts for one build.
"""

import configparser
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile

WORK = "/build"
SOURCE = WORK + "/source"
ENVIRONMENT = WORK + "/environment"
WHEELS = WORK + "/wheels"
ANSWER = WORK + "/answer.json"
REQUIREMENTS = "/input/requirements"
LAUNCHER = """#!{python}
import sys
from {module} import {first}
sys.exit({attribute}())
"""


def unpack(request):
    """The folder of the project."""
    path = request["source"]
    if os.path.isdir(path):
        shutil.copytree(path, SOURCE, symlinks=True)
        for folder, _, files in os.walk(SOURCE):
            for name in files + ["."]:
                entry = os.path.join(folder, name)
                if not os.path.islink(entry):
                    os.utime(entry, (request["time"], request["time"]))
        folder = SOURCE
    else:
        os.mkdir(SOURCE)
        if path.endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                archive.extractall(SOURCE)
        else:
            with tarfile.open(path) as archive:
                archive.extractall(SOURCE)
        found = [name for name in os.listdir(SOURCE) if name != "pax_global_header"]
        if len(found) != 1:
            sys.exit("the archive has no single folder")
        folder = os.path.join(SOURCE, found[0])
    return os.path.join(folder, request["subdirectory"] or "")


def prepare():
    """A virtual environment with all wheels that are there; its interpreter."""
    site = "lib/python{}.{}/site-packages".format(*sys.version_info[:2])
    paths = {
        "purelib": os.path.join(ENVIRONMENT, site),
        "platlib": os.path.join(ENVIRONMENT, site),
        "scripts": os.path.join(ENVIRONMENT, "bin"),
        "headers": os.path.join(ENVIRONMENT, "include"),
        "data": ENVIRONMENT,
    }
    for path in paths.values():
        os.makedirs(path, exist_ok=True)
    python = os.path.join(paths["scripts"], "python")
    os.symlink(os.path.realpath(sys.executable), python)
    os.symlink("python", python + "3")
    with open(os.path.join(ENVIRONMENT, "pyvenv.cfg"), "w") as file:
        home = os.path.dirname(os.path.realpath(sys.executable))
        file.write("home = {}\ninclude-system-site-packages = false\n".format(home))
    for name in sorted(os.listdir(REQUIREMENTS)):
        with zipfile.ZipFile(os.path.join(REQUIREMENTS, name)) as wheel:
            install(wheel, paths, python)
    return python


def install(wheel, paths, python):
    for member in wheel.infolist():
        if member.filename.endswith("/"):
            continue
        kind, rest = "purelib", member.filename
        folder, _, inner = rest.partition("/")
        if folder.endswith(".data"):
            kind, _, rest = inner.partition("/")
        data = wheel.read(member)
        mode = member.external_attr >> 16 & 0o111 | 0o644
        if kind == "scripts":
            mode = 0o755
            if data.startswith(b"#!python"):
                line, end, body = data.partition(b"\n")
                data = b"#!" + python.encode() + end + body
        put(os.path.join(paths[kind], rest), data, mode)
        if rest == member.filename and rest.endswith(".dist-info/entry_points.txt"):
            launchers(data.decode(), paths, python)


def launchers(text, paths, python):
    parser = configparser.ConfigParser(delimiters=("=",), strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string(text)
    for section in ("console_scripts", "gui_scripts"):
        for name, value in parser.items(section) if parser.has_section(section) else ():
            module, _, attribute = value.split("[")[0].strip().partition(":")
            script = LAUNCHER.format(
                python=python, module=module, first=attribute.split(".")[0], attribute=attribute
            )
            put(os.path.join(paths["scripts"], name), script.encode(), 0o755)


def put(path, data, mode):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, mode)


def ask(python, folder, request, hook):
    """What a hook of the backend returns, called in a process of its own."""
    environment = dict(os.environ, TMPDIR=WORK + "/tmp", HOME=WORK + "/home")
    environment["PATH"] = os.path.dirname(python) + ":" + environment["PATH"]
    environment["VIRTUAL_ENV"] = ENVIRONMENT
    command = [python, os.path.abspath(__file__), hook]
    child = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=sys.stderr
    )
    child.communicate(json.dumps(request).encode())
    if child.returncode:
        sys.exit(1)
    with open(ANSWER) as file:
        return json.load(file)


def call(hook):
    """Calls a hook of the backend in this process."""
    request = json.load(sys.stdin)
    folder = os.getcwd()
    sys.path[0:1] = [os.path.join(folder, path) for path in request["backend_path"]]
    module, _, attribute = request["backend"].partition(":")
    backend = __import__(module, fromlist=["_"])
    for name in attribute.split(".") if attribute else ():
        backend = getattr(backend, name)
    answer = []
    if hook == "build_wheel":
        answer = backend.build_wheel(WHEELS, request["settings"], None)
    elif hasattr(backend, hook):
        answer = getattr(backend, hook)(request["settings"])
    with open(ANSWER, "w") as file:
        json.dump(answer, file)


def send(name, output):
    """Only a plain file leaves the sandbox: a link could name one that is not the build's."""
    if not isinstance(name, str) or os.path.basename(name) != name:
        sys.exit("the backend names no file of its folder")
    try:
        handle = os.open(os.path.join(WHEELS, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        sys.exit("the wheel cannot be taken: {}".format(error.strerror))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        sys.exit("the wheel is not a regular file")
    with os.fdopen(handle, "rb") as file:
        output.write(json.dumps({"wheel": name}).encode() + b"\n")
        shutil.copyfileobj(file, output)


def main():
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.umask(0o022)
    request = json.load(sys.stdin)
    for name in ("home", "tmp", "wheels"):
        os.mkdir(os.path.join(WORK, name))
    folder = unpack(request)
    python = prepare()
    wanted = ask(python, folder, request, "get_requires_for_build_wheel")
    if any(text not in request["asked"] for text in wanted):
        output.write(json.dumps({"requires": wanted}).encode() + b"\n")
    else:
        send(ask(python, folder, request, "build_wheel"), output)
    output.close()


if __name__ == "__main__":
    call(sys.argv[1]) if len(sys.argv) > 1 else main()
