"""Does with an archive all that ends before its code runs; whatever is raised and not documented escapes to fuzz_importer.c."""

import os
import zipimport
import zlib

import pyodide_zipimport

# Members beyond this are refused, so that an input's cost stays in proportion to its size.
pyodide_zipimport.install(max_member_bytes=65536)
NAMES = 50
# A file in memory that goes with the process.
FILE = os.memfd_create("archive")
PATH = f"/proc/self/fd/{FILE}"


def attempt(errors, function, *args):
    try:
        return function(*args)
    except errors:
        return None


def write(data):
    os.ftruncate(FILE, len(data))
    os.pwrite(FILE, data, 0)


def mutate(data):
    """Another archive of the same size, or a shorter one."""
    at = zlib.crc32(data) % (len(data) + 1)
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1:] if at < len(data) else data[:at // 2]


def use(importer, name):
    """Looks a member up by its name, and as the module that it may be."""
    directory, _, file = name.rpartition("/")
    attempt((zipimport.ZipImportError, OSError), importer.get_data, name)
    attempt((zipimport.ZipImportError, OSError), importer.get_data, f"{PATH}/{name}")
    within = attempt(zipimport.ZipImportError, zipimport.zipimporter, f"{PATH}/{directory}")
    for module in {file.partition(".")[0], directory.rpartition("/")[2]}:
        for each in filter(None, (importer, within)):
            attempt((ImportError, OSError, EOFError), each.find_spec, module)
            attempt((ImportError, OSError, EOFError), each.get_filename, module)
            attempt(zipimport.ZipImportError, each.is_package, module)
            # The source's own encoding may be wrong, or its declaration.
            attempt((zipimport.ZipImportError, OSError, SyntaxError, UnicodeError), each.get_source, module)


def judge(data):
    write(data)
    pyodide_zipimport.invalidate()
    importer = attempt(zipimport.ZipImportError, zipimport.zipimporter, PATH)
    if importer is None:
        return
    for name in list(zipimport._zip_directory_cache[PATH])[:NAMES]:
        use(importer, name)
    write(mutate(data))
    for name in ["m.py", *zipimport._zip_directory_cache[PATH]][:NAMES]:  # still the old names
        use(importer, name)
    importer.invalidate_caches()
    for name in list(zipimport._zip_directory_cache[PATH])[:NAMES]:
        use(importer, name)
