"""Makes this interpreter one with another patch version's zipimport.py and linecache.py, as if it had started with them."""

import gc
import linecache
import sys
import zipimport


def run_in(module, path):
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), vars(module))


def put_in(folder):
    """folder has the two files. Importers that are in use become the new class's."""
    old = zipimport.zipimporter
    run_in(zipimport, f"{folder}/zipimport.py")
    run_in(linecache, f"{folder}/linecache.py")
    new = zipimport.zipimporter
    sys.path_hooks[:] = [new if hook is old else hook for hook in sys.path_hooks]
    for importer in gc.get_objects():
        if type(importer) is old:
            importer.__class__ = new
    pkgutil = sys.modules.get("pkgutil")
    if pkgutil:
        pkgutil.iter_importer_modules.register(new, pkgutil.iter_zipimporter_modules)
        pkgutil.zipimporter = new
