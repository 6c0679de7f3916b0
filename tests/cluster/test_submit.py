"""What scripts/slurm/submit.sh refuses, and what it says then. No Slurm is needed."""

import os
import pathlib
import subprocess
import tempfile
import unittest

SOURCE_DIR = pathlib.Path(os.environ.get("SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
SCRIPTS = SOURCE_DIR / "scripts/slurm"


class Submit(unittest.TestCase):
    def refused(self, words, *arguments):
        done = subprocess.run([SCRIPTS / "submit.sh", *arguments], capture_output=True, text=True, cwd="/", check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(words, done.stderr)
        self.assertIn("--help shows the usage", done.stderr)

    def test_its_help_shows_the_usage(self):
        done = subprocess.run([SCRIPTS / "submit.sh", "--help"], capture_output=True, text=True, check=True)
        self.assertIn("Usage: submit.sh [--NAME=VALUE ...] IN.h5 OUT.h5 N [options", done.stdout)

    def test_wrong_arguments_are_refused_with_what_was_found(self):
        self.refused("found 0 arguments")
        self.refused("found 2 arguments", "--time=10", "in.h5", "out.h5")
        self.refused("N: found 'many'", "in.h5", "out.h5", "many")
        self.refused("N: found '0'", "in.h5", "out.h5", "0")
        self.refused("found '--time' before IN.h5", "--time", "10", "in.h5", "out.h5", "4")
        self.refused("--dependency=singleton: is set by this script", "--dependency=singleton", "in.h5", "out.h5", "4")
        for option in ("--resume", "--shard", "--shard=1/2"):
            self.refused(f"{option}: is set by this script", "in.h5", "out.h5", "4", option)
        for option in ("--report=a.json", "--trace", "--report-html"):
            self.refused(f"{option}: every task would write the same file", "in.h5", "out.h5", "4", option)

    def submitted(self, *arguments):
        """What sbatch was called with: the words of each call, for an sbatch that only writes them down."""
        with tempfile.TemporaryDirectory(prefix="h5palettize-test-") as name:
            folder = pathlib.Path(name)
            for program, text in (("sbatch", f"printf '%s\\0' \"$@\" END >> {folder}/calls; echo '7;cluster'"), ("h5palettize", "")):
                (folder / program).write_text(f"#!/bin/sh\n{text}\n")
                (folder / program).chmod(0o755)
            for file in ("in.h5", "old.h5"):
                (folder / file).touch()
            environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
            environment.pop("H5PALETTIZE", None)
            done = subprocess.run([SCRIPTS / "submit.sh", *arguments], capture_output=True, text=True, cwd=folder,
                                  env=environment, check=False)
            calls = (folder / "calls").read_text().split("END\0") if (folder / "calls").exists() else []
        return done, [call.split("\0")[:-1] for call in calls if call]

    def test_options_go_where_they_belong(self):
        done, (array, merge) = self.submitted("--time=5", "--partition=p q", "in.h5", "out.h5", "3", "--exclude", "a b", "--force",
                                              "--follow-external")
        self.assertEqual(done.stdout, "array job 7, merge job 7: out.h5 in 3 parts\n")
        self.assertEqual(array, ["--parsable", "--time=5", "--partition=p q", "--array=0-2", f"{SCRIPTS}/palettize_array.sbatch",
                                 "in.h5", "out.h5", "3", "--exclude", "a b", "--follow-external"])
        self.assertEqual(merge, ["--parsable", "--time=5", "--partition=p q", "--dependency=afterok:7",
                                 "--kill-on-invalid-dep=yes", f"{SCRIPTS}/merge.sbatch", "out.h5", "3", "--force",
                                 "--follow-external"])
        _, (array, merge) = self.submitted("--array=1%4", "in.h5", "out.h5", "3")
        self.assertEqual(array[1:], ["--array=1%4", f"{SCRIPTS}/palettize_array.sbatch", "in.h5", "out.h5", "3"])
        self.assertNotIn("--array=1%4", merge)

    def test_an_output_that_exists_is_replaced_with_force_only(self):
        done, calls = self.submitted("in.h5", "old.h5", "3")
        self.assertEqual((done.returncode, calls), (2, []))
        self.assertIn("old.h5: exists; --force replaces it", done.stderr)
        done, calls = self.submitted("in.h5", "old.h5", "3", "--force")
        self.assertEqual((done.returncode, len(calls)), (0, 2))
        done, calls = self.submitted("absent.h5", "out.h5", "3")
        self.assertEqual((done.returncode, calls), (2, []))
        self.assertIn("absent.h5: no such file", done.stderr)

        done, calls = self.submitted("in.h5", "./in.h5", "3", "--force")
        self.assertEqual((done.returncode, calls), (2, []))
        self.assertIn("./in.h5: is the input", done.stderr)

    def test_links_are_for_the_merge(self):
        _, (array, merge) = self.submitted("in.h5", "out.h5", "2", "--link", "--preset=w4")
        self.assertEqual(array[-2:], ["2", "--preset=w4"])
        self.assertEqual(merge[-2:], ["2", "--link"])

    def merged(self, folder, *arguments, restarts=0, fails=False):
        """Returns the words and the exit code of merge.sbatch, for a program that writes down its words and makes OUT.h5 where there is none."""
        program = folder / "program"
        end = "exit 1" if fails else 'case "$*" in *--force*) ;; *) if [ -e "$2" ]; then exit 4; fi ;; esac; echo merged > "$2"'
        program.write_text(f'#!/bin/sh\necho "$@" >> {folder}/words\n{end}\n')
        program.chmod(0o755)
        environment = {**os.environ, "H5PALETTIZE": str(program), "SLURM_JOB_ID": "9", "SLURM_RESTART_COUNT": str(restarts)}
        done = subprocess.run([SCRIPTS / "merge.sbatch", *arguments], capture_output=True, text=True, cwd=folder, env=environment,
                              check=False)
        words = (folder / "words").read_text() if (folder / "words").exists() else ""
        (folder / "words").unlink(missing_ok=True)
        return done, words

    def test_the_merge_job_goes_on_wherever_it_was_killed(self):
        with tempfile.TemporaryDirectory(prefix="h5palettize-test-") as name:
            folder = pathlib.Path(name)
            parts = folder / "out.h5.shards"

            def make(*names):
                parts.mkdir(exist_ok=True)
                for part in names:
                    (parts / part).touch()

            make("1-of-3.h5")
            done, words = self.merged(folder, "out.h5", "3")
            self.assertEqual((done.returncode, words), (3, ""))
            self.assertIn("of 3 parts these are missing: 0 2", done.stderr)
            make("0-of-3.h5", "2-of-3.h5")
            done, words = self.merged(folder, "out.h5", "3", fails=True)
            self.assertEqual((done.returncode, len(list(parts.iterdir()))), (1, 3))
            # When OUT.h5 was there: it stays where it is what the parts give. While it removed the parts: what is left.
            (folder / "out.h5").write_text("merged\n")
            done, words = self.merged(folder, "out.h5", "3", restarts=1)
            shards = " ".join(f"out.h5.shards/{part}-of-3.h5" for part in range(3))
            self.assertEqual((done.returncode, parts.exists()), (0, False))
            self.assertEqual(words, f"merge out.h5 {shards}\nmerge ./.out.h5.merged-again {shards}\n")
            self.assertEqual(sorted(os.listdir(folder)), ["out.h5", "program"])
            make("2-of-3.h5", "merged-by-9")
            done, words = self.merged(folder, "out.h5", "3", restarts=1)
            self.assertEqual((done.returncode, words, parts.exists()), (0, "", False))
            make("merged-by-9")
            done, words = self.merged(folder, "out.h5", "3", restarts=1)
            self.assertEqual((done.returncode, words, parts.exists()), (0, "", False))
            # A mark without OUT.h5, or of a job that was not started again, says nothing.
            make("0-of-1.h5", "merged-by-9")
            done, words = self.merged(folder, "out.h5", "1")
            self.assertEqual((done.returncode, words), (4, "merge out.h5 out.h5.shards/0-of-1.h5\n"))
            make("0-of-1.h5", "merged-by-9")
            (folder / "out.h5").unlink()
            _, words = self.merged(folder, "out.h5", "1", restarts=1)
            self.assertEqual(words, "merge out.h5 out.h5.shards/0-of-1.h5\n")
            # The mark of another job says nothing of this one; what others left is not this job's.
            make("0-of-1.h5", "merged-by-8")
            done, words = self.merged(folder, "out.h5", "1", "--force", restarts=1)
            self.assertEqual((done.returncode, words), (0, "merge out.h5 out.h5.shards/0-of-1.h5 --force\n"))
            self.assertIn("files of other jobs", done.stderr)
            make("0-of-1.h5")
            (folder / "out.h5").unlink()
            done, words = self.merged(folder, "out.h5", "1", "--link")
            self.assertEqual((done.returncode, (parts / "0-of-1.h5").exists()), (0, True))
            self.assertEqual(self.merged(folder, "out.h5", "x")[0].returncode, 2)

    def test_a_merge_job_replaces_no_file_of_others_and_fails_without_parts(self):
        with tempfile.TemporaryDirectory(prefix="h5palettize-test-") as name:
            folder = pathlib.Path(name)
            (folder / "out.h5.shards").mkdir()
            for part in range(2):
                (folder / f"out.h5.shards/{part}-of-2.h5").touch()
            for restarts in (0, 1, 2):
                (folder / "out.h5").write_text("precious")
                done, _ = self.merged(folder, "out.h5", "2", restarts=restarts)
                self.assertEqual((done.returncode, (folder / "out.h5").read_text()), (4, "precious"))
                self.assertEqual(len(os.listdir(folder / "out.h5.shards")), 2)
            for part in range(2):
                (folder / f"out.h5.shards/{part}-of-2.h5").unlink()
            for _ in range(2):
                done, words = self.merged(folder, "out.h5", "2", restarts=1)
                self.assertEqual((done.returncode, words, (folder / "out.h5").read_text()), (3, "", "precious"))
                self.assertIn("of 2 parts these are missing: 0 1", done.stderr)
                if (folder / "out.h5.shards").exists():
                    (folder / "out.h5.shards").rmdir()

    def test_the_scripts_pass_shellcheck(self):
        try:
            subprocess.run(["shellcheck", *sorted(SCRIPTS.iterdir())], check=True)
        except FileNotFoundError:
            self.skipTest("shellcheck is not installed")


if __name__ == "__main__":
    unittest.main()
