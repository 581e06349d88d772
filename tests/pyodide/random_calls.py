"""Random calls of os, io, pathlib and shutil on two trees that shall be equal: compare(one, other, seed, steps).

Each step is one call with the same arguments on both; what it gives, or the error that it raises, must be the
same, and so must both trees be at the end. Both roots have equally long paths, since the lengths of paths decide
what is done. Times and inode numbers differ, and are not looked at.
"""

import io
import mmap
import os
import pathlib
import random
import shutil
import stat

# Names that nobody has, and that some objects of JavaScript's have always. (Not __proto__: MEMFS takes a file of
# that name, and does not list it.)
NEW_NAMES = ["new", "other", "a b", "é", "constructor", "toString", "x" * 300, "..."]
FLAGS = [
    os.O_RDONLY,
    os.O_WRONLY,
    os.O_RDWR,
    os.O_RDWR | os.O_CREAT,
    os.O_WRONLY | os.O_CREAT | os.O_EXCL,
    os.O_WRONLY | os.O_TRUNC,
    os.O_WRONLY | os.O_APPEND,
    os.O_RDONLY | os.O_DIRECTORY,
    os.O_RDONLY | os.O_NOFOLLOW,
]


class Tree:
    """One of the two: where it is, and what is open in it."""

    def __init__(self, root):
        self.root = root
        self.files = []

    def close(self):
        for fd in self.files:
            os.close(fd)


def shape(status):
    return stat.filemode(status.st_mode), status.st_size, status.st_nlink


class Calls:
    """The calls. Each takes the tree and what was chosen for both."""

    @staticmethod
    def stat(tree, path, other):
        return shape(os.stat(path))

    @staticmethod
    def lstat(tree, path, other):
        return shape(os.lstat(path))

    @staticmethod
    def listdir(tree, path, other):
        return os.listdir(path)

    @staticmethod
    def scandir(tree, path, other):
        with os.scandir(path) as entries:
            return [
                (e.name, e.is_dir(), e.is_file(), e.is_symlink(), shape(e.stat(follow_symlinks=False)))
                for e in entries
            ]

    @staticmethod
    def walk(tree, path, other):
        return list(os.walk(path))

    @staticmethod
    def access(tree, path, other):
        return [os.access(path, mode) for mode in (os.F_OK, os.R_OK, os.W_OK, os.X_OK)]

    @staticmethod
    def facts(tree, path, other):
        facts = ("exists", "lexists", "isfile", "isdir", "islink", "ismount", "getsize", "realpath")
        return [getattr(os.path, name)(path) for name in facts]

    @staticmethod
    def samefile(tree, path, other):
        return os.path.samefile(path, other)

    @staticmethod
    def mkdir(tree, path, other):
        return os.mkdir(path)

    @staticmethod
    def makedirs(tree, path, other):
        return os.makedirs(f"{path}/deep/deeper", exist_ok=len(other) % 2 == 0)

    @staticmethod
    def rmdir(tree, path, other):
        return os.rmdir(path)

    @staticmethod
    def unlink(tree, path, other):
        return os.unlink(path)

    @staticmethod
    def rename(tree, path, other):
        return os.rename(path, other)

    @staticmethod
    def replace(tree, path, other):
        return os.replace(path, other)

    @staticmethod
    def symlink(tree, path, other):
        return os.symlink(other, path)

    @staticmethod
    def symlink_relative(tree, path, other):
        return os.symlink(os.path.basename(other), path)

    @staticmethod
    def readlink(tree, path, other):
        return os.readlink(path)

    @staticmethod
    def link(tree, path, other):
        return os.link(path, other)

    @staticmethod
    def truncate(tree, path, other):
        return os.truncate(path, len(other)), shape(os.stat(path))

    @staticmethod
    def chmod(tree, path, other):
        return os.chmod(path, 0o644 if len(other) % 2 else 0o755), shape(os.stat(path))

    @staticmethod
    def utime(tree, path, other):
        os.utime(path, (1_000_000, 2_000_000))
        return os.stat(path).st_mtime

    @staticmethod
    def chdir(tree, path, other):
        before = os.getcwd()
        os.chdir(path)
        try:
            return os.getcwd(), os.listdir(), os.path.exists("../" + os.path.basename(path))
        finally:
            os.chdir(before)

    @staticmethod
    def open(tree, path, other, flags):
        if len(tree.files) < 8:
            tree.files.append(os.open(path, flags, 0o644))

    @staticmethod
    def close(tree, path, other):
        if tree.files:
            return os.close(tree.files.pop(0))

    @staticmethod
    def fd_read(tree, path, other):
        return [os.read(fd, len(other)) for fd in tree.files[:2]]

    @staticmethod
    def fd_write(tree, path, other):
        return [os.write(fd, os.path.basename(other).encode()) for fd in tree.files[-1:]]

    @staticmethod
    def fd_seek(tree, path, other):
        return [os.lseek(fd, len(other) % 9, len(path) % 3) for fd in tree.files[:1]]

    @staticmethod
    def fd_stat(tree, path, other):
        # Emscripten counts no links of what was unlinked.
        return [shape(os.fstat(fd))[:2] for fd in tree.files]

    @staticmethod
    def fd_truncate(tree, path, other):
        return [os.ftruncate(fd, len(other) % 50) for fd in tree.files[:1]]

    @staticmethod
    def fd_pread(tree, path, other):
        return [os.pread(fd, 20, len(other) % 30) for fd in tree.files]

    @staticmethod
    def fd_pwrite(tree, path, other):
        return [os.pwrite(fd, b"pwrite", len(other) % 30) for fd in tree.files[:1]]

    @staticmethod
    def fd_dup(tree, path, other):
        for fd in tree.files[:1]:
            copy = os.dup(fd)
            try:
                return os.read(copy, 5)
            finally:
                os.close(copy)

    @staticmethod
    def fd_sync(tree, path, other):
        return [os.fsync(fd) for fd in tree.files]

    @staticmethod
    def file(tree, path, other, mode):
        with open(path, mode) as file:
            facts = [file.readable(), file.writable(), file.seekable(), file.tell()]
            if file.readable():
                facts += [file.read(7), file.readline(), file.tell()]
            if file.writable():
                data = os.path.basename(other)
                facts += [file.write(data.encode() if "b" in mode else data), file.truncate()]
            file.seek(0, io.SEEK_END)
            return facts + [file.tell()]

    @staticmethod
    def unbuffered(tree, path, other):
        with open(path, "r+b", buffering=0) as file:
            buffer = bytearray(9)
            return file.readinto(buffer), bytes(buffer), file.write(b"raw"), file.readall()

    @staticmethod
    def lines(tree, path, other):
        with open(path, encoding="latin-1", newline="") as file:
            return list(file)

    @staticmethod
    def map(tree, path, other):
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            return mapped[:10], mapped.size(), mapped.find(b"e")

    @staticmethod
    def map_shared(tree, path, other):
        with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
            mapped[0:1] = b"M"
            mapped.flush()
        return pathlib.Path(path).read_bytes()

    @staticmethod
    def path_facts(tree, path, other):
        path = pathlib.Path(path)
        names = ("exists", "is_dir", "is_file", "is_symlink", "is_mount", "is_socket", "resolve")
        return [str(getattr(path, name)()) for name in names]

    @staticmethod
    def path_list(tree, path, other):
        return [str(each) for each in pathlib.Path(path).iterdir()]

    @staticmethod
    def path_glob(tree, path, other):
        path = pathlib.Path(path)
        return [sorted(map(str, path.glob(pattern))) for pattern in ("*", "*.py", "**/*.txt", "*/*")]

    @staticmethod
    def path_read(tree, path, other):
        return pathlib.Path(path).read_bytes()

    @staticmethod
    def path_write(tree, path, other):
        return pathlib.Path(path).write_text(os.path.basename(other)), shape(os.stat(path))

    @staticmethod
    def path_touch(tree, path, other):
        return pathlib.Path(path).touch(exist_ok=len(other) % 2 == 0), shape(os.stat(path))

    @staticmethod
    def path_mkdir(tree, path, other):
        odd = len(other) % 2 == 1
        return pathlib.Path(path).mkdir(parents=odd, exist_ok=odd)

    @staticmethod
    def path_unlink(tree, path, other):
        return pathlib.Path(path).unlink(missing_ok=len(other) % 2 == 1)

    @staticmethod
    def copy(tree, path, other):
        return shutil.copy(path, other)

    @staticmethod
    def copytree(tree, path, other):
        # Not into itself, which ends when the path is too long.
        if not other.startswith(path):
            return shutil.copytree(path, other, symlinks=True, dirs_exist_ok=len(other) % 2 == 1)

    @staticmethod
    def move(tree, path, other):
        return shutil.move(path, other)

    @staticmethod
    def rmtree(tree, path, other):
        return shutil.rmtree(path)


NAMES = [name for name in vars(Calls) if not name.startswith("_")]
# What empties the tree is rare, so that there is something left to look at.
RARE = {"rmtree", "move", "rename", "replace", "copytree", "unlink", "path_unlink"}
MODES = ["r", "rb", "r+", "r+b", "w", "wb", "w+b", "a", "ab", "a+b", "x", "xb"]


def choose_path(chance, known):
    """A path below the root, "" for the root itself: mostly of something that is there."""
    kind = chance.random()
    if kind < 0.02:
        return ""
    if kind < 0.75:
        return chance.choice(known)
    base = chance.choice(known + [""])
    if kind < 0.9:
        return f"{base}/{chance.choice(NEW_NAMES)}"
    # Never to what is beside the root: there is something else beside the other.
    up = ["/..", "/../new"] if base.count("/") > 1 else []
    return base + chance.choice(["/", "/.", "//", "/./new", *up])


def list_paths(root):
    """Everything below the root, as paths that begin with a slash."""
    found = []
    for folder, folders, files in os.walk(root):
        found += [os.path.join(folder, name)[len(root) :] for name in folders + files]
    return sorted(found) or ["/gone"]


def answer(tree, name, paths, extra):
    try:
        result = getattr(Calls, name)(tree, *(tree.root + path for path in paths), *extra)
    except shutil.Error as error:
        result = "shutil.Error", str(error)
    except OSError as error:
        result = type(error).__name__, error.errno
    except Exception as error:
        result = type(error).__name__, str(error)
    return repr(result).replace(tree.root, "<root>")


def compare(one, other, seed, steps):
    """What was different first, as text; "" if nothing was."""
    chance = random.Random(seed)
    trees = [Tree(one), Tree(other)]
    known = []
    history = []
    try:
        for step in range(steps):
            if step % 10 == 0:
                # Of the second, so that looking at the first is left to chance.
                known = list_paths(other)
            name = chance.choice(NAMES)
            if name in RARE and chance.random() < 0.6:
                continue
            paths = [choose_path(chance, known), choose_path(chance, known)]
            if "" in paths and (name in RARE or name.startswith("symlink")):
                continue
            extra = {"open": FLAGS, "file": MODES}.get(name)
            extra = [chance.choice(extra)] if extra else []
            history.append((name, *paths, *extra))
            answers = [answer(tree, name, paths, extra) for tree in trees]
            if answers[0] != answers[1]:
                return describe(seed, history, answers)
        answers = [repr(snapshot(tree.root)) for tree in trees]
        return "" if answers[0] == answers[1] else describe(seed, history, answers)
    finally:
        for tree in trees:
            tree.close()


def describe(seed, history, answers):
    at = next((i for i, (a, b) in enumerate(zip(*answers)) if a != b), 0)
    shown = [text[max(0, at - 100) : at + 200] for text in answers]
    return f"seed {seed}, step {len(history)}: {history[-4:]}:\n{shown[0]}\n{shown[1]}"


def snapshot(root):
    """Everything below the root, bytes and all."""
    return [
        (os.path.join(folder, name)[len(root) :], read_whole(os.path.join(folder, name), root))
        for folder, folders, files in os.walk(root)
        for name in folders + files
    ]


def read_whole(path, root):
    try:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            return shape(status), os.readlink(path).replace(root, "<root>")
        if stat.S_ISREG(status.st_mode):
            return shape(status), pathlib.Path(path).read_bytes()
        return shape(status)
    except OSError as error:
        return error.errno  # a name too long to be listed whole, a file that may not be read
