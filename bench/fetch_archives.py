"""Fetches the archives that demo and bench import: python3 fetch_archives.py FOLDER

pip downloads what requirements.txt pins and checks its sha256. The one source distribution among it
is repacked as the plain zip that its users put on sys.path: the package's folder, files in order,
fixed times, deflated, so that it comes out the same everywhere.
"""

import pathlib
import subprocess
import sys
import tarfile
import venv
import zipfile

REQUIREMENTS = pathlib.Path(__file__).with_name("requirements.txt")
SDIST = "pyspark_client-*.tar.gz"
PACKAGE = "pyspark"
TIMESTAMP = (2026, 1, 1, 0, 0, 0)


def download(folder):
    """Downloads everything pinned into folder, with a pip of the build folder's own."""
    environment = folder.parent / "venv"
    if not (environment / "bin" / "pip").exists():
        venv.create(environment, with_pip=True)
    # Wheels for a newer Python than Debian's are wanted too; nothing is installed.
    command = [environment / "bin" / "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--python-version", "3.14", "--require-hashes"]
    command += ["--requirement", REQUIREMENTS, "--dest", folder]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def repack(sdist, target):
    """Writes the package inside sdist as a zip."""
    with tarfile.open(sdist) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as zip_file:
        for member in sorted(source.getmembers(), key=lambda member: member.name):
            name = member.name.partition("/")[2]
            if member.isfile() and name.startswith(PACKAGE + "/"):
                info = zipfile.ZipInfo(name, TIMESTAMP)
                info.external_attr = 0o644 << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                zip_file.writestr(info, source.extractfile(member).read())


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    print("fetching the archives of demo and bench", flush=True)
    download(folder)
    (sdist,) = folder.glob(SDIST)
    repack(sdist, folder / (PACKAGE + ".zip"))


main()
