"""What both a mounted archive and the same one unpacked are asked: compare(mounted, unpacked) gives the differences."""

import errno
import mmap
import os
import shutil


def compare(mounted, unpacked):
    """A list of (what, mounted's answer, unpacked's answer) where they differ."""
    answers = [(walk(root), *use(root)) for root in (mounted, unpacked)]
    names = ["walk", *(name for name, _ in USES)]
    return [difference for difference in zip(names, *answers) if difference[1] != difference[2]]


def walk(root):
    """Everything below a folder, in the order in which it is listed."""
    found = []
    for folder, folders, files in os.walk(root):
        place = folder[len(root):]
        found.append((place, os.stat(folder).st_mode, folders))
        for name in files:
            path = os.path.join(folder, name)
            seen = os.lstat(path)
            if os.path.islink(path):
                found.append((place, name, os.readlink(path)))
            with open(path, "rb") as file:
                found.append((place, name, seen.st_mode, seen.st_size, file.read()))
    return found


def use(root):
    """The answers of every use, one after the other: some of them change the tree."""
    return [answer(act, root) for _, act in USES]


def answer(act, root):
    try:
        return act(root)
    except OSError as error:
        return errno.errorcode.get(error.errno, error.errno)


def read(*parts):
    with open(os.path.join(*parts), "rb") as file:
        return file.read()


def write(path, mode, data, at=None):
    with open(path, mode) as file:
        if at is not None:
            file.seek(at)
        file.write(data)
    return read(path), os.stat(path).st_size


def map_shared(path):
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        mapped[0:1] = b"M"
        mapped.flush()
    return read(path)


def removed(root):
    path = f"{root}/other/gone.txt"
    with open(path, "rb") as file:
        os.unlink(path)
        return file.read(), os.path.exists(path), os.listdir(f"{root}/other")


def moved_in(root):
    os.mkdir(f"{root}-new")
    write(f"{root}-new/inside", "wb", b"1")
    try:
        os.rename(f"{root}-new", f"{root}/full")
    except OSError:
        shutil.rmtree(f"{root}-new")
        raise
    return os.listdir(root)


# The archive has: __init__.py empty.txt data.bin link full/{a,b,c}.txt deep/er/still/x.txt other/{keep,gone,cut}.txt café/ü.txt
USES = [
    ("a missing name", lambda root: os.stat(f"{root}/nope")),
    ("a file as a folder", lambda root: os.stat(f"{root}/data.bin/x")),
    ("names of objects' members", lambda root: [os.path.exists(f"{root}/{name}") for name in ("constructor", "__proto__")]),
    ("rmdir of a full folder", lambda root: os.rmdir(f"{root}/full")),
    ("mkdir of what is there", lambda root: os.mkdir(f"{root}/full")),
    ("rename onto a full folder", lambda root: os.rename(f"{root}/deep", f"{root}/full")),
    ("rename from outside onto a full folder", moved_in),
    ("a new file", lambda root: (write(f"{root}/new.txt", "wb", b"new"), os.listdir(root))),
    ("appending", lambda root: write(f"{root}/full/a.txt", "ab", b"more")),
    ("writing in place", lambda root: write(f"{root}/full/b.txt", "r+b", b"X", at=1)),
    ("writing over", lambda root: write(f"{root}/full/c.txt", "wb", b"")),
    ("writing to an empty file", lambda root: write(f"{root}/empty.txt", "wb", b"full")),
    ("a shared mapping", lambda root: map_shared(f"{root}/data.bin")),
    ("truncating", lambda root: (os.truncate(f"{root}/other/cut.txt", 2), read(root, "other/cut.txt"))),
    ("chmod", lambda root: (os.chmod(f"{root}/other/keep.txt", 0o444), os.stat(f"{root}/other/keep.txt").st_mode)),
    ("utime", lambda root: (os.utime(f"{root}/other", (5, 5)), os.stat(f"{root}/other").st_mtime)),
    ("a file that is removed while it is open", removed),
    ("renaming a folder", lambda root: (os.rename(f"{root}/deep/er", f"{root}/moved"), read(root, "moved/still/x.txt"), os.listdir(f"{root}/deep"))),
    ("what was there before", lambda root: os.listdir(f"{root}/deep/er")),
    ("copying all of it", lambda root: (shutil.copytree(root, f"{root}-copy", symlinks=True), walk(f"{root}-copy"))[1:]),
    ("removing a folder", lambda root: (shutil.rmtree(f"{root}/café"), os.listdir(root))),
    ("a name that was removed", lambda root: os.stat(f"{root}/café/ü.txt")),
    ("removing all of it", lambda root: (shutil.rmtree(root), os.path.exists(root))),
]
