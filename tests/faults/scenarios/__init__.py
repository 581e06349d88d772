"""What walk.py walks through: each scenario prepares something and returns what to do then, again and again if need be.

What is done returns values that can be compared, and leaves nothing behind that its next preparation does not remove.
"""

from . import find, imports, answers, changes, directory_cache, takeover, packs, mounts
from .common import folder, scenarios, served_as_before, stop_serving

__all__ = ["folder", "scenarios", "served_as_before", "stop_serving"]
