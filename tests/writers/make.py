"""Makes archives with the programs and libraries that people make them with: python3 make.py FOLDER [--full]

FOLDER gets archives/WRITER.zip, and expected.json: what `unzip` makes of each, which is what check.py asks of an importer.
--full: with the writers of other languages' tool chains, and without the rest.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import venv
import zipfile

import shaped

HERE = pathlib.Path(__file__).resolve().parent
MODULES = ("main", "pkg/__init__", "pkg/deep/__init__", "pkg/deep/namespace/m", "pkg/größe", "pkg/мир/__init__")
# Programs decide by it what a name's bytes mean; unzip shows names in it.
LOCALE = {"LC_ALL": "C.UTF-8"}


def files():
    """The members: modules that tell their name, and data. Names to bytes."""
    tree = {f"{name}.py": f"value = {name!r}\n".encode() for name in MODULES}
    tree["data/empty.txt"] = b""
    tree["data/incompressible.bin"] = random.Random(1).randbytes(5000)
    tree["data/lines.txt"] = b"the same line again\n" * 5000
    tree["data/with space [and] more.txt"] = b"space"
    tree["資料/名前.txt"] = "名前".encode()
    return tree


def write_tree(folder, tree):
    for name, data in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def add_links(folder):
    """To a file, to a file through another folder, and to a folder."""
    (folder / "link.py").symlink_to("main.py")
    (folder / "data" / "up.py").symlink_to("../pkg/deep/namespace/m.py")
    (folder / "linked").symlink_to("pkg")


# NAME is the archive's path, FILES every file's, TREE means that it runs in the tree (LINKS: in one with links).
PROGRAMS = {
    "zip": "zip -qr NAME .",
    "zip-stored": "zip -qr0 NAME .",
    "zip-zip64": "zip -qr -fz NAME .",
    "zip-streamed": "zip -qr - . | cat >NAME",
    "zip-c-locale": "LC_ALL=C zip -qr NAME .",
    "zip-links": "cd ../links && zip -qry NAME .",
    "zip-appended": "zip -qr NAME main.py data && zip -qr NAME pkg 資料",
    "zip-prepended": "zip -qr NAME.plain . && cat main.py NAME.plain >NAME && zip -qA NAME && rm NAME.plain",
    "7z": "7zz a -tzip -bd -bso0 NAME .",
    "7z-stored": "7zz a -tzip -bd -bso0 -mx0 NAME .",
    "7z-all-names-utf8": "7zz a -tzip -bd -bso0 -mcu=on NAME .",
    "7z-links": "cd ../links && 7zz a -tzip -bd -bso0 -snl NAME .",
    "bsdtar": "bsdtar --format zip -cf NAME *",
    "bsdtar-of-a-folder": "bsdtar --format zip -cf NAME .",
    "bsdtar-stored": "bsdtar --format zip --options zip:compression=store -cf NAME *",
    "bsdtar-streamed": "bsdtar --format zip -cf - . | cat >NAME",
    "bsdtar-c-locale": "LC_ALL=C bsdtar --format zip -cf NAME *",
    "bsdtar-links": "cd ../links && bsdtar --format zip -cf NAME *",
    # It writes UTF-8 and says that the name is in an MS-DOS code page: unzip shows what is no text in any encoding.
    "minizip": "minizip -9 NAME FILES >NAME.log",
    "minizip-stored": "minizip -0 NAME FILES >NAME.log",
    "perl": "perl HERE/archive-zip.pl NAME deflated seekable",
    "perl-stored": "perl HERE/archive-zip.pl NAME stored seekable",
    "perl-streamed": "perl HERE/archive-zip.pl - deflated streamed | cat >NAME",
}
FULL = {
    "jar": "jar --create --file NAME --no-manifest *",
    "jar-stored": "jar --create --file NAME --no-manifest --no-compress *",
    "jar-with-manifest": "jar --create --file NAME *",
    "go": "go run HERE/writer.go NAME",
    # In a copy: cargo writes beside what it builds.
    "rust": "cp -r HERE/rust ../rust && cargo run --quiet --manifest-path ../rust/Cargo.toml -- NAME",
}


def run_programs(programs, tree, archives):
    ascii_files = " ".join(f"'{path}'" for path in sorted(files()) if path.isascii())
    for name, command in programs.items():
        command = command.replace("HERE", str(HERE)).replace("FILES", ascii_files)
        command = command.replace("NAME", str(archives / f"{name}.zip"))
        subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=tree, check=True, env={**os.environ, **LOCALE})


def import_stream_zip(folder):
    """The package stream-zip, from a folder of its own."""
    if not (folder / "stream_zip").exists():
        environment = folder.parent / "venv"
        venv.create(environment, with_pip=True)
        command = [environment / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                   "--require-hashes", "--only-binary", ":all:", "--requirement", HERE / "requirements.txt", "--target", folder]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    sys.path.append(str(folder))
    import stream_zip
    return stream_zip


def run_stream_zip(stream_zip, archives):
    import datetime

    methods = {"deflated": stream_zip.ZIP_AUTO, "zip64": stream_zip.ZIP_64, "stored": stream_zip.NO_COMPRESSION_64}
    for method_name, method in methods.items():
        members = []
        for name, data in files().items():
            chosen = method(len(data)) if method is stream_zip.ZIP_AUTO else method
            members.append((name, datetime.datetime(2026, 1, 1), 0o644, chosen, [data]))
        (archives / f"stream-zip-{method_name}.zip").write_bytes(b"".join(stream_zip.stream_zip(members)))


def what_name_says(shown, entry):
    """A member's name as unzip lists it, less what it strips when it unpacks."""
    try:
        name = shown.decode()
    except UnicodeDecodeError:
        # unzip 6 takes a name of MS-DOS for one in a code page, whatever the flag says that makes it UTF-8.
        if not entry.flag_bits & 0x800:
            raise
        name = entry.filename
    return name.replace("\\", "/").removeprefix("./").lstrip("/")


def what_unzip_shows(archive, folder):
    """What it lists, and what lies behind links to folders besides: each {name: the bytes in hexadecimal, None for a folder}."""
    listing = subprocess.run(["unzip", "-Z1", archive], check=True, capture_output=True, env={**os.environ, **LOCALE})
    # A warning (1) says that something before a name was stripped, or that backslashes separate folders.
    unpacking = subprocess.run(["unzip", "-qq", "-o", archive, "-d", folder], stdin=subprocess.DEVNULL, capture_output=True,
                               env={**os.environ, **LOCALE})
    if unpacking.returncode > 1:
        sys.exit(f"{archive}: {unpacking.stderr.decode(errors='replace')}")
    listed, linked = {}, {}
    for shown, entry in zip(listing.stdout.splitlines(), zipfile.ZipFile(archive).infolist(), strict=True):
        path = folder / os.fsdecode(shown.replace(b"\\", b"/").lstrip(b"/"))
        name = what_name_says(shown, entry)
        if not path.is_dir():
            listed[name] = path.read_bytes().hex()
            continue
        if name:
            listed[name] = None
        if path.is_symlink():
            for below in sorted(path.rglob("*")):
                if below.is_file():
                    linked[below.relative_to(folder).as_posix()] = below.read_bytes().hex()
    return {"listed": listed, "linked": linked}


def check_unzip(name, listed):
    """An archive of which unzip shows none of what went in would be no test."""
    for member, data in files().items():
        if member.isascii() and listed.get(member) != data.hex():
            sys.exit(f"{name}: {member} is not what was put in")


def main():
    parser = argparse.ArgumentParser(prog="make.py")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()
    folder = options.folder.resolve()
    archives, unpacked = folder / "archives", folder / "unpacked"
    for old in (archives, unpacked, folder / "tree", folder / "links", folder / "rust"):
        shutil.rmtree(old, ignore_errors=True)
    archives.mkdir(parents=True)
    unpacked.mkdir()
    write_tree(folder / "tree", files())
    write_tree(folder / "links", files())
    add_links(folder / "links")

    if options.full:
        run_programs(FULL, folder / "tree", archives)
    else:
        run_programs(PROGRAMS, folder / "tree", archives)
        subprocess.run(["node", HERE / "node-writers.mjs", folder / "tree", archives], check=True)
        run_stream_zip(import_stream_zip(folder / "python"), archives)
        shaped.write(files(), archives)
    expected = {}
    for archive in sorted(archives.glob("*.zip")):
        expected[archive.stem] = what_unzip_shows(archive, unpacked / archive.stem)
        check_unzip(archive.stem, expected[archive.stem]["listed"])
    with open(folder / "expected.json", "w", encoding="utf-8") as file:
        json.dump(expected, file, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
