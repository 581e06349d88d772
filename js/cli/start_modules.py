# Runs inside Pyodide right after its start: where its standard library is, and which of its modules
# have been imported. Imports nothing that was not.

import sys

archive = next(path for path in sys.path if path.startswith("/lib/python") and path.endswith(".zip"))


def members():
    for module in list(sys.modules.values()):
        origin = getattr(getattr(module, "__spec__", None), "origin", None)
        if isinstance(origin, str) and origin.startswith(archive + "/"):
            yield origin[len(archive) + 1 :]


[archive, ".".join(map(str, sys.version_info[:3])), sorted(set(members()))]
