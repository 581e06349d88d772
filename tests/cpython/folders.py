"""Makes folders of the archives that tests put on sys.path: the same tests then tell one way to make them from another."""

import os
import sys
import zipfile


class FoldersForArchives(list):
    """A sys.path on which a folder takes the place of every archive that is put there.

    make_folder(path of an archive) gives the path of its folder, of the same base name.
    """

    def __init__(self, paths, make_folder):
        super().__init__(paths)
        self.make_folder = make_folder
        self.made = {}

    def folder_for(self, path):
        if not os.path.isfile(path) or not zipfile.is_zipfile(path):
            return path
        self.made[path] = self.make_folder(path)
        # 3.12's tests take the archive's entry away before they forget the module that came from it.
        sys.path_importer_cache[path] = None
        return self.made[path]

    def append(self, path):
        super().append(self.folder_for(path))

    def insert(self, index, path):
        super().insert(index, self.folder_for(path))

    def extend(self, paths):
        super().extend(map(self.folder_for, paths))

    def remove(self, path):
        super().remove(self.made.get(path, path))


def use(make_folder):
    """Gives sys.path as it is from now on; `made` of it has the folders by their archives."""
    sys.path = FoldersForArchives(sys.path, make_folder)
    return sys.path
