"""scripts/bench.sh's comparisons: a wrong result or a program that fails is never passed over."""

import pathlib
import subprocess
import sys
import unittest

import support

COMPARE = support.SOURCE_DIR / "tests/bench/compare"


class Bench(support.Case):
    def bench(self, program, *options):
        return subprocess.run([sys.executable, COMPARE, "--program", program, "--size", "64MiB", "--rounds", "1", "--folder",
                               self.folder, "--page", self.path("page.md"), *options], capture_output=True, text=True,
                              timeout=support.TIMEOUT_SECONDS, check=False)

    def program_that(self, body):
        path = self.write_text("program", f'#!/usr/bin/env bash\nreal="{support.PROGRAM}"\n{body}\n')
        pathlib.Path(path).chmod(0o755)
        return path

    def test_a_comparison_is_a_row_with_ratio_and_target(self):
        result = self.bench(support.PROGRAM, "--only", "1")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        page = pathlib.Path(self.path("page.md")).read_text()
        self.assertRegex(page, r"\| 1 \| 4 bits, one LUT \| [\d.]+ s, [\d.]+ GB/s \| cat [\d.]+ s \| [\d.]+ x \| at most 3 x cat "
                               r"\| (met|\*\*not met\*\*) \|")
        for words in ("| processor |", "| memory |", "bound by", "at commit", "| cp | "):
            self.assertIn(words, page)

    def test_a_wrong_result_fails_the_comparison(self):
        # What verify accepts without looking, but decodes to something else than the report says.
        program = self.program_that('''
[[ $1 == verify ]] && exit 0
"$real" "$@" || exit
for ((w = 1; w <= $#; w++)); do [[ ${!w} == --report ]] && { next=$((w + 1)); report="${!next}"; }; done
[[ -z "${report:-}" ]] || sed -i 's/"mse": \\([1-9]\\)/"mse": 1\\1/' "$report"''')
        result = self.bench(program, "--only", "1")
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertIn("**failed**: /layer000/weight: the report states an error", result.stdout)
        self.assertIn("failed: 1 (1)", result.stdout)
        self.assertIn("**failed**", pathlib.Path(self.path("page.md")).read_text())

    def test_a_program_that_fails_fails_the_comparison_and_the_others_go_on(self):
        program = self.program_that('[[ $1 == restore ]] && { echo "no" >&2; exit 4; }\nexec "$real" "$@"')
        result = self.bench(program, "--only", "1,10")
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertRegex(result.stdout, r"\| 10 \| .* \*\*failed\*\*: .*exit code 4: no")
        self.assertRegex(result.stdout, r"\| 1 \| .*at most 3 x cat")

    def test_runs_are_gathered_on_one_page(self):
        gathered = ("--results", self.path("results.json"))
        result = self.bench(support.PROGRAM, "--only", "1", *gathered)
        self.assertRegex(result.stderr, r"bench: 1: 4 bits, one LUT a tensor\nbench: 1: took \d+ s\n")
        self.bench(support.PROGRAM, "--only", "10", *gathered)
        page = pathlib.Path(self.path("page.md")).read_text()
        self.assertRegex(page, r"\| 1 \| .*at most 3 x cat")
        self.assertRegex(page, r"\| 10 \| restore, 4 bits")
        self.assertRegex(page, r"\| 9 \| .*\| not run \|")
        # Other rounds are another measurement: nothing of the first is kept.
        self.bench(support.PROGRAM, "--only", "10", "--rounds", "2", *gathered)
        self.assertNotIn("at most 3 x cat", pathlib.Path(self.path("page.md")).read_text())

    def test_other_numbers_are_refused(self):
        self.assertEqual(self.bench(support.PROGRAM, "--only", "11").returncode, 2)


if __name__ == "__main__":
    unittest.main()
