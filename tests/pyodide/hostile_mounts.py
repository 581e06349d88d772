"""Mounts the archives of tests/python/test_hostile.py, and does with each what a program may do with a folder."""

import importlib.machinery
import os
import sys

import pyodide_zipimport

sys.path.append("/tests/python")
import run  # noqa: E402
import support  # noqa: E402

support.ours = pyodide_zipimport  # before the tests are made: they ask for it
import test_hostile  # noqa: E402

ROOT = "/lib/zip/hostile"
OUTSIDE = "/lib/zip"
DEEP = 40  # Emscripten's time for a path grows with the square of its length


def collect_named():
    """The archives of the tests of names and claims, which pass meanwhile."""
    archives = []
    place = test_hostile.HostileTestCase.place

    def collect(case, data):
        archives.append(data)
        return place(case, data)

    test_hostile.HostileTestCase.place = collect
    try:
        assert run.main(["--importer", "ours", "test_hostile.Names.", "test_hostile.Claims."]) == 0
    finally:
        test_hostile.HostileTestCase.place = place
    return archives


def every_mutation(step):
    """Every step-th of the archives that the mutations make."""
    damages = [getattr(test_hostile, name) for name in
               ("truncated", "without_beginning", "with_changed_byte", "with_two_bytes_set", "with_byte_removed_or_doubled")]
    count = 0
    for _, data in test_hostile.Mutations().archives():
        for damage in damages:
            for _, damaged in damage(data):
                count += 1
                if count % step == 0:
                    yield damaged


def outside():
    """What is above the mount and beside it."""
    listed = [sorted(os.listdir(folder)) for folder in ("/", "/lib", OUTSIDE)]
    with open(f"{OUTSIDE}/beside.py", encoding="utf-8") as file:
        return listed, file.read()


def assert_within(path):
    real = os.path.realpath(path)
    assert real == ROOT or real.startswith(ROOT + "/"), f"{path!r} is {real!r}"


def use(allowed):
    """Walks the mount, and reads and imports all of it. allowed: what a file may hold, None for anything."""
    for folder, folders, names in os.walk(ROOT):
        assert_within(folder)
        assert not {"", ".", ".."} & {*folders, *names}, folder
        if folder.count("/") > DEEP:
            folders.clear()
        for name in names:
            path = os.path.join(folder, name)
            assert_within(path)
            try:
                with open(path, "rb") as file:
                    data = file.read()
                assert len(data) == os.stat(path).st_size, path
                assert allowed is None or data in allowed, path
            except OSError:
                pass
    for name in ("m", "p", "n", "a.b", "beside", "up"):
        spec = importlib.machinery.PathFinder.find_spec(name, [ROOT])
        if spec and spec.loader and hasattr(spec.loader, "get_code"):
            assert spec.origin.startswith(ROOT + "/"), spec
            try:
                spec.loader.get_code(name)
            except (ImportError, OSError, SyntaxError, ValueError):
                pass
    for name in ("../beside.py", "x/../../beside.py", "/lib/zip/beside.py"):
        if os.path.isfile(f"{ROOT}/{name.partition('..')[0]}"):
            assert not os.path.exists(f"{ROOT}/{name}")


def try_all(archives, allowed, grow, remove):
    """How many archives there were, and how many of them were mounted. What is no archive is not there afterwards."""
    before = outside()
    tried = mounted = 0
    for data in archives:
        tried += 1
        if grow(data):
            mounted += 1
            use(allowed)
            remove()
        assert outside() == before, data
        sys.path_importer_cache.clear()
    return tried, mounted


def try_named(grow, remove):
    return try_all(collect_named(), None, grow, remove)


def try_mutations(step, grow, remove):
    return try_all(every_mutation(step), {*test_hostile.CONTENT.values(), b""}, grow, remove)
