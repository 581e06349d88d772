"""Prints as JSON what is to be known of an archive that the command line made, for cli.test.mjs.

archive_facts.py NEW OLD: read with CPython's zipfile, and with none of the code that wrote it."""

import _imp
import base64
import csv
import hashlib
import io
import json
import sys
import zipfile


def digest(data):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def source_of(name):
    folder, _, file = name.rpartition("/")
    if folder.endswith("__pycache__"):
        folder = folder[: -len("__pycache__")].rstrip("/")
        file = file.rsplit(".", 2)[0] + ".pyc"
    return f"{folder}/{file[:-1]}".lstrip("/")


def carries_true_hash(archive, name):
    data = archive.read(name)
    magic = int.from_bytes(data[:4], "little")
    return data[8:16] == _imp.source_hash(magic, archive.read(source_of(name)))


def faults_of_record(archive, name):
    """What a strict installer would say of a wheel's list of its files."""
    rows = list(csv.reader(io.StringIO(archive.read(name).decode(), newline="")))
    listed = [path for path, *_ in rows]
    present = {each for each in archive.namelist() if not each.endswith("/")}
    yield from (f"twice: {path}" for path in set(listed) if listed.count(path) > 1)
    yield from (f"not listed: {path}" for path in present - set(listed))
    for path, hashed, nbytes in rows:
        if path == name:
            continue
        data = archive.read(path)
        if (hashed, nbytes) != (digest(data), str(len(data))):
            yield f"other content: {path}"


with zipfile.ZipFile(sys.argv[1]) as new, zipfile.ZipFile(sys.argv[2]) as old:
    names, before = new.namelist(), old.namelist()
    records = [name for name in names if name.count("/") == 1 and name.endswith(".dist-info/RECORD")]
    added = [name for name in names if name not in before]
    pycs = [name for name in added if name.endswith(".pyc")]
    facts = {
        "broken": new.testzip(),
        "unique": len(set(names)) == len(names),
        "changed": [name for name in before if name not in names or old.read(name) != new.read(name)],
        "added": added,
        "flags": sorted({int.from_bytes(new.read(name)[4:8], "little") for name in pycs}),
        "methods": sorted({new.getinfo(name).compress_type for name in pycs}),
        "wrong_hashes": [name for name in pycs if not carries_true_hash(new, name)],
        "faults": [fault for name in records for fault in faults_of_record(new, name)],
    }
print(json.dumps(facts))
