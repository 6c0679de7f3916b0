"""Datasets whose names are not UTF-8: palettized, verified, restored, and found again in the JSON."""

import json
import pathlib
import re
import subprocess
import unittest

import h5py

import support
from support import CHECK_FAILED


def unescaped(tensor):
    """The bytes of a path, as docs/format.md says."""
    path = tensor["path"].encode()
    if not tensor.get("path_escaped", False):
        return path
    return re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes.fromhex(match[1].decode()), path)


class Names(support.Case):
    NAMES = [b"caf\xe9.weight", b"caf\xe8.weight", "café.weight".encode(), rb"caf\xe9.weight", b"back\\slash\xff.weight",
             b"\xed\xa0\x80.weight", b"\xc0\xaf.weight", b"\xf4\x90\x80\x80.weight", "\U0001f600.weight".encode()]

    def checkpoint(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            for number, name in enumerate(self.NAMES):
                values = support.rng(number).standard_normal((16, 16)).astype("f4")
                dataset = h5py.h5d.create(file.id, name, h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple(values.shape))
                dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, values)
        return path

    def test_names_of_any_bytes_go_through_and_are_found_again(self):
        path = self.checkpoint()
        expected = sorted(b"/" + name for name in self.NAMES)
        report = self.path("report.json")
        self.program_of_bytes("run", path, self.path("out.h5"), "--report", report)
        documents = {"report": pathlib.Path(report).read_text(),
                     "plan": self.program_of_bytes("plan", path, "--json"),
                     "verify": self.program_of_bytes("verify", path, self.path("out.h5"), "--json"),
                     "inspect": self.program_of_bytes("inspect", self.path("out.h5"), "--json")}
        with h5py.File(self.path("out.h5")) as file:
            documents["config"] = file["h5palettize/config"][()].decode()
        for name, text in documents.items():
            with self.subTest(name):
                tensors = json.loads(text)["tensors"]
                self.assertEqual(sorted(map(unescaped, tensors)), expected)
                self.assertEqual(sum("path_escaped" in tensor for tensor in tensors), 6)
        self.program_of_bytes("restore", self.path("out.h5"), self.path("back.h5"))
        with h5py.File(self.path("back.h5")) as file:
            names = []
            file.id.links.visit(names.append)
        self.assertEqual(sorted(b"/" + name for name in names), expected)

    def test_verify_still_finds_a_change(self):
        path = self.checkpoint()
        self.program_of_bytes("run", path, self.path("out.h5"))
        with h5py.File(self.path("out.h5"), "r+") as file:
            group = h5py.Group(h5py.h5g.open(file.id, self.NAMES[0]))
            group["indices"][0, 0] = (group["indices"][0, 0] + 1) % 16
        self.call_of_bytes(CHECK_FAILED, "verify", path, self.path("out.h5"))

    def test_what_controls_a_terminal_is_shown_escaped_by_every_command(self):
        # Escape, line end, Latin-1 control, marks and embeddings of text from right to left, separator of lines.
        tricks = "\x1b[31m\n\x7f\x85\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        folder = pathlib.Path(self.path(f"d{tricks}"))
        folder.mkdir()
        path, out, back, shard, whole = (str(folder / f"{name}{tricks}.h5") for name in ("in", "out", "back", "shard", "whole"))
        with h5py.File(path, "w") as file:
            for number, name in enumerate(("a", "b")):
                file[f"{name}{tricks}/weight"] = support.rng(number).standard_normal((64, 64)).astype("f4")
            file[f"c{tricks}"] = [1, 2, 3]
            file[f"c{tricks}"].attrs[f"n{tricks}"] = 1
            file[f"l{tricks}"] = h5py.ExternalLink(f"x{tricks}.h5", f"/y{tricks}")
        config = self.path(f"c{tricks}.yaml")
        pathlib.Path(config).write_text(
            "kmeans_palettization_config:\n  global_config:\n    op_state_spec: {weight: {n_bits: 4}}\n"
            f"  module_name_configs: {{{json.dumps('no' + tricks)}: null}}\n")
        commands = [("plan", path, "--config", config), ("run", path, out, "--config", config, "--verbose"), ("run", path, out),
                    ("verify", path, out), ("verify", out, path), ("verify", path, whole), ("compare", path, out, out), ("inspect", out), ("inspect", path),
                    ("explain", path), ("explain", path, f"/a{tricks}/weight"), ("explain", path, f"/z{tricks}"),
                    ("validate", config), ("restore", out, back), ("restore", out, back), ("restore", path, whole),
                    ("run", path, shard, "--shard", "0/1"), ("merge", whole, shard, "--verbose"), ("merge", whole, out, "--force"),
                    ("slurm-plan", path, out), ("slurm-plan", path, out, "--include", f"a{tricks}.*"),
                    ("run", path, str(folder), str(folder / "none.h5")), ("run", str(folder), self.path(f"o{tricks}")),
                    ("plan", str(folder)), ("report", path, out), ("run", f"{path}.no", out), ("run", path, out, "--drop", f"no{tricks}"),
                    ("run", path, out, f"--no{tricks}"), (f"no{tricks}",), ("run", path, out, "--config", f"{config}.no"),
                    ("plan", path, "--include", f"no{tricks}"), ("plan", path, "--n-bits", tricks)]
        for words in commands:
            for more in ((), ("--log-format", "json")):
                with self.subTest(words=words, more=more):
                    result = subprocess.run(support.command_line(*words, *more), capture_output=True, check=False)
                    self.assertIn(result.returncode, range(6), result.stderr)
                    text = (result.stdout + result.stderr).decode()
                    shown = re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]", text)
                    self.assertEqual(shown, [], text)
                    for line in result.stderr.decode().splitlines():
                        json.loads(line) if more else self.assertRegex(line, "^h5palettize: |^ ")
        line = self.program("slurm-plan", path, out).stdout.splitlines()[-1]
        words = subprocess.run(["bash", "-c", f"submit.sh() {{ printf '%s\\0' \"$@\"; }}; {line}"], capture_output=True, check=True)
        self.assertEqual(words.stdout.decode().split("\0")[3:5], [path, out])

    def program_of_bytes(self, *arguments):
        return self.call_of_bytes(support.DONE, *arguments).decode(errors="replace")

    def call_of_bytes(self, code, *arguments):
        result = subprocess.run(support.command_line(*arguments), capture_output=True, check=False)
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stdout


if __name__ == "__main__":
    unittest.main()
