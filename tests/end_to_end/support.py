"""What the end-to-end tests share: running the program, building inputs, comparing files.

H5PALETTIZE names the program (default: build/release/h5palettize), SOURCE_DIR the repository. Checkpoints of real
frameworks are taken from the folder H5PALETTIZE_CHECKPOINTS (default: tests/checkpoints, which git ignores)
where it exists. H5PALETTIZE_TEST_THREADS is the number of threads of every run, plan, verify, restore and compare that
does not ask for its own.
"""

import functools
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

import h5py
import numpy as np

SOURCE_DIR = pathlib.Path(os.environ.get("SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
PROGRAM = os.environ.get("H5PALETTIZE", str(SOURCE_DIR / "build/release/h5palettize"))
CHECKPOINTS = pathlib.Path(os.environ.get("H5PALETTIZE_CHECKPOINTS", SOURCE_DIR / "tests/checkpoints"))
THREADS = os.environ.get("H5PALETTIZE_TEST_THREADS")

DONE, CHECK_FAILED, USAGE, INPUT, OUTPUT, STOPPED, INTERNAL, LIMIT = 0, 1, 2, 3, 4, 5, 70, 71
DEADLINE_SECONDS = 120  # for something to happen that takes a moment
ATTEMPTS = 20  # to interrupt a run before it is through


def command_line(*arguments):
    """The words of a call of the program, with the number of threads of this test run. Tensors of tests are tiny: they are
    palettized though they grow, unless a test says otherwise."""
    words = [PROGRAM, *map(str, arguments)]
    command = words[1] if len(words) > 1 else ""
    if command in ("run", "plan", "explain") and not {"--if-larger", "--help"} & set(words):
        words += ["--if-larger", "palettize"]
    if any(word.startswith(("--options-file", "--help", "@")) for word in words):
        return words
    if THREADS and command in ("run", "plan", "verify", "restore", "compare") and not any(
            word.startswith("--threads") for word in words):
        words += ["--threads", THREADS]
    return words


@functools.cache
def sanitizer():
    """What the program under test was built with: asan, tsan, or nothing."""
    symbols = subprocess.run(["nm", "-D", PROGRAM], capture_output=True, text=True, check=False).stdout
    return next((name for name in ("asan", "tsan") if f"__{name}_" in symbols), "")


def built_with_sanitizer():
    """Whether it keeps crashes for itself and takes memory."""
    return sanitizer() != ""


TIMEOUT_SECONDS = 3600 if sanitizer() == "tsan" else 600  # of one call of the program; TSan takes some 20 times as long

needs_prompt_signals = unittest.skipIf(sanitizer() == "tsan", "TSan holds a signal back until the thread that got it calls the system")


def crashed_in_copy(result):
    """Whether a sanitizer says that HDF5 crashed in H5Ocopy, as it does where a write fails; the program contains that otherwise."""
    return built_with_sanitizer() and re.search(r"^ *#\d+ H5Ocopy .*libhdf5(.|\n)*^SUMMARY: .*SEGV .*libhdf5", result.stderr,
                                                re.MULTILINE) is not None


def without_sizes(totals):
    """Totals of a report without the sizes of files, which a plan estimates."""
    return {key: value for key, value in totals.items() if not key.startswith("file_bytes")}


class Case(unittest.TestCase):
    """A test case with a folder of its own and helpers around the program."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="h5palettize-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def path(self, name):
        return str(self.folder / name)

    def write_text(self, name, text):
        (self.folder / name).write_text(text)
        return self.path(name)

    def call(self, *arguments, cwd=None, stdin=None):
        """Runs the program with whatever outcome. HDF5's own error stack must never reach the user."""
        result = subprocess.run(command_line(*arguments), capture_output=True, text=True, errors="backslashreplace",
                                cwd=cwd, stdin=stdin, timeout=TIMEOUT_SECONDS, check=False)
        self.assertNotIn("HDF5-DIAG", result.stdout + result.stderr)
        self.assertGreaterEqual(result.returncode, 0, f"killed by a signal: {arguments}\n{result.stderr}")
        return result

    def program(self, *arguments, cwd=None):
        """Runs the program, which must succeed."""
        result = self.call(*arguments, cwd=cwd)
        self.assertEqual(result.returncode, DONE, f"{arguments}\n{result.stdout}\n{result.stderr}")
        return result

    def refused(self, code, words, *arguments, cwd=None):
        """Runs the program, which must fail with this exit code and one message that holds all the words."""
        result = self.call(*arguments, cwd=cwd)
        self.assertEqual(result.returncode, code, f"{arguments}\n{result.stdout}\n{result.stderr}")
        for word in words:
            self.assertRegex(result.stderr, re.compile(word, re.IGNORECASE), f"{arguments}")
        return result

    def dense_again(self, original, *options):
        """run, verify, restore; returns the paths of the palettized and the restored file."""
        stem = original.rsplit(".", 1)[0]
        palettized, restored = stem + "-palettized.h5", stem + "-restored.h5"
        self.program("run", original, palettized, *options)
        self.program("verify", original, palettized)
        self.program("restore", palettized, restored)
        return palettized, restored

    def stopped_when(self, ready, start, again):
        """A process of start() that stands still (SIGSTOP) while ready() holds. On a busy machine it may be through before it is looked
        at: then again() cleans up, and another one is started."""
        for _ in range(ATTEMPTS):
            process = start()
            end = time.monotonic() + DEADLINE_SECONDS
            while process.poll() is None:
                self.assertLess(time.monotonic(), end, "it was never ready to be interrupted")
                if ready():
                    process.send_signal(signal.SIGSTOP)
                    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
                    if ready():
                        return process
                    process.send_signal(signal.SIGCONT)
                time.sleep(0.001)
            self.assertEqual(process.returncode, DONE)
            again()
        raise AssertionError("too quick to be interrupted")

    def send_and_continue(self, process, *numbers):
        """Sends signals to a process that stands still, which then goes on."""
        for number in (*numbers, signal.SIGCONT):
            process.send_signal(number)

    def journaled(self, name):
        """Finished tensors that a journal knows: whole records behind the first, each a length, a checksum, CBOR."""
        try:
            journal = (self.folder / name).read_bytes()
        except OSError:
            return 0
        records, at = -1, 0
        while at + 8 <= len(journal):
            at += 8 + int.from_bytes(journal[at:at + 4], "little")
            records += at <= len(journal)
        return records

    def report(self, original, palettized, *options):
        """run with --report; returns the report."""
        file = self.path("report.json")
        self.program("run", original, palettized, "--report", file, "--force", *options)
        return json.loads(pathlib.Path(file).read_text())

    def plan(self, original, *options):
        return json.loads(self.program("plan", original, "--json", *options).stdout)

    def h5diff(self, first, second, *exclude):
        """What h5diff says, after leaving out the paths `exclude`; empty where the files are equal."""
        command = ["h5diff", "--verbose=0"]
        for path in exclude:
            command += ["--exclude-path", path]
        result = subprocess.run([*command, first, second], capture_output=True, text=True, timeout=TIMEOUT_SECONDS,
                                check=False)
        return "" if result.returncode == 0 else f"exit {result.returncode}\n{result.stdout}{result.stderr}"

    def assert_folder_holds(self, *names):
        """Nothing was left behind: the folder holds these files and no others."""
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(names))


def rewrite_document(palettized, edit):
    """Replaces /h5palettize/config by edit(its bytes before the fingerprint), with a fingerprint that is right."""
    with h5py.File(palettized, "r+") as file:
        text = edit(bytes(file["h5palettize/config"][()]).partition(b',"fingerprint":')[0])
        fingerprint = 0xCBF29CE484222325
        for byte in text:
            fingerprint = (fingerprint ^ byte) * 0x100000001B3 & (1 << 64) - 1
        del file["h5palettize/config"]
        file["h5palettize"].create_dataset("config", data=text + b',"fingerprint":"%016x"}' % fingerprint,
                                           dtype=h5py.string_dtype("ascii"))


def edited_keys(edit):
    """An edit of rewrite_document: edit(the keys), in place."""
    def of_text(text):
        keys = json.loads(text + b"}")
        edit(keys)
        return json.dumps(keys, separators=(",", ":")).encode()[:-1]
    return of_text


def documented_code():
    """The Python blocks of docs/format.md, run; returns their names."""
    text = (SOURCE_DIR / "docs/format.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    names = {}
    exec("\n".join(blocks), names)  # the documented lines themselves
    return names


_documented = documented_code()


def decode(group):
    """A palettized group as the documentation decodes it; bfloat16 as float32."""
    if group.attrs["palettized_dtype"] == "bfloat16":
        return _documented["to_bfloat16"](_documented["decode"](group, _documented["from_bfloat16"]))
    return _documented["decode"](group)


def dense_values(dataset):
    """A dense dataset; bfloat16 in either form as float32."""
    return _documented["from_bfloat16"](dataset) if is_bfloat16(dataset) else dataset[()]


def round_to_bfloat16(values):
    return _documented["to_bfloat16"](np.asarray(values, np.float32))


def bits(values):
    """Values as integers, for comparisons that tell -0 from 0."""
    values = np.ascontiguousarray(values)
    return values.astype(values.dtype.newbyteorder("=")).view(f"u{values.dtype.itemsize}")


def bfloat16_type(big_endian=False):
    """bfloat16 as a custom HDF5 float type: 8 exponent bits, 7 mantissa bits."""
    datatype = (h5py.h5t.IEEE_F32BE if big_endian else h5py.h5t.IEEE_F32LE).copy()
    datatype.set_fields(15, 7, 8, 0, 7)
    datatype.set_precision(16)
    datatype.set_size(2)
    datatype.set_ebias(127)
    return datatype


def is_bfloat16(dataset):
    datatype = dataset.id.get_type()
    if isinstance(datatype, h5py.h5t.TypeFloatID):
        return datatype.get_size() == 2 and datatype.get_fields()[2] == 8
    return dataset.dtype.kind in "uV" and dataset.dtype.itemsize == 2 and dataset.attrs.get("dtype") in ("bfloat16", b"bfloat16")


def write_weights(parent, name, values, dtype):
    """A dataset of `dtype`: a numpy name, "bfloat16" (custom float type) or "bfloat16_bits" (uint16 and an attribute), these
    with a > in front in big-endian order; or "bfloat16_opaque", as Keras 3 writes it."""
    order, kind = (">", dtype[1:]) if dtype.startswith(">b") else ("<", dtype)
    if kind == "bfloat16":
        space = h5py.h5s.create_simple(values.shape)
        h5py.h5d.create(parent.id, name.encode(), bfloat16_type(order == ">"), space)
        parent[name][...] = round_to_bfloat16(values)
    elif kind == "bfloat16_bits":
        patterns = (round_to_bfloat16(values).view(np.uint32) >> 16).astype(order + "u2")
        parent[name] = patterns
        parent[name].attrs["dtype"] = "bfloat16"
    elif kind == "bfloat16_opaque":
        parent[name] = (round_to_bfloat16(values).view(np.uint32) >> 16).astype("<u2").view("V2")
        parent[name].attrs["dtype"] = "bfloat16"
    else:
        parent[name] = np.asarray(values).astype(dtype)
    return parent[name]


def palettized_groups(file):
    """Paths of the palettized groups of an open file."""
    paths = []
    file.visititems(lambda name, item: paths.append("/" + name) if "palettized_shape" in item.attrs else None)
    return sorted(paths)


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def checkpoints():
    """The real checkpoints, where there are any."""
    if not CHECKPOINTS.is_dir():
        return []
    return sorted(path for path in CHECKPOINTS.iterdir() if path.suffix not in (".tsv", ".md"))


def rng(seed=1):
    return np.random.default_rng(seed)
