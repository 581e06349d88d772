"""Writes a lock file for Pyodide that lists exactly the wheels of a folder: python3 lock.py PYODIDE WHEELS

Pyodide's own lock lists the same packages, as Pyodide's own servers have them. Wheels of the Python index are
others, so their digests are others.
"""

import hashlib
import json
import pathlib
import sys


def normalize(name):
    return name.lower().replace("_", "-")


def main():
    pyodide, wheels = map(pathlib.Path, sys.argv[1:])
    lock = json.loads((pyodide / "pyodide-lock.json").read_text())
    entries = {normalize(name): entry for name, entry in lock["packages"].items()}
    lock["packages"] = {}
    for wheel in sorted(wheels.glob("*.whl")):
        name = normalize(wheel.name.split("-")[0])
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lock["packages"][name] = {**entries[name], "file_name": wheel.name, "sha256": digest}
    (wheels / "pyodide-lock.json").write_text(json.dumps(lock))


main()
