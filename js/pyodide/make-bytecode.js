// @ts-check
// The Python code that adds bytecode to a copy of an archive, compiling as zipimport does: for boot() and
// for the command line. Seen in Python 3.12, 3.13, 3.14 and 3.15a: what source_hash() takes, and compile()'s
// argument "module", which 3.15 has.

/**
 * Defines `make_pyc(name, path, source)` and `Copy`, which Python code in one namespace uses. Pycs carry
 * the unchecked hash of PEP 552, which is that of the source's true bytes.
 */
export const MAKE_BYTECODE = `
import _imp
import marshal
import sys
import time
import warnings
import _frozen_importlib_external as _external
from pyodide_zipimport import _write_archive

# What source_hash() takes is elsewhere since Python 3.14.
_TOKEN = getattr(_imp, "pyc_magic_number_token", None) or _external._RAW_MAGIC_NUMBER
_UNCHECKED_HASH = (1).to_bytes(4, "little")


def make_pyc(name, path, source):
    options = {"module": name} if sys.version_info >= (3, 15) else {}
    text = source.replace(b"\\r\\n", b"\\n").replace(b"\\r", b"\\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whoever imports from the source is warned
        code = compile(text, path, "exec", dont_inherit=True, **options)
    head = _external.MAGIC_NUMBER + _UNCHECKED_HASH + _imp.source_hash(_TOKEN, source)
    return head + marshal.dumps(code)


class Copy:
    """The archive source with the bytecode of some of its modules, written to target step by step.

    modules: (name, path) of each, the path beginning with archive, that at which the copy will be used.
    read: gives the source that is a member of this name.
    """

    def __init__(self, archive, source, target, modules, read, max_source=None):
        self.archive = archive
        self.read = read
        self.writer = _write_archive(source, target, ())
        self.modules = [tuple(each) for each in modules]
        self.max_source = max_source
        self.skipped = []

    def step(self, milliseconds):
        """Go on for about that long; return whether all is written."""
        end = time.perf_counter() + milliseconds / 1000
        while self.modules:
            self._add(*self.modules.pop())
            if time.perf_counter() >= end:
                break
        return not self.modules

    def _add(self, name, path):
        member = path[len(self.archive) + 1:]
        source = self.read(member)
        if self.max_source is not None and len(source) > self.max_source:
            self.skipped.append((name, path))
        else:
            self.writer.add(member + "c", make_pyc(name, path, source))

    def finish(self):
        """End the file; return the modules that were skipped, since their sources are too large."""
        self.writer.finish()
        return self.skipped
`;
