"""A store of bytecode packs in a folder, for tests: what js/kept/packs does, in its simplest form.

With stock there is nothing to keep: every method then does nothing.
"""

import os

import support

# The store around a whole run, if it has one: what others leave, it takes up again.
base = None


class FolderStore:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)  # a test may change the working folder
        self.changes = 0
        self.found = 0  # files that were asked for and there
        self.paths = {}  # the pack of each path
        os.makedirs(folder, exist_ok=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def files(self, name):
        """The pack files of a name, whole paths."""
        return sorted(self.path(each) for each in os.listdir(self.folder) if each.startswith(name + ".") and each.endswith(".zip"))

    # What the importer calls.

    def load(self, name, path_name):
        self.used(name, path_name)
        files = self.files(name)
        if not files and os.path.exists(self.path(path_name + ".txt")):
            with open(self.path(path_name + ".txt")) as file:
                files = self.files(file.read())
        self.found += len(files)
        return files

    def used(self, name, path_name):
        self.paths[path_name] = name

    def changed(self):
        self.changes += 1

    # What tests call.

    def use(self):
        """Begins anew, as another process does: nothing is loaded, nothing queued."""
        if base:
            base.write()
        if support.ours:
            support.ours._use_store(self, "test")

    def leave(self):
        if base:
            base.use()
        elif support.ours:
            support.ours._use_store(None, "")

    def write(self):
        """Writes every pack that has something to write; returns the new files."""
        written = []
        for name, _, _ in support.ours._queued_packs() if support.ours else ():
            kept = self.files(name)
            new = self.path(".new")
            writer = support.ours._write_pack(name, new, kept)
            while not writer.step(1000):
                pass
            crc, nbytes, _ = writer.finish()
            path = self.path(f"{name}.{crc:x}-{nbytes}.zip")
            os.replace(new, path)
            writer.commit(path)
            for old in kept:
                if old != path:
                    os.remove(old)
            written.append(path)
        for path_name, name in self.paths.items():
            if self.files(name):
                with open(self.path(path_name + ".txt"), "w") as file:
                    file.write(name)
        return written
