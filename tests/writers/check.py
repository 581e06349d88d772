"""Asks our importer for what unzip shows of archives: python3 check.py FOLDER

FOLDER is what make.py made. Natively and, through pyodide.mjs, in Pyodide. Of each archive: the names are the ones that
unzip lists, each member's bytes are the ones that it unpacks, and each module can be imported and says what its source says.
The last line is "N passed, N failed"; an archive is a test.
"""

import importlib
import json
import os
import sys
import traceback
import zipimport


def modules_of(names):
    """Dotted names of the sources that can be imported."""
    for name in names:
        parts = name.removesuffix(".py").split("/")
        if name.endswith(".py") and all(part.isidentifier() for part in parts):
            yield name, ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def check_names(path, listed):
    """Implicit directories, which Python 3.14 adds, are no entries; nor is the archive's own folder, which unzip lists."""
    names = {name for name, entry in zipimport._zip_directory_cache[path].items() if entry is not None} - {"./", ""}
    assert names == set(listed), f"differing names: {sorted(names ^ set(listed))}"


def check_data(importer, path, files):
    for name, data in files.items():
        if data is None and not name.endswith("/"):
            continue  # a link to a folder
        found = importer.get_data(f"{path}/{name}")
        assert found == bytes.fromhex(data or ""), f"{name}: {found[:60]!r}"


def check_modules(path, files):
    before = set(sys.modules)
    sys.path.insert(0, path)
    try:
        for name, dotted in modules_of(files):
            expected = {}
            exec(bytes.fromhex(files[name]), expected)
            module = importlib.import_module(dotted)
            assert module.value == expected["value"], f"{dotted}: {module.value}"
            assert module.__file__ == f"{path}/{name}", module.__file__
    finally:
        sys.path.remove(path)
        for name in set(sys.modules) - before:
            del sys.modules[name]


def check(path, listed, linked):
    importer = zipimport.zipimporter(path)
    check_names(path, listed)
    check_data(importer, path, {**listed, **linked})
    check_modules(path, {**listed, **linked})


def main(folder):
    """Checks every archive and returns the exit code; our importer is installed."""
    folder = os.path.abspath(folder)  # of a relative archive, a package's own modules have absolute paths
    with open(os.path.join(folder, "expected.json"), encoding="utf-8") as file:
        expected = json.load(file)
    passed = failed = 0
    for name, shown in expected.items():
        try:
            check(os.path.join(folder, "archives", f"{name}.zip"), **shown)
            passed += 1
        except Exception:
            failed += 1
            print("FAIL", name)
            traceback.print_exc(file=sys.stdout)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    import pyodide_zipimport

    pyodide_zipimport.install()
    sys.exit(main(sys.argv[1]))
