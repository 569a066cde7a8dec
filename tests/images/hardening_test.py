#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every program that is shipped is compiled so that a mistake in it is hard to
use: hardening_test.py PROGRAM... Only the standard library, and readelf."""
import os
import re
import subprocess
import sys
import unittest


def readelf(*arguments):
    return subprocess.run(["readelf", "--wide", *arguments], check=True,
                          text=True, capture_output=True).stdout


class Hardening(unittest.TestCase):
    programs = []

    def each(self):
        self.assertTrue(self.programs)
        for program in self.programs:
            with self.subTest(program=os.path.basename(program)):
                yield program

    def test_runs_at_any_address(self):
        for program in self.each():
            self.assertRegex(readelf("-h", program), r"Type:\s+DYN")
            self.assertIn("INTERP", readelf("-l", program))

    def test_what_the_loader_wrote_is_read_only_after_it(self):
        for program in self.each():
            self.assertIn("GNU_RELRO", readelf("-l", program))
            self.assertRegex(readelf("-d", program), r"FLAGS.*NOW")

    def test_nothing_is_both_written_and_run(self):
        for program in self.each():
            segments = readelf("-l", program)
            self.assertRegex(segments, r"GNU_STACK.*\sRW\s")
            self.assertNotRegex(segments, r"LOAD.*\sRWE\s")

    def test_a_broken_stack_is_noticed(self):
        for program in self.each():
            self.assertIn("__stack_chk_fail", readelf("--dyn-syms", program))

    def test_the_c_library_checks_lengths(self):
        for program in self.each():
            checked = re.findall(r"\b__\w+_chk(?=@)",
                                 readelf("--dyn-syms", program))
            self.assertTrue(set(checked) - {"__stack_chk_fail"}, checked)

    def test_libraries_come_from_the_system_only(self):
        for program in self.each():
            self.assertNotRegex(readelf("-d", program), r"RPATH|RUNPATH")


if __name__ == "__main__":
    Hardening.programs = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
