"""Makes every single call fail that the extension makes out of itself: python3 walk.py [scenario ...]

Runs with the variant of the extension that faults.c is linked into. Each scenario is run with its first call failing, its
second, and so on, until it ends without one that failed; that once in each mode of faults.c. Every time the scenario ends
with the failure's own exception, or with its right result; its next run, nothing failing, has the right result; and nothing
is left behind: no memory, no reference, no open file, no half-done change. The last line is "N passed, N failed": a scenario
in a mode is a test.
"""

import _imp
import array
import ctypes
import gc
import importlib
import os
import posix
import shutil
import sys
import time
import warnings
import zipimport

sys.path[:0] = [os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "python")]

import _frozen_importlib
import _frozen_importlib_external
import pyodide_zipimport as ours
import scenarios

# By number, as faults.c has them.
MODES = {1: MemoryError, 2: KeyboardInterrupt, 3: RuntimeError, 4: OSError, 5: None}
NAMES = {1: "memory", 2: "interrupt", 3: "runtime", 4: "system", 5: "signal"}
SYSTEM = 4
# How often something must be left behind, to be a leak: caches of the interpreter grow once.
LEAKS = 3

stock_type, stock_cache = zipimport.zipimporter, zipimport._zip_directory_cache
faults = ctypes.PyDLL(ours.__file__)
faults.zi_faults_arm.argtypes = ctypes.c_int, ctypes.c_long
faults.zi_faults_disarm.restype = faults.zi_faults_careless.restype = ctypes.c_char_p
faults.zi_faults_open_files.restype = faults.zi_faults_live_blocks.restype = ctypes.c_long
# What the extension holds references to for as long as it lives.
held = [
    ours, ours.zipimporter, *ours.zipimporter.__mro__, zipimport, zipimport.ZipImportError, posix.stat, posix.fstat, posix.getcwdb, time.time_ns,
    time.mktime, sys.audit, compile, _imp, _frozen_importlib, _frozen_importlib_external, _frozen_importlib.ModuleSpec,
    _frozen_importlib.spec_from_loader, _frozen_importlib._call_with_frames_removed, type((lambda: 0).__code__), stock_cache,
    sys.path_hooks, sys.path_importer_cache, zipimport._get_module_code, None, True, False, NotImplemented,
]
unraisable = []


def observe(act):
    """What an act ends with, in a form that can be compared."""
    try:
        return "returned", act()
    except BaseException as error:
        return "raised", type(error), str(error)


def who():
    """Who serves archives: stock, ours, or a mixture."""
    loaders = []
    for module in list(sys.modules.values()):
        loaders += [getattr(module, "__loader__", None), getattr(getattr(module, "__spec__", None), "loader", None)]
    loaders += sys.path_importer_cache.values()
    types = {type(loader) for loader in loaders} & {stock_type, ours.zipimporter}
    hooks = [hook for hook in sys.path_hooks if hook in (stock_type, ours.zipimporter)]
    cache, function = zipimport._zip_directory_cache, zipimport._get_module_code
    if zipimport.zipimporter is stock_type and hooks == [stock_type] and cache is stock_cache and types <= {stock_type}:
        return "stock" if hasattr(function, "__code__") else "a mixture"
    if zipimport.zipimporter is ours.zipimporter and hooks == [ours.zipimporter] and types <= {ours.zipimporter}:
        return "ours" if cache is not stock_cache and not hasattr(function, "__code__") else "a mixture"
    return "a mixture"


class Walk:
    """One scenario in one mode."""

    def __init__(self, scenario, mode):
        self.scenario, self.mode, self.calls, self.problems = scenario, mode, 0, {}
        self.measures = [array.array("q", bytes(8 * (len(held) + 2))) for _ in range(LEAKS + 2)]
        self.prepare()
        before = who()
        self.right = observe(self.act)
        self.states = before, who()
        self.failed = None

    def prepare(self):
        scenarios.stop_serving()
        ours.install()
        self.act = self.scenario.prepare()

    def measure(self, index):
        """What would show a leak: live blocks, open files, references to shared objects. Makes nothing that stays."""
        gc.collect()
        sys._clear_type_cache()  # it keeps the names of attributes looked up
        numbers = self.measures[index]
        for at, thing in enumerate(held):
            numbers[at + 2] = sys.getrefcount(thing)
        numbers[0] = numbers[1] = at = thing = 0
        numbers[0], numbers[1] = faults.zi_faults_live_blocks(), faults.zi_faults_open_files()

    def complain(self, text):
        self.problems.setdefault(self.calls, f"call {self.calls}, {self.failed and self.failed.decode()}: {text[:500]}")

    def judge(self, seen):
        """Whether the failure's own exception or the right result was seen."""
        error = MODES[self.mode]
        if seen == self.right:
            return
        if self.mode == SYSTEM:
            if seen == ("returned", self.scenario.absent):
                return
            if seen[0] == "raised" and issubclass(seen[1], (OSError, ImportError)):
                return
        elif seen[0] == "raised" and seen[1] is error:
            return
        elif seen[:2] == ("raised", zipimport.ZipImportError) and self.scenario.refused and error is RuntimeError:
            return
        elif seen[:2] == ("raised", RuntimeError) and seen[2].startswith(("sys.", "lost sys.")):
            return  # PySys_GetObject() keeps silent about its failures
        self.complain(f"{seen}, rightly {self.right}")

    def run(self):
        """Runs with one call failing, if there are as many."""
        self.prepare()
        faults.zi_faults_arm(self.mode, self.calls)
        seen = observe(self.act)
        self.failed = faults.zi_faults_disarm()
        careless = faults.zi_faults_careless()
        if careless:
            self.complain(f"{careless.decode()} was called while an exception was set")
        self.judge(seen)
        state = who()
        if state not in self.states:
            self.complain(f"{state} was left behind")
        if unraisable and not self.scenario.shown:
            self.complain(f"unraisable: {unraisable[-1]}")
        unraisable.clear()
        self.use_again()
        del seen, self.act
        scenarios.stop_serving()

    def use_again(self):
        if self.mode == SYSTEM:
            # An archive that could not be read stays away until somebody asks for another look.
            importlib.invalidate_caches()
            ours.invalidate()
        served = observe(scenarios.served_as_before)
        if served != ("returned", True):
            self.complain(f"modules imported before: {served}")
        if not self.scenario.repeats:
            self.prepare()
        again = observe(self.act)
        if again != self.right:
            self.complain(f"again, nothing failing: {again}, rightly {self.right}")

    def leak(self):
        """What another run of the same kind leaves behind, again and again, or None."""
        self.measure(1)
        if self.measures[1] == self.measures[0]:
            return None
        for index in range(2, LEAKS + 2):
            self.run()
            self.measure(index)
        self.measures[0][:] = self.measures[-1]
        for index, series in enumerate(zip(*self.measures[1:])):
            steps = [b - a for a, b in zip(series, series[1:])]
            if min(steps) > 0 or max(steps) < 0:
                return ["a block", "a file", *held][index]
        return None

    def go(self):
        """Runs to the end; whether all was well."""
        self.run()
        self.measure(0)
        while not self.calls or self.failed:
            self.calls += 1
            self.run()
            leaked = self.leak()
            if leaked is not None:
                self.complain(f"leaks {leaked!r}")
        return not self.problems


def main(names):
    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda args: unraisable.append(repr(args.exc_value))
    importlib.invalidate_caches()  # imports importlib.metadata
    posix.environ.pop(b"PYTHONDONTWRITEBYTECODE", None)  # packs are written here
    faults.zi_faults_count_blocks()
    gc.disable()
    passed = failed = calls = 0
    for scenario in scenarios.scenarios:
        if names and scenario.name not in names:
            continue
        # A crash shows where it was.
        print(scenario.name, end=":", flush=True)
        for mode in MODES:
            gc.collect()
            gc.freeze()
            walk = Walk(scenario, mode)
            ok = walk.go()
            calls += walk.calls - 1
            passed, failed = passed + ok, failed + (not ok)
            print(f" {walk.calls - 1} {NAMES[mode]}", end="", flush=True)
            for problem in walk.problems.values():
                print(f"\nFAIL {scenario.name}, {NAMES[mode]}, {problem}", end="", flush=True)
        print()
    ours.uninstall()
    shutil.rmtree(scenarios.folder)
    print(f"{calls} calls made to fail, one at a time")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
