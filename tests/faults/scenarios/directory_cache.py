"""zipimport._zip_directory_cache."""

import zipimport

import pyodide_zipimport as module

from .common import make_importer, scenario


def cache_scenario(name, function):
    """Does something to the cache, which holds one archive and one assigned value."""

    def prepare():
        cache = zipimport._zip_directory_cache
        path = make_importer().archive
        cache["assigned"] = {}
        return lambda: function(cache, path)

    prepare.__name__ = "cache_" + name
    scenario(prepare, repeats=False)


def augment(cache, path):
    cache |= {"assigned": 1}
    return sorted(cache)


def delete(cache, path):
    del cache["assigned"]
    del cache[path]
    return list(cache)


for name, function in {
    "subscription": lambda cache, path: (len(cache[path]), cache["assigned"]),
    "subscription_of_nothing": lambda cache, path: cache["nothing"],
    "subscription_of_a_tuple": lambda cache, path: cache[(1, 2)],
    "membership": lambda cache, path: (path in cache, "assigned" in cache, "nothing" in cache, 1 in cache),
    "get": lambda cache, path: (len(cache.get(path)), cache.get("assigned"), cache.get("nothing", 1)),
    "length": lambda cache, path: len(cache),
    "iteration": lambda cache, path: list(cache),
    "reversal": lambda cache, path: list(reversed(cache)),
    "keys": lambda cache, path: list(cache.keys()),
    "values": lambda cache, path: [sorted(value) for value in cache.values()],
    "items": lambda cache, path: [(key, sorted(value)) for key, value in cache.items()],
    "copy": lambda cache, path: cache.copy(),
    "repr": lambda cache, path: repr(cache),
    "comparison": lambda cache, path: (cache == {}, cache != cache, cache == cache.copy()),
    "union": lambda cache, path: (sorted(cache | {"x": 1}), sorted({"x": 1} | cache)),
    "fromkeys": lambda cache, path: cache.fromkeys("ab"),
    "update": lambda cache, path: cache.update({"more": 1}),
    "assignment": lambda cache, path: cache.__setitem__("assigned", 1),
    "augmented_assignment": augment,
    "clear": lambda cache, path: cache.clear(),
    "setdefault": lambda cache, path: (len(cache.setdefault(path)), cache.setdefault("new", 1)),
    "deletion": delete,
    "deletion_of_nothing": lambda cache, path: cache.__delitem__("nothing"),
    "pop": lambda cache, path: (len(cache.pop(path)), cache.pop("assigned"), cache.pop("nothing", 1), list(cache)),
    "pop_of_nothing": lambda cache, path: cache.pop("nothing"),
    "popitem": lambda cache, path: (cache.popitem(), list(cache)),
}.items():
    cache_scenario(name, function)


@scenario(absent={})
def cache_subscription_after_invalidation():
    importer = make_importer()

    def act():
        module.invalidate()
        return zipimport._zip_directory_cache[importer.archive]

    return act
