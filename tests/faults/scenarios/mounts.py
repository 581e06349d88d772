"""Mounted archives, alone and in shared folders."""

import contextlib
import ctypes
import errno
import importlib.machinery
import importlib.util
import os
import struct
import sys

import pyodide_zipimport as module
import support
import zipbuild
from zipbuild import Entry

from .common import MEMBERS, SOURCE, folder, loading, make, scenario


@contextlib.contextmanager
def mounted(path, place="/mounted"):
    """What _mount() says of the archive; unmounted in any case, at the second try if the first was made to fail."""
    pointer, *key = module._mount(place, path)
    try:
        yield pointer, key
    finally:
        try:
            module._unmount(pointer)
        except BaseException:
            module._unmount(pointer)
            raise


@scenario(refused=True)
def mount_an_archive():
    path = make()

    def act():
        with mounted(path) as (_, key):
            return key == list(module._archive_key(path))

    return act


def open_bridge():
    """The functions that JavaScript calls, here by ctypes; nodes and errors as in src/bridge.h."""
    bridge = ctypes.CDLL(module.__file__)
    arguments = [ctypes.c_void_p, ctypes.c_uint32]
    for name in ("first", "next", "read"):
        getattr(bridge, f"zi_bridge_{name}").argtypes = arguments
    bridge.zi_bridge_first.restype = bridge.zi_bridge_next.restype = ctypes.c_int32
    bridge.zi_bridge_read.restype = bridge.zi_bridge_area.restype = ctypes.c_void_p
    return bridge


def read_node(bridge, pointer, node):
    contents = bridge.zi_bridge_read(pointer, node)
    area = ctypes.string_at(bridge.zi_bridge_area(), 32)
    nbytes, error = int(struct.unpack("d", area[:8])[0]), int.from_bytes(area[20:24], "little")
    try:
        if error:
            raise MemoryError if error == errno.ENOMEM else OSError(error, "")
        return ctypes.string_at(contents, nbytes)
    finally:
        bridge.zi_bridge_release()


@scenario(refused=True, repeats=False)
def mount_for_the_first_time():
    path = make()
    fresh = loading(sys.hexversion)()

    def act():
        pointer, *_ = fresh._mount("/mounted", path)
        try:
            fresh._unmount(pointer)
        finally:
            fresh._unmount(pointer)
        return fresh._archive_key(path)

    return act


@scenario(refused=True)
def read_through_the_bridge():
    path = make([Entry("m.py", SOURCE, method=zipbuild.DEFLATED), Entry("data.txt", "data")])
    bridge = open_bridge()

    def act():
        with mounted(path) as (pointer, _):
            second = bridge.zi_bridge_first(pointer, 0)
            first = bridge.zi_bridge_next(pointer, second)
            return [read_node(bridge, pointer, node) for node in (first, second)]

    return act


@scenario(refused=True)
def list_links_through_the_bridge():
    link = {"attributes": 0o120777 << 16, "version_made": 3 << 8}
    path = make([Entry("data.txt", "data"), Entry("link", "data.txt", **link)])
    bridge = open_bridge()

    def act():
        with mounted(path) as (pointer, _):
            first = bridge.zi_bridge_first(pointer, 0)
            return first, bridge.zi_bridge_next(pointer, first)

    return act


@scenario(absent=None, refused=True)
def find_in_a_mount():
    path = make({**MEMBERS, "c.pyc": support.make_pyc(SOURCE), "x" + importlib.machinery.EXTENSION_SUFFIXES[0]: ""})

    def act():
        with mounted(path):
            finder = module._mount_hook("/mounted")
            specs = [finder.find_spec(name) for name in ("m", "p", "space", "c", "x", "missing")]
            return [(spec.name, spec.origin, spec.submodule_search_locations and list(spec.submodule_search_locations),
                     type(spec.loader).__name__) if spec else None for spec in specs]

    return act


@scenario(refused=True)
def load_from_a_mount():
    path = make({**MEMBERS, "c.pyc": support.make_pyc(SOURCE)})

    def act():
        values = []
        with mounted(path):
            finder = module._mount_hook("/mounted")
            for name in ("m", "c"):
                loader = finder.find_spec(name).loader
                names = {}
                exec(loader.get_code(name), names)
                values += [names["value"], len(loader.get_data(loader.path))]
        return values

    return act


@scenario(refused=True)
def use_what_is_no_mount_any_more():
    path = make()
    with mounted(path):
        finder = module._mount_hook("/mounted")
        loader = finder.find_spec("m").loader

    def act():
        answers = [finder.find_spec("m")]
        for method, argument in ((loader.get_code, "m"), (loader.get_data, loader.path)):
            try:
                method(argument)
            except FileNotFoundError as error:
                answers.append(error.filename)
        return answers

    return act


@scenario(repeats=False, refused=True)
def trace_an_import_from_a_mount():
    path = make()

    def act():
        with mounted(path):
            module.set_tracing(True)
            try:
                spec = module._mount_hook("/mounted").find_spec("m")
                spec.loader.exec_module(importlib.util.module_from_spec(spec))
                return [(each["name"], each["archive"], each["origin"]) for each in module.trace()]
            finally:
                module.set_tracing(False)

    return act


def make_shared():
    """A shared folder, which holds a module of its own, and two archives for it."""
    path = os.path.join(folder, "site-packages")
    os.makedirs(path, exist_ok=True)
    support.write_file(os.path.join(path, "own.py"), SOURCE.encode())
    return path, make(), make({"p/more.py": SOURCE, "own.py": SOURCE, "m.pyc": support.make_pyc(SOURCE)}, "b.zip")


@scenario(refused=True)
def find_in_a_shared_folder():
    path, one, other = make_shared()

    def act():
        module._share(path)
        with mounted(one, path), mounted(other, path):
            finder = module._mount_hook(path)
            specs = [finder.find_spec(name) for name in ("m", "p", "missing")]
            specs.append(module._mount_hook(f"{path}/p").find_spec("p.more"))
            return [(spec.name, type(spec.loader).__name__) if spec else None for spec in specs]

    return act


@scenario(absent=None, refused=True)
def find_by_way_of_stock_in_a_shared_folder():
    path, one, other = make_shared()
    bridge = ctypes.CDLL(module.__file__)
    bridge.zi_bridge_area.restype = ctypes.c_void_p
    bridge.zi_bridge_note.argtypes = [ctypes.c_void_p]

    def act():
        pointer = module._share(path)
        with mounted(one, path), mounted(other, path):
            area = bridge.zi_bridge_area()
            ctypes.memmove(area + 28, b"own", 3)
            ctypes.c_uint32.from_address(area + 24).value = 3
            bridge.zi_bridge_note(pointer)
            spec = module._mount_hook(path).find_spec("own")
            return spec and (spec.name, spec.origin[len(path):], type(spec.loader).__name__)

    return act
