"""Importing modules of all kinds."""

import importlib.util
import zipimport

import zipbuild
from zipbuild import Entry

from .common import SOURCE, describe, forget, importing, make, make_importer, pyc, scenario

CHECKED, UNCHECKED = 3, 1  # flags of a .pyc, as PEP 552 has them


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
