"""What a scenario is, and what all of them use: archives, importing from them, and modules that stay imported."""

import importlib
import importlib.util
import os
import sys
import tempfile
import zipimport

import pyodide_zipimport as module
import support
import zipbuild
from support import AN_HOUR

SOURCE = "value = 'source'\n"

scenarios = []
# In memory where that can be had: truncating a file waits for the disk.
folder = tempfile.mkdtemp(prefix="zipimport-faults-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
stock = zipimport.zipimporter


class Scenario:
    """prepare() returns the function to walk through; `absent`: what that may return if the archive cannot be read.

    repeats: whether the function can be called again after it failed, without preparing anew.
    shown: whether a failure may be shown through sys.unraisablehook, the function going on without what failed.
    refused: whether a ZipImportError may stand for a failure other than of memory: something could not be had.
    """

    def __init__(self, prepare, absent, repeats, shown, refused):
        self.name, self.prepare, self.absent, self.repeats, self.shown = prepare.__name__, prepare, absent, repeats, shown
        self.refused = refused


def scenario(prepare=None, *, absent=NotImplemented, repeats=True, shown=False, refused=False):
    if prepare is None:
        return lambda prepare: scenario(prepare, absent=absent, repeats=repeats, shown=shown, refused=refused)
    scenarios.append(Scenario(prepare, absent, repeats, shown, refused))
    return prepare


MEMBERS = {
    "m.py": SOURCE,
    "p/__init__.py": "from . import q\n",
    "p/q.py": "value = 'submodule'\n",
    "p/data.txt": "data",
    "space/m.py": SOURCE,
}


def write(data, name="a.zip", age=AN_HOUR):
    return support.write_file(os.path.join(folder, name), data, age)


def make(members=None, name="a.zip", age=AN_HOUR, **knobs):
    """Writes an archive that nobody remembers."""
    path = write(zipbuild.build(MEMBERS if members is None else members, **knobs), name, age)
    sys.path_importer_cache.pop(path, None)
    module.invalidate()
    return path


def make_importer(*args, **knobs):
    return zipimport.zipimporter(make(*args, **knobs))


def pyc(**knobs):
    return support.make_pyc("value = 'bytecode'\n", **knobs)


def describe(spec):
    if spec is None:
        return None
    loader = spec.loader and (type(spec.loader).__name__, spec.loader.archive, spec.loader.prefix)
    return spec.name, spec.origin, loader, spec.submodule_search_locations and list(spec.submodule_search_locations)


def forget(*names):
    for name in names:
        sys.modules.pop(name, None)


def importing(path, *names):
    """Imports from the archive alone, as if for the first time."""

    def act():
        forget(*names)
        before, sys.path = sys.path, [path]
        try:
            for name in names:
                importlib.import_module(name)
            imported = [sys.modules[name] for name in names]
            return [(m.__name__, m.__file__, type(m.__loader__).__name__, getattr(m, "value", None)) for m in imported]
        finally:
            sys.path = before
            forget(*names)

    return act


# Pinned by install() when it has this name.
LIBRARY = "python{}{}.zip".format(*sys.version_info)
SERVED = {"served.py": SOURCE, "served_package/__init__.py": "", "served_package/q.py": SOURCE}
SERVED_NAMES = ["served", "served_package", "served_package.q"]


def serve():
    """Imports modules by the importer that is installed, from an archive that stays on sys.path."""
    path = make(SERVED, LIBRARY)
    if path not in sys.path:
        sys.path.append(path)
    for key in [key for key in sys.path_importer_cache if key.startswith(folder)]:
        del sys.path_importer_cache[key]
    forget(*SERVED_NAMES)
    for name in SERVED_NAMES:
        importlib.import_module(name)


def stop_serving():
    module._use_store(None, "")
    module.set_tracing(False)
    forget(*SERVED_NAMES)
    sys.path[:] = [path for path in sys.path if not path.startswith(folder)]


def served_as_before():
    """Whether modules that were imported before find their sources, and others are imported from the same archive."""
    served = [sys.modules[name] for name in SERVED_NAMES if name in sys.modules]
    for m in served:
        for loader in (m.__loader__, m.__spec__.loader):
            if loader.get_source(m.__name__) != SERVED[loader.get_filename(m.__name__)[len(loader.archive) + 1:]]:
                return False
    forget("served_package.q")
    return not served or importlib.import_module("served_package.q").value == "source"


def loading(hexversion):
    module.uninstall()
    spec = importlib.util.spec_from_file_location(module.__name__, module.__file__)

    def load():
        before, sys.hexversion = sys.hexversion, hexversion
        try:
            loaded = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(loaded)
        finally:
            sys.hexversion = before
        return loaded

    return load
