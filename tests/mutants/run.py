"""Asks whether the tests would notice a fault: python3 run.py FOLDER --count N [--seed N] [pattern ...]

Makes N mutants of src/zip, src/cache and src/python (see mutate.py), builds each natively in a copy of the tree below
FOLDER, and runs the fast suites until one fails: the C tests, then the Python tests, alone and, where
packs matter, twice with packs. A mutant that none of them notices is a survivor: the tests lack one, or the mutant does what
the original does. The list goes to FOLDER/survivors.txt too. One that does not compile, or compiles to the same machine code,
is not counted. One that makes a suite run several times as long as it should counts as noticed.

The same seed gives the same mutants of the same sources. A pattern is a substring of a file's path.
"""

import argparse
import contextlib
import glob
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time

import mutate

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MUTATED = ("src/zip/*.c", "src/cache/*.c", "src/python/*.c", "src/python/*/*.c")
PACKS = ("src/python/packs/", "src/python/importer/code.c", "src/cache/pack", "src/cache/pyc", "src/zip/writer.c", "src/zip/copy.c")
CORE = ("src/base/*.c", "src/zip/*.c", "src/cache/*.c")
GLUE = ("src/python/*.c", "src/python/*/*.c", "src/bridge*.c")
C_TESTS = ("tests/c/*.c",)
with open(os.path.join(ROOT, "package.json"), encoding="utf-8") as _file:
    VERSION = json.load(_file)["version"]
COMPILE = ["gcc", "-std=gnu11", f'-DZI_VERSION="{VERSION}"', "-O1", "-fPIC", "-fvisibility=hidden", "-w",
           "-isystem", sysconfig.get_path("include")]
PYTHON_TESTS = [sys.executable, "-X", "faulthandler", "tests/python/run.py", "--importer", "ours", "--failfast"]
PATIENCE = 4                 # times as long as without a fault, and some seconds
SLEEPING_SECONDS = 900       # for one that uses no processor
MEMORY_NBYTES = 6 << 30      # a fault may ask for all there is; one C test maps four GiB


def files(*patterns):
    return sorted(path for pattern in patterns for path in glob.glob(pattern))


class Build:
    """A copy of the tree, and in it objects, the extension module and the C tests."""

    def __init__(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        for part in ("src", "tests", "docs"):
            shutil.copytree(os.path.join(ROOT, part), os.path.join(folder, part), ignore=shutil.ignore_patterns("__pycache__"))
        os.chdir(folder)
        os.mkdir("objects")
        os.mkdir("native")
        for source in files(*CORE, *GLUE, *C_TESTS):
            self.compile(source, check=True)
        self.link()

    @staticmethod
    def object_of(source):
        return os.path.join("objects", source.replace("/", "-")[:-2] + ".o")

    def compile(self, source, check=False):
        """Whether the source compiles; its object is then the one to link."""
        command = [*COMPILE, "-c", source, "-o", self.object_of(source)]
        return subprocess.run(command, check=check, stderr=None if check else subprocess.DEVNULL).returncode == 0

    def link(self):
        objects = [self.object_of(source) for source in files(*CORE)]
        glue, tests = ([self.object_of(source) for source in files(*patterns)] for patterns in (GLUE, C_TESTS))
        subprocess.run(["gcc", "-shared", *objects, *glue, "-lz", "-o", "native/pyodide_zipimport.abi3.so"], check=True)
        subprocess.run(["gcc", *objects, *tests, "-lz", "-o", "run-c-tests"], check=True)

    def put_in(self, mutant, text):
        """Builds with the mutant in place of its source; False if there is nothing to test."""
        with open(mutant.file, "w", encoding="utf-8") as source:
            source.write(mutant.apply(text))
        with open(self.object_of(mutant.file), "rb") as file:
            original = file.read()
        if not self.compile(mutant.file):
            return False
        with open(self.object_of(mutant.file), "rb") as file:
            same = file.read() == original
        if not same:
            self.link()
        return not same

    def put_back(self, mutant, text):
        with open(mutant.file, "w", encoding="utf-8") as source:
            source.write(text)
        self.compile(mutant.file, check=True)


def suites_for(file):
    """Commands by name, the quickest and likeliest to notice first. The last two only for what makes, finds and reads packs."""
    packs = [*PYTHON_TESTS, "--packs", "packs"]
    suites = {} if file.startswith("src/python/") else {"c": ["./run-c-tests"]}
    suites["python"] = PYTHON_TESTS
    if file.startswith(PACKS):
        suites.update({"python, packs made": packs, "python, packs found": packs})
    return suites


def unmount_below(folder):
    """A test that mounts file systems may have died before it could unmount them."""
    with open("/proc/mounts", encoding="utf-8") as mounts:
        for place in [line.split()[1] for line in mounts]:
            if place.startswith(folder + "/"):
                subprocess.run(["umount", "--lazy", place], check=False)


def run(command, seconds=resource.RLIM_INFINITY):
    """None when the suite passes within so many seconds of a processor's time, else how it ended."""

    def bound():
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_NBYTES, MEMORY_NBYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    with tempfile.TemporaryDirectory(prefix="mutants-", dir="/dev/shm") as scratch, contextlib.ExitStack() as after:
        after.callback(unmount_below, scratch)
        os.chmod(scratch, 0o755)  # one test becomes another user
        env = {**os.environ, "PYTHONPATH": "native", "TMPDIR": scratch}
        with open("suite.log", "w", encoding="utf-8") as log:
            child = subprocess.Popen(
                command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=bound)
            try:
                code = child.wait(timeout=SLEEPING_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                return "time"
    if code == 0:
        return None
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return "time"
    return signal.Signals(-code).name if code < 0 else "failed"


def notice(file, limits):
    """The name of the suite that notices what is built now, and how it ended; None when none does."""
    shutil.rmtree("packs", ignore_errors=True)
    for name, command in suites_for(file).items():
        ending = run(command, limits[name])
        if ending:
            return f"{name}: {ending}"
    return None


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def time_suites(sources):
    """How long each suite may take that mutants of these need; they pass as long as nothing is wrong."""
    limits = {}
    shutil.rmtree("packs", ignore_errors=True)
    suites = {name: command for source in sources for name, command in suites_for(source).items()}
    for name, command in suites.items():
        start = processor_seconds()
        if run(command):
            sys.exit(f"without any fault, {name} fails: see {os.path.abspath('suite.log')}")
        limits[name] = int(PATIENCE * (processor_seconds() - start)) + 5
    return limits


def main(argv):
    parser = argparse.ArgumentParser(prog="run.py")
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("patterns", nargs="*")
    options = parser.parse_intermixed_args(argv)
    build = Build(os.path.join(os.path.abspath(options.folder), "tree"))
    wanted = [file for file in files(*MUTATED) if not options.patterns or any(pattern in file for pattern in options.patterns)]
    limits = time_suites(wanted)
    print("built, and the suites pass; now with faults", flush=True)

    counts = {"noticed": 0, "survived": 0}
    with open("../survivors.txt", "w", encoding="utf-8") as survivors:
        for mutant in mutate.draw(wanted, options.seed):
            if sum(counts.values()) == options.count:
                break
            with open(mutant.file, encoding="utf-8") as source:
                text = source.read()
            place = mutant.describe(text)
            if build.put_in(mutant, text):
                noticed = notice(mutant.file, limits)
                counts["noticed" if noticed else "survived"] += 1
                print(f"{sum(counts.values()):4} {noticed or 'SURVIVED'}: {place}", flush=True)
                if not noticed:
                    print(place, file=survivors, flush=True)
            build.put_back(mutant, text)
    print("{noticed} mutants noticed, {survived} survived".format(**counts))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
