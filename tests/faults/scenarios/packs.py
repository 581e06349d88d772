"""Bytecode packs: using them, writing them; archives that continue others; traces."""

import itertools
import os
import zipfile
import zipimport
import zlib

import pyodide_zipimport as module
import zipbuild

from .common import folder, importing, make, scenario, write

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
