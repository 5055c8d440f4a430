"""Compiles modules, inside a sandbox where there is one.

Reads a request from standard input, as JSON: the folder to compile in, the one that is copied there
before, the arguments of the interpreter, and the files that may come of it. Writes these to standard
output in their order: each after its length in eight bytes, the lowest first, whose bits are all set
where there is no such file.
"""

import json
import shutil
import subprocess
import sys


def main():
    request = json.load(sys.stdin)
    root = request["root"]
    if request["input"]:
        shutil.copytree(request["input"], root)
    command = [sys.executable] + request["arguments"]
    child = subprocess.run(command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # 1: some are no Python for this interpreter.
    if child.returncode not in (0, 1):
        sys.exit("the interpreter ended with status {}".format(child.returncode))
    if any(line.startswith(b"Sorry: MemoryError") for line in child.stdout.splitlines()):
        sys.exit("a module takes more memory than there is")
    output = sys.stdout.buffer
    for path in request["files"]:
        try:
            with open(root + path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            output.write(b"\xff" * 8)
        else:
            output.write(len(data).to_bytes(8, "little") + data)


main()
