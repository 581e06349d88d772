"""Archives that change, vanish or break; invalidations and pins."""

import os
import zipimport

import pyodide_zipimport as module
import zipbuild
from support import AN_HOUR

from .common import describe, make, make_importer, pyc, scenario, write

OTHER = {"other.py": "x = 2\n", "m.py": "value = 'new'\n", "m.pyc": pyc(mtime=1)}


def replace(members):
    """Writes another archive without telling anybody."""
    return write(zipbuild.build(members), age=AN_HOUR - 60)


@scenario
def get_data_of_a_replaced_archive():
    importer = make_importer()
    replace(OTHER)
    return lambda: importer.get_data("m.py")


@scenario
def get_code_of_a_replaced_archive():
    importer = make_importer()
    replace(OTHER)
    return lambda: importer.get_code("m").co_consts


@scenario(repeats=False)
def get_data_of_a_vanished_archive():
    importer = make_importer()
    os.remove(importer.archive)
    return lambda: importer.get_data("m.py")


@scenario(repeats=False)
def find_spec_of_a_vanished_archive():
    importer = make_importer({"m.pyc": pyc(mtime=1)})
    os.remove(importer.archive)
    return lambda: describe(importer.find_spec("m"))


@scenario(repeats=False)
def get_data_of_a_broken_archive():
    importer = make_importer()
    write(b"broken")
    return lambda: importer.get_data("m.py")


def invalidating(importer):
    def act():
        importer.invalidate_caches()
        return describe(importer.find_spec("m"))

    return act


@scenario(absent=None)
def invalidation_unchanged():
    return invalidating(make_importer())


@scenario(absent=None)
def invalidation_racy():
    return invalidating(make_importer(age=None))


@scenario(absent=None)
def invalidation_changed():
    importer = make_importer()
    replace(OTHER)
    return invalidating(importer)


@scenario
def invalidation_deleted():
    importer = make_importer()
    os.remove(importer.archive)
    return invalidating(importer)


@scenario
def explicit_invalidation():
    path = make()
    zipimport._zip_directory_cache[path] = {}

    def act():
        module.invalidate(path)
        return module.invalidate()

    return act


@scenario
def pins():
    path = make()

    def act():
        module.pin(path)
        return module.unpin(path)

    return act


@scenario
def implicit_invalidation():
    return lambda: (module.implicit_invalidation([]), module.implicit_invalidation(True))


@scenario
def statistics():
    return lambda: sorted(module.stats())
