"""Writes zip archives by hand, one knob for each field of each record, so that a test can make any of them wrong.

    build({"m.py": "x = 1"})                                        an ordinary archive
    build([Entry("m.py", "x = 1", crc=0)], comment=b"hello")        a wrong CRC-32 in both headers, an archive comment

A knob left at None gets the right value. Field names follow PKWARE's APPNOTE.TXT; the sections are cited at each record.
"""

import struct
import zlib

STORED, DEFLATED, BZIP2, ZSTD = 0, 8, 12, 93
UTF8_FLAG, DESCRIPTOR_FLAG, ENCRYPTED_FLAG = 0x800, 0x8, 0x1
MAX16, MAX32 = 0xFFFF, 0xFFFFFFFF
# 2020-06-15 12:30:20, in the local time of whoever wrote the archive: the format knows no time zone (4.4.6).
DOS_DATE, DOS_TIME = (40 << 9) | (6 << 5) | 15, (12 << 11) | (30 << 5) | 10
DOS_CLOCK = (2020, 6, 15, 12, 30, 20)


def u16(*values):
    return struct.pack(f"<{len(values)}H", *values)


def u32(*values):
    return struct.pack(f"<{len(values)}L", *values)


def u64(*values):
    return struct.pack(f"<{len(values)}Q", *values)


def extra_field(tag, payload):
    """One extra field (4.5.1): tag, size, payload."""
    return u16(tag, len(payload)) + payload


def zip64_extra(*values):
    """The ZIP64 extra field (4.5.3) with the 64-bit values that the caller wants in it."""
    return extra_field(1, u64(*values))


def unicode_path_extra(raw_name, name, crc=None, version=1):
    """The Info-ZIP Unicode Path extra field (4.6.9): the UTF-8 name, tied to the header's raw name by a CRC-32."""
    checked = zlib.crc32(raw_name) if crc is None else crc
    return extra_field(0x7075, bytes([version]) + u32(checked) + name.encode())


def deflate(data):
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compressor.compress(data) + compressor.flush()


class Entry:
    """A member: what its two headers say, and the bytes between them.

    Knobs without a prefix set the field in both headers; `local_…` and `central_…` set it in one. `raw` is the member's
    bytes in the file, already compressed. `descriptor`: True writes a data descriptor (4.3.9) and zeroes in the local header;
    bytes write just these.
    """

    SHARED = ("name", "flags", "method", "dos_time", "dos_date", "crc", "compressed_size", "size", "extra", "version_needed")

    def __init__(self, name, data=b"", *, raw=None, descriptor=None, comment=b"", offset=None, central_only=False,
                 local_signature=b"PK\3\4", central_signature=b"PK\1\2", disk=0, version_made=20, attributes=0, **knobs):
        data = data.encode() if isinstance(data, str) else data
        if raw is None:
            raw = deflate(data) if knobs.get("method") == DEFLATED else data
        flags = 0
        if isinstance(name, str):
            flags = 0 if name.isascii() else UTF8_FLAG
            name = name.encode("utf-8", "surrogateescape")
        if descriptor is not None:
            flags |= DESCRIPTOR_FLAG
        self.raw, self.descriptor, self.comment, self.offset = raw, descriptor, comment, offset
        self.central_only = central_only
        self.local_signature, self.central_signature = local_signature, central_signature
        self.disk, self.version_made, self.attributes = disk, version_made, attributes
        values = dict(name=name, flags=flags, method=STORED, dos_time=DOS_TIME, dos_date=DOS_DATE, crc=zlib.crc32(data),
                      compressed_size=len(raw), size=len(data), extra=b"", version_needed=20)
        shared = {key: knobs.pop(key) for key in self.SHARED if key in knobs}
        values.update({key: value for key, value in shared.items() if value is not None})
        self.local, self.central = dict(values), dict(values)
        if descriptor is not None:
            self.local.update(crc=0, compressed_size=0, size=0)
        for knob, value in knobs.items():
            where, _, key = knob.partition("_")
            if where not in ("local", "central") or key not in self.SHARED:
                raise TypeError(f"Entry has no knob {knob!r}")
            getattr(self, where)[key] = value

    def local_bytes(self):
        """Local file header (4.3.7), data (4.3.8), data descriptor (4.3.9)."""
        f = self.local
        header = self.local_signature + u16(f["version_needed"], f["flags"], f["method"], f["dos_time"], f["dos_date"])
        header += u32(f["crc"], f["compressed_size"], f["size"]) + u16(len(f["name"]), len(f["extra"]))
        tail = self.descriptor or b""
        if self.descriptor is True:
            tail = b"PK\7\x08" + u32(self.central["crc"], self.central["compressed_size"], self.central["size"])
        return header + f["name"] + f["extra"] + self.raw + tail

    def central_bytes(self, offset):
        """Central directory header (4.3.12)."""
        f = self.central
        header = self.central_signature + u16(self.version_made, f["version_needed"], f["flags"], f["method"])
        header += u16(f["dos_time"], f["dos_date"]) + u32(f["crc"], f["compressed_size"], f["size"])
        header += u16(len(f["name"]), len(f["extra"]), len(self.comment), self.disk, 0) + u32(self.attributes)
        return header + u32(offset if self.offset is None else self.offset) + f["name"] + f["extra"] + self.comment


def entries_of(members, **knobs):
    """Entries from a mapping of names to data (or to Entry), or from an iterable of Entry; knobs are for the plain ones."""
    if isinstance(members, dict):
        return [data if isinstance(data, Entry) else Entry(name, data, **knobs) for name, data in members.items()]
    return list(members)


def build(members=(), *, method=None, prepended=b"", trailing=b"", before_directory=b"", before_end=b"",
          offset_base=0, zip64=None, **end_knobs):
    """The bytes of an archive: prepended + members + central directory + end records + trailing.

    offset_base: added to every stored offset (set it to len(prepended) for an archive whose offsets count from the file's
    start). zip64: True writes a ZIP64 end record and locator, a dict sets knobs in them (see zip64_records).
    end_knobs: see end_record.
    """
    body, directory = bytearray(), bytearray()
    entries = entries_of(members, method=method)
    offsets = []
    for entry in entries:
        offsets.append(len(body))
        if not entry.central_only:
            body += entry.local_bytes()
    body += before_directory
    for entry, offset in zip(entries, offsets):
        directory += entry.central_bytes(offset + offset_base)
    start = len(body) + offset_base
    records = b""
    if zip64:
        records = zip64_records(len(entries), len(directory), start, **(zip64 if isinstance(zip64, dict) else {}))
        defaults = dict(entries_on_disk=MAX16, entries_total=MAX16, directory_size=MAX32, directory_offset=MAX32)
        end_knobs = {**defaults, **end_knobs}
    end = end_record(len(entries), len(directory), start, **end_knobs)
    return bytes(prepended + body + directory + before_end + records + end + trailing)


def end_record(count, size, offset, *, signature=b"PK\5\6", disk=0, directory_disk=0, entries_on_disk=None,
               entries_total=None, directory_size=None, directory_offset=None, comment=b"", comment_length=None):
    """End of central directory record (4.3.16). Counts wrap at 65,536, as writers without ZIP64 let them."""
    on_disk = count & MAX16 if entries_on_disk is None else entries_on_disk
    total = count & MAX16 if entries_total is None else entries_total
    return (signature + u16(disk, directory_disk, on_disk, total)
            + u32(size if directory_size is None else directory_size, offset if directory_offset is None else directory_offset)
            + u16(len(comment) if comment_length is None else comment_length) + comment)


def zip64_records(count, size, offset, *, signature=b"PK\6\6", record_size=None, extensible=b"", disk=0, directory_disk=0,
                  entries_on_disk=None, entries_total=None, directory_size=None, directory_offset=None,
                  locator_signature=b"PK\6\7", locator_offset=None, locator_disk=0, disks=1):
    """ZIP64 end of central directory record (4.3.14) with its extensible data, and its locator (4.3.15)."""
    record = signature + u64(44 + len(extensible) if record_size is None else record_size) + u16(45, 45)
    record += u32(disk, directory_disk)
    record += u64(count if entries_on_disk is None else entries_on_disk, count if entries_total is None else entries_total)
    record += u64(size if directory_size is None else directory_size, offset if directory_offset is None else directory_offset)
    where = offset + size if locator_offset is None else locator_offset
    return record + extensible + locator_signature + u32(locator_disk) + u64(where) + u32(disks)
