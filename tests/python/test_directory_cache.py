"""zipimport._zip_directory_cache: a dict in stock, a live mapping with dict's methods in ours."""

import collections.abc
import copy
import gc
import importlib
import os
import zipimport
import zlib

from support import BEFORE_3_13, SINCE_3_13, ZipTestCase, difference, directory_reads
from zipbuild import DEFLATED, DOS_DATE, DOS_TIME, Entry, deflate


class CacheTestCase(ZipTestCase):
    @property
    def cache(self):
        return zipimport._zip_directory_cache

    def setUp(self):
        super().setUp()
        self.archive = self.make({"m.py": "x = 1", "d/": ""})
        self.importer = zipimport.zipimporter(self.archive)


class Reading(CacheTestCase):
    def test_key_is_the_path_as_given(self):
        self.assertIn(self.archive, self.cache)
        dotted = self.folder + "/./a.zip"
        self.assertNotIn(dotted, self.cache)
        zipimport.zipimporter(dotted + "/p")
        self.assertIn(dotted, self.cache)

    def test_value(self):
        value = self.cache[self.archive]
        self.assertIs(type(value), dict)
        self.assertEqual(list(value), ["m.py", "d/"])
        self.assertEqual([type(entry) for entry in value.values()], [tuple, tuple])

    def test_value_of_each_entry(self):
        """A path has no slash at its end, and no name adds none: importlib's _path_join() makes it."""
        names = {"m.py": "x = 1", "d/": "", "d/n.py": b"y" * 99, "//": "z", "": "w"}
        archive = self.make([Entry(name, data, method=DEFLATED) for name, data in names.items()])
        zipimport.zipimporter(archive)
        value, offset = self.cache[archive], 0
        for name, data in names.items():
            data = data if isinstance(data, bytes) else data.encode()
            packed, path = len(deflate(data)), archive + ("/" + name.rstrip("/") if name else "")
            expected = (path, DEFLATED, packed, len(data), offset, DOS_TIME, DOS_DATE, zlib.crc32(data))
            self.assertEqual(value[name], expected)
            offset += 30 + len(name) + packed

    def test_value_keeps_its_identity(self):
        self.assertIs(self.cache[self.archive], self.cache[self.archive])
        self.assertIs(self.cache.get(self.archive), self.cache[self.archive])

    def test_value_of_two_importers_is_shared(self):
        value = self.cache[self.archive]
        zipimport.zipimporter(self.archive + "/d")
        self.assertIs(self.cache[self.archive], value)

    def test_missing_key(self):
        for key in (self.archive + "x", "", 3, None):
            with self.subTest(key):
                self.assertNotIn(key, self.cache)
                self.assertIsNone(self.cache.get(key))
                with self.assertRaises(KeyError) as caught:
                    self.cache[key]
                self.assertEqual(caught.exception.args, (key,))

    def test_unhashable_key(self):
        self.assertRaises(TypeError, self.cache.__getitem__, [])
        self.assertRaises(TypeError, self.cache.get, {})
        self.assertRaises(TypeError, self.cache.__contains__, [])

    def test_get_with_default(self):
        self.assertEqual(self.cache.get("no", 3), 3)

    def test_iteration_keys_values_items_and_length(self):
        keys = list(self.cache)
        self.assertIn(self.archive, keys)
        self.assertEqual(keys, list(self.cache.keys()))
        self.assertEqual(len(self.cache), len(keys))
        self.assertEqual([value for _, value in self.cache.items()], list(self.cache.values()))
        self.assertIs(dict(self.cache.items())[self.archive], self.cache[self.archive])

    def test_reversed(self):
        self.assertEqual(list(reversed(self.cache)), list(self.cache)[::-1])

    def test_order_is_of_first_use(self):
        other = self.make({"n.py": ""})
        zipimport.zipimporter(other)
        self.assertEqual(list(self.cache)[-2:], [self.archive, other])

    def test_truth(self):
        self.assertTrue(self.cache)

    def test_dict_of_it(self):
        self.assertEqual(dict(self.cache)[self.archive], self.cache[self.archive])
        self.assertEqual({**self.cache}[self.archive], self.cache[self.archive])

    def test_equality(self):
        self.assertTrue(self.cache == dict(self.cache))
        self.assertTrue(dict(self.cache) == self.cache)
        self.assertFalse(self.cache != dict(self.cache))
        self.assertFalse(self.cache == {})
        self.assertFalse(self.cache == 3)

    def test_union(self):
        merged = self.cache | {"x": 1}
        self.assertEqual((type(merged), merged["x"]), (dict, 1))
        self.assertIn(self.archive, merged)
        self.assertIn(self.archive, {"x": 1} | self.cache)

    def test_repr(self):
        self.assertIn(repr(self.archive), repr(self.cache))

    def test_not_hashable(self):
        self.assertRaises(TypeError, hash, self.cache)

    def test_has_every_method_of_dict(self):
        self.assertEqual([name for name in dir(dict) if not hasattr(self.cache, name)], [])

    def test_is_a_mapping(self):
        self.assertIsInstance(self.cache, collections.abc.MutableMapping)

    def test_matches_a_mapping_pattern(self):
        match self.cache:
            case {}:
                return
        self.fail("no mapping")

    def test_fromkeys(self):
        self.assertEqual(type(self.cache).fromkeys(["a"], 1), {"a": 1})

    def test_copy_is_a_plain_dict(self):
        for clone in (self.cache.copy(), copy.copy(self.cache)):
            self.assertIs(type(clone), dict)
            self.assertIs(clone[self.archive], self.cache[self.archive])

    @difference("directory-cache-type")
    def test_is_no_dict(self):
        self.assertNotIsInstance(self.cache, dict)

    @difference("directory-cache-loads", SINCE_3_13)
    def test_subscription_loads_what_is_stale(self):
        self.importer.invalidate_caches()
        self.assertEqual(list(self.cache[self.archive]), ["m.py", "d/"])


class Stale(CacheTestCase):
    """After an invalidation the key is gone until somebody looks; stock 3.12 reads again at once instead."""

    def setUp(self):
        super().setUp()
        self.value = self.cache[self.archive]
        self.length = len(self.cache)
        self.importer.invalidate_caches()

    @difference("lazy-invalidation", BEFORE_3_13)
    def test_key_is_absent(self):
        self.assertNotIn(self.archive, self.cache)
        self.assertNotIn(self.archive, list(self.cache))
        self.assertNotIn(self.archive, dict(self.cache))
        self.assertEqual(len(self.cache), self.length - 1)

    @difference("lazy-invalidation", BEFORE_3_13)
    def test_get_does_not_load(self):
        self.assertIsNone(self.cache.get(self.archive))

    @difference("lazy-invalidation", BEFORE_3_13)
    def test_pop_does_not_load(self):
        self.assertEqual(self.cache.pop(self.archive, 3), 3)
        self.assertRaises(KeyError, self.cache.pop, self.archive)

    def test_access_brings_it_back(self):
        self.importer.find_spec("m")
        self.assertIn(self.archive, self.cache)
        self.assertEqual(len(self.cache), self.length)

    def test_value_is_equal_afterwards(self):
        self.importer.find_spec("m")
        self.assertEqual(self.cache[self.archive], self.value)

    def test_value_in_hand_stays_as_it_was(self):
        self.remake({"n.py": ""})
        self.importer.invalidate_caches()
        self.importer.find_spec("n")
        self.assertEqual(list(self.value), ["m.py", "d/"])
        self.assertEqual(list(self.cache[self.archive]), ["n.py"])


class Dropping(CacheTestCase):
    """pop, del and clear make stale: the next access looks at the file again."""

    def drops(self):
        yield lambda: self.cache.pop(self.archive)
        yield lambda: self.cache.__delitem__(self.archive)
        yield lambda: self.cache.clear()

    def test_key_is_absent(self):
        for drop in self.drops():
            zipimport.zipimporter(self.archive)
            drop()
            self.assertNotIn(self.archive, self.cache)

    def test_pop_returns_the_value(self):
        value = self.cache[self.archive]
        self.assertIs(self.cache.pop(self.archive), value)

    def test_missing_key(self):
        self.assertRaises(KeyError, self.cache.pop, "no")
        self.assertRaises(KeyError, self.cache.__delitem__, "no")
        self.assertEqual(self.cache.pop("no", 3), 3)

    def test_new_importer_sees_the_new_archive(self):
        for number, drop in enumerate(self.drops()):
            self.remake({f"n{number}.py": ""})
            drop()
            self.assertIsNotNone(zipimport.zipimporter(self.archive).find_spec(f"n{number}"))

    @difference("lazy-invalidation", BEFORE_3_13)
    def test_old_importer_sees_the_new_archive(self):
        for number, drop in enumerate(self.drops()):
            zipimport.zipimporter(self.archive)
            self.remake({f"n{number}.py": ""})
            drop()
            self.assertIsNotNone(self.importer.find_spec(f"n{number}"))

    @difference("lazy-invalidation", BEFORE_3_13)
    def test_value_is_made_anew(self):
        """Nobody shall find again what others have put into it."""
        for drop in [*self.drops(), self.importer.invalidate_caches]:
            self.importer.find_spec("m")
            value = self.cache[self.archive]
            value["m.py"] = None
            drop()
            self.importer.find_spec("m")
            self.assertIsNot(self.cache[self.archive], value)
            self.assertIsNotNone(self.cache[self.archive]["m.py"])

    def test_popitem(self):
        key, value = self.cache.popitem()
        self.assertEqual((key, list(value)), (self.archive, ["m.py", "d/"]))
        self.assertNotIn(self.archive, self.cache)

    def test_clear_empties(self):
        self.cache.clear()
        self.assertEqual((len(self.cache), list(self.cache), bool(self.cache)), (0, [], False))
        self.assertRaises(KeyError, self.cache.popitem)

    @difference("unchanged-archive-not-reread")
    def test_unchanged_archive_is_not_read_again(self):
        for drop in self.drops():
            zipimport.zipimporter(self.archive)
            drop()
            with directory_reads() as count:
                zipimport.zipimporter(self.archive)
            self.assertEqual(count, [0])


class Assigning(CacheTestCase):
    def entry(self, name):
        return {name: (f"{self.archive}/{name}", 0, 0, 0, 0, 0, 0, 0)}

    def test_is_readable(self):
        value = self.entry("n.py")
        self.cache[self.archive] = value
        self.assertIs(self.cache[self.archive], value)
        self.assertIn(self.archive, self.cache)

    def test_any_key_and_value(self):
        self.addCleanup(self.cache.pop, "no such archive", None)
        self.cache["no such archive"] = 5
        self.assertEqual((self.cache["no such archive"], self.cache.pop("no such archive")), (5, 5))

    def test_setdefault(self):
        value = self.cache[self.archive]
        self.assertIs(self.cache.setdefault(self.archive, {}), value)
        self.addCleanup(self.cache.pop, "no", None)
        self.assertEqual(self.cache.setdefault("no", 5), 5)

    def test_update(self):
        self.addCleanup(self.cache.pop, "no", None)
        self.cache.update({"no": 1})
        self.cache.update([("no", 2)])
        self.assertEqual(self.cache["no"], 2)
        self.cache.update(no=3)
        self.assertEqual(self.cache["no"], 3)

    def test_in_place_union(self):
        self.addCleanup(self.cache.pop, "no", None)
        cache = self.cache
        cache |= {"no": 1}
        self.assertIs(cache, zipimport._zip_directory_cache)
        self.assertEqual(cache["no"], 1)

    @difference("directory-cache-assignment", SINCE_3_13)
    def test_is_never_used_for_imports(self):
        self.cache[self.archive] = self.entry("n.py")
        self.assertIsNone(self.importer.find_spec("n"))
        self.assertIsNotNone(self.importer.find_spec("m"))

    @difference("directory-cache-assignment")
    def test_is_never_used_by_a_constructor(self):
        path = self.write(b"this is no archive, whatever the mapping may say")
        self.cache[path] = self.entry("n.py")
        self.assertRaises(zipimport.ZipImportError, zipimport.zipimporter, path)

    @difference("directory-cache-assignment")
    def test_editing_a_value_in_place_changes_no_import(self):
        self.cache[self.archive].clear()
        self.assertIsNotNone(self.importer.find_spec("m"))

    def test_saved_and_restored_as_regrtest_does(self):
        saved = self.cache.copy()
        self.cache.clear()
        self.cache.update(saved)
        self.assertEqual(self.cache.copy(), saved)
        self.assertIsNotNone(self.importer.find_spec("m"))
        self.assertIsNotNone(zipimport.zipimporter(self.archive).find_spec("m"))

    def test_restoring_does_not_hide_a_new_archive(self):
        """What was saved is of the past: after an invalidation the file counts, not the copy."""
        saved = self.cache.copy()
        self.remake({"n.py": ""})
        self.cache.clear()
        self.cache.update(saved)
        importlib.invalidate_caches()
        self.importer.invalidate_caches()
        self.assertIsNotNone(self.importer.find_spec("n"))


class Collected(CacheTestCase):
    def test_a_vanished_archive_stays_a_key_until_invalidated(self):
        os.remove(self.archive)
        self.assertIn(self.archive, self.cache)

    def test_garbage_of_values(self):
        self.cache[self.archive]["self"] = self.cache
        self.cache.pop(self.archive)
        gc.collect()
        self.assertNotIn(self.archive, self.cache)
