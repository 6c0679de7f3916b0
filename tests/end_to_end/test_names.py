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

    def program_of_bytes(self, *arguments):
        return self.call_of_bytes(support.DONE, *arguments).decode(errors="replace")

    def call_of_bytes(self, code, *arguments):
        result = subprocess.run(support.command_line(*arguments), capture_output=True, check=False)
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stdout


if __name__ == "__main__":
    unittest.main()
