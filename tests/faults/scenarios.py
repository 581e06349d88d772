"""What walk.py walks through: each scenario prepares something and returns what to do then, again and again if need be.

What is done returns values that can be compared, and leaves nothing behind that its next preparation does not remove.
"""

import contextlib
import ctypes
import errno
import importlib
import importlib.machinery
import importlib.util
import itertools
import os
import pickle
import struct
import sys
import tempfile
import zipfile
import zipimport
import zlib

import support
import zipbuild
import zstdstub
from support import AN_HOUR
from zipbuild import Entry

SOURCE = "value = 'source'\n"
CHECKED, UNCHECKED = 3, 1

scenarios = []
# In memory where that can be had: truncating a file waits for the disk.
folder = tempfile.mkdtemp(prefix="zipimport-faults-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
module = None  # pyodide_zipimport, set by walk.py
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


# --- archives ------------------------------------------------------------------------------------

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


# --- constructing and finding --------------------------------------------------------------------


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


# --- importing -----------------------------------------------------------------------------------


@scenario
def import_from_source():
    return importing(make(), "m")


@scenario
def import_a_package():
    return importing(make(method=zipbuild.DEFLATED), "p", "p.q")


@scenario
def import_under_shown_names():
    windows = [Entry("p\\__init__.py", "from . import q\n"), Entry("p\\q.py", SOURCE)]
    mac = [Entry("d\xe9.py".encode(), SOURCE, version_made=3 << 8), Entry("./m.py", SOURCE)]
    return importing(make(windows + mac), "p", "p.q", "d\xe9", "m")


def link(name, text):
    return Entry(name, text, version_made=3 << 8, attributes=0o120777 << 16)


@scenario
def import_through_links():
    members = [Entry("real/__init__.py", "from . import q\n"), Entry("real/q.py", SOURCE), link("p", "real"), link("m.py", "p/q.py")]
    return importing(make(members), "p", "p.q", "m")


@scenario
def import_a_link_that_leads_nowhere():
    importer = make_importer([link("m.py", "../m.py"), link("p", "p")])

    def act():
        specs = [describe(importer.find_spec(name)) for name in ("m", "p")]
        for name in "m", "p":
            try:
                importer.get_code(name)
            except zipimport.ZipImportError as error:
                if "symbolic link" not in str(error):
                    raise
                specs.append(str(error))
        return specs

    return act


@scenario
def get_data_of_a_link_by_its_stored_name():
    importer = make_importer([Entry("m.py", SOURCE), link("/a.py", "m.py"), link("b//c.py", "m.py"), Entry("b//m.py", SOURCE)])
    return lambda: [importer.get_data(name) for name in ("/a.py", "b//c.py")]


@scenario
def get_data_by_steps():
    importer = make_importer([Entry("p/data.txt", "data"), Entry("p/q/x")])
    return lambda: importer.get_data("p/q/../data.txt")


@scenario
def import_by_time_stamp():
    return importing(make({"m.py": SOURCE, "m.pyc": pyc(size=len(SOURCE))}), "m")


@scenario
def import_by_checked_hash():
    source_hash = importlib.util.source_hash(SOURCE.encode())
    return importing(make({"m.py": SOURCE, "m.pyc": pyc(flags=CHECKED, source_hash=source_hash)}), "m")


@scenario
def import_by_unchecked_hash():
    return importing(make({"m.py": SOURCE, "m.pyc": pyc(flags=UNCHECKED)}), "m")


@scenario
def import_bytecode_alone():
    return importing(make({"p/__init__.pyc": pyc()}), "p")


@scenario
def import_past_a_stale_time_stamp():
    return importing(make({"m.py": SOURCE, "m.pyc": pyc(mtime=1)}), "m")


@scenario
def import_past_a_stale_hash():
    return importing(make({"m.py": SOURCE, "m.pyc": pyc(flags=CHECKED)}), "m")


@scenario
def import_past_a_bad_magic():
    return importing(make({"m.py": SOURCE, "m.pyc": pyc(magic=b"nope")}), "m")


@scenario
def import_bad_magic_alone():
    return importing(make({"m.pyc": pyc(magic=b"nope")}), "m")


@scenario
def import_what_is_not_code():
    return importing(make({"m.pyc": pyc(body=b"N")}), "m")


@scenario
def import_a_syntax_error():
    return importing(make({"m.py": "value = = 1\n"}), "m")


@scenario
def import_a_damaged_member():
    return importing(make([Entry("m.py", SOURCE, crc=1)]), "m")


@scenario
def load_module():
    importer = make_importer()

    def act():
        try:
            return importer.load_module("m").value
        finally:
            forget("m")

    return act


# --- what an importer hands out ------------------------------------------------------------------


@scenario
def get_data():
    importer = make_importer(method=zipbuild.DEFLATED)
    return lambda: (importer.get_data("p/data.txt"), importer.get_data(os.path.join(importer.archive, "m.py")))


@scenario
def get_data_of_nothing():
    importer = make_importer()
    return lambda: importer.get_data("nothing")


@scenario
def get_data_of_a_damaged_member():
    importer = make_importer([Entry("m.py", SOURCE, crc=1)])
    return lambda: importer.get_data("m.py")


@scenario
def get_data_behind_an_odd_header():
    importer = make_importer([Entry("a.txt", "first", local_size=0), Entry("b.txt", "second", local_name=b"c.txt")])
    return lambda: (importer.get_data("a.txt"), importer.get_data("b.txt"))


@scenario
def get_data_of_an_unknown_method():
    importer = make_importer([Entry("m.py", SOURCE, method=77)])
    return lambda: importer.get_data("m.py")


@scenario
def get_data_of_no_str():
    importer = make_importer()
    return lambda: importer.get_data(b"m.py")


@scenario
def get_source():
    importer = make_importer({
        "m.py": SOURCE, "crlf.py": "a\r\nb\r", "mark.py": b"\xef\xbb\xbfa", "latin.py": b"# coding: latin-1\n\xe9",
        "code.pyc": pyc(),
    })
    return lambda: [importer.get_source(name) for name in ("m", "crlf", "mark", "latin", "code")]


@scenario
def get_source_that_is_not_utf8():
    importer = make_importer({"m.py": b"\xff"})
    return lambda: importer.get_source("m")


@scenario
def get_filename():
    importer = make_importer({"m.py": SOURCE, "m.pyc": pyc(mtime=1), "n.pyc": pyc()})
    return lambda: (importer.get_filename("m"), importer.get_filename("n"))


@scenario
def get_code():
    importer = make_importer({"m.py": "a = 1\r\nb = 2\r", "n.pyc": pyc()})
    return lambda: (importer.get_code("m").co_names, importer.get_code("n").co_filename)


@scenario
def get_code_of_nothing():
    importer = make_importer()
    return lambda: importer.get_code("nothing")


@scenario
def get_module_code():
    importer = make_importer()
    return lambda: zipimport._get_module_code(importer, "p")[1:]


@scenario
def get_module_code_without_compiling():
    importer = make_importer()
    return lambda: zipimport._get_module_code(importer, "p", compile_source=False)


@scenario
def get_module_code_of_stock():
    importer = stock(make())
    return lambda: zipimport._get_module_code(importer, "p")[1:]


@scenario(absent={})
def files():
    importer = make_importer()

    def act():
        importer._files = {}
        return importer._files

    return act


@scenario
def pickling():
    importer = make_importer()

    def act():
        copies = [pickle.loads(pickle.dumps(importer, protocol)) for protocol in (0, 2)]
        return [(copy.archive, copy.prefix, type(copy) is type(importer)) for copy in copies]

    return act


# --- a changing archive --------------------------------------------------------------------------

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


# --- zipimport._zip_directory_cache --------------------------------------------------------------


def cache_scenario(name, function):
    """Does something to the cache, which holds one archive and one assigned value."""

    def prepare():
        cache = zipimport._zip_directory_cache
        path = make_importer().archive
        cache["assigned"] = {}
        return lambda: function(cache, path)

    prepare.__name__ = "cache_" + name
    scenario(prepare, repeats=False)


def augment(cache, path):
    cache |= {"assigned": 1}
    return sorted(cache)


def delete(cache, path):
    del cache["assigned"]
    del cache[path]
    return list(cache)


for name, function in {
    "subscription": lambda cache, path: (len(cache[path]), cache["assigned"]),
    "subscription_of_nothing": lambda cache, path: cache["nothing"],
    "subscription_of_a_tuple": lambda cache, path: cache[(1, 2)],
    "membership": lambda cache, path: (path in cache, "assigned" in cache, "nothing" in cache, 1 in cache),
    "get": lambda cache, path: (len(cache.get(path)), cache.get("assigned"), cache.get("nothing", 1)),
    "length": lambda cache, path: len(cache),
    "iteration": lambda cache, path: list(cache),
    "reversal": lambda cache, path: list(reversed(cache)),
    "keys": lambda cache, path: list(cache.keys()),
    "values": lambda cache, path: [sorted(value) for value in cache.values()],
    "items": lambda cache, path: [(key, sorted(value)) for key, value in cache.items()],
    "copy": lambda cache, path: cache.copy(),
    "repr": lambda cache, path: repr(cache),
    "comparison": lambda cache, path: (cache == {}, cache != cache, cache == cache.copy()),
    "union": lambda cache, path: (sorted(cache | {"x": 1}), sorted({"x": 1} | cache)),
    "fromkeys": lambda cache, path: cache.fromkeys("ab"),
    "update": lambda cache, path: cache.update({"more": 1}),
    "assignment": lambda cache, path: cache.__setitem__("assigned", 1),
    "augmented_assignment": augment,
    "clear": lambda cache, path: cache.clear(),
    "setdefault": lambda cache, path: (len(cache.setdefault(path)), cache.setdefault("new", 1)),
    "deletion": delete,
    "deletion_of_nothing": lambda cache, path: cache.__delitem__("nothing"),
    "pop": lambda cache, path: (len(cache.pop(path)), cache.pop("assigned"), cache.pop("nothing", 1), list(cache)),
    "pop_of_nothing": lambda cache, path: cache.pop("nothing"),
    "popitem": lambda cache, path: (cache.popitem(), list(cache)),
}.items():
    cache_scenario(name, function)


@scenario(absent={})
def cache_subscription_after_invalidation():
    importer = make_importer()

    def act():
        module.invalidate()
        return zipimport._zip_directory_cache[importer.archive]

    return act


# --- taking over and being loaded ----------------------------------------------------------------

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


# --- packs ---------------------------------------------------------------------------------------

PACKED = {"m.py": "def f():\n    return 'source'\n", "p/__init__.py": "", "p/n.py": "value = 2\n"}


class Store:
    """Has these pack files for whatever is asked."""

    def __init__(self, *paths):
        self.paths = paths

    def load(self, name, path_name):
        return self.paths

    def used(self, name, path_name):
        pass

    def changed(self):
        pass


def use_store(*paths):
    """A store that nobody has asked yet, and nothing queued."""
    module._use_store(Store(*paths), "build")


def get_codes(path, *names):
    importers = {"": zipimport.zipimporter(path), "p": zipimport.zipimporter(os.path.join(path, "p"))}

    def act():
        codes = [importers[name.rpartition(".")[0]].get_code(name) for name in names]
        return [(code.co_filename, [c.co_filename for c in code.co_consts if hasattr(c, "co_filename")]) for code in codes]

    return act


def write_queued(pack="pack.zip", others=()):
    """Writes the only pack there is, beside the one in use; what it holds then."""
    [(name, _, _)] = module._queued_packs()
    paths = itertools.cycle([os.path.join(folder, each) for each in (pack, "next-" + pack)])

    def act():
        path = next(paths)
        writer = module._write_pack(name, path, others)
        while not writer.step(1e9):
            pass
        members = writer.finish()[2]
        writer.commit(path)
        return members

    return act


def make_pack(*names, pack="pack.zip", members=PACKED):
    """Compiles modules of an archive and writes their pack."""
    path = make(members)
    use_store()
    get_codes(path, *names)()
    write_queued(pack)()
    return path, os.path.join(folder, pack)


@scenario(shown=True)
def get_code_from_a_pack():
    path, pack = make_pack("m", "p.n")
    use_store(pack)
    return get_codes(path, "m", "p.n")


@scenario(shown=True)
def get_code_from_a_pack_at_another_path():
    _, pack = make_pack("m", "p.n")
    path = make(PACKED, name="other.zip")
    use_store(pack)
    return get_codes(path, "m", "p.n")


@scenario(shown=True)
def get_code_from_two_packs_and_compile():
    _, first = make_pack("m", pack="first.zip")
    path, second = make_pack("p.n", pack="second.zip")
    use_store(first, second, os.path.join(folder, "missing.zip"))
    return get_codes(path, "m", "p.n", "p")


@scenario(shown=True)
def get_code_from_a_pack_of_other_sources():
    _, pack = make_pack("m", "p.n")
    path = make({**PACKED, "m.py": "value = 3\n"})
    use_store(pack)
    return get_codes(path, "m", "p.n")


@scenario(shown=True)
def get_code_from_a_pack_that_holds_no_code():
    path, pack = make_pack("m")
    # Marshalled None, behind the right header.
    with zipfile.ZipFile(pack) as file:
        header = file.read("m.pyc")[:16]
    write(zipbuild.build({"m.pyc": header + b"N"}), "pack.zip")
    use_store(pack)
    return get_codes(path, "m")


@scenario(shown=True)
def get_code_again_before_it_is_written():
    path = make(PACKED)
    other = make(PACKED, name="other.zip")
    use_store()

    def act():
        return get_codes(path, "m")() + get_codes(other, "m")()

    return act


@scenario(shown=True)
def get_code_when_an_archive_with_a_queue_has_changed():
    path = make(PACKED)
    use_store()
    get_codes(path, "m", "p.n")()
    make({**PACKED, "m.py": "value = 4\n"})
    return get_codes(path, "m", "p.n")


@scenario
def write_a_pack():
    path = make(PACKED)
    use_store()
    get_codes(path, "m", "p.n")()
    return write_queued()


@scenario
def write_a_pack_with_what_another_holds():
    _, first = make_pack("m", pack="first.zip")
    path, second = make_pack("p.n", pack="second.zip")
    use_store(first)
    get_codes(path, "p")()
    return write_queued(others=[second, os.path.join(folder, "missing.zip")])


@scenario
def give_up_a_pack_halfway():
    path = make(PACKED)
    use_store()
    get_codes(path, "m", "p.n")()
    [(name, _, _)] = module._queued_packs()

    def act():
        writer = module._write_pack(name, os.path.join(folder, "pack.zip"), ())
        writer.step(0)
        del writer
        return [count for _, _, count in module._queued_packs()]

    return act


@scenario
def write_an_archive_that_continues_another():
    path = make()

    def act():
        target = os.path.join(folder, "copy.zip")
        writer = module._write_archive(path, target, ["p/data.txt", "no"])
        writer.add("p/q.pyc", b"stored")
        writer.add("more", zlib.compress(b"data", wbits=-15), 4, zlib.crc32(b"data"))
        written = writer.finish()
        with zipfile.ZipFile(target) as archive:
            return written, archive.testzip(), sorted(archive.namelist())

    return act


@scenario
def name_and_forget_packs():
    path, pack = make_pack("m")
    use_store(pack)

    def act():
        name, path_name = module._pack_names(path)
        module._forget_packs(name)
        module._forget_packs()
        return name, path_name, module._pack_names(os.path.join(folder, "no.zip"))[0]

    return act


@scenario
def reload_a_pack():
    path, pack = make_pack("m")
    use_store(pack)
    name, _ = module._pack_names(path)
    return lambda: module._reload_pack(name)


@scenario(shown=True)
def use_and_leave_a_store():
    path = make(PACKED)

    def act():
        use_store()
        get_codes(path, "m")()
        module._use_store(None, "")

    return act


@scenario
def flush_and_clear_without_a_store():
    return lambda: [list(module.flush().__await__()), list(module.clear("/a.zip").__await__())]


@scenario
def ask_for_a_mount():
    def mount(source, **options):
        return source, options

    def act():
        module._use_mount(lambda: mount)
        try:
            return module.mount("a", name="b")
        finally:
            module._use_mount(None)

    return act


@scenario(repeats=False)
def trace_an_import():
    path = make()
    act = importing(path, "m", "p", "p.q")

    def traced():
        module.set_tracing(True)
        try:
            act()
            return [(each["name"], each["origin"], each["bytes"]) for each in module.trace()]
        finally:
            module.set_tracing(False)

    return traced


# --- mounts --------------------------------------------------------------------------------------


@contextlib.contextmanager
def mounted(path, place="/mounted"):
    """What _mount() says of the archive; unmounted in any case, at the second try if the first was made to fail."""
    pointer, *key = module._mount(place, path)
    try:
        yield pointer, key
    finally:
        try:
            module._unmount(pointer)
        except BaseException:
            module._unmount(pointer)
            raise


@scenario(refused=True)
def mount_an_archive():
    path = make()

    def act():
        with mounted(path) as (_, key):
            return key == list(module._archive_key(path))

    return act


def open_bridge():
    """The functions that JavaScript calls, here by ctypes; nodes and errors as in src/bridge.h."""
    bridge = ctypes.CDLL(module.__file__)
    arguments = [ctypes.c_void_p, ctypes.c_uint32]
    for name in ("first", "next", "read"):
        getattr(bridge, f"zi_bridge_{name}").argtypes = arguments
    bridge.zi_bridge_first.restype = bridge.zi_bridge_next.restype = ctypes.c_int32
    bridge.zi_bridge_read.restype = bridge.zi_bridge_area.restype = ctypes.c_void_p
    return bridge


def read_node(bridge, pointer, node):
    contents = bridge.zi_bridge_read(pointer, node)
    area = ctypes.string_at(bridge.zi_bridge_area(), 32)
    nbytes, error = int(struct.unpack("d", area[:8])[0]), int.from_bytes(area[20:24], "little")
    try:
        if error:
            raise MemoryError if error == errno.ENOMEM else OSError(error, "")
        return ctypes.string_at(contents, nbytes)
    finally:
        bridge.zi_bridge_release()


@scenario(refused=True, repeats=False)
def mount_for_the_first_time():
    path = make()
    fresh = loading(sys.hexversion)()

    def act():
        pointer, *_ = fresh._mount("/mounted", path)
        try:
            fresh._unmount(pointer)
        finally:
            fresh._unmount(pointer)
        return fresh._archive_key(path)

    return act


@scenario(refused=True)
def read_through_the_bridge():
    path = make([Entry("m.py", SOURCE, method=zipbuild.DEFLATED), Entry("data.txt", "data")])
    bridge = open_bridge()

    def act():
        with mounted(path) as (pointer, _):
            second = bridge.zi_bridge_first(pointer, 0)
            first = bridge.zi_bridge_next(pointer, second)
            return [read_node(bridge, pointer, node) for node in (first, second)]

    return act


@scenario(refused=True)
def list_links_through_the_bridge():
    link = {"attributes": 0o120777 << 16, "version_made": 3 << 8}
    path = make([Entry("data.txt", "data"), Entry("link", "data.txt", **link)])
    bridge = open_bridge()

    def act():
        with mounted(path) as (pointer, _):
            first = bridge.zi_bridge_first(pointer, 0)
            return first, bridge.zi_bridge_next(pointer, first)

    return act


@scenario(absent=None, refused=True)
def find_in_a_mount():
    path = make({**MEMBERS, "c.pyc": support.make_pyc(SOURCE), "x" + importlib.machinery.EXTENSION_SUFFIXES[0]: ""})

    def act():
        with mounted(path):
            finder = module._mount_hook("/mounted")
            specs = [finder.find_spec(name) for name in ("m", "p", "space", "c", "x", "missing")]
            return [(spec.name, spec.origin, spec.submodule_search_locations and list(spec.submodule_search_locations),
                     type(spec.loader).__name__) if spec else None for spec in specs]

    return act


@scenario(refused=True)
def load_from_a_mount():
    path = make({**MEMBERS, "c.pyc": support.make_pyc(SOURCE)})

    def act():
        values = []
        with mounted(path):
            finder = module._mount_hook("/mounted")
            for name in ("m", "c"):
                loader = finder.find_spec(name).loader
                names = {}
                exec(loader.get_code(name), names)
                values += [names["value"], len(loader.get_data(loader.path))]
        return values

    return act


@scenario(refused=True)
def use_what_is_no_mount_any_more():
    path = make()
    with mounted(path):
        finder = module._mount_hook("/mounted")
        loader = finder.find_spec("m").loader

    def act():
        answers = [finder.find_spec("m")]
        for method, argument in ((loader.get_code, "m"), (loader.get_data, loader.path)):
            try:
                method(argument)
            except FileNotFoundError as error:
                answers.append(error.filename)
        return answers

    return act


@scenario(repeats=False, refused=True)
def trace_an_import_from_a_mount():
    path = make()

    def act():
        with mounted(path):
            module.set_tracing(True)
            try:
                spec = module._mount_hook("/mounted").find_spec("m")
                spec.loader.exec_module(importlib.util.module_from_spec(spec))
                return [(each["name"], each["archive"], each["origin"]) for each in module.trace()]
            finally:
                module.set_tracing(False)

    return act


# --- shared folders ------------------------------------------------------------------------------


def make_shared():
    """A shared folder, which holds a module of its own, and two archives for it."""
    path = os.path.join(folder, "site-packages")
    os.makedirs(path, exist_ok=True)
    support.write_file(os.path.join(path, "own.py"), SOURCE.encode())
    return path, make(), make({"p/more.py": SOURCE, "own.py": SOURCE, "m.pyc": support.make_pyc(SOURCE)}, "b.zip")


@scenario(refused=True)
def find_in_a_shared_folder():
    path, one, other = make_shared()

    def act():
        module._share(path)
        with mounted(one, path), mounted(other, path):
            finder = module._mount_hook(path)
            specs = [finder.find_spec(name) for name in ("m", "p", "missing")]
            specs.append(module._mount_hook(f"{path}/p").find_spec("p.more"))
            return [(spec.name, type(spec.loader).__name__) if spec else None for spec in specs]

    return act


@scenario(absent=None, refused=True)
def find_by_way_of_stock_in_a_shared_folder():
    path, one, other = make_shared()
    bridge = ctypes.CDLL(module.__file__)
    bridge.zi_bridge_area.restype = ctypes.c_void_p
    bridge.zi_bridge_note.argtypes = [ctypes.c_void_p]

    def act():
        pointer = module._share(path)
        with mounted(one, path), mounted(other, path):
            area = bridge.zi_bridge_area()
            ctypes.memmove(area + 28, b"own", 3)
            ctypes.c_uint32.from_address(area + 24).value = 3
            bridge.zi_bridge_note(pointer)
            spec = module._mount_hook(path).find_spec("own")
            return spec and (spec.name, spec.origin[len(path):], type(spec.loader).__name__)

    return act
