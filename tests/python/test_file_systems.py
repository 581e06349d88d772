"""Archives that are written anew with their times set back, on the file systems that there are: src/cache/stamp.h.

Natively the temporary folder's (ext4, most likely), tmpfs, and ext4 with inodes of 128 bytes, which has whole seconds only. In
Pyodide MEMFS and NODEFS.
"""

import importlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipimport

import support
from support import STAMPS_PROVE, ZipTestCase, difference, ours_only, settle, stats_delta
from zipbuild import build

ROUNDS = 60


class Rewritten:
    """The tests; a class of each file system has them."""

    place = None  # a folder on the file system
    whole_seconds = False

    def setUp(self):
        super().setUp()
        folder = tempfile.mkdtemp(prefix="zipimport-", dir=self.place)
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.folder = os.path.realpath(folder)
        self.archive = self.make({"m.py": "x = 10"})
        os.utime(self.archive, (10**9, 10**9))  # a time that every file system gives back as it is
        settle(self.archive, whole_seconds=self.whole_seconds)
        self.stat = os.stat(self.archive)
        sys.path.insert(0, self.archive)
        self.assertModule("m", x=10)

    def put(self, number):
        """Writes other bytes of the same size in place."""
        with open(self.archive, "r+b") as file:
            file.write(build({"m.py": f"x = {number}"}))

    def set_back(self):
        os.utime(self.archive, ns=(self.stat.st_mtime_ns, self.stat.st_mtime_ns))

    def assertUnchangedButForBytes(self):
        stat = os.stat(self.archive)
        for field in ("st_ino", "st_size", "st_mtime_ns"):
            self.assertEqual(getattr(stat, field), getattr(self.stat, field), field)

    def test_in_place(self):
        self.put(11)
        self.set_back()
        self.assertUnchangedButForBytes()
        importlib.invalidate_caches()
        self.assertModule("m", x=11)

    def test_again_and_again(self):
        for number in range(11, 11 + ROUNDS):
            self.put(number)
            self.set_back()
            importlib.invalidate_caches()
            self.assertModule("m", x=number)

    def test_from_a_tar(self):
        for number in (11, 12):
            file = io.BytesIO()
            with tarfile.open(fileobj=file, mode="w") as tar:
                data = build({"m.py": f"x = {number}"})
                info = tarfile.TarInfo(os.path.basename(self.archive))
                info.size, info.mtime = len(data), 315532800
                tar.addfile(info, io.BytesIO(data))
            file.seek(0)
            with tarfile.open(fileobj=file) as tar:
                tar.extractall(self.folder, **({"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}))
            importlib.invalidate_caches()
            self.assertModule("m", x=number)

    def test_copied_with_its_times(self):
        for number in (11, 12):
            other = self.make({"m.py": f"x = {number}"}, "other.zip")
            os.utime(other, ns=(self.stat.st_mtime_ns, self.stat.st_mtime_ns))
            shutil.copy2(other, self.archive)
            importlib.invalidate_caches()
            self.assertModule("m", x=number)

    @difference("reload-looks")
    def test_reloaded(self):
        module = self.import_module("m")
        self.write(build({"a.txt": "moves the other", "m.py": "x = 11"}), os.path.basename(self.archive))
        self.set_back()
        self.assertEqual(importlib.reload(module).x, 11)

    @ours_only("stock does not check what it reads")
    def test_read_that_meets_other_bytes(self):
        importer = zipimport.zipimporter(self.archive)
        for number in (11, 12):
            self.put(number)
            self.set_back()
            self.assertEqual(importer.get_data("m.py"), f"x = {number}".encode())

    @ours_only("stock has no such call")
    def test_explicit_invalidation(self):
        self.put(11)
        self.set_back()
        support.ours.invalidate(self.archive)
        self.assertModule("m", x=11)

    def test_half_written(self):
        importer = zipimport.zipimporter(self.archive)
        data = build({"n.py": "x = 1\n" * 100})
        self.write(data[:-1], os.path.basename(self.archive))
        importer.invalidate_caches()
        self.assertIsNone(importer.find_spec("n"))
        self.write(data, os.path.basename(self.archive))
        importer.invalidate_caches()
        self.assertIsNotNone(importer.find_spec("n"))


class Cost:
    """What an unchanged archive costs after an invalidation: one stat where that is proof, the directory where not."""

    proof = True

    @ours_only("counters")
    def test_unchanged(self):
        importer = zipimport.zipimporter(self.archive)
        importer.invalidate_caches()
        with stats_delta() as delta:
            self.assertIsNotNone(importer.find_spec("m"))
        self.assertEqual((delta.opens, delta.stats), (0, 1) if self.proof else (1, 2))
        self.assertEqual((delta.parses, delta.revalidations), (0, 1))


class TemporaryFolder(Rewritten, Cost, ZipTestCase):
    place = tempfile.gettempdir()
    proof = STAMPS_PROVE


@unittest.skipUnless(support.IN_MEMORY, "there is no tmpfs")
class Tmpfs(Rewritten, Cost, ZipTestCase):
    place = support.IN_MEMORY


@unittest.skipUnless(os.path.isdir(support.HOST_FOLDER), "no folder of the machine is mounted")
class NodeFS(Rewritten, ZipTestCase):
    place = support.HOST_FOLDER


@support.native_only("file systems are mounted by the system")
class NativeWholeSeconds(Rewritten, Cost, ZipTestCase):
    proof = False
    whole_seconds = True

    @classmethod
    def setUpClass(cls):
        cls.base = tempfile.mkdtemp(prefix="zipimport-")
        cls.place = os.path.join(cls.base, "mounted")
        os.mkdir(cls.place)
        image = os.path.join(cls.base, "image")
        with open(image, "wb") as file:
            file.truncate(8 << 20)
        for command in (["mkfs.ext4", "-q", "-I", "128", image], ["mount", "-o", "loop", image, cls.place]):
            try:
                done = subprocess.run(command, capture_output=True, check=False).returncode == 0
            except OSError:
                done = False
            if not done:
                shutil.rmtree(cls.base)
                raise unittest.SkipTest(f"{command[0]} does not work here")

    @classmethod
    def tearDownClass(cls):
        subprocess.run(["umount", cls.place], check=True)
        shutil.rmtree(cls.base)

    def test_times_are_whole_seconds(self):
        self.assertEqual(self.stat.st_ctime_ns % 10**9, 0)
