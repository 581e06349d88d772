"""Writes docs/compatibility.md from the rows of differences.py and the tests that pin them.

    python3 tests/python/page.py > docs/compatibility.md
"""

import importlib
import os
import sys

import differences
import support

HERE = os.path.dirname(os.path.abspath(__file__))

HEAD = """\
# Where ours differs from stock

Every intended difference between this importer and CPython's zipimport, 3.11 to 3.15. Whatever is not on this page is
meant to be the same; if it is not, that is a bug. Each row is pinned by the tests it names, in `tests/python/`: they state
what ours does and fail on stock. This page is made from `tests/python/differences.py` by `tests/python/page.py`.

"""


def render():
    """The page as text; every test file is imported, since the marks in them name the rows."""
    for name in sorted(os.listdir(HERE)):
        if name.startswith("test_") and name.endswith(".py"):
            importlib.import_module(name[:-3])
    lines = ["| row | stock, and on which versions | ours | why | tests |", "|---|---|---|---|---|"]
    for row_id, row in differences.DIFFERENCES.items():
        tests = "<br>".join(f"`{test}`" for test in support.used_differences[row_id])
        cells = [f"<a id=\"{row_id}\"></a>{row_id}", f"{row.stock} ({row.versions})", row.ours, row.why, tests]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())
