"""Archives as two writers make them that do not run here.

write(files, folder) writes them; files maps names to bytes. What is known of each is said at its function.
"""

import importlib.util
import pathlib
import unicodedata

# By its path: this folder's modules would come before those of tests/python on sys.path.
_spec = importlib.util.spec_from_file_location(
    "zipbuild", pathlib.Path(__file__).resolve().parent.parent / "python" / "zipbuild.py")
zipbuild = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(zipbuild)

FAT, OS_X = 0, 19
UNIX = 3


def folders_of(files):
    return sorted({"/".join(name.split("/")[:n]) + "/" for name in files for n in range(1, name.count("/") + 1)})


def dot_net(files):
    """ZipFile.CreateFromDirectory before .NET Framework 4.6.1, which Compress-Archive of PowerShell 5 uses too.

    Backslashes between folders and no entries for them, "version made by" 2.0 on FAT, UTF-8 and its flag where a name
    is not ASCII, deflated also when empty.
    """
    return [zipbuild.Entry(name.replace("/", "\\"), data, method=zipbuild.DEFLATED, version_made=FAT << 8 | 20)
            for name, data in files.items()]


def archive_utility(files):
    """macOS' Archive Utility, and `ditto -ck --sequesterRsrc --keepParent`.

    UTF-8 without its flag, decomposed as in the file system; made by 2.1 on Unix; sizes and CRC-32 behind the data; an
    Info-ZIP Unix extra field of times; folders have entries, and attributes an AppleDouble file below __MACOSX.
    """
    times = zipbuild.extra_field(0x5855, zipbuild.u32(1_750_000_000, 1_750_000_000))
    common = dict(version_made=UNIX << 8 | 21, extra=times)
    entries = [zipbuild.Entry(unicodedata.normalize("NFD", name).encode(), attributes=0o40755 << 16, version_needed=10, **common)
               for name in folders_of(files)]
    for name, data in files.items():
        raw = unicodedata.normalize("NFD", name).encode()
        method = zipbuild.DEFLATED if data else zipbuild.STORED
        descriptor = True if data else None
        entries.append(zipbuild.Entry(raw, data, method=method, descriptor=descriptor, attributes=0o100644 << 16, **common))
        folder, slash, base = raw.rpartition(b"/")
        double = b"__MACOSX/" + folder + slash + b"._" + base
        entries.append(zipbuild.Entry(double, b"\0\5\x16\7" + bytes(78), method=zipbuild.DEFLATED, descriptor=True,
                                      attributes=0o100644 << 16, **common))
    return entries


def write(files, folder):
    for name, entries in (("dot-net-shaped", dot_net(files)), ("archive-utility-shaped", archive_utility(files))):
        (folder / f"{name}.zip").write_bytes(zipbuild.build(entries))
