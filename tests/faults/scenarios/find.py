"""Constructing importers, and finding modules."""

import os
import pickle
import zipimport

import pyodide_zipimport as module
import zipbuild
from zipbuild import Entry

from .common import SOURCE, describe, folder, make, make_importer, scenario, write


@scenario
def construct():
    path = make()
    return lambda: repr(zipimport.zipimporter(path))


@scenario
def construct_with_prefix():
    path = os.path.join(make(), "p", "q")
    return lambda: repr(zipimport.zipimporter(path))


def entering(path, function):
    """Calls a function in another folder."""

    def act():
        before = os.getcwd()
        os.chdir(path)
        try:
            return function()
        finally:
            os.chdir(before)

    return act


@scenario
def construct_on_a_relative_path():
    make()
    return entering(folder, lambda: repr(zipimport.zipimporter("./a.zip")))


@scenario
def construct_by_another_spelling():
    importer = make_importer()
    return entering(folder, lambda: (repr(zipimport.zipimporter("a.zip")), zipimport._zip_directory_cache["a.zip"]["m.py"],
                                     importer._files["m.py"] if hasattr(importer, "_files") else None))


@scenario(absent=None)
def find_spec_where_the_path_is_decided():
    make()
    data = entering(folder, lambda: pickle.dumps(zipimport.zipimporter("a.zip")))()
    return entering(folder, lambda: describe(pickle.loads(data).find_spec("m")))


def refusal(function, path):
    """The kind of refusal that a path meets in a folder that was deleted."""
    try:
        return function(path)
    except (zipimport.ZipImportError, FileNotFoundError) as error:
        return type(error).__name__


@scenario
def find_spec_in_a_deleted_folder():
    make()
    data = entering(folder, lambda: pickle.dumps(zipimport.zipimporter("a.zip")))()
    gone = os.path.join(folder, "gone")

    def act():
        os.rmdir(gone)
        return pickle.loads(data).find_spec("m"), refusal(zipimport.zipimporter, "a.zip"), refusal(module.pin, "a.zip")

    def enter():
        os.makedirs(gone, exist_ok=True)
        return entering(gone, act)()

    return enter


@scenario
def construct_on_nothing():
    return lambda: repr(zipimport.zipimporter(os.path.join(folder, "no", "such.zip")))


@scenario
def construct_on_no_str():
    return lambda: repr(zipimport.zipimporter(b"a.zip"))


@scenario
def construct_on_no_archive():
    path = write(b"not a zip")
    return lambda: repr(zipimport.zipimporter(path))


@scenario
def construct_on_a_wrong_count():
    path = make(entries_on_disk=7)
    return lambda: repr(zipimport.zipimporter(path))


@scenario
def construct_on_a_wrong_size():
    path = make(directory_size=70000)
    return lambda: repr(zipimport.zipimporter(path))


@scenario
def construct_on_a_name_that_is_not_utf8():
    path = make([Entry(b"caf\xe9.py", SOURCE, flags=zipbuild.UTF8_FLAG)])
    return lambda: repr(zipimport.zipimporter(path))


@scenario(absent=None)
def find_spec_of_a_module():
    importer = make_importer()
    return lambda: describe(importer.find_spec("m"))


@scenario(absent=None)
def find_spec_of_a_package():
    importer = make_importer()
    return lambda: describe(importer.find_spec("p"))


@scenario(absent=None)
def find_spec_of_a_package_of_a_relative_archive():
    make()
    importer = entering(folder, lambda: zipimport.zipimporter("a.zip"))()
    return lambda: [describe(importer.find_spec(name)) for name in ("p", "space")]


@scenario(absent=None)
def find_spec_of_an_importer_that_names_its_files():
    class Naming(zipimport.zipimporter):
        def get_filename(self, fullname):
            return super().get_filename(fullname)

    importer = Naming(make())
    return lambda: [describe(importer.find_spec(name)) for name in ("p", "m")]


@scenario(absent=None)
def find_spec_of_a_directory():
    importer = make_importer()
    return lambda: describe(importer.find_spec("space"))


@scenario
def find_spec_of_nothing():
    importer = make_importer()
    return lambda: describe(importer.find_spec("nothing"))


@scenario
def find_spec_of_a_long_name():
    name = "m" * 300
    importer = make_importer({name + ".py": SOURCE})
    return lambda: describe(importer.find_spec(name))


@scenario
def find_spec_of_a_name_that_cannot_be():
    importer = make_importer()
    return lambda: describe(importer.find_spec("\udc80"))


@scenario
def find_spec_of_no_str():
    importer = make_importer()
    return lambda: importer.find_spec(b"m")


@scenario
def is_package():
    importer = make_importer()
    return lambda: (importer.is_package("m"), importer.is_package("p"))


@scenario
def is_package_of_nothing():
    importer = make_importer()
    return lambda: importer.is_package("nothing")


@scenario
def wrong_arguments():
    importer = make_importer()

    def act():
        for arguments in ({"nonsense": "m"}, {}):
            try:
                importer.get_code(**arguments)
            except TypeError as error:
                yield str(error)

    return lambda: list(act())
