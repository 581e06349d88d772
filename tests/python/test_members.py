"""Reading one member: methods, checks of header, length and CRC-32, and what is refused."""

import zipimport
import zlib

import support
from support import ZipTestCase, difference, ours_only
from zipbuild import (BZIP2, DEFLATED, DESCRIPTOR_FLAG, ENCRYPTED_FLAG, STORED, Entry, MAX16, MAX32, deflate, extra_field)

DATA = b"".join(b"line %d\n" % n for n in range(500))
CRC = zlib.crc32(DATA)


class MemberTestCase(ZipTestCase):
    def read(self, entry, **knobs):
        """The data of the one member of an archive."""
        return self.make_importer([entry], **knobs).get_data(entry.central["name"].decode())

    def assertReads(self, data=DATA, **knobs):
        self.assertEqual(self.read(Entry("d.txt", data, **knobs)), data)

    def assertRefused(self, entry, text="", **knobs):
        """The archive opens, other members read, this one raises ZipImportError."""
        importer = self.make_importer([Entry("first", b"1"), entry, Entry("last", b"2")], **knobs)
        with self.assertRaises(zipimport.ZipImportError) as caught:
            importer.get_data("d.txt")
        self.assertIs(type(caught.exception), zipimport.ZipImportError)
        self.assertIn(text, str(caught.exception))
        self.assertEqual((importer.get_data("first"), importer.get_data("last")), (b"1", b"2"))


class Methods(MemberTestCase):
    def test_stored(self):
        self.assertReads(method=STORED)

    def test_deflated(self):
        self.assertReads(method=DEFLATED)

    def test_empty(self):
        self.assertReads(b"", method=STORED)
        self.assertReads(b"", method=DEFLATED)

    def test_every_byte_value(self):
        self.assertReads(bytes(range(256)) * 300, method=DEFLATED)

    def test_large(self):
        self.assertReads(b"0123456789abcdef" * 65536 * 4, method=DEFLATED)

    def test_incompressible(self):
        noise = b"".join(zlib.crc32(b"%d" % n).to_bytes(4, "little") for n in range(30000))
        self.assertReads(noise, method=DEFLATED)

    def test_every_deflate_level(self):
        for level in range(10):
            with self.subTest(level):
                compressor = zlib.compressobj(level, zlib.DEFLATED, -15)
                self.assertReads(method=DEFLATED, raw=compressor.compress(DATA) + compressor.flush())

    def test_module_from_either_method(self):
        for method, name in ((STORED, "tm_stored"), (DEFLATED, "tm_deflated")):
            with self.subTest(name):
                self.make_on_path({f"{name}.py": "x = 1"}, method=method)
                self.assertModule(name, x=1)

    @difference("unsupported-method")
    def test_other_methods_are_refused_when_read(self):
        for method in (1, 9, BZIP2, 14, 99, 0xFFFF):
            with self.subTest(method):
                self.assertRefused(Entry("d.txt", DATA, method=method), f"unsupported compression method {method}")


class Encrypted(MemberTestCase):
    @difference("encrypted-member")
    def test_is_refused_when_read(self):
        self.assertRefused(Entry("d.txt", DATA, flags=ENCRYPTED_FLAG), "encrypted")

    @difference("encrypted-member")
    def test_module(self):
        self.make_on_path([Entry("tm_secret.py", "x = 1", flags=ENCRYPTED_FLAG), Entry("tm_open.py", "x = 1")])
        self.assertModule("tm_open", x=1)
        with self.assertRaisesRegex(zipimport.ZipImportError, "encrypted"):
            self.import_module("tm_secret")


class Checked(MemberTestCase):
    """What stock never looks at: the CRC-32, the length, most of the local header."""

    def assertModuleRefused(self, **knobs):
        self.make_on_path([Entry("tm_bad.py", "x = 1", **knobs)])
        self.assertRaises(ImportError, self.import_module, "tm_bad")

    @difference("crc-checked")
    def test_wrong_crc(self):
        for method in (STORED, DEFLATED):
            with self.subTest(method):
                self.assertRefused(Entry("d.txt", DATA, method=method, crc=CRC ^ 1), "CRC-32")

    @difference("crc-checked")
    def test_wrong_crc_of_a_module_is_never_executed(self):
        self.assertModuleRefused(crc=0)

    @difference("crc-checked")
    def test_damaged_stored_data(self):
        self.assertRefused(Entry("d.txt", DATA, raw=b"L" + DATA[1:]))

    @difference("crc-checked")
    def test_damaged_deflate_data_that_still_inflates(self):
        self.assertRefused(Entry("d.txt", DATA, method=DEFLATED, raw=deflate(DATA.swapcase())))

    @difference("size-checked")
    def test_more_data_than_the_size_says(self):
        self.assertRefused(Entry("d.txt", DATA, method=DEFLATED, size=len(DATA) - 1))

    @difference("size-checked")
    def test_less_data_than_the_size_says(self):
        self.assertRefused(Entry("d.txt", DATA, method=DEFLATED, size=len(DATA) + 1))

    @difference("size-checked")
    def test_stored_member_of_two_sizes(self):
        self.assertRefused(Entry("d.txt", DATA, size=len(DATA) + 1))
        self.assertRefused(Entry("d.txt", DATA, size=len(DATA) - 1))

    @difference("size-checked")
    def test_size_of_nothing(self):
        self.assertRefused(Entry("d.txt", DATA, method=DEFLATED, size=0))

    @difference("member-errors")
    def test_claim_of_4_gib(self):
        self.assertRefused(Entry("d.txt", DATA, method=DEFLATED, size=MAX32 - 1, compressed_size=MAX32 - 1))

    @difference("size-checked")
    def test_claim_of_4_gib_in_small_deflate_data(self):
        self.assertRefused(Entry("d.txt", DATA, method=DEFLATED, size=MAX32 - 1))

    @difference("size-checked")
    def test_bytes_after_the_deflate_stream(self):
        self.assertRefused(Entry("d.txt", DATA, method=DEFLATED, raw=deflate(DATA) + b"more", size=len(DATA) + 1))

    @difference("member-errors")
    def test_truncated_deflate_stream(self):
        self.assertRefused(Entry("d.txt", DATA, method=DEFLATED, raw=deflate(DATA)[:-9]))

    @difference("member-errors")
    def test_no_deflate_stream(self):
        for raw in (b"", b"\xff" * 20, b"\7"):
            with self.subTest(raw):
                self.assertRefused(Entry("d.txt", DATA, method=DEFLATED, raw=raw))

    @difference("member-errors")
    def test_data_behind_the_end_of_the_file(self):
        self.assertRefused(Entry("d.txt", DATA, size=10**6, compressed_size=10**6))

    @difference("member-errors")
    def test_damaged_module_is_an_import_error(self):
        self.assertModuleRefused(method=DEFLATED, raw=b"\xff" * 20)


class LocalHeader(MemberTestCase):
    def test_signature(self):
        importer = self.make_importer([Entry("d.txt", DATA, local_signature=b"PK\3\5")])
        with self.assertRaisesRegex(zipimport.ZipImportError, "^bad local file header: "):
            importer.get_data("d.txt")

    def test_the_directory_decides_about_the_name(self):
        for name in b"e.txt", b"d.tx", b"d.txt2", b"", b"n" * MAX16:
            for method in STORED, DEFLATED:
                with self.subTest(name[:9], method=method):
                    self.assertReads(local_name=name, method=method)

    def test_the_directory_decides_about_the_method(self):
        self.assertReads(local_method=DEFLATED)
        self.assertReads(local_method=99, method=DEFLATED)

    def test_the_directory_decides_about_the_sizes(self):
        for size in 0, 1, len(DATA) + 1, MAX32 - 1:
            for method in STORED, DEFLATED:
                with self.subTest(size, method=method):
                    self.assertReads(local_size=size, method=method)
                    self.assertReads(local_compressed_size=size, method=method)

    def test_the_directory_decides_about_the_flags(self):
        self.assertReads(local_flags=ENCRYPTED_FLAG)

    def test_descriptor_without_its_flag(self):
        """As richgel999/miniz writes since 2.2."""
        self.assertReads(descriptor=True, method=DEFLATED, flags=0)

    def test_directory_rewritten_in_append_mode(self):
        """zipfile writes the directory anew, its cp437 names in UTF-8, and leaves the local headers (python/cpython#84353)."""
        self.make_on_path([Entry("tm_caf\xe9.py", "x = 1", local_name="tm_caf\xe9.py".encode("cp437"), local_flags=0)])
        self.assertModule("tm_caf\xe9", x=1)

    def test_members_that_share_one_header(self):
        importer = self.make_importer([Entry("a.txt", DATA), Entry("b.txt", DATA, central_only=True, offset=0)])
        self.assertEqual([importer.get_data("a.txt"), importer.get_data("b.txt")], [DATA, DATA])

    @ours_only("counters")
    def test_the_first_difference_costs_a_look_and_the_others_a_stat(self):
        members = [Entry(f"{letter}.txt", DATA, method=DEFLATED, local_size=0) for letter in "abc"]
        importer = zipimport.zipimporter(support.settle(self.make(members + [Entry("right.txt", DATA)])))
        counted = "opens", "parses", "stats", "revalidations"
        look, nothing = (2, 0, 1, 1), (1, 0, 0, 0)
        further = (1, 0, 1, 1) if support.STAMPS_PROVE else (2, 0, 2, 1)
        for name, expected in ("a.txt", look), ("b.txt", further), ("c.txt", further), ("right.txt", nothing):
            with self.subTest(name), support.stats_delta() as delta:
                self.assertEqual(importer.get_data(name), DATA)
            self.assertEqual(tuple(delta[key] for key in counted), expected, name)

    @difference("crc-checked")
    def test_wrong_offset_is_refused(self):
        """A header is found there, and the bytes are not the member's."""
        self.assertRefused(Entry("d.txt", DATA, offset=0))

    def test_sizes_do_not_count_with_a_data_descriptor(self):
        for size in (0, 1, MAX32):
            self.assertReads(local_size=size, local_compressed_size=size, flags=DESCRIPTOR_FLAG)

    def test_what_does_not_matter(self):
        self.assertReads(local_dos_time=0, local_dos_date=0, local_version_needed=99)

    def test_flags_need_not_agree_on_utf8(self):
        self.assertReads(local_flags=0x800)

    def test_local_extra(self):
        self.assertReads(local_extra=extra_field(0xCAFE, b"\0" * 4))
        self.assertReads(local_extra=b"\0\0\0")

    def test_offset_inside_the_directory(self):
        importer = self.make_importer([Entry("a"), Entry("d.txt", DATA, offset=31 + 35 + len(DATA))])
        self.assertRaises(zipimport.ZipImportError, importer.get_data, "d.txt")
        importer = self.make_importer([Entry("a" * 40, offset=70, central_only=True)], before_directory=b"PK\3\4" + b"\0" * 66)
        self.assertRaises(zipimport.ZipImportError, importer.get_data, "a" * 40)


class DataDescriptor(MemberTestCase):
    def test_with_signature(self):
        self.assertReads(descriptor=True)
        self.assertReads(descriptor=True, method=DEFLATED)

    def test_without_signature(self):
        self.assertReads(descriptor=CRC.to_bytes(4, "little") + len(DATA).to_bytes(4, "little") * 2)

    def test_of_zip64_size(self):
        self.assertReads(descriptor=b"PK\7\x08" + CRC.to_bytes(4, "little") + len(DATA).to_bytes(8, "little") * 2)

    def test_wrong_or_missing_descriptor_is_not_looked_at(self):
        self.assertReads(descriptor=b"")
        self.assertReads(descriptor=b"PK\7\x08" + b"\xff" * 12)

    def test_module(self):
        self.make_on_path([Entry("tm_streamed.py", "x = 1", method=DEFLATED, descriptor=True)])
        self.assertModule("tm_streamed", x=1)


@ours_only("stock has no limit")
class SizeLimit(MemberTestCase):
    def setUp(self):
        super().setUp()
        support.ours.uninstall()
        support.ours.install(max_member_bytes=1000)
        self.addCleanup(support.ours.install)
        self.addCleanup(support.ours.uninstall)

    def test_member_at_the_limit_reads(self):
        self.assertReads(b"x" * 1000, method=DEFLATED)

    def test_member_above_the_limit_is_refused(self):
        self.assertRefused(Entry("d.txt", b"x" * 1001, method=DEFLATED))
        self.assertRefused(Entry("d.txt", b"x" * 1001, method=STORED))

    def test_member_that_hides_its_size_is_refused(self):
        self.assertRefused(Entry("d.txt", b"x" * 100000, method=DEFLATED, size=1000))
