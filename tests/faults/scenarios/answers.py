"""What an importer hands out: data, sources, names, code."""

import os
import pickle
import zipimport

import zipbuild
from zipbuild import Entry

from .common import SOURCE, make, make_importer, pyc, scenario, stock


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
