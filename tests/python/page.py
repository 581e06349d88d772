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

This page lists every intended difference between this importer ("ours") and the zipimport of CPython 3.11 to 3.15 ("stock"). A
difference that is not on this page is a bug. Each row names the tests in `tests/python/` that pin it. These tests state what
ours does, and they fail on stock.

`python3 tests/python/page.py > docs/compatibility.md` writes this page. The words of the rows are in
`tests/python/differences.py`, and the marks `@difference` in the tests say which tests belong to a row.

Where packages that are shown in site-packages differ from unpacked ones is in [packages.md](packages.md#what-differs-from-unpacking).

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
