"""The class zipimporter: its members per version, its attributes, subclassing, pickling, copying, deprecated methods."""

import _frozen_importlib_external
import copy
import functools
import gc
import importlib.abc
import importlib.util
import inspect
import pickle
import sys
import types
import warnings
import weakref
import zipimport

import support
from support import BEFORE_3_13, VERSION, ZipTestCase, before, difference, make_pyc, ours_only, since, stats_delta

PUBLIC = {"create_module", "exec_module", "find_spec", "get_code", "get_data", "get_filename", "get_resource_reader",
          "get_source", "invalidate_caches", "is_package"}
if VERSION < (3, 15):
    PUBLIC |= {"load_module"}
if VERSION < (3, 12):
    PUBLIC |= {"find_loader", "find_module"}


class Module(ZipTestCase):
    def test_all(self):
        self.assertEqual(sorted(zipimport.__all__), ["ZipImportError", "zipimporter"])

    def test_module_attributes(self):
        self.assertEqual((zipimport.__name__, zipimport.__spec__.origin), ("zipimport", "frozen"))
        self.assertIs(sys.modules["zipimport"], zipimport)

    def test_path_hook_comes_first(self):
        self.assertIs(sys.path_hooks[0], zipimport.zipimporter)

    def test_error_class(self):
        self.assertEqual(zipimport.ZipImportError.__bases__, (ImportError,))
        self.assertEqual(zipimport.ZipImportError.__module__, "zipimport")
        error = zipimport.ZipImportError("text", name="n", path="p")
        self.assertEqual((str(error), error.name, error.path), ("text", "n", "p"))

    def test_names_that_people_reach_for(self):
        for name in ("_zip_searchorder", "_read_directory", "_get_data", "_get_module_path", "_get_module_info",
                     "_get_module_code", "_is_dir", "_unmarshal_code", "_eq_mtime", "_parse_dostime",
                     "_normalize_line_endings", "cp437_table", "path_sep", "alt_path_sep", "END_CENTRAL_DIR_SIZE"):
            with self.subTest(name):
                self.assertTrue(hasattr(zipimport, name))

    def test_module_functions_work_on_an_importer(self):
        importer = self.make_importer({"m.py": "x = 1", "d/": ""})
        self.assertEqual(zipimport._get_module_path(importer, "a.m"), "m")
        self.assertIs(zipimport._get_module_info(importer, "m"), False)
        self.assertIs(zipimport._is_dir(importer, "d"), True)
        code, package, path = zipimport._get_module_code(importer, "m")
        self.assertEqual((type(code), package, path), (types.CodeType, False, importer.archive + "/m.py"))

    @ours_only("stock's takes the keyword from 3.15.1 on")
    def test_module_code_without_compiling(self):
        self.compile_anew()
        importer = self.make_importer({"m.py": "x =", "p/__init__.py": "", "b.pyc": make_pyc("x = 1")})
        find = functools.partial(zipimport._get_module_code, compile_source=False)
        with stats_delta() as delta:
            self.assertEqual(find(importer, "m"), (None, False, importer.archive + "/m.py"))
            self.assertEqual(find(self=importer, fullname="p"), (None, True, importer.archive + "/p/__init__.py"))
        self.assertEqual((delta.compiles, delta.opens), (0, 0))
        code, package, path = find(importer, "b")
        self.assertEqual((type(code), package, path), (types.CodeType, False, importer.archive + "/b.pyc"))
        self.assertRaises(zipimport.ZipImportError, find, importer, "nothing")
        self.assertRaises(SyntaxError, zipimport._get_module_code, importer, "m", compile_source=True)

    def test_read_directory_and_get_data_work_alone(self):
        archive = self.make({"m.py": "x = 1"})
        entry = zipimport._read_directory(archive)["m.py"]
        self.assertEqual(zipimport._get_data(archive, entry), b"x = 1")


class Class(ZipTestCase):
    def test_public_members(self):
        names = {name for name in dir(zipimport.zipimporter) if not name.startswith("_")}
        self.assertEqual(names, PUBLIC)

    def test_private_members(self):
        self.assertEqual(hasattr(zipimport.zipimporter, "_get_files"), VERSION >= (3, 13))

    def test_name_and_module(self):
        cls = zipimport.zipimporter
        self.assertEqual((cls.__name__, cls.__qualname__, cls.__module__), ("zipimporter", "zipimporter", "zipimport"))
        self.assertEqual(repr(cls), "<class 'zipimport.zipimporter'>")

    def test_bases(self):
        self.assertIn(_frozen_importlib_external._LoaderBasics, zipimport.zipimporter.__mro__)
        self.assertIn(support.STOCK_TYPE, zipimport.zipimporter.__mro__)

    @difference("type-bases")
    def test_derives_from_stock_s(self):
        self.assertIsNot(zipimport.zipimporter, support.STOCK_TYPE)
        self.assertTrue(issubclass(zipimport.zipimporter, support.STOCK_TYPE))

    def test_is_no_registered_loader(self):
        self.assertEqual(issubclass(zipimport.zipimporter, importlib.abc.SourceLoader), False)
        self.assertEqual(issubclass(zipimport.zipimporter, importlib.abc.InspectLoader),
                         issubclass(support.STOCK_TYPE, importlib.abc.InspectLoader))

    def test_docs(self):
        self.assertTrue(zipimport.zipimporter.__doc__)
        for name in sorted(PUBLIC - {"create_module", "exec_module"}):
            with self.subTest(name):
                self.assertTrue(getattr(zipimport.zipimporter, name).__doc__)

    def test_attributes_can_be_added_to_the_class(self):
        zipimport.zipimporter.added = 5
        try:
            self.assertEqual(self.make_importer().added, 5)
        finally:
            del zipimport.zipimporter.added

    def test_methods_can_be_called_through_the_class(self):
        importer = self.make_importer({"m.py": "x = 1"})
        self.assertEqual(zipimport.zipimporter.get_source(importer, "m"), "x = 1")
        self.assertRaises(TypeError, zipimport.zipimporter.get_source)

    def test_signatures(self):
        importer = self.make_importer()
        for function, names in ((zipimport.zipimporter, ["path"]), (importer.find_spec, ["fullname", "target"]),
                                (importer.get_data, ["pathname"]), (importer.invalidate_caches, [])):
            with self.subTest(function):
                self.assertEqual(list(inspect.signature(function).parameters), names)

    @difference("init-signature")
    def test_signature_of_init(self):
        self.assertEqual(list(inspect.signature(zipimport.zipimporter.__init__).parameters), ["self", "args", "kwargs"])

    def test_method_of_a_foreign_object(self):
        self.assertRaises((TypeError, AttributeError), zipimport.zipimporter.get_source, object(), "m")

    def test_keyword_names_of_the_methods(self):
        importer = self.make_importer({"m.py": "x = 1"})
        for method in ("find_spec", "get_code", "get_filename", "get_source", "is_package"):
            with self.subTest(method):
                getattr(importer, method)(fullname="m")
                self.assertRaises(TypeError, getattr(importer, method), nosuch="m")
                self.assertRaises(TypeError, getattr(importer, method))
                self.assertRaises(TypeError, getattr(importer, method), "m", None, "too many")


class Instance(ZipTestCase):
    def setUp(self):
        super().setUp()
        self.archive = self.make({"m.py": "x = 1", "p/__init__.py": "", "p/s.py": "y = 2"})
        self.importer = zipimport.zipimporter(self.archive)

    def test_repr(self):
        self.assertEqual(repr(self.importer), f'<zipimporter object "{self.archive}/">')
        self.assertEqual(repr(zipimport.zipimporter(self.archive + "/p")), f'<zipimporter object "{self.archive}/p/">')
        self.assertEqual(str(self.importer), repr(self.importer))

    def test_repr_follows_the_attributes(self):
        self.importer.archive, self.importer.prefix = "A", "B"
        self.assertEqual(repr(self.importer), '<zipimporter object "A/B">')

    def test_identity(self):
        other = zipimport.zipimporter(self.archive)
        self.assertFalse(self.importer == other)
        self.assertEqual(len({self.importer, other}), 2)
        self.assertEqual(hash(self.importer), hash(self.importer))

    def test_arbitrary_attributes(self):
        self.importer.note = 1
        self.assertEqual((self.importer.note, vars(self.importer)["note"]), (1, 1))
        del self.importer.note
        self.assertFalse(hasattr(self.importer, "note"))

    def test_instance_dict(self):
        keys = {"archive", "prefix"} | ({"_files"} if VERSION < (3, 13) else set())
        self.assertEqual({key for key in dir(self.importer) if key in ("_files", "archive", "prefix")}, keys)
        self.assertEqual((vars(self.importer)["archive"], vars(self.importer)["prefix"]), (self.archive, ""))

    @difference("files-attribute", BEFORE_3_13)
    def test_table_is_not_in_the_instance_dict(self):
        self.assertEqual(set(vars(self.importer)), {"archive", "prefix"})

    def test_dict_of_the_instance_is_used(self):
        vars(self.importer)["prefix"] = "p/"
        self.assertIsNotNone(self.importer.find_spec("s"))

    def test_files(self):
        files = self.importer._get_files() if VERSION >= (3, 13) else self.importer._files
        self.assertIs(files, zipimport._zip_directory_cache[self.archive])

    def test_deleted_attributes(self):
        del self.importer.prefix
        self.assertRaises(AttributeError, self.importer.find_spec, "m")
        del self.importer.archive
        self.assertRaises(AttributeError, self.importer.get_data, "m.py")
        self.assertRaises(AttributeError, repr, self.importer)
        self.assertRaises(AttributeError, delattr, self.importer, "archive")

    def test_odd_attributes_do_not_crash(self):
        for value in (None, 3, b"bytes", "", "\ud800", "no such archive", "nu\0ll"):
            for name in ("archive", "prefix"):
                with self.subTest(name, value=value):
                    importer = zipimport.zipimporter(self.archive)
                    setattr(importer, name, value)
                    for call in (lambda: importer.find_spec("m"), lambda: importer.get_data("m.py"), lambda: repr(importer),
                                 lambda: importer.get_code("m"), importer.invalidate_caches):
                        try:
                            call()
                        except (AttributeError, TypeError, ImportError, OSError, ValueError):
                            pass

    def test_without_init(self):
        raw = zipimport.zipimporter.__new__(zipimport.zipimporter)
        for call in (lambda: raw.find_spec("m"), lambda: raw.get_code("m"), lambda: raw.get_data("m"), raw.invalidate_caches,
                     lambda: repr(raw), lambda: raw.is_package("m"), lambda: raw.get_source("m"),
                     lambda: raw.get_filename("m"), lambda: raw.archive):
            self.assertRaises(AttributeError, call)
        self.assertEqual(vars(raw), {})

    def test_new_takes_any_arguments(self):
        self.assertIsInstance(zipimport.zipimporter.__new__(zipimport.zipimporter, "no such file"), zipimport.zipimporter)

    def test_weak_reference(self):
        importer = zipimport.zipimporter(self.archive)
        reference = weakref.ref(importer)
        self.assertIs(reference(), importer)
        del importer
        gc.collect()
        self.assertIsNone(reference())

    def test_cycle_is_collected(self):
        importer = zipimport.zipimporter(self.archive)
        importer.me = importer
        reference = weakref.ref(importer)
        del importer
        gc.collect()
        self.assertIsNone(reference())

    def test_many_instances_leave_nothing(self):
        for _ in range(50):
            zipimport.zipimporter(self.archive)
        gc.collect()
        start = len(gc.get_objects())
        for _ in range(200):
            zipimport.zipimporter(self.archive).find_spec("m")
        gc.collect()
        self.assertLess(len(gc.get_objects()) - start, 50)

    def test_class_can_be_assigned(self):
        subclass = type("Sub", (zipimport.zipimporter,), {})
        self.importer.__class__ = subclass
        self.assertIsNotNone(self.importer.find_spec("m"))


class Subclass(ZipTestCase):
    def test_overridden_method(self):
        class Loud(zipimport.zipimporter):
            def get_source(self, fullname):
                return super().get_source(fullname).upper()
        self.assertEqual(Loud(self.make({"m.py": "x = 1"})).get_source("m"), "X = 1")

    def test_own_init_and_attributes(self):
        class Named(zipimport.zipimporter):
            def __init__(self, path, name):
                super().__init__(path)
                self.name = name
        importer = Named(self.make({"m.py": ""}), "n")
        self.assertEqual((importer.name, importer.is_package("m")), ("n", False))

    def test_slots(self):
        class Slotted(zipimport.zipimporter):
            __slots__ = ("extra",)
        importer = Slotted(self.make({"m.py": ""}))
        importer.extra = 1
        self.assertIsNotNone(importer.find_spec("m"))

    def test_spec_loader_is_the_instance(self):
        importer = type("Sub", (zipimport.zipimporter,), {})(self.make({"m.py": ""}))
        self.assertIs(importer.find_spec("m").loader, importer)

    def test_overridden_get_code_is_what_exec_module_runs(self):
        class Other(zipimport.zipimporter):
            def get_code(self, fullname):
                return compile("x = 'other'", "other", "exec")
        spec = Other(self.make({"m.py": "x = 1"})).find_spec("m")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self.assertEqual(module.x, "other")

    def test_overridden_get_filename_is_the_origin(self):
        class Other(zipimport.zipimporter):
            def get_filename(self, fullname):
                return "/elsewhere/m.py"
        self.assertEqual(Other(self.make({"m.py": "x = 1"})).find_spec("m").origin, "/elsewhere/m.py")

    def test_get_filename_set_on_the_importer_is_the_origin(self):
        importer = zipimport.zipimporter(self.make({"m.py": "x = 1", "p/__init__.py": ""}))
        importer.get_filename = lambda fullname: f"/elsewhere/{fullname}/f.py"
        self.assertEqual(importer.find_spec("m").origin, "/elsewhere/m/f.py")
        self.assertEqual(importer.find_spec("p").submodule_search_locations, ["/elsewhere/p"])
        other = zipimport.zipimporter(importer.archive)
        importer.get_filename = other.get_filename
        self.assertEqual(importer.find_spec("m").origin, importer.archive + "/m.py")

    def test_get_filename_set_on_the_class_is_the_origin(self):
        importer = zipimport.zipimporter(self.make({"m.py": "x = 1"}))
        before = zipimport.zipimporter.__dict__.get("get_filename")
        zipimport.zipimporter.get_filename = lambda self, fullname: "/elsewhere/m.py"
        try:
            self.assertEqual(importer.find_spec("m").origin, "/elsewhere/m.py")
        finally:
            if before:
                zipimport.zipimporter.get_filename = before
            else:
                del zipimport.zipimporter.get_filename
        self.assertEqual(importer.find_spec("m").origin, importer.archive + "/m.py")

    def test_as_a_path_hook(self):
        subclass = type("Sub", (zipimport.zipimporter,), {})
        sys.path_hooks.insert(0, subclass)
        self.addCleanup(sys.path_hooks.remove, subclass)
        self.make_on_path({"tt_hooked.py": "x = 1"})
        self.assertIs(type(self.import_module("tt_hooked").__loader__), subclass)

    def test_beside_a_python_class(self):
        mixed = type("Mixed", (zipimport.zipimporter, type("Other", (), {"f": lambda self: 1})), {})
        self.assertEqual(mixed(self.make({"m.py": ""})).f(), 1)

    @difference("type-layout")
    def test_not_beside_a_class_of_another_layout(self):
        self.assertRaises(TypeError, type, "Mixed", (zipimport.zipimporter, dict), {})


class Pickle(ZipTestCase):
    def setUp(self):
        super().setUp()
        self.archive = self.make({"p/s.py": "x = 1"})
        self.importer = zipimport.zipimporter(self.archive + "/p")

    def assertSame(self, clone):
        self.assertIs(type(clone), type(self.importer))
        self.assertIsNot(clone, self.importer)
        self.assertEqual((clone.archive, clone.prefix), (self.archive, "p/"))
        self.assertEqual(clone.get_source("s"), "x = 1")

    def test_every_protocol(self):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with self.subTest(protocol):
                self.assertSame(pickle.loads(pickle.dumps(self.importer, protocol)))

    def test_copy(self):
        self.assertSame(copy.copy(self.importer))
        self.assertSame(copy.deepcopy(self.importer))

    def test_attributes_travel(self):
        self.importer.note = [1]
        self.assertEqual(pickle.loads(pickle.dumps(self.importer)).note, [1])

    def test_state_is_stock_s(self):
        state = {key: value for key, value in pickle_state(self.importer).items() if key != "_files"}
        self.assertEqual(state, {"archive": self.archive, "prefix": "p/"})

    def test_subclass(self):
        global Picklable
        Picklable = type("Picklable", (zipimport.zipimporter,), {"__module__": __name__})
        importer = Picklable(self.archive)
        self.assertIs(type(pickle.loads(pickle.dumps(importer))), Picklable)

    def test_of_a_missing_archive(self):
        """Unpickling opens nothing."""
        data = pickle.dumps(self.importer).replace(b"a.zip", b"b.zip")
        self.assertEqual(pickle.loads(data).archive, self.path("b.zip"))

    @ours_only("a pickle of the other importer")
    def test_stock_s_pickle_loads(self):
        for state in ({"archive": self.archive, "prefix": "p/"},
                      {"_files": {"s.py": None}, "archive": self.archive, "prefix": "p/"}):
            clone = zipimport.zipimporter.__new__(zipimport.zipimporter)
            restore(clone, state)
            self.assertSame(clone)

    def stock_pickle(self, protocol):
        if support.ours is None:
            return pickle.dumps(self.importer, protocol)
        support.ours.uninstall()
        try:
            return pickle.dumps(support.STOCK_TYPE(self.archive + "/p"), protocol)
        finally:
            support.ours.install()

    def test_what_stock_writes(self):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with self.subTest(protocol):
                self.assertSame(pickle.loads(self.stock_pickle(protocol)))

    @ours_only("a pickle of the other importer")
    def test_stock_class_reads_our_pickle(self):
        data = pickle.dumps(self.importer)
        support.ours.uninstall()
        try:
            clone = pickle.loads(data)
        finally:
            support.ours.install()
        self.assertEqual((type(clone), clone.archive, clone.prefix), (support.STOCK_TYPE, self.archive, "p/"))


def pickle_state(value):
    return value.__reduce_ex__(2)[2]


def restore(value, state):
    """What pickle does with a state."""
    if hasattr(value, "__setstate__"):
        value.__setstate__(state)
    else:
        vars(value).update(state)


class Deprecated(ZipTestCase):
    """Methods that some version removed: there until then, with that version's warning; absent afterwards."""

    def setUp(self):
        super().setUp()
        self.archive = self.make({"tt_loaded.py": "x = 1", "tt_loadedp/__init__.py": "y = 2", "d/": "", "tt_bad.py": "1 / 0",
                                  "tt_gone.py": "import sys; del sys.modules[__name__]"})
        self.importer = zipimport.zipimporter(self.archive)

    def call(self, method, *args):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            answer = getattr(self.importer, method)(*args)
        self.assertEqual([w.category for w in caught], [DeprecationWarning])
        return answer, str(caught[0].message)

    @since(3, 15)
    def test_load_module_is_gone(self):
        self.assertFalse(hasattr(self.importer, "load_module"))

    @before(3, 15)
    def test_load_module(self):
        module, text = self.call("load_module", "tt_loaded")
        self.assertEqual((module.x, module.__file__, module.__loader__), (1, self.archive + "/tt_loaded.py", self.importer))
        self.assertIs(sys.modules["tt_loaded"], module)
        if VERSION >= (3, 14):
            self.assertIn("'zipimport.zipimporter.load_module' is deprecated and slated for removal in Python 3.15; "
                          "use zipimport.zipimporter.exec_module() instead", text)
        else:
            self.assertEqual(text, "zipimport.zipimporter.load_module() is deprecated and slated for removal in Python 3.12; "
                                   "use exec_module() instead")

    @before(3, 15)
    def test_load_module_of_a_package(self):
        module, _ = self.call("load_module", "tt_loadedp")
        self.assertEqual((module.y, module.__path__), (2, [self.archive + "/tt_loadedp"]))

    @before(3, 15)
    def test_load_module_uses_the_module_that_is_there(self):
        there = sys.modules["tt_loaded"] = types.ModuleType("tt_loaded")
        self.assertIs(self.call("load_module", "tt_loaded")[0], there)
        self.assertEqual(there.x, 1)

    @before(3, 15)
    def test_load_module_replaces_what_is_no_module(self):
        sys.modules["tt_loaded"] = 5
        self.assertIs(type(self.call("load_module", "tt_loaded")[0]), types.ModuleType)

    @before(3, 15)
    def test_load_module_that_fails_leaves_no_module(self):
        self.assertRaises(ZeroDivisionError, self.quiet, "tt_bad")
        self.assertNotIn("tt_bad", sys.modules)

    def quiet(self, name):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.importer.load_module(name)

    @before(3, 15)
    def test_load_module_that_removes_itself(self):
        with self.assertRaises(ImportError) as caught:
            self.quiet("tt_gone")
        self.assertEqual(str(caught.exception), "Loaded module 'tt_gone' not found in sys.modules")

    @before(3, 15)
    def test_load_module_of_a_missing_module(self):
        self.assertZipError("can't find module 'zz'", self.quiet, "zz", name="zz")

    @since(3, 12)
    def test_find_module_and_find_loader_are_gone(self):
        self.assertFalse(hasattr(self.importer, "find_module") or hasattr(self.importer, "find_loader"))

    @before(3, 12)
    def test_find_loader(self):
        answer, text = self.call("find_loader", "tt_loaded")
        self.assertEqual(answer, (self.importer, []))
        self.assertEqual(text, "zipimporter.find_loader() is deprecated and slated for removal in Python 3.12; "
                               "use find_spec() instead")
        self.assertEqual(self.call("find_loader", "zz")[0], (None, []))
        self.assertEqual(self.call("find_loader", "d")[0], (None, [self.archive + "/d"]))

    @before(3, 12)
    def test_find_module(self):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.assertIs(self.importer.find_module("tt_loaded"), self.importer)
        self.assertEqual(str(caught[0].message), "zipimporter.find_module() is deprecated and slated for removal in "
                                                 "Python 3.12; use find_spec() instead")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.assertIsNone(self.importer.find_module("zz"))

    @before(3, 12)
    def test_warnings_as_errors(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.assertRaises(DeprecationWarning, self.importer.find_loader, "tt_loaded")
            self.assertRaises(DeprecationWarning, self.importer.load_module, "tt_loaded")


class Inherited(ZipTestCase):
    def test_create_module(self):
        importer = self.make_importer({"m.py": ""})
        self.assertIsNone(importer.create_module(importer.find_spec("m")))

    def test_exec_module(self):
        importer = self.make_importer({"m.py": "x = 1"})
        module = types.ModuleType("m")
        importer.exec_module(module)
        self.assertEqual(module.x, 1)

    def test_exec_module_without_code(self):
        importer = self.make_importer({"m.py": "x = 1"})
        self.assertZipError("can't find module 'zz'", importer.exec_module, types.ModuleType("zz"), name="zz")
