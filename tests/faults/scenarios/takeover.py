"""Taking over from stock, giving back, and being loaded."""

import importlib
import os
import sys

import pyodide_zipimport as module
import zipbuild
import zstdstub
from zipbuild import Entry

from .common import LIBRARY, SERVED_NAMES, SOURCE, folder, forget, loading, make, scenario, serve


def exchanging(function, *also):
    """Does it with few modules imported: the others are many, and all alike."""
    few = {name: sys.modules[name] for name in ("builtins", "os", *also, *SERVED_NAMES) if name in sys.modules}

    def act():
        before, sys.modules = sys.modules, few
        try:
            return type(function()).__name__
        finally:
            sys.modules = before

    return act


@scenario(repeats=False)
def install():
    module.uninstall()
    serve()
    return exchanging(module.install)


@scenario
def install_again():
    serve()
    return exchanging(module.install)


@scenario(repeats=False)
def uninstall():
    module.uninstall()
    serve()
    module.install()
    return exchanging(module.uninstall)


@scenario(repeats=False)
def uninstall_after_pkgutil_was_imported():
    module.uninstall()
    module.install()
    forget("pkgutil")
    importlib.import_module("pkgutil")
    return exchanging(module.uninstall, "pkgutil")


@scenario(repeats=False)
def uninstall_while_tracing():
    module.uninstall()
    module.install()
    module.set_tracing(True)
    return exchanging(module.uninstall)


@scenario(repeats=False)
def uninstall_without_the_archive():
    module.uninstall()
    serve()
    module.install()
    os.remove(os.path.join(folder, LIBRARY))
    forget(*SERVED_NAMES)
    return exchanging(module.uninstall)


@scenario
def being_awaited():
    ready = module.install()
    return lambda: list(ready.__await__())


@scenario
def loading_the_module():
    load = loading(sys.hexversion)
    return lambda: sorted(vars(load()))


@scenario
def loading_the_module_as_on_a_later_version():
    load = loading(0x030E00F0)
    return lambda: sorted(vars(load()))


def importing_zstd(data):
    """Reads a zstd member as on a later version, which has _zstd: the stub stands for it."""
    path = make([Entry("m.txt", SOURCE, method=zipbuild.ZSTD, raw=data)])
    load = loading(0x030E00F0)

    def act():
        sys.modules["_zstd"] = zstdstub.make()
        try:
            return importer.get_data("m.txt")
        finally:
            forget("_zstd")

    importer = load().zipimporter(path)
    return act


@scenario(repeats=False, refused=True)
def get_data_zstd():
    return importing_zstd(zstdstub.compress(SOURCE.encode()))


@scenario(repeats=False, refused=True)
def get_data_damaged_zstd():
    return importing_zstd(b"no zstd at all")
