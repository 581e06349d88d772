"""The list of differences is complete: tests, differences.py and docs/compatibility.md name the same rows."""

import os
import unittest

import differences
import page
import support

PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "docs", "compatibility.md")


class Rows(unittest.TestCase):
    def test_each_row_has_a_test_and_each_mark_a_row(self):
        self.assertEqual(set(support.used_differences), set(differences.DIFFERENCES))

    def test_each_row_says_everything(self):
        for row_id, row in differences.DIFFERENCES.items():
            with self.subTest(row_id):
                self.assertEqual([field for field in row if not field.strip()], [])

    @support.native_only("the page is not mounted there")
    def test_native_the_page_is_made_from_the_rows(self):
        with open(PAGE, encoding="utf-8") as file:
            self.assertEqual(file.read(), page.render(), "make it anew: python3 tests/python/page.py > docs/compatibility.md")
