"""The floor: what importing takes when all bytecode is in memory already.

Modules of the archives on sys.path, the standard library's included, come from finders that have the
marshalled bytes in a dict, and go through the same parts of importlib. What they hold is what pack
files hold: a folder of them is the argument.
"""

import marshal
import os
import sys
import zipfile
import zipimport
import zlib

import _frozen_importlib
from importlib.machinery import PathFinder


def directory_digest(path):
    """What the name of an archive's pack contains: the CRC-32 of its directory, and its size."""
    with open(path, "rb") as file:
        data = file.read()
    end = data.rindex(b"PK\5\6")
    nbytes, offset = (int.from_bytes(data[end + at : end + at + 4], "little") for at in (12, 16))
    return f"{zlib.crc32(data[offset : offset + nbytes]):x}-{nbytes}"


def read_packs(folder, path):
    """{member of the archive: marshalled code}"""
    digest = directory_digest(path)
    code = {}
    for name in os.listdir(folder):
        if f"-{digest}." in name:
            with zipfile.ZipFile(os.path.join(folder, name)) as pack:
                code.update((member[:-1], pack.read(member)[16:]) for member in pack.namelist())
    return code


class Loader:
    def __init__(self, folder, path, data):
        self.folder = folder
        self.path = path
        self.data = data

    def create_module(self, spec):
        return None

    def get_filename(self, name):
        return self.path

    def get_resource_reader(self, name):
        """Files beside the modules, which no pack holds."""
        return zipimport.zipimporter(self.folder).get_resource_reader(name)

    def exec_module(self, module):
        code = marshal.loads(self.data)
        _frozen_importlib._call_with_frames_removed(exec, code, module.__dict__)


class Finder:
    def __init__(self, archive, prefix, code):
        self.archive = archive
        self.prefix = prefix
        self.code = code

    def find_spec(self, name, target=None):
        member = self.prefix + name.rpartition(".")[2]
        for suffix, package in (("/__init__.py", True), (".py", False)):
            data = self.code.get(member + suffix)
            if data is not None:
                folder = f"{self.archive}/{self.prefix}".rstrip("/")
                loader = Loader(folder, f"{self.archive}/{member}{suffix}", data)
                return _frozen_importlib.spec_from_loader(name, loader, is_package=package)
        return None


def install(folder):
    archives = {path: read_packs(folder, path) for path in sys.path if os.path.isfile(path)}

    def hook(path):
        for archive, code in archives.items():
            if path == archive or path.startswith(archive + "/"):
                prefix = path[len(archive) + 1 :]
                return Finder(archive, prefix and prefix + "/", code)
        raise ImportError(path)

    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()
    # Finding the modules' archives, which the others have done when they started.
    for path in archives:
        PathFinder.find_spec("module_that_is_nowhere", [path])
