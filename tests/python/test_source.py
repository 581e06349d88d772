"""get_source and the compiling of sources: encodings, byte order mark, line endings."""

from support import ZipTestCase, difference, make_pyc

LATIN1 = "# -*- coding: latin-1 -*-\nx = 'é'\n"


class GetSource(ZipTestCase):
    def source(self, data, **knobs):
        return self.make_importer({"m.py": data}, **knobs).get_source("m")

    def test_module(self):
        self.assertEqual(self.source("x = 1\n"), "x = 1\n")
        self.assertEqual(self.source("x = 1\n", method=8), "x = 1\n")

    def test_empty(self):
        self.assertEqual(self.source(""), "")

    def test_package(self):
        self.assertEqual(self.make_importer({"p/__init__.py": "x = 1"}).get_source("p"), "x = 1")

    def test_bytecode_only(self):
        self.assertIsNone(self.make_importer({"m.pyc": make_pyc("")}).get_source("m"))
        self.assertIsNone(self.make_importer({"p/__init__.pyc": make_pyc("")}).get_source("p"))

    def test_source_beside_bytecode(self):
        self.assertEqual(self.make_importer({"m.pyc": make_pyc(""), "m.py": "x = 2"}).get_source("m"), "x = 2")

    def test_source_of_a_package_is_not_the_module_s(self):
        importer = self.make_importer({"m/__init__.pyc": make_pyc(""), "m.py": "x = 2"})
        self.assertIsNone(importer.get_source("m"))

    def test_utf8(self):
        self.assertEqual(self.source("x = 'é☃\U0001f40d'"), "x = 'é☃\U0001f40d'")

    @difference("get-source-decodes")
    def test_encoding_cookie(self):
        self.assertEqual(self.source(LATIN1.encode("latin-1")), LATIN1)

    @difference("get-source-decodes")
    def test_encoding_cookie_in_the_second_line(self):
        text = "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '€'\n"
        self.assertEqual(self.source(text.encode("cp1252")), text)

    @difference("get-source-decodes")
    def test_byte_order_mark(self):
        self.assertEqual(self.source(b"\xef\xbb\xbfx = 1\n"), "x = 1\n")

    @difference("get-source-decodes")
    def test_line_endings(self):
        self.assertEqual(self.source(b"x = 1\r\ny = 2\rz = 3\n"), "x = 1\ny = 2\nz = 3\n")

    @difference("get-source-decodes")
    def test_unknown_encoding(self):
        importer = self.make_importer({"m.py": "# coding: no-such-encoding\n"})
        self.assertRaises(SyntaxError, importer.get_source, "m")

    def test_not_decodable(self):
        with self.assertRaises((UnicodeDecodeError, SyntaxError, ImportError)):
            self.source(b"x = '\xe9'")


class Compile(ZipTestCase):
    def run_source(self, data):
        namespace = {}
        exec(self.make_importer({"m.py": data}).get_code("m"), namespace)
        return namespace

    def test_line_endings(self):
        names = self.run_source(b"x = 1\r\ny = '''a\r\nb'''\rz = 3\r\n")
        self.assertEqual((names["x"], names["y"], names["z"]), (1, "a\nb", 3))

    def test_encoding_cookie(self):
        self.assertEqual(self.run_source(LATIN1.encode("latin-1"))["x"], "é")

    def test_byte_order_mark(self):
        self.assertEqual(self.run_source(b"\xef\xbb\xbfx = 1")["x"], 1)

    def test_no_newline_at_the_end(self):
        self.assertEqual(self.run_source("if 1:\n    x = 1")["x"], 1)

    def test_form_feed_and_tabs(self):
        self.assertEqual(self.run_source("\f\nif 1:\n\tx = 1\n")["x"], 1)

    def test_empty(self):
        self.assertEqual(set(self.run_source("")), {"__builtins__"})

    def test_null_byte(self):
        importer = self.make_importer({"m.py": "x = 1\0"})
        self.assertRaises((SyntaxError, ValueError), importer.get_code, "m")

    def test_futures_are_not_inherited(self):
        code = self.make_importer({"m.py": "x = 1"}).get_code("m")
        self.assertEqual(code.co_flags & 0x1FF0000, 0)

    def test_name_of_the_code(self):
        importer = self.make_importer({"m.py": "x = 1"})
        code = importer.get_code("m")
        self.assertEqual((code.co_name, code.co_filename), ("<module>", importer.archive + "/m.py"))

    def test_docstring_and_assert_follow_the_interpreter(self):
        self.assertEqual(self.run_source("'''Doc.'''")["__doc__"], "Doc.")

    def test_each_call_compiles(self):
        importer = self.make_importer({"m.py": "x = 1"})
        self.assertIsNot(importer.get_code("m"), importer.get_code("m"))

    def test_syntax_error(self):
        importer = self.make_importer({"m.py": "a b"})
        with self.assertRaises(SyntaxError) as caught:
            importer.get_code("m")
        error = caught.exception
        self.assertEqual((error.filename, error.lineno, error.text.strip()), (importer.archive + "/m.py", 1, "a b"))

    def test_missing_source(self):
        self.assertZipError("can't find module 'x'", self.make_importer({"m.py": ""}).get_source, "x", name="x")
