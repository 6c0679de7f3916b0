"""A command that is killed at any change of names ends well the second time: the right bytes, and nothing else in the folder.

H5PALETTIZE_TEST_KILLS is the number of kills of all commands together. Beyond the number of places where a command can be killed it is
killed again at a place that is drawn, in its second time."""

import json
import os
import pathlib
import random
import shutil
import signal
import stat
import subprocess
import tempfile
import unittest

import h5py

import support

KILLS = int(os.environ.get("H5PALETTIZE_TEST_KILLS", "60"))
SOURCE = support.SOURCE_DIR / "tests/faults/kill_nth.c"
BESIDE = ("--report", "r.json", "--report-html", "r.html", "--trace", "t.json")
BITS = ("--n-bits", "4", "--quiet")


class Publish(support.Case):
    COMMANDS = 9  # of the kill test

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="h5palettize-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.library = os.path.join(folder.name, "kill_nth.so")
        cls.count_file = os.path.join(folder.name, "count")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", SOURCE, "-o", cls.library, "-ldl"], check=True)
        cls.dice = random.Random(5)

    def setUp(self):
        super().setUp()
        self.work = self.folder / "work"
        self.work.mkdir()
        for number in range(2):
            with h5py.File(self.folder / f"in{number}.h5", "w") as file:
                for layer in range(3):
                    file[f"l{number}{layer}/weight"] = support.rng(10 * number + layer).standard_normal((32, 32)).astype("f4")
                file["bias"] = support.rng(9).standard_normal(50)

    def killed(self, at, words):
        """Runs a command and kills it before that change of names; None where it ended before."""
        environment = dict(os.environ, LD_PRELOAD=self.library, KILL_AT=str(at), KILL_COUNT=self.count_file)
        pathlib.Path(self.count_file).write_text("0")
        result = subprocess.run(support.command_line(*words), env=environment, cwd=self.work, capture_output=True, text=True,
                                timeout=support.TIMEOUT_SECONDS, check=False)
        self.assertIn(result.returncode, (0, -signal.SIGKILL), result.stderr)
        return result.returncode == -signal.SIGKILL

    def content(self):
        """Name and bytes of every file; reports are of other bytes each time."""
        files = {}
        for path in sorted(self.work.rglob("*")):
            if path.is_file():
                name = str(path.relative_to(self.work))
                files[name] = "" if name.startswith(("r.", "t.")) else support.sha256(path)
        return files

    def start_again(self, before):
        shutil.rmtree(self.work)
        self.work.mkdir()
        for name, text in before.items():
            (self.work / name).write_text(text)

    def check_kills(self, *words, before=None):
        """Kills the command at places spread over all that there are, in a folder that holds `before`."""
        before = before or {}
        self.start_again(before)
        self.assertFalse(self.killed(0, words))
        right = self.content()
        places = int(pathlib.Path(self.count_file).read_text())
        self.assertGreater(places, 0)
        kills = max(1, KILLS // self.COMMANDS)
        for kill in range(kills):
            again = kill // places  # rounds through all places before
            at = 1 + (kill % places if kills >= places else kill * (places - 1) // max(1, kills - 1))
            with self.subTest(words=words, at=at, places=places, again=again):
                self.start_again(before)
                self.assertTrue(self.killed(at, words))
                if all(self.killed(self.dice.randint(1, places), words) for _ in range(again)):
                    self.program(*words, cwd=self.work)
                self.assertEqual(self.content(), right)

    def test_a_run_with_all_files_beside_it(self):
        words = ("run", self.path("in0.h5"), "out.h5", *BESIDE, *BITS)
        self.check_kills(*words)
        self.check_kills(*words, "--resume")
        self.check_kills(*words, "--force", before={"out.h5": "old", "r.json": "old", "r.html": "old", "t.json": "old"})
        self.check_kills("run", self.path("in0.h5"), "out.h5", "--shard", "0/2", *BITS, "--resume", "--report", "r.json")

    def test_a_run_of_several(self):
        names = {f"l{number}0.weight": f"in{number}.h5" for number in range(2)}
        index = self.write_text("m.index.json", json.dumps({"metadata": {}, "weight_map": names}))
        self.check_kills("run", index, "out", "--report", "r.json", *BITS, "--resume")

    def test_a_merge(self):
        parts = [self.path(f"part{part}.h5") for part in range(2)]
        for part, name in enumerate(parts):
            self.program("run", self.path("in0.h5"), name, *BITS, "--shard", f"{part}/2")
        self.check_kills("merge", "out.h5", *parts, "--quiet")

    def test_a_restore(self):
        self.program("run", self.path("in0.h5"), self.path("p.h5"), *BITS)
        self.check_kills("restore", self.path("p.h5"), "out.h5", "--quiet")

    def test_a_plan_with_a_config(self):
        words = ("plan", self.path("in0.h5"), "--target-bpw", "9", "--report", "r.json", "--write-config", "c.yaml", "--quiet")
        self.check_kills(*words)
        self.program(*words[:-2], "/dev/stdout", "--quiet", "--force", cwd=self.work)

    def test_a_page(self):
        self.program("run", self.path("in0.h5"), self.path("p.h5"), *BITS, "--report", self.path("p.json"), "--report-detail")
        self.check_kills("report", self.path("p.json"), "r.html", "--force", before={"r.html": "old"})


class Modes(support.Case):
    """Nobody may read what the program makes who may not read what it is made of."""

    def setUp(self):
        super().setUp()
        self.addCleanup(os.umask, os.umask(0o022))
        for name in ("in.h5", "other.h5"):
            with h5py.File(self.path(name), "w") as file:
                for layer in range(2):
                    file[f"{name[0]}{layer}/weight"] = support.rng(layer).standard_normal((32, 32)).astype("f4")

    def mode(self, name):
        return stat.S_IMODE(os.stat(self.path(name)).st_mode)

    def assert_modes(self, mode, *names):
        for name in names:
            self.assertEqual(oct(self.mode(name)), oct(mode), name)

    def test_an_output_is_as_open_as_its_input(self):
        for umask, given, expected, report in (
                (0o022, 0o600, 0o600, 0o600), (0o022, 0o644, 0o644, 0o644), (0o022, 0o640, 0o640, 0o640), (0o022, 0o666, 0o644, 0o644),
                (0o077, 0o644, 0o600, 0o600), (0o002, 0o664, 0o664, 0o664), (0o022, 0o444, 0o444, 0o444), (0o022, 0o755, 0o755, 0o644),
                (0o000, 0o604, 0o604, 0o604)):
            with self.subTest(umask=oct(umask), given=oct(given)):
                os.umask(umask)
                os.chmod(self.path("in.h5"), given)
                beside = [word if word.startswith("--") else self.path(word) for word in BESIDE]
                self.program("run", self.path("in.h5"), self.path("out.h5"), *BITS, *beside)
                self.program("plan", self.path("in.h5"), "--target-bpw", "9", "--write-config", self.path("c.yaml"), "--quiet")
                self.program("report", self.path("r.json"), self.path("page.html"))
                self.program("restore", self.path("out.h5"), self.path("dense.h5"), "--quiet")
                self.assert_modes(expected, "out.h5", "dense.h5")
                self.assert_modes(report, "r.json", "r.html", "t.json", "c.yaml", "page.html")
                for name in ("out.h5", "dense.h5", "r.json", "r.html", "t.json", "c.yaml", "page.html"):
                    os.remove(self.path(name))

    def test_what_is_replaced_bounds_it_too(self):
        for old, expected in ((0o600, 0o600), (0o640, 0o640), (0o777, 0o644)):
            with self.subTest(old=oct(old)):
                os.chmod(self.path("in.h5"), 0o644)
                for name in ("out.h5", "r.json"):
                    self.write_text(name, "old")
                    os.chmod(self.path(name), old)
                self.program("run", self.path("in.h5"), self.path("out.h5"), *BITS, "--force", "--report", self.path("r.json"))
                self.assert_modes(expected, "out.h5", "r.json")

    @unittest.skipIf(os.geteuid() != 0, "needs the right to give files away")
    def test_another_group_may_read_no_more_than_others(self):
        os.chown(self.path("in.h5"), 0, 12345)
        for given, expected in ((0o640, 0o600), (0o644, 0o644), (0o660, 0o600)):
            os.chmod(self.path("in.h5"), given)
            self.program("run", self.path("in.h5"), self.path("out.h5"), *BITS, "--force")
            self.assert_modes(expected, "out.h5")
            os.remove(self.path("out.h5"))

    def test_a_batch_has_the_mode_of_each_input_and_its_report_those_of_all(self):
        os.chmod(self.path("in.h5"), 0o600)
        os.chmod(self.path("other.h5"), 0o644)
        self.program("run", self.path("in.h5"), self.path("other.h5"), self.path("out"), *BITS, "--report", self.path("r.json"))
        self.assert_modes(0o600, "out/in.h5", "r.json")
        self.assert_modes(0o644, "out/other.h5")
        index = self.write_text("m.index.json", json.dumps({"metadata": {}, "weight_map": {"i0.weight": "in.h5"}}))
        os.chmod(index, 0o640)
        self.program("run", index, self.path("model"), *BITS)
        self.assert_modes(0o640, "model/m.index.json")
        (self.folder / "dense").mkdir()
        for name in ("in.h5", "other.h5"):
            os.rename(self.path(name), self.path(f"dense/{name}"))
        self.program("plan", self.path("dense"), "--report", self.path("p.json"), "--quiet")
        self.assert_modes(0o600, "p.json")

    def test_a_merge_is_no_more_open_than_any_shard_or_the_input(self):
        parts = [self.path(f"part{part}.h5") for part in range(2)]
        for part, name in enumerate(parts):
            self.program("run", self.path("in.h5"), name, *BITS, "--shard", f"{part}/2")
        for modes, expected in (((0o644, 0o644, 0o644), 0o644), ((0o600, 0o644, 0o644), 0o600), ((0o644, 0o644, 0o640), 0o640),
                                ((0o644, 0o604, 0o640), 0o600)):
            for link in ((), ("--link",)):
                with self.subTest(modes=modes, link=link):
                    # A new mode is a new ctime, but no other input.
                    for name, mode in zip((self.path("in.h5"), *parts), modes):
                        os.chmod(name, mode)
                    self.program("merge", self.path("out.h5"), *parts, "--quiet", *link)
                    self.assert_modes(expected, "out.h5")
                    os.remove(self.path("out.h5"))

    def test_what_is_restored_is_no_more_open_than_the_shards_behind_its_links(self):
        parts = [self.path(f"part{part}.h5") for part in range(2)]
        for part, name in enumerate(parts):
            self.program("run", self.path("in.h5"), name, *BITS, "--shard", f"{part}/2")
        self.program("merge", self.path("out.h5"), *parts, "--quiet", "--link")
        os.chmod(parts[1], 0o600)
        self.program("restore", self.path("out.h5"), self.path("dense.h5"), "--follow-external", "--quiet")
        self.assert_modes(0o644, "out.h5")
        self.assert_modes(0o600, "dense.h5")

    def test_what_grows_is_for_its_owner_only(self):
        os.umask(0)
        library = self.path("kill_nth.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", SOURCE, "-o", library, "-ldl"], check=True)
        words = ("run", "in.h5", "out.h5", *BITS, *BESIDE)
        left = set()
        for at in range(1, 8):
            subprocess.run(support.command_line(*words), env=dict(os.environ, LD_PRELOAD=library, KILL_AT=str(at)), cwd=self.folder,
                           capture_output=True, timeout=support.TIMEOUT_SECONDS, check=False)
            for path in self.folder.glob(".*"):
                left.add(path.name)
                # Just before its new name a file has the mode of its input; it is renamed next.
                self.assertIn(self.mode(path.name), (0o600, 0o644), path.name)
                if not path.name.endswith("-part"):
                    self.assert_modes(0o600, path.name)
        self.assertLessEqual({".out.h5.h5palettize-journal", ".out.h5.h5palettize-part", ".r.json.h5palettize-part"}, left)


class Links(support.Case):
    """Where the name of an output or report is a link, what it leads to is made or replaced, and the link stays."""

    def setUp(self):
        super().setUp()
        with h5py.File(self.path("in.h5"), "w") as file:
            file["l/weight"] = support.rng().standard_normal((32, 32)).astype("f4")
        (self.folder / "far").mkdir()

    def test_a_link_that_leads_to_no_file_yet(self):
        for target in ("far/o.h5", self.path("far/o.h5"), "second.h5"):
            with self.subTest(target=target):
                os.symlink("far/o.h5", self.path("second.h5"))
                os.symlink(target, self.path("out.h5"))
                os.symlink("far/r.json", self.path("r.json"))
                words = ("run", self.path("in.h5"), self.path("out.h5"), *BITS, "--report", self.path("r.json"))
                self.refused(support.USAGE, ["r.json: exists"], *words)
                self.program(*words, "--force")
                for name in ("out.h5", "r.json"):
                    self.assertTrue(os.path.islink(self.path(name)))
                self.assertEqual(sorted(os.listdir(self.path("far"))), ["o.h5", "r.json"])
                self.program("verify", self.path("in.h5"), self.path("far/o.h5"))
                self.program("restore", self.path("far/o.h5"), self.path("far/dense.h5"), "--quiet")
                for name in ("far/o.h5", "far/r.json", "far/dense.h5", "out.h5", "r.json", "second.h5"):
                    os.remove(self.path(name))

    def test_links_that_lead_nowhere_are_refused_by_name(self):
        os.symlink("none/o.h5", self.path("missing.h5"))
        os.symlink("circle.h5", self.path("circle.h5"))
        for name, why in (("missing.h5", "none"), ("circle.h5", "leads to itself")):
            self.refused(support.OUTPUT, [name if name == "circle.h5" else "o.h5", why], "run", self.path("in.h5"), self.path(name), *BITS,
                         "--force")
            self.assertTrue(os.path.islink(self.path(name)))

    def test_outputs_that_lead_to_one_file_are_refused(self):
        os.rename(self.path("in.h5"), self.path("a.h5"))
        shutil.copy(self.path("a.h5"), self.path("b.h5"))
        words = ("run", self.path("a.h5"), self.path("b.h5"), self.path("far"), *BITS, "--force")
        for exists in (False, True):
            for name in ("a.h5", "b.h5"):
                if not exists:
                    os.symlink("../one.h5", self.path(f"far/{name}"))
            if exists:
                self.write_text("one.h5", "old")
            self.refused(support.OUTPUT, ["b.h5: leads to the same file as the output .*a.h5"], *words)
        self.assertEqual((self.folder / "one.h5").read_text(), "old")

    def test_two_names_that_lead_to_one_new_file_are_refused(self):
        os.symlink("out.h5", self.path("r.json"))
        self.refused(support.USAGE, ["is the output"], "run", self.path("in.h5"), self.path("out.h5"), *BITS, "--report",
                     self.path("r.json"), "--force")
        self.assert_folder_holds("far", "in.h5", "r.json")


if __name__ == "__main__":
    unittest.main()
