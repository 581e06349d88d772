"""What is measured, inside Pyodide: each function here is one measurement.

Each returns a dict whose "ms" is a list of milliseconds, one for each round; what a round needs
before it is prepared while the clock stands still. Which importer is measured was decided when this
Pyodide started: most functions do the same with either.
"""

import importlib
import itertools
import os
import sys
import time
import zipimport

OURS = sys.modules.get("pyodide_zipimport")
MISSING = "module_that_is_nowhere"
# The first rounds find things that later rounds find cached, and run machine code that the engine
# has not optimised yet. The engine goes by how long code has run, so that is equal for all.
WARM_UP = 2
WARM_UP_SECONDS = 0.25


def clock(action, loops=1):
    start = time.perf_counter()
    for _ in range(loops):
        action()
    return (time.perf_counter() - start) * 1000


def sample(rounds, action, prepare=lambda: None, loops=1, warm_up=WARM_UP_SECONDS):
    """The milliseconds that each of so many rounds took, and how many there were with the warm-up."""
    spent = []
    ready = None
    while ready is None or len(spent) < ready + rounds:
        prepare()
        spent.append(clock(action, loops))
        if ready is None and len(spent) >= WARM_UP and sum(spent) >= warm_up * 1000:
            ready = len(spent)
    return [each / loops for each in spent[ready:]], len(spent)


def counts():
    return OURS.stats() if OURS else {}


def read_file(path):
    with open(path, "rb") as file:
        return file.read()


def write_file(path, data):
    with open(path, "wb") as file:
        file.write(data)


# --- directories ---


def directory_read(path, rounds):
    """Reading the directory of an archive that was not there before.

    Ours is read by the first lookup of an importer whose archive appears; the lookup is in the
    figure. What was read last is let go of before the clock starts.
    """
    data = read_file(path)
    kept = []
    importer = zipimport.zipimporter(path)

    def read():
        kept.append(importer.find_spec(MISSING) if OURS else zipimport._read_directory(path))

    def renew():
        kept.clear()
        os.unlink(path)
        if OURS:
            OURS.invalidate(path)
            importer.find_spec(MISSING)
            OURS.invalidate(path)
        write_file(path, data)

    before = counts()
    taken, made = sample(rounds, read, prepare=renew)
    if OURS:
        parses = counts()["parses"] - before["parses"]
        assert parses == made, f"{parses} directories were read in {made} rounds"
    return {"ms": taken}


def directory_counts(path):
    """What our importer does to read a directory, counted, and the memory that it then holds."""
    before = counts()
    taken = clock(lambda: zipimport.zipimporter(path))
    after = counts()
    return {"ms": [taken], **{name: after[name] - before[name] for name in after}}


# --- imports ---


def run_import(statement):
    """The first import of something, with all it needs: once in a process."""
    modules = len(sys.modules)
    taken = clock(lambda: exec(statement, {}))
    return {"ms": [taken], "modules": len(sys.modules) - modules}


def get_all_code(path):
    """The code of every module at the top of an archive's packages, from wherever it comes."""
    importers = modules_of(path)
    return {"ms": [clock(lambda: [importer.get_code(name) for importer, name in importers])]}


def get_code(path, rounds):
    """The code of one module after the other; what the first of all costs is in no round."""
    modules = iter(modules_of(path))

    def get():
        importer, name = next(modules)
        importer.get_code(name)

    get()
    before = counts()
    taken, made = sample(rounds, get, warm_up=0)  # there are only so many modules
    after = counts()
    per_module = {name: (after[name] - before[name]) / made for name in after}
    return {"ms": taken, **per_module}


def modules_of(path):
    """An importer and a name for each module of an archive, in the order of its directory."""
    importers = {}
    modules = []
    for member in zipimport._zip_directory_cache[zipimport.zipimporter(path).archive]:
        if member.endswith(".py"):
            folder, _, name = member[:-3].rpartition("/")
            if folder not in importers:
                importers[folder] = zipimport.zipimporter(f"{path}/{folder}")
            modules.append((importers[folder], name))
    return modules


def find_spec(path, name, rounds, loops):
    importer = zipimport.zipimporter(path)
    return {"ms": sample(rounds, lambda: importer.find_spec(name), loops=loops)[0]}


# --- invalidation ---


def fail_import():
    try:
        __import__(MISSING)
    except ModuleNotFoundError:
        return
    raise AssertionError(MISSING + " was found")


def importers_in_use():
    found = [sys.path_importer_cache.get(path) for path in sys.path]
    return [each for each in found if isinstance(each, zipimport.zipimporter)]


def settle():
    """Waits until archives just written are old enough that their times prove them unchanged.

    An archive that is looked at sooner is compared by its contents, once more than usual.
    """
    newest = max(os.stat(each.archive).st_ctime for each in importers_in_use())
    time.sleep(max(0, newest + 2 - time.time()))


def invalidate(rounds):
    """importlib.invalidate_caches(), each time after an import that made the caches valid."""
    return {"ms": sample(rounds, importlib.invalidate_caches, prepare=fail_import)[0]}


def lookup_unchanged(rounds):
    """The first failing import after an invalidation, with all archives as they were."""
    settle()
    before = counts()
    taken, _ = sample(rounds, fail_import, prepare=importlib.invalidate_caches)
    if OURS:
        assert counts()["parses"] == before["parses"], "an unchanged directory was read"
    return {"ms": taken}


def share_unchanged(rounds):
    """What the importers of zip files alone take of that."""
    settle()
    importers = importers_in_use()

    def look():
        for importer in importers:
            importer.find_spec(MISSING)

    return {
        "ms": sample(rounds, look, prepare=importlib.invalidate_caches)[0],
        "importers": len(importers),
    }


def look_unchanged(path, rounds, explicit):
    """Our look at one unchanged archive: by its stamp, or after an explicit invalidation by its directory's bytes."""
    importer = sys.path_importer_cache[path] = zipimport.zipimporter(path)
    settle()
    invalidate_it = (lambda: OURS.invalidate(path)) if explicit else importer.invalidate_caches
    before = counts()
    taken, made = sample(rounds, lambda: importer.find_spec(MISSING), prepare=invalidate_it)
    after = counts()
    opens = after["opens"] - before["opens"]
    # The first look after the file was written compares bytes in either case.
    assert opens == made if explicit else opens <= 1, f"{opens} of {made} looks compared bytes"
    assert after["parses"] == before["parses"], "an unchanged directory was read"
    return {"ms": taken}


def lookup_rewritten(path, rounds):
    """The first failing import after an invalidation, with one archive rewritten.

    Written in turn are the archive and one in which a member's time differs by two seconds: other
    contents of the same size.
    """
    data = read_file(path)
    end = data.rindex(b"PK\5\6")
    directory = int.from_bytes(data[end + 16 : end + 20], "little")
    other = bytearray(data)
    assert other[directory : directory + 4] == b"PK\1\2"
    other[directory + 12] ^= 1
    variants = itertools.cycle([bytes(other), data])

    def rewrite():
        write_file(path, next(variants))
        importlib.invalidate_caches()

    before = counts()
    taken, made = sample(rounds, fail_import, prepare=rewrite)
    if OURS:
        parses = counts()["parses"] - before["parses"]
        assert parses == made, f"{parses} directories were read in {made} rounds"
    return {"ms": taken}


# --- packages that are mounted ---


def read_again(file, rounds, loops):
    """Opening and reading a file that was read before."""
    (path,) = [each for folder in sys.path for each in [os.path.join(folder, file)] if os.path.exists(each)]
    read_file(path)
    return {"ms": sample(rounds, lambda: read_file(path), loops=loops)[0], "bytes": os.path.getsize(path)}


def miss_once():
    """The first failing import."""
    return {"ms": [clock(fail_import)]}


def miss_again(rounds):
    """importlib.invalidate_caches() and the failing import after it."""

    def invalidate_and_miss():
        importlib.invalidate_caches()
        fail_import()

    return {"ms": sample(rounds, invalidate_and_miss)[0]}


def find_version(name, rounds):
    """The first importlib.metadata.version() after an invalidation."""
    import importlib.metadata

    prepare = importlib.invalidate_caches
    return {"ms": sample(rounds, lambda: importlib.metadata.version(name), prepare=prepare)[0]}
