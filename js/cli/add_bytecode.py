# Runs inside Pyodide, in one namespace with MAKE_BYTECODE of ../pyodide/make-bytecode.js: adds bytecode to a
# copy of an archive, and to the lists that wheels keep of their files.

import base64
import csv
import hashlib
import io
import re
import zlib

from pyodide_zipimport import zipimporter

# Where the bytecode of a member stands: beside it, where a zip importer looks, or where Python looks
# for it in folders.
PLACES = {
    "zip": lambda member: member + "c",
    "unpacked": lambda member: _external.cache_from_source(member, optimization=""),
}
# Of a wheel: https://packaging.python.org/specifications/recording-installed-packages
RECORD = re.compile(r"[^/]+\.dist-info/RECORD")
# A wheel's folder of files that an installer puts elsewhere.
DATA = re.compile(r"[^/]+\.data/")
# What compiling raises for sources that are none, or too large for the compiler.
NOT_COMPILABLE = SyntaxError, ValueError, OverflowError, RecursionError, MemoryError


def is_source(member):
    """Whether it can be a module: not if its name leads out of the archive, or elsewhere."""
    parts = member.split("/")
    is_plain = not any(part in ("", ".", "..") or "\\" in part for part in parts)
    is_py = member.endswith(".py") and parts[-1] != ".py"
    return is_plain and is_py and ":" not in parts[0] and not DATA.match(member)


def module_name(member):
    return member[: -len(".py")].removesuffix("/__init__").replace("/", ".")


def describe(error):
    text = getattr(error, "msg", None) or str(error)
    line = getattr(error, "lineno", None)
    return f"{type(error).__name__}: {text}" + (f" (line {line})" if line else "")


class Addition:
    """The archive source with bytecode, to be written to target.

    paths: for each place, what the member's path begins with once it is there.
    chosen: the members to compile, None for all; leave: those of them not to.
    note: is called with the name of each before it is compiled.
    """

    def __init__(self, source, target, paths, chosen, leave, store, note):
        self.source, self.target = source, target
        self.paths = dict(paths)
        self.store = store
        self.note = note
        self.importer = zipimporter(source)
        # Since Python 3.13 it is a method.
        read = getattr(self.importer, "_get_files", None)
        self.names = set(read() if read else self.importer._files)
        chosen = set(self.names if chosen is None else chosen) - set(leave)
        self.remaining = sorted(filter(is_source, chosen), reverse=True)
        self.added = []  # (name, source's name, what the writer's add() takes)
        self.rows = {}  # by name, as a RECORD has them
        self.skipped = []

    def step(self, milliseconds):
        """Go on for about that long; return how many are left."""
        end = time.perf_counter() + milliseconds / 1000
        while self.remaining and time.perf_counter() < end:
            self._compile(self.remaining.pop())
        return len(self.remaining)

    def _compile(self, member):
        self.note(member)
        source = self.importer.get_data(member)
        name = module_name(member)
        try:
            pycs = {
                PLACES[place](member): make_pyc(name, f"{path}/{member}", source)
                for place, path in self.paths.items()
            }
        except NOT_COMPILABLE as error:
            self.skipped.append((member, describe(error)))
            return
        for pyc, data in pycs.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            self.rows[pyc] = pyc, f"sha256={digest}", len(data)
            self.added.append((pyc, member, self._pack(data)))

    def _pack(self, data):
        if not self.store:
            packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
            packed = packer.compress(data) + packer.flush()
            if len(packed) < len(data):
                return packed, len(data), zlib.crc32(data)
        return (data,)

    def finish(self):
        """Write it; return its figures."""
        replaced = [name for name in self.rows if name in self.names]
        records = self._extended_records()
        writer = _write_archive(self.source, self.target, [*replaced, *records])
        for name, _, packed in self.added:
            writer.add(name, *packed)
        for name, packed in records.items():
            writer.add(name, *packed)
        _, nbytes, members = writer.finish()
        return {
            "bytes": nbytes,
            "members": members,
            "modules": len({member for _, member, _ in self.added}),
            "pycs": len(self.added),
            "replaced": len(replaced),
            "records": list(records),
            "skipped": [{"member": member, "reason": reason} for member, reason in self.skipped],
        }

    def _extended_records(self):
        """The wheels' lists with rows for what was added, packed, by name."""
        lists = {name: self._read_record(name) for name in sorted(self.names) if RECORD.fullmatch(name)}
        extended = {}
        for name, rows in lists.items():
            listed = {path for path, _ in rows}
            # Several wheels may have been put into one archive: each has its own files.
            new = [
                self.rows[pyc]
                for pyc, member, _ in self.added
                if len(lists) == 1 or member in listed
            ]
            if new:
                extended[name] = self._pack(extend_record(rows, new))
        return extended

    def _read_record(self, name):
        """Its rows: the path that each is of, and the row as it stands there."""
        try:
            text = self.importer.get_data(name).decode()
            lines = list(io.StringIO(text, newline=""))
            rows, begin = [], 0
            reader = csv.reader(lines)
            for row in reader:
                rows.append((row[0] if row else "", "".join(lines[begin : reader.line_num])))
                begin = reader.line_num
            return rows
        except (UnicodeDecodeError, csv.Error) as error:
            raise ValueError(f"{name} is not a list in CSV: {error}") from None


def extend_record(rows, new):
    """The text of a RECORD with new rows instead of those of the same names."""
    names = {name for name, *_ in new}
    kept = "".join(text for path, text in rows if path not in names)
    end = "\r\n" if "\r\n" in kept else "\n"
    added = io.StringIO()
    csv.writer(added, lineterminator=end).writerows(new)
    gap = end if kept and not kept.endswith("\n") else ""
    return (kept + gap + added.getvalue()).encode()
