"""docs/guide.md: its commands run and print what it shows, and every option of every command is shown somewhere."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import support
from support import DONE, PROGRAM, SOURCE_DIR

GUIDE = (SOURCE_DIR / "docs/guide.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def sessions():
    """(command, lines that it prints) of the blocks that begin with a $."""
    found = []
    for _, block in BLOCKS:
        if not block.startswith("$ "):
            continue
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line != "...":
                found[-1][1].append(line)
    return found


class Guide(support.Case):
    def write_files(self):
        """The files that the guide shows, and what its commands find in PATH."""
        for kind, block in BLOCKS:
            if name := re.match(r"# (\w+\.\w+)\n", block) if kind in ("yaml", "ini") else None:
                self.write_text(name[1], block)
        shutil.copy(SOURCE_DIR / "scripts/make_example.py", self.folder)
        (self.folder / "bin").mkdir()
        (self.folder / "bin/h5palettize").symlink_to(pathlib.Path(PROGRAM).resolve())
        (self.folder / "bin/python3").symlink_to(sys.executable)
        return {**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}

    def test_its_commands_run_and_print_what_it_shows(self):
        environment = self.write_files()
        commands = sessions()
        self.assertGreater(len(commands), 30)
        for command, shown in commands:
            if command.startswith("jq ") and shutil.which("jq") is None:
                print(f"jq is not installed, not run: {command}")
                continue
            with self.subTest(command=command):
                result = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True,
                                        cwd=self.folder, env=environment, timeout=support.TIMEOUT_SECONDS, check=False)
                self.assertEqual(result.returncode, DONE, result.stderr)
                for line in shown:
                    self.assertIn(line, (result.stdout + result.stderr).splitlines())

    def test_its_scripts_are_bash(self):
        scripts = [block for kind, block in BLOCKS if kind == "bash"]
        self.assertGreaterEqual(len(scripts), 2)
        for script in scripts:
            subprocess.run(["bash", "-n"], input=script, text=True, check=True)

    def test_its_loop_palettizes_every_file_but_those_that_fail(self):
        environment = self.write_files()
        loop = next(block for kind, block in BLOCKS if kind == "bash" and block.startswith("failed=0"))
        for folder in ("checkpoints", "out"):
            (self.folder / folder).mkdir()
        for kind in ("keras", "torch"):
            subprocess.run([sys.executable, "make_example.py", kind, f"checkpoints/{kind}.h5"], cwd=self.folder,
                           check=True, stdout=subprocess.DEVNULL)
        self.write_text("checkpoints/broken.h5", "no checkpoint")
        run = lambda: subprocess.run(["bash", "-c", loop], capture_output=True, text=True, cwd=self.folder, env=environment,
                                     check=False)
        result = run()
        self.assertEqual((result.returncode, result.stdout), (1, "broken: failed\n"))
        self.assertEqual(sorted(os.listdir(self.folder / "out")),
                         ["keras.json", "keras.w4.h5", "torch.json", "torch.w4.h5"])
        # A code that is no fault of the file ends the loop.
        (self.folder / "bin/h5palettize").unlink()
        for code in (70, 71):
            self.write_text("bin/h5palettize", f"#!/bin/sh\necho $2\nexit {code}\n")
            (self.folder / "bin/h5palettize").chmod(0o755)
            result = run()
            self.assertEqual((result.returncode, result.stdout), (code, "checkpoints/broken.h5\n"))

    def test_every_option_is_shown_somewhere(self):
        text = GUIDE + (SOURCE_DIR / "README.md").read_text()
        shown = set(re.findall(r"--([a-z][a-z0-9-]*)", text))
        commands = re.findall(r"^  ([a-z-]+) ", self.program("--help").stdout, re.MULTILINE)
        self.assertIn("run", commands)
        for command in commands:
            self.assertRegex(text, rf"h5palettize {command}\b|`{command}[ `]")
            options = set(re.findall(r"^  (?:-\w \[ )?--([a-z0-9-]+)", self.program(command, "--help").stdout, re.MULTILINE))
            self.assertIn("help", options)
            self.assertEqual(options - shown, set(), f"options of {command} without an example in docs/guide.md")


if __name__ == "__main__":
    unittest.main()
