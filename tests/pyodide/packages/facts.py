"""What there is to see of packages: the same, whether their wheels were unpacked or are shown."""

import importlib.metadata
import os
import sys
import sysconfig
import zlib

SITE = sysconfig.get_path("purelib")


def listing(root=SITE):
    """Every file below a folder, with its size and a checksum of what it holds."""
    found = []
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            if "__pycache__" in path:
                continue
            with open(path, "rb") as file:
                contents = file.read()
            assert os.stat(path).st_size == len(contents), path
            found.append((os.path.relpath(path, root), len(contents), zlib.crc32(contents)))
        if not names and not folders:
            found.append((os.path.relpath(folder, root), "empty"))
    return found


def metadata(name):
    """What importlib.metadata says of a package."""
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    texts = ("INSTALLER", "PYODIDE_SOURCE", "PYODIDE_URL", "PYODIDE_SHA256", "PYODIDE_REQUIRES", "RECORD")
    return {
        "version": distribution.version,
        "requires": distribution.requires,
        "entry points": sorted((each.group, each.name, each.value) for each in distribution.entry_points),
        "files": [(str(each), each.locate().is_file()) for each in distribution.files or []],
        "texts": [(each, distribution.read_text(each)) for each in texts],
    }


def distributions():
    return sorted((each.metadata["Name"], each.version) for each in importlib.metadata.distributions())


# Unpacking imports it.
BY_UNPACKING = {"tarfile"}


def modules():
    """Names of the modules, and where each comes from."""
    return sorted(
        (name, getattr(module, "__file__", None) or "")
        for name, module in sys.modules.items()
        if name not in BY_UNPACKING
    )


def in_order(value):
    """The same, with all lists of it sorted."""
    if isinstance(value, dict):
        return {name: in_order(value[name]) for name in sorted(value)}
    return sorted(value) if isinstance(value, list) else value
