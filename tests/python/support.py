"""What every test file uses: the test case with its archives and clean-up, pycs, counters, and the marks of a test.

A test runs against stock zipimport and against ours, unchanged. Three marks say otherwise:
    @difference("row-id", ...)   states our behaviour, which differs from stock on purpose: expected to fail on stock
    @ours_only("reason")         looks at what only ours has (counters, pins, install and uninstall)
    @native_only("reason")       needs what Pyodide lacks; its name says so
"""

import _imp
import contextlib
import functools
import importlib
import importlib.util
import marshal
import os
import shutil
import sys
import tempfile
import time
import types
import unittest
import zipimport

import zipbuild

ours = None          # the module pyodide_zipimport when it is the importer under test
STOCK_TYPE = None    # zipimport's own zipimporter
STOCK_CACHE = None   # zipimport's own _zip_directory_cache
SESSION = None       # session_state() before ours was installed
IN_PYODIDE = sys.platform == "emscripten"
VERSION = sys.version_info[:2]
EVERY_VERSION = ((3, 11), (3, 12), (3, 13), (3, 14), (3, 15))
BEFORE_3_12, BEFORE_3_13, BEFORE_3_14, BEFORE_3_15 = (EVERY_VERSION[:n] for n in (1, 2, 3, 4))
SINCE_3_13, SINCE_3_14, SINCE_3_15 = EVERY_VERSION[2:], EVERY_VERSION[3:], EVERY_VERSION[4:]
# Patch versions have changed stock too, which its functions tell: 3.14.10 and 3.15.2 have an error of their own for a name
# that is not UTF-8, 3.15.1 finds sources without compiling them.
BEFORE_3_14_10 = () if "can't decode file name in Zip file: " in zipimport._read_directory.__code__.co_consts else EVERY_VERSION
BEFORE_3_15_1 = () if "compile_source" in (getattr(zipimport._get_module_code, "__kwdefaults__", None) or ()) else EVERY_VERSION
AN_HOUR = 3600
# MEMFS of Pyodide 0.27 keeps one time for a file, which anyone can set: what its stat says is never proof.
STAMPS_PROVE = not IN_PYODIDE or VERSION >= (3, 13)

# Where tests in Node find a folder of the machine.
HOST_FOLDER = "/host"
# Some tests rewrite one file thousands of times, which a disk's journal makes slow.
IN_MEMORY = "/dev/shm" if not IN_PYODIDE and "TMPDIR" not in os.environ and os.access("/dev/shm", os.W_OK) else None

used_differences = {}   # row id -> the tests that pin it


def difference(row_id, versions=EVERY_VERSION):
    """Marks a test of an intended difference, a row of docs/compatibility.md; stock must fail it on `versions`."""
    tests = used_differences.setdefault(row_id, [])

    def mark(test):
        tests.append(f"{test.__module__}.{test.__qualname__}")
        if ours is None and VERSION in versions:
            return unittest.expectedFailure(test)
        return test

    return mark


def ours_only(reason):
    return unittest.skipIf(ours is None, f"stock has nothing to compare: {reason}")


def native_only(reason):
    return unittest.skipIf(IN_PYODIDE, f"not in Pyodide: {reason}")


def long(test):
    """Marks a test that takes long and does not depend on the version of Python: left out where LEAVE_OUT_LONG is set."""
    return unittest.skipIf(os.environ.get("LEAVE_OUT_LONG"), "tried on the newest release")(test)


def since(*version):
    return unittest.skipIf(VERSION < version, "not in this Python version")


def before(*version):
    return unittest.skipIf(VERSION >= version, "not in this Python version")


def importer_places():
    """Every importer that the interpreter itself holds, by where it is held."""
    places = {("cache", path): value for path, value in sys.path_importer_cache.items()}
    for name, module in list(sys.modules.items()):
        if isinstance(module, types.ModuleType):
            places["__loader__", name] = vars(module).get("__loader__")
            places["__spec__.loader", name] = getattr(vars(module).get("__spec__"), "loader", None)
    return {place: value for place, value in places.items() if isinstance(value, STOCK_TYPE)}


def session_state():
    """What a session shows of its zip importer, without identities."""
    return {
        "type": zipimport.zipimporter, "cache": zipimport._zip_directory_cache, "hooks": sys.path_hooks[:],
        "names": sorted(vars(zipimport)), "functions": {k: v for k, v in vars(zipimport).items() if callable(v)},
        "places": {place: (type(value), value.archive, value.prefix) for place, value in importer_places().items()},
        "modules": sorted(sys.modules), "meta_path": sys.meta_path[:],
    }


def remember_session():
    """Called before ours is installed for the first time: what stock's session was like."""
    global STOCK_TYPE, STOCK_CACHE, SESSION
    STOCK_TYPE, STOCK_CACHE = zipimport.zipimporter, zipimport._zip_directory_cache
    SESSION = SESSION or session_state()


class Delta(dict):
    """Counter differences by key and by attribute."""

    __getattr__ = dict.__getitem__


def write_file(path, data, age=AN_HOUR):
    """Writes a file whose mtime lies `age` seconds back (None: leaves it) and returns its path."""
    with open(path, "wb") as file:
        file.write(data)
    if age is not None:
        stamp = time.time() - age
        os.utime(path, (stamp, stamp))
    return path


def settle(path, whole_seconds=False):
    """Waits until the file's stamp is proof (src/cache/stamp.h), where it can be: its ctime has a fraction, and is old enough."""
    while STAMPS_PROVE and not whole_seconds and os.stat(path).st_ctime_ns % 10**9 == 0:
        os.chmod(path, os.stat(path).st_mode & 0o777)  # moves the ctime; on MEMFS os.utime() does not
    time.sleep(0.03)
    return path


def make_unopenable(path):
    """Puts a link to itself in a file's place: nobody can open it, whatever they may do."""
    os.remove(path)
    os.symlink(path, path)


@contextlib.contextmanager
def unreadable(path):
    """A block in which a file is there and may not be opened, not even if root runs the tests."""
    root = os.geteuid() == 0
    os.chmod(os.path.dirname(path), 0o755)
    os.chmod(path, 0)
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        os.chmod(path, 0o644)


@contextlib.contextmanager
def stats_delta():
    """Yields a Delta that holds, after the block, by how much each counter of ours grew in it."""
    delta = Delta()
    start = ours.stats()
    yield delta
    end = ours.stats()
    delta.update((key, end[key] - start[key]) for key in start)


@contextlib.contextmanager
def count(stock_function, counter):
    """Counts in one way for both importers: calls of a function of zipimport, or a counter of ours. Yields a list of one."""
    answer = [0]
    if ours is not None:
        with stats_delta() as delta:
            yield answer
        answer[0] = delta[counter]
        return
    real = getattr(zipimport, stock_function)

    @functools.wraps(real)
    def counted(*args, **kwargs):
        answer[0] += 1
        return real(*args, **kwargs)

    setattr(zipimport, stock_function, counted)
    try:
        yield answer
    finally:
        setattr(zipimport, stock_function, real)


def directory_reads():
    return count("_read_directory", "parses")


def compilations():
    return count("_compile_source", "compiles")


def member_reads():
    return count("_get_data", "inflates")


def dos_mtime(clock=zipbuild.DOS_CLOCK):
    """The time stamp a pyc needs to match an entry's DOS time here and now."""
    return int(time.mktime((*clock, -1, -1, -1)))


def make_pyc(source, filename="m.py", *, magic=importlib.util.MAGIC_NUMBER, flags=0, mtime=None, size=None,
             source_hash=None, body=None):
    """A pyc (PEP 552) of source: by time stamp, or by hash when flags say so; right unless a knob says otherwise."""
    source = source.encode() if isinstance(source, str) else source
    if body is None:
        body = marshal.dumps(compile(source, filename, "exec", dont_inherit=True))
    if flags & 1:
        check = importlib.util.source_hash(source) if source_hash is None else source_hash
    else:
        mtime = dos_mtime() if mtime is None else mtime
        check = zipbuild.u32(mtime & zipbuild.MAX32, len(source) if size is None else size)
    return magic + zipbuild.u32(flags) + check + body


class ZipTestCase(unittest.TestCase):
    """A folder of its own, archives in it, and an interpreter left as it was found."""

    @property
    def zipimporter(self):
        return zipimport.zipimporter

    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="zipimport-", dir=IN_MEMORY))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        path, modules = sys.path[:], set(sys.modules)
        self.addCleanup(self._restore, path, modules)

    def compile_anew(self):
        """For a test of what compiling or reading a source does: in a run with packs there may be neither."""
        import packstore

        if packstore.base:
            packstore.base.write()
            ours._use_store(None, "")
            self.addCleanup(packstore.base.use)

    def _restore(self, path, modules):
        sys.path[:] = path
        # A list first: a namespace package's __path__ looks its parent up in sys.modules.
        for name in [name for name in set(sys.modules) - modules if self._is_ours(sys.modules[name])]:
            del sys.modules[name]
        for key in [key for key in sys.path_importer_cache if key.startswith(self.folder)]:
            del sys.path_importer_cache[key]
        for key in [key for key in zipimport._zip_directory_cache if key.startswith(self.folder)]:
            zipimport._zip_directory_cache.pop(key, None)

    def _is_ours(self, module):
        places = [getattr(module, "__file__", None) or "", *(getattr(module, "__path__", None) or ())]
        return any(str(place).startswith(self.folder) for place in places)

    def path(self, name="a.zip"):
        return os.path.join(self.folder, name)

    def new_path(self):
        """a.zip, then a1.zip, a2.zip and so on: stock remembers a path's directory, so that a second archive needs a second."""
        self.paths = getattr(self, "paths", -1) + 1
        return self.path(f"a{self.paths or ''}.zip")

    def write(self, data, name=None, age=AN_HOUR):
        """Writes a file whose mtime lies `age` seconds back (None: leaves it) and returns its path."""
        return write_file(self.path(name) if name else self.new_path(), data, age)

    def make(self, members=(), name=None, age=AN_HOUR, **knobs):
        """Writes an archive (see zipbuild.build) and returns its path."""
        return self.write(zipbuild.build(members, **knobs), name, age)

    def remake(self, members, name="a.zip", **knobs):
        """Writes the archive anew, in place, with another mtime than before: as an editor or installer would."""
        self.remakes = getattr(self, "remakes", 0) + 1
        return self.make(members, name, age=AN_HOUR - 60 * self.remakes, **knobs)

    def make_importer(self, members=(), **knobs):
        return zipimport.zipimporter(self.make(members, **knobs))

    def make_on_path(self, members=(), name=None, **knobs):
        """Writes an archive, puts it first on sys.path, and returns its path."""
        path = self.make(members, name, **knobs)
        sys.path.insert(0, path)
        return path

    def import_module(self, name):
        """Imports name afresh."""
        sys.modules.pop(name, None)
        return importlib.import_module(name)

    def assertZipError(self, text, function, *args, path=None, name=None, stock_text=None):
        """function(*args) raises ZipImportError, exactly, with a message that starts with text; returns it."""
        with self.assertRaises(zipimport.ZipImportError) as caught:
            function(*args)
        error = caught.exception
        self.assertIs(type(error), zipimport.ZipImportError)
        self.assertTrue(str(error).startswith(text), f"{error} does not start with {text}")
        self.assertEqual((error.path, error.name), (path, name))
        return error

    def assertDirectoryError(self, text, data, defect=None):
        """Opening an archive of these bytes fails with `text: 'path'`, and with path set."""
        path = self.write(data)
        return self.assertZipError(f"{text}: {path!r}", zipimport.zipimporter, path, path=path)

    def assertModule(self, name, **attributes):
        """The module imports and has these attributes."""
        module = self.import_module(name)
        self.assertEqual({key: getattr(module, key) for key in attributes}, attributes)
        return module


@contextlib.contextmanager
def check_hash_based_pycs(value):
    """Sets what -X/--check-hash-based-pycs sets."""
    real = _imp.check_hash_based_pycs
    _imp.check_hash_based_pycs = value
    try:
        yield
    finally:
        _imp.check_hash_based_pycs = real


class time_zone:
    """A block in another local time zone."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.before = os.environ.get("TZ")
        os.environ["TZ"] = self.name
        time.tzset()

    def __exit__(self, *exception):
        del os.environ["TZ"]
        if self.before is not None:
            os.environ["TZ"] = self.before
        time.tzset()


on_open = None   # called with the path of an archive that is opened; audit hooks cannot be removed


def _audit(event, args):
    if event == "open" and on_open and str(args[0]).endswith(".zip"):
        on_open(args[0])


class AuditTestCase(ZipTestCase):
    def call_on_open(self, function, once=True):
        """Calls function when the next archive is opened, or whenever one is."""
        global on_open
        if not hasattr(sys, "_zipimport_tests_hooked"):
            sys.addaudithook(_audit)
            sys._zipimport_tests_hooked = True

        def call(path):
            global on_open
            if once:
                on_open = None
            function(path)

        on_open = call
        self.addCleanup(globals().__setitem__, "on_open", None)
