"""Archives that continue another one: what bytecode is added to, for a start or for others to serve."""

import io
import os
import subprocess
import unittest
import zipfile
import zipimport
import zlib

import support
import zipbuild
from support import IN_PYODIDE, ZipTestCase, native_only, ours_only


@ours_only("writes archives")
class WriteArchive(ZipTestCase):
    def write(self, source, add=(), omit=()):
        target = self.path("copy.zip")
        writer = support.ours._write_archive(source, target, omit)
        for member in add:
            writer.add(*member)
        _, nbytes, count = writer.finish()
        self.assertEqual(nbytes, os.stat(target).st_size)
        with zipfile.ZipFile(target) as archive:
            self.assertIsNone(archive.testzip())
            self.assertEqual(len(archive.infolist()), count)
        return target

    def contents(self, path):
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def make_mixed(self, prepended=b""):
        """As others write archives: with folders, comments, data descriptors, attributes, several methods."""
        path = self.path("mixed.zip")
        buffer = io.BytesIO()

        class Stream(io.RawIOBase):  # cannot seek, hence data descriptors
            def writable(self):
                return True

            def write(self, data):
                return buffer.write(data)

        with zipfile.ZipFile(Stream(), "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("p/", b"")
            archive.writestr("p/__init__.py", "value = 1\n" * 100)
            executable = zipfile.ZipInfo("p/tool.py", (2020, 2, 2, 2, 2, 2))
            executable.external_attr = 0o755 << 16
            executable.comment = b"a comment"
            archive.writestr(executable, "value = 2\n")
            archive.writestr("p/\u00e9.py", "value = 3\n")
            archive.writestr("RECORD", "p/__init__.py,,\n")
        with open(path, "wb") as file:
            file.write(prepended + buffer.getvalue())
        return path

    def test_onto_its_own_source_is_refused(self):
        source = self.make_mixed()
        before = self.contents(source)
        os.symlink(source, self.path("link.zip"))
        targets = [source, f"{self.folder}/./mixed.zip", self.path("link.zip")]
        if not IN_PYODIDE:  # whose file systems have no hard links
            os.link(source, self.path("hard.zip"))
            targets.append(self.path("hard.zip"))
        for target in targets:
            with self.subTest(target), self.assertRaisesRegex(ValueError, "is the archive that it would be made from"):
                support.ours._write_archive(source, target, ())
            self.assertEqual(self.contents(source), before)

    def test_a_source_that_is_none_leaves_the_target(self):
        target = support.write_file(self.path("copy.zip"), zipbuild.build({"m.py": "x = 1"}))
        for source in self.path("missing.zip"), self.folder:
            self.assertRaises((OSError, ImportError), support.ours._write_archive, source, target, ())
        self.assertEqual(self.contents(target), {"m.py": b"x = 1"})

    def test_a_null_character_ends_no_path(self):
        source = self.make_mixed()
        for paths in (source, self.path("cut\0here")), (source + "\0", self.path("cut")):
            with self.assertRaisesRegex(ValueError, "embedded null character"):
                support.ours._write_archive(*paths, ())
        self.assertEqual(os.listdir(self.folder), ["mixed.zip"])

    def test_members_stay_what_they_are(self):
        source = self.make_mixed()
        target = self.write(source)
        self.assertEqual(self.contents(target), self.contents(source))
        with zipfile.ZipFile(source) as before, zipfile.ZipFile(target) as after:
            for old, new in zip(before.infolist(), after.infolist(), strict=True):
                for attribute in ("filename", "date_time", "compress_type", "comment", "extra", "create_system", "flag_bits",
                                  "external_attr", "header_offset", "CRC", "compress_size", "file_size"):
                    self.assertEqual(getattr(new, attribute), getattr(old, attribute), attribute)

    def test_what_stands_before_the_archive_stays(self):
        source = self.make_mixed(prepended=b"#!/usr/bin/env python3\n")
        target = self.write(source, [("new", b"data")])
        with open(target, "rb") as file:
            self.assertEqual(file.readline(), b"#!/usr/bin/env python3\n")
        self.assertEqual(self.contents(target), {**self.contents(source), "new": b"data"})

    def test_added_members(self):
        source = self.make_mixed()
        text = b"spam " * 1000
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        deflated = packer.compress(text) + packer.flush()
        target = self.write(source, [("p/x.pyc", b"stored"), ("text", deflated, len(text), zlib.crc32(text)), ("\u00e9", b"")])
        expected = {**self.contents(source), "p/x.pyc": b"stored", "text": text, "\u00e9": b""}
        self.assertEqual(self.contents(target), expected)
        importer = zipimport.zipimporter(target)
        self.assertEqual(importer.get_data("text"), text)

    def test_left_out_and_replaced(self):
        source = self.make_mixed()
        target = self.write(source, [("RECORD", b"new")], omit=["RECORD", "p/tool.py", "not there"])
        expected = {**self.contents(source), "RECORD": b"new"}
        del expected["p/tool.py"]
        self.assertEqual(self.contents(target), expected)
        with open(target, "rb") as file:
            data = file.read()
        # Nothing is left that the directory does not list.
        self.assertEqual(data.count(b"PK\3\4"), len(expected))
        self.assertNotIn(b"tool.py", data)

    def test_left_out_of_many(self):
        source = self.path("many.zip")
        names = [f"{i}.txt" for i in range(1000)]
        support.write_file(source, zipbuild.build(dict.fromkeys(names, "")))
        target = self.write(source, omit=names[1:])
        self.assertEqual(list(self.contents(target)), names[:1])

    def test_left_out_by_a_name_that_is_shown(self):
        source = self.path("names.zip")
        entries = [
            zipbuild.Entry(name, str(i), **knobs)
            for i, (name, knobs) in enumerate(
                [
                    ("./RECORD", {}),
                    ("./kept", {}),
                    ("./RECORD", {}),
                    (b"\x82", {}),  # an e with an acute accent, in code page 437
                    ("\u00fc".encode(), {"version_made": 3 << 8 | 20}),  # Unix: UTF-8 without its flag
                    (b"\x82\x82", {}),
                ]
            )
        ]
        support.write_file(source, zipbuild.build(entries))
        target = self.write(source, [("RECORD", b"new")], omit=["RECORD", "\u00e9", "\u00fc"])
        self.assertEqual(self.contents(target), {"./kept": b"1", "\u00e9\u00e9": b"5", "RECORD": b"new"})

    @native_only("runs unzip")
    def test_unzip_takes_it(self):
        target = self.write(self.make_mixed(), [("new", b"data")], omit=["RECORD"])
        subprocess.run(["unzip", "-tq", target], check=True, stdout=subprocess.DEVNULL)

    def test_source_that_is_no_archive(self):
        path = self.path("not.zip")
        support.write_file(path, b"not an archive")
        with self.assertRaisesRegex(zipimport.ZipImportError, "not a Zip file"):
            support.ours._write_archive(path, self.path("copy.zip"), ())
        with self.assertRaises(FileNotFoundError):
            support.ours._write_archive(self.path("missing.zip"), self.path("copy.zip"), ())

    def test_target_that_cannot_be_made(self):
        with self.assertRaises(FileNotFoundError):
            support.ours._write_archive(self.make_mixed(), self.path("no/folder/copy.zip"), ())

    def test_wrong_arguments(self):
        source = self.make_mixed()
        with self.assertRaises(TypeError):
            support.ours._write_archive(source.encode(), self.path("copy.zip"), ())
        with self.assertRaises(TypeError):
            support.ours._write_archive(source, self.path("copy.zip"), [b"bytes"])
        writer = support.ours._write_archive(source, self.path("copy.zip"), ())
        with self.assertRaises(TypeError):
            writer.add("name", "text")
        with self.assertRaises(TypeError):
            writer.add("name", b"", "many", 0)
        with self.assertRaises(zipimport.ZipImportError):
            writer.add("n" * 65536, b"")
        with self.assertRaisesRegex(ValueError, "given up"):
            writer.add("name", b"")

    def test_finished(self):
        writer = support.ours._write_archive(self.make_mixed(), self.path("copy.zip"), ())
        writer.finish()
        with self.assertRaisesRegex(ValueError, "finished"):
            writer.finish()


if __name__ == "__main__":
    unittest.main()
