"""What the program prints for other programs: man pages for roff, completion for shells; and what `cmake --install` installs."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

import h5py
import numpy as np

import support
from support import PROGRAM, SOURCE_DIR, USAGE

COMMANDS = re.findall(r"^  ([a-z-]+) ", subprocess.run([PROGRAM, "--help"], capture_output=True, text=True,
                                                      check=True).stdout, re.MULTILINE)


def options_of(command):
    """The options in the --help of a command: name -> value name, None for flags."""
    text = subprocess.run([PROGRAM, command, "--help"], capture_output=True, text=True, check=True).stdout
    return {name: value or None for name, value in re.findall(r"^  (?:-\w \[ )?--([a-z-]+)(?: \])?(?: ([A-Za-z]+)(?= |$))?",
                                                             text, re.MULTILINE)}


class Man(support.Case):
    def test_each_command_has_a_page_with_each_of_its_options(self):
        self.assertIn("run", COMMANDS)
        overview = self.program("man").stdout
        for command in COMMANDS:
            page = self.program("man", command).stdout
            self.assertIn("h5palettize\\-" + command.replace("-", "\\-"), overview)
            self.assertIn(".SH \"EXIT STATUS\"", page)
            for option in options_of(command):
                self.assertIn("\\fB\\-\\-" + option.replace("-", "\\-") + "\\fR", page)

    def test_roff_finds_nothing_to_warn_of(self):
        if shutil.which("groff") is None:
            self.skipTest("groff is not installed")
        for command in ([], *([command] for command in COMMANDS)):
            page = self.program("man", *command).stdout
            result = subprocess.run(["groff", "-man", "-Tascii", "-ww"], input=page, capture_output=True, text=True,
                                    check=True)
            self.assertEqual(result.stderr, "")
            shown = re.sub(r"\x1b\[\d+m|.\x08", "", result.stdout)
            self.assertIn("h5palettize --version" if not command else "--options-file FILE", shown)

    def test_a_command_that_does_not_exist_is_refused(self):
        self.refused(USAGE, ["'runs' is no command; there are run"], "man", "runs")


class Bash(support.Case):
    def setUp(self):
        super().setUp()
        self.script = self.write_text("completion.bash", self.program("completion", "bash").stdout)
        (self.folder / "files/sub").mkdir(parents=True)
        for name in ("a.h5", "b c.hdf5", "m.keras", "config.yaml"):
            (self.folder / "files" / name).touch()

    def complete(self, *words):
        """What bash offers for the last word."""
        script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _h5palettize; printf "%s\\n" "${COMPREPLY[@]}"'
        result = subprocess.run(["bash", "-uc", script, "bash", self.script, "h5palettize", *words],
                                capture_output=True, text=True, cwd=self.folder / "files", check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return sorted(line for line in result.stdout.split("\n") if line)

    def test_commands(self):
        self.assertEqual(self.complete(""), sorted([*COMMANDS, "--help", "--version"]))
        self.assertEqual(self.complete("ver"), ["verify"])
        self.assertEqual(self.complete("man", ""), sorted(COMMANDS))
        self.assertEqual(self.complete("completion", ""), ["bash", "zsh"])

    def test_options_of_each_command(self):
        for command in COMMANDS:
            self.assertEqual(self.complete(command, "--"), sorted("--" + option for option in options_of(command)))
        self.assertEqual(self.complete("run", "a.h5", "--pre"), ["--preset"])
        self.assertEqual(self.complete("verify", "--pre"), [])

    def test_values(self):
        self.assertEqual(self.complete("run", "--preset", ""), ["w4", "w6", "w8"])
        self.assertEqual(self.complete("run", "--engine", "e"), ["exact"])
        self.assertEqual(self.complete("run", "--engine", "=", "r"), ["reference"])
        self.assertEqual(self.complete("run", "--engine", "="), ["exact", "fast", "reference"])
        self.assertEqual(self.complete("run", "--seed", ""), [])

    def test_the_values_are_those_that_the_program_allows(self):
        with h5py.File(self.path("in.h5"), "w") as file:
            file["layer.weight"] = np.ones((8, 8), "f4")
        lists = 0
        for option, value in options_of("run").items():
            offered = self.complete("run", "--" + option, "") if value == "arg" else []
            if not offered:
                continue
            lists += 1
            more = ["--lut-dtype", "int8"] if option.startswith("lut-") and option != "lut-dtype" else []
            more += ["--group-size", "4"] if option == "axis" else []
            command = "run" if option == "log-format" else "plan"
            result = self.refused(USAGE, ["found"], command, self.path("in.h5"), self.path("out.h5"), *more,
                                  "--" + option, "99")
            allowed = re.search(r"allowed are ([\w, ]+)", result.stderr)[1].split(", ")
            self.assertEqual(sorted(set(allowed) - {"null"}), offered)
        self.assertGreaterEqual(lists, 11)

    def test_files(self):
        self.assertEqual(self.complete("run", ""), ["a.h5", "b c.hdf5", "m.keras", "sub"])
        self.assertEqual(self.complete("run", "a.h5", "b"), ["b c.hdf5"])
        self.assertEqual(self.complete("run", "conf"), ["config.yaml"])
        self.assertEqual(self.complete("run", "--config", "c"), ["config.yaml"])
        self.assertEqual(self.complete("run", "--report", "="), ["a.h5", "b c.hdf5", "config.yaml", "m.keras", "sub"])


class Zsh(support.Case):
    def test_the_script_is_zsh(self):
        script = self.write_text("_h5palettize", self.program("completion", "zsh").stdout)
        text = pathlib.Path(script).read_text()
        for command in COMMANDS:
            self.assertIn(f"        {command})\n", text)
            for option, value in options_of(command).items():
                self.assertIn(f"--{option}{'=' if value else ''}", text)
        if shutil.which("zsh") is None:
            self.skipTest("zsh is not installed: its syntax is not checked")
        subprocess.run(["zsh", "-n", script], check=True)

    def test_other_shells_are_refused(self):
        self.refused(USAGE, ["found 'fish', allowed are bash, zsh"], "completion", "fish")


class Install(support.Case):
    def test_program_pages_and_completion_are_put_into_place(self):
        build = pathlib.Path(PROGRAM).resolve().parent
        if not (build / "cmake_install.cmake").exists():
            self.skipTest("the program is in no build folder")
        environment = {key: value for key, value in os.environ.items() if key != "DESTDIR"}
        subprocess.run(["cmake", "--install", build, "--prefix", self.folder], check=True, stdout=subprocess.DEVNULL,
                       env=environment)
        installed = sorted(str(file.relative_to(self.folder)) for file in self.folder.rglob("*") if file.is_file())
        self.assertEqual(installed, sorted(
            ["bin/h5palettize", "share/man/man1/h5palettize.1",
             *(f"share/man/man1/h5palettize-{command}.1" for command in COMMANDS),
             *(f"share/h5palettize/slurm/{script.name}" for script in (SOURCE_DIR / "scripts/slurm").iterdir()),
             "share/bash-completion/completions/h5palettize", "share/zsh/site-functions/_h5palettize"]))
        self.assertEqual((self.folder / "share/man/man1/h5palettize-run.1").read_text(),
                         self.program("man", "run").stdout)


if __name__ == "__main__":
    unittest.main()
