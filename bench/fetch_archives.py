"""Fetches archives that bench and tests import: python3 fetch_archives.py FOLDER REQUIREMENTS

pip downloads what the requirements pin and checks its sha256. The source distributions among it are
repacked as the plain zips that users put on sys.path: the package's folder, files in order,
fixed times, deflated, so that they come out the same everywhere.
"""

import pathlib
import subprocess
import sys
import tarfile
import venv
import zipfile

# What is published as sources, or for other machines only: the package, and where it lies in the distribution.
SDISTS = {"pyspark_client-*.tar.gz": "pyspark", "markupsafe-*.tar.gz": "src/markupsafe"}
TIMESTAMP = (2026, 1, 1, 0, 0, 0)


def download(folder, requirements):
    """Downloads everything pinned into folder, with a pip of the build folder's own."""
    environment = folder.parent / "venv"
    if not (environment / "bin" / "pip").exists():
        venv.create(environment, with_pip=True)
    # Wheels for a newer Python than Debian's are wanted too; nothing is installed.
    command = [environment / "bin" / "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--python-version", "3.14", "--require-hashes"]
    command += ["--requirement", requirements, "--dest", folder]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def repack(sdist, package, folder):
    """Writes the package inside sdist as a zip into folder."""
    parent, _, base = package.rpartition("/")
    target = folder / (base + ".zip")
    with tarfile.open(sdist) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as zip_file:
        for member in sorted(source.getmembers(), key=lambda member: member.name):
            name = member.name.partition("/")[2]
            if member.isfile() and name.startswith(package + "/"):
                info = zipfile.ZipInfo(name[len(parent) :].lstrip("/"), TIMESTAMP)
                info.external_attr = 0o644 << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                zip_file.writestr(info, source.extractfile(member).read())


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    print(f"fetching archives into {folder}", flush=True)
    download(folder, pathlib.Path(sys.argv[2]))
    for pattern, package in SDISTS.items():
        for sdist in folder.glob(pattern):
            repack(sdist, package, folder)


main()
