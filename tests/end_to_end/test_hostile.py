"""Files that were made to break their reader: each ends in an error or in the right result, in little time and memory.

The lies of a file are bytes that HDF5 1.10 is known to write at these places (version 1 B-trees, symbol tables). What
tests/fuzz/mutate.py finds by chance is here by name.
"""

import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import unittest
import zlib

import h5py
import numpy as np

import support

sys.path.insert(0, str(support.SOURCE_DIR / "tests/fuzz"))

import structures
from support import CHECK_FAILED, DONE, INPUT, OUTPUT, USAGE

GROUP_TREE, CHUNK_TREE = 0, 1
SECONDS = 60
RESIDENT_MIB = 192  # --memory, or two blocks of 64 MiB that are compared, and the program itself

# A child counts what its parent held when it was forked: a small one starts it.
LAUNCHER = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
"""


def weights(seed, shape=(32, 8)):
    return support.rng(seed).standard_normal(shape).astype("f4")


class Hostile(support.Case):
    def file(self, **datasets):
        """in.h5 with a whole tensor, and others: values, or keywords of create_dataset."""
        with h5py.File(self.path("in.h5"), "w") as file:
            file["whole.weight"] = weights(1)
            for name, what in datasets.items():
                file.create_dataset(f"{name}.weight", **(what if isinstance(what, dict) else {"data": what}))
        return self.path("in.h5")

    def patch(self, path, kind, edits):
        """Overwrites bytes of the first B-tree of a kind, by their offset in it."""
        data = bytearray(pathlib.Path(path).read_bytes())
        tree = data.find(b"TREE" + bytes([kind]))
        self.assertGreater(tree, 0)
        for offset, value in edits.items():
            value = value(tree) if callable(value) else value
            data[tree + offset:tree + offset + len(value)] = value
        pathlib.Path(path).write_bytes(data)
        return path

    def ends(self, code, words, *arguments):
        """Runs the program within bounds of time and memory; it leaves no temporary."""
        command = [sys.executable, "-S", "-E", "-c", LAUNCHER, *support.command_line(*arguments)]
        result = subprocess.run(command, capture_output=True, text=True, errors="backslashreplace", timeout=SECONDS,
                                check=False)
        self.assertEqual(result.returncode, code, f"{arguments}\n{result.stdout}\n{result.stderr}")
        for word in words:
            self.assertRegex(result.stderr, word)
        self.assertNotIn("HDF5-DIAG", result.stderr)
        if not support.built_with_sanitizer():
            self.assertLess(int(result.stdout.splitlines()[-1]) / 1024, RESIDENT_MIB, "MiB")
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith(".")], [])
        return result

    def run_ends(self, code, words, path, *options):
        result = self.ends(code, words, "run", path, self.path("out.h5"), "--n-bits", "2", "--memory", "64MiB", *options)
        if code != DONE:
            self.assertFalse(os.path.exists(self.path("out.h5")))
        return result

    def run_holds(self, path, *options):
        self.run_ends(DONE, [], path, *options)
        self.ends(DONE, [], "verify", path, self.path("out.h5"))

    # JSON, and sizes that it claims.

    def palettized(self):
        with h5py.File(self.path("in.h5"), "w") as file:
            file["fc.weight"] = weights(1, (64, 64))
        self.program("run", self.path("in.h5"), self.path("out.h5"), "--n-bits", "2", "--force")
        return self.path("out.h5")

    def readers(self, palettized):
        """Commands that read a palettized file."""
        whole = self.path("whole.h5")
        return (("inspect", palettized), ("inspect", palettized, "--json"), ("verify", self.path("in.h5"), palettized),
                ("restore", palettized, self.path("back.h5")), ("compare", whole, palettized), ("merge", self.path("m.h5"), palettized))

    def test_documents_beyond_the_bounds(self):
        os.rename(self.palettized(), self.path("whole.h5"))
        for text, word in ((b"[" * 400_000 + b"]" * 400_000, "more than 64 levels"), (b"[" * 65 + b"]" * 65, "more than 64 levels"),
                           (b"[" + b"0," * 10_000_000 + b"0]", "more than 10000000 values")):
            palettized = self.palettized()
            support.rewrite_document(palettized, lambda whole, more=text: b'{"x":' + more + b"," + whole[1:])
            for command in self.readers(palettized):
                self.refused(INPUT, [r"out\.h5: /h5palettize/config: its JSON has " + word], *command)

    def test_a_document_that_was_compressed(self):
        # 45 KB for 30 MB, of which 500 MB of values would be made.
        os.rename(self.palettized(), self.path("whole.h5"))
        palettized = self.palettized()
        with h5py.File(palettized, "r+") as file:
            text = b'{"tensors":[' + b"{}," * 9_900_000 + b"0]}"
            del file["h5palettize/config"]
            file["h5palettize"].create_dataset("config", data=np.array([text], f"S{len(text)}"), compression="gzip")
        for command in self.readers(palettized):
            self.ends(INPUT, [r"out\.h5: /h5palettize/config: is stored in chunks"], *command)

    def test_specifications_and_storage_beyond_the_bounds(self):
        os.rename(self.palettized(), self.path("whole.h5"))
        deep = "[" * 30_000 + "]" * 30_000
        for name, word in (("palettized_spec", "more than 64 levels"), ("palettized_storage", "more than 64 levels")):
            palettized = self.palettized()
            with h5py.File(palettized, "r+") as file:
                attributes = file["fc.weight"].attrs
                text = attributes[name]
                del attributes[name]
                attributes[name] = text[:-1] + ',"x":' + deep + "}"
            for command in self.readers(palettized) if name == "palettized_spec" else [self.readers(palettized)[3]]:
                self.ends(INPUT, [rf"out\.h5: /fc\.weight: .*{name}.* is damaged: its JSON has {word}"], *command)
        for text in ("", "{", "[]", "1", '{"n_bits":2,"n_bits":2}'):
            palettized = self.palettized()
            with h5py.File(palettized, "r+") as file:
                del file["fc.weight"].attrs["palettized_spec"]
                file["fc.weight"].attrs["palettized_spec"] = text
            for command in self.readers(palettized):
                self.ends(INPUT, [r"out\.h5: /fc\.weight: palettized_spec is damaged"], *command)

    def test_a_model_config_beyond_the_bounds(self):
        with h5py.File(self.path("in.h5"), "w") as file:
            file["fc.weight"] = weights(1, (64, 64))
            file.attrs["model_config"] = "[" * 100_000
        for command in (("inspect",), ("plan",), ("explain",), ("run", self.path("out.h5"))):
            self.ends(INPUT, [r"in\.h5: attribute model_config of /: its JSON has more than 64 levels"], command[0],
                      self.path("in.h5"), *command[1:])

    def test_an_index_beyond_the_bounds(self):
        self.file()
        for text in ("[]," * 12_000_000, '"total_size",' * 12_000_000):
            index = self.write_text("m.index.json", '{"metadata":{"y":[' + text + '0],"total_size":1},"weight_map":{"w":"in.h5"}}')
            for command in ("plan", "run"):
                self.refused(INPUT, [r"m\.index\.json: no index: its JSON has more than 10000000 values"], command, index, self.path("x"))

    def test_reports_beyond_the_bounds(self):
        for text, word in (("[" * 1_000_000, "64 levels"), ("[" + "{}," * 10_000_000 + "0]", "10000000 values"),
                           ('{"totals":{},"tensors":[],"totals":{}}', "names totals twice")):
            self.refused(INPUT, [r"r\.json: no report: its JSON .*" + word], "report", self.write_text("r.json", text), self.path("r.html"))

    def stretched(self, rows):
        """A palettized file whose indices nobody wrote. Each stands for 4096 weights of 4 bytes; a row has 1024 of them."""
        palettized, size = self.palettized(), 4096
        with h5py.File(palettized, "r+") as file:
            group = file["fc.weight"]
            spec = json.loads(group.attrs["palettized_spec"]) | {"cluster_dim": size}
            storage = json.loads(group.attrs["palettized_storage"]) | {"maxshape": [rows * size, 1024]}
            for name, value in (("palettized_spec", json.dumps(spec)), ("palettized_storage", json.dumps(storage)),
                                ("palettized_shape", np.array([rows * size, 1024]))):
                del group.attrs[name]
                group.attrs[name] = value
            del group["lut"], group["indices"]
            group["lut"] = np.zeros((1, 1, 4, size), "f4")
            kind = h5py.h5t.STD_U8LE.copy()
            kind.set_precision(2)
            properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            properties.set_chunk((1024, 1024))
            properties.set_filter(h5py.h5z.FILTER_NBIT, 0, ())
            h5py.h5d.create(group.id, b"indices", kind, h5py.h5s.create_simple((rows, 1024)), properties)
        return palettized

    def test_what_few_bytes_would_be_restored_to(self):
        self.ends(INPUT, [r"out\.h5: /fc\.weight: with it 137438953472 bytes would be restored, more than a file"], "restore",
                  self.stretched(1 << 13), self.path("back.h5"))

    def test_what_fits_the_file_and_not_the_disk(self):
        palettized, needed = self.stretched(1 << 21), 1 << 45
        if shutil.disk_usage(self.folder).free >= needed:
            self.skipTest("more than 32 TiB are free")
        os.truncate(palettized, 1 << 35)  # a hole
        self.ends(OUTPUT, [rf"back\.h5: no room for the {needed} bytes that are restored: [0-9]+ are free"], "restore", palettized,
                  self.path("back.h5"))

    def test_a_shape_of_many_dimensions(self):
        palettized = self.palettized()
        with h5py.File(palettized, "r+") as file:
            del file["fc.weight"].attrs["palettized_shape"]
            file["fc.weight"].attrs["palettized_shape"] = np.ones(8000, "i8")
        result = self.ends(INPUT, ["palettized_shape has too many dimensions"], "inspect", palettized)
        self.assertLess(len(result.stderr), 1000)

    def test_chunks_that_few_bytes_would_be_restored_to(self):
        with h5py.File(self.path("in.h5"), "w") as file:
            file.create_dataset("fc.weight", data=weights(1, (64, 64)), chunks=(64, 64), maxshape=(None, None))
        self.program("run", self.path("in.h5"), self.path("out.h5"), "--n-bits", "2", "--force")
        with h5py.File(self.path("out.h5"), "r+") as file:
            attributes = file["fc.weight"].attrs
            storage = json.loads(attributes["palettized_storage"]) | {"chunk": [1 << 15, 1 << 15]}
            del attributes["palettized_storage"]
            attributes["palettized_storage"] = json.dumps(storage)
        self.ends(INPUT, [r"out\.h5: /fc\.weight: with it 4294967296 bytes would be restored"], "restore", self.path("out.h5"),
                  self.path("back.h5"))

    # Structures without an end.

    @unittest.skipIf(support.built_with_sanitizer(), "a sanitizer reports crashes itself")
    def test_a_tree_of_links_that_contains_itself(self):
        path = self.patch(self.file(), GROUP_TREE, {5: b"\x01", 32: lambda tree: struct.pack("<Q", tree)})
        for command in (("inspect", path), ("restore", path, self.path("out.h5")), ("verify", path, path)):
            self.ends(INPUT, [r"in\.h5: crashed.*damaged"], *command)
        self.run_ends(INPUT, [r"in\.h5: crashed.*damaged"], path)

    @unittest.skipIf(support.built_with_sanitizer(), "a sanitizer reports crashes itself")
    def test_a_tree_of_chunks_that_contains_itself(self):
        path = self.file(chunked={"data": weights(2, (64, 16)), "chunks": (8, 8), "compression": "gzip"})
        self.patch(path, CHUNK_TREE, {5: b"\x01", 56: lambda tree: struct.pack("<Q", tree)})
        for threads in (1, 4):  # the stack that overflows is the main thread's, or another's
            self.run_ends(INPUT, [r"in\.h5: crashed.*damaged"], path, "--threads", threads)

    def test_neighbours_of_a_tree_that_are_itself(self):
        path = self.file(chunked={"data": weights(2, (64, 16)), "chunks": (8, 8), "compression": "gzip"})
        for kind in (GROUP_TREE, CHUNK_TREE):
            self.patch(path, kind, {8: lambda tree: 2 * struct.pack("<Q", tree)})
            self.run_holds(path)
            os.unlink(self.path("out.h5"))

    def test_groups_that_contain_themselves_and_the_root(self):
        path = self.file()
        with h5py.File(path, "r+") as file:
            group = file.create_group("group")
            group["itself"], group["root"] = group, file["/"]
            group["inner.weight"] = weights(2)
            group["soft"] = h5py.SoftLink("/group/soft")
        self.run_holds(path)
        with h5py.File(self.path("out.h5")) as file:
            self.assertEqual(file["group/itself/root"], file["/"])

    def test_times_that_are_none(self):
        # Of a fill value message, version 2: when room is made, when it is filled in. UBSan found what was done with them.
        path = self.path("in.h5")
        for others in ((), ("ids",)):  # what is copied is looked at too
            with h5py.File(path, "w") as file:
                for name in others:
                    file[name] = np.arange(10)
                file["fc.weight"] = weights(1)
            whole = pathlib.Path(path).read_bytes()
            message = struct.pack("<HHB3xBBBB", 5, 8, 1, 2, 2, 2, 1)
            self.assertEqual(whole.count(message), 1 + len(others))
            for place, word in ((9, "allocation time is 61"), (10, "fill time is 61")):
                damaged = bytearray(whole)
                damaged[whole.index(message) + place] = 61
                pathlib.Path(path).write_bytes(damaged)
                self.refused(INPUT, [*others, word, "damaged"], "run", path, self.path("out.h5"))

    def test_a_shape_beyond_its_largest(self):
        # 4 million chunks that nobody wrote: a minute in the library for each reading.
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["fc.weight"] = weights(1)
            file.create_dataset("ids", data=np.zeros((8, 8), "u2"), chunks=(4, 8))
        whole = pathlib.Path(path).read_bytes()
        space = struct.pack("<QQQQ", 8, 8, 8, 8)  # dimensions, and the largest they may have
        self.assertEqual(whole.count(space), 1)
        at = whole.index(space)
        pathlib.Path(path).write_bytes(whole[:at] + struct.pack("<Q", 0xFFFF08) + whole[at + 8:])
        self.ends(INPUT, ["/ids: the shape .* is beyond the largest"], "run", path, self.path("out.h5"))

    def test_chunks_of_another_rank_than_their_dataset(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["fc.weight"] = weights(1)
            file.create_dataset("ids", data=np.arange(64, dtype="f4").reshape(8, 8), chunks=(4, 8))
        whole = pathlib.Path(path).read_bytes()
        space = struct.pack("<BBBxxxxx", 1, 2, 1) + struct.pack("<QQQQ", 8, 8, 8, 8)  # version, rank, has maxima
        self.assertEqual(whole.count(space), 1)
        for rank in (0, 1):
            at = whole.index(space)
            pathlib.Path(path).write_bytes(whole[:at + 1] + bytes([rank]) + whole[at + 2:])
            for options in ([], ["--include", ".*"]):
                self.run_ends(INPUT, [r"in\.h5: /ids: chunks of 2 dimensions in a dataset of [01], .*damaged"], path, *options)

    def test_a_chunk_that_is_nowhere(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["fc.weight"] = weights(1)
            file.create_dataset("ids", data=np.arange(64), chunks=(16,), compression="gzip")
        whole = pathlib.Path(path).read_bytes()
        tree = whole.index(b"TREE" + struct.pack("<BBH", 1, 0, 4))
        child = tree + 24 + 24  # its header, the key of a chunk of one dimension
        for address in (0xFFFFFFFFFFFFFFFF, len(whole) - 3, 1 << 40):
            damaged = bytearray(whole)
            damaged[child:child + 8] = struct.pack("<Q", address)
            pathlib.Path(path).write_bytes(damaged)
            self.refused(INPUT, ["/ids", "chunk", "damaged"], "run", path, self.path("out.h5"))

    def test_groups_ten_thousand_deep(self):
        for options in ({}, {"libver": "latest"}):
            with h5py.File(self.path("in.h5"), "w", **options) as file:
                group = file
                for _ in range(10000):
                    group = group.create_group("g")
            self.ends(INPUT, ["nested more than 1000 deep"], "inspect", self.path("in.h5"))
            self.run_ends(INPUT, [r"in\.h5: .*nested more than 1000 deep"], self.path("in.h5"))

    def test_an_index_of_chunks_that_the_library_reads_without_end(self):
        # 1.10.8 loops in H5EA_iterate where an extensible array is said to have more elements than it can.
        with h5py.File(self.path("in.h5"), "w", libver="latest") as file:
            file["whole.weight"] = weights(1)
            file.create_dataset("grown.weight", data=weights(2, (12, 8)), chunks=(4, 8), maxshape=(None, 8))
        data = bytearray(pathlib.Path(self.path("in.h5")).read_bytes())
        array = structures.Structure(data.find(b"EAHD"), data.find(b"EAHD") + 72, "EAHD", data.find(b"EAHD") + 68)
        self.assertEqual(data[array.checksum:array.end], structures.checksum_of(data, array))
        data[array.begin + 46:array.begin + 50] = struct.pack("<I", 0x3755)
        array.fix_checksum(data)
        pathlib.Path(self.path("in.h5")).write_bytes(data)
        self.run_ends(INPUT, [r"in\.h5: the HDF5 library does not return"], self.path("in.h5"))

    # Sizes.

    def test_a_chunk_index_that_lies(self):
        lies = {"length of gigabytes": ({24: struct.pack("<I", 0xFFFFFFF0)}, "4294967280 bytes"),
                "no length": ({24: bytes(4)}, "0 bytes of the file"),
                "beyond the end": ({56: struct.pack("<Q", 1 << 60)}, "the file ends|cannot|beyond the end"),
                "too short": ({24: struct.pack("<I", 3)}, "chunk at"),
                "filters left out": ({28: struct.pack("<I", 7)}, "chunk at")}
        for filters in ({"compression": "gzip"}, {"compression": "gzip", "shuffle": True, "fletcher32": True}):
            for lie, (edits, word) in lies.items():
                path = self.file(chunked={"data": weights(2, (64, 16)), "chunks": (8, 8), **filters})
                with self.subTest(lie=lie):
                    self.run_ends(INPUT, [r"in\.h5: /chunked\.weight", word],
                                  self.patch(path, CHUNK_TREE, edits))

    def test_terabytes_in_a_file_of_a_few_kib(self):
        shapes = {"chunks that were never written": {"shape": (1 << 20, 1 << 20), "chunks": (1024, 1024)},
                  "compressed": {"shape": (1 << 20, 1 << 20), "chunks": (1024, 1024), "compression": "gzip"},
                  "in one piece": {"shape": (1 << 30, 1 << 29)},
                  "a compressed chunk": {"shape": (8, 8), "chunks": (1 << 15, 1 << 14), "maxshape": (None, None),
                                         "compression": "gzip"}}
        for name, what in shapes.items():
            path = self.file(bomb={"dtype": "f4", **what})
            with self.subTest(name):
                self.run_ends(INPUT, [r"/bomb\.weight: .*more than a file of \d+ bytes can hold"], path)
                self.ends(DONE, [], "inspect", path)

    def test_terabytes_that_are_no_weights_are_copied_as_they_are(self):
        path = self.file()
        with h5py.File(path, "r+") as file:
            file.create_dataset("table", (1 << 20, 1 << 20), "i4", chunks=(1024, 1024))
        self.run_holds(path)

    def test_a_chunk_that_inflates_to_more_than_it_holds(self):
        path = self.file(bomb={"shape": (8, 8), "dtype": "f4", "chunks": (8, 8), "compression": "gzip"})
        with h5py.File(path, "r+") as file:
            file["bomb.weight"].id.write_direct_chunk((0, 0), zlib.compress(bytes(256 << 20), 1))
        self.run_ends(INPUT, [r"in\.h5: /bomb\.weight: chunk at \(0, 0\)"], path)

    def test_rows_of_more_than_a_block_are_compared_in_parts(self):
        path = self.file()
        with h5py.File(path, "r+") as file:
            file.create_dataset("wide", (2, 200 << 20), "i1", chunks=(1, 1 << 20), fillvalue=3)
            file["wide"][1, -1] = 5
        self.run_holds(path)
        with h5py.File(self.path("out.h5"), "r+") as file:
            file["wide"][1, -1] = 6
        self.ends(CHECK_FAILED, ["/wide: other data"], "verify", path, self.path("out.h5"))

    def test_a_string_that_is_said_to_have_gigabytes(self):
        path = self.file()
        with h5py.File(path, "r+") as file:
            file["whole.weight"].attrs["note"] = "some text"
        data = bytearray(pathlib.Path(path).read_bytes())
        at = data.find(struct.pack("<I", len("some text")), data.find(b"note\0"))  # the length, then where the text is
        data[at:at + 4] = struct.pack("<I", 0xFFFFFF00)
        pathlib.Path(path).write_bytes(data)
        self.run_ends(INPUT, [r"in\.h5: "], path)

    def test_a_shape_that_its_storage_does_not_hold(self):
        path = self.file()
        with h5py.File(path, "r+") as file:
            file["table"] = np.arange(77)
        data = bytearray(pathlib.Path(path).read_bytes())
        dimensions = struct.pack("<QQ", 77, 77)  # the shape, and what it may grow to
        for size in (78, 1 << 40):
            changed = bytes(data).replace(dimensions, struct.pack("<QQ", size, size))
            self.assertNotEqual(changed, data)
            pathlib.Path(path).write_bytes(changed)
            self.run_ends(INPUT, [rf"/table: its shape \({size},\) takes {8 * size} bytes, its storage has 616"], path)

    def test_names_with_slashes(self):
        """As no program can write them: a link of one is damage, a soft link leads where it leads without them."""
        path = self.file(other=weights(2))
        with h5py.File(path, "r+") as file:
            file["links/soft"] = h5py.SoftLink("/whole.weighT")
        data = pathlib.Path(path).read_bytes()
        self.assertEqual(data.count(b"/whole.weighT"), 1)
        pathlib.Path(path).write_bytes(data.replace(b"/whole.weighT", b"//whole.weig/"))
        self.run_holds(path)
        os.remove(self.path("out.h5"))
        self.assertEqual(data.count(b"whole.weight"), 1)
        pathlib.Path(path).write_bytes(data.replace(b"whole.weight", b"whole/weight"))
        self.run_ends(INPUT, ["link 'whole/weight' of /: no link can have that name"], path)

    def test_an_enumeration_that_is_larger_than_its_integers(self):
        """The library reads memory behind their values, something else each time."""
        kind = h5py.enum_dtype({"A": 0, "B": 1}, basetype="i2")
        for where in ("/table", "attribute 'note' of /whole.weight"):
            path = self.file()
            with h5py.File(path, "r+") as file:
                if where == "/table":
                    file.create_dataset("table", data=np.zeros(100, "i2"), dtype=kind)
                else:
                    file["whole.weight"].attrs.create("note", np.zeros(100, "i2"), dtype=kind)
            data = pathlib.Path(path).read_bytes()
            head = bytes((0x18, 2, 0, 0))  # version 1, an enumeration, of two names; then the size
            changed = data.replace(head + struct.pack("<I", 2), head + struct.pack("<I", 1))
            self.assertNotEqual(changed, data)
            pathlib.Path(path).write_bytes(changed)
            self.run_ends(INPUT, [f"{where}: its type is damaged"], path)

    def test_a_compound_with_two_members_of_one_name(self):
        """The library does not find it equal to a copy of it."""
        for where, words in (("/table", "damaged"), ("/type", "its type is damaged")):
            path = self.file()
            with h5py.File(path, "r+") as file:
                kind = np.dtype([("first", "i4"), ("other", "f4", (3,))])
                file[where] = kind if where == "/type" else np.zeros(4, kind)
            data = pathlib.Path(path).read_bytes()
            self.assertEqual(data.count(b"first\0"), 1)
            pathlib.Path(path).write_bytes(data.replace(b"first\0", b"other\0"))
            self.run_ends(INPUT, [f"{where}: .*{words}"], path)

    def test_floats_that_do_not_fill_their_bytes(self):
        """The library does not write such a LUT as it was given."""
        path = self.path("in.h5")
        for name, width, fields in (("fc.weight", "f4", struct.pack("<HBBBB", 32, 23, 8, 0, 23)),
                                    ("ids", "f8", struct.pack("<HBBBB", 64, 52, 11, 0, 52))):  # what is copied is looked at too
            with h5py.File(path, "w") as file:
                file["other.weight"] = weights(1).astype("f2")
                file[name] = np.ones((4, 8) if name == "fc.weight" else 8, width)
            data = pathlib.Path(path).read_bytes()
            self.assertEqual(data.count(fields), 1)
            pathlib.Path(path).write_bytes(data.replace(fields, struct.pack("<H", 0) + fields[2:]))
            self.run_ends(INPUT, [f"/{name}: its type is damaged"], path)
            pathlib.Path(path).write_bytes(data.replace(fields, struct.pack("<H", 31) + fields[2:]))
            self.run_holds(path, "--force")
            os.remove(self.path("out.h5"))

    def test_a_file_that_ends_before_its_data(self):
        path = self.file()
        with h5py.File(path) as file:
            offset = file["whole.weight"].id.get_offset()
        data = bytearray(pathlib.Path(path).read_bytes())
        at = data.find(b"\x03\x01" + struct.pack("<Q", offset))  # a layout of version 3, contiguous
        self.assertGreater(at, 0)
        data[at + 2:at + 10] = struct.pack("<Q", len(data) - 100)
        pathlib.Path(path).write_bytes(data)
        self.run_ends(INPUT, [r"/whole\.weight.*beyond the end of the file"], path)

    # Names.

    NAMES = (b"..", b"..weight", b"new\nline.weight", b"\x1b[2Jclear.weight", b"\xff\xfe.weight", b"tab\t.weight",
             b'"quoted\\.weight', b"\x7f.weight", "\u009b.weight".encode(), b"%s%n.weight", b"{}.weight")

    def names(self):
        with h5py.File(self.path("in.h5"), "w") as file:
            for number, name in enumerate(self.NAMES):
                dataset = h5py.h5d.create(file.id, name, h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((32, 8)))
                dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, weights(number))
        return self.path("in.h5")

    def test_names_of_any_kind_are_kept_and_shown_escaped(self):
        path = self.names()
        texts = [self.program("inspect", path).stdout, self.program("plan", path).stdout,
                 self.program("run", path, self.path("out.h5"), "--n-bits", "2", "--report", self.path("r.json")).stdout,
                 self.program("verify", path, self.path("out.h5")).stdout,
                 self.program("inspect", self.path("out.h5")).stdout]
        for text in texts:
            self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")
            self.assertIn(r"new\x0aline.weight", text)
        for text in (pathlib.Path(self.path("r.json")).read_bytes(), self.call("plan", path, "--json").stdout,
                     self.call("inspect", path, "--json").stdout,
                     self.call("verify", path, self.path("out.h5"), "--json").stdout):
            json.loads(text)
        self.program("restore", self.path("out.h5"), self.path("back.h5"))
        with h5py.File(self.path("back.h5")) as file:
            names = []
            file.id.links.visit(names.append)
        self.assertEqual(sorted(names), sorted(self.NAMES))

    def test_names_in_messages_are_escaped(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            values = weights(1)
            values[0, 0] = np.nan
            file["\x1b[2J\n.weight"] = values
        message = self.run_ends(CHECK_FAILED, [], path).stderr
        self.assertIn(r"\x1b[2J", message)
        self.assertNotIn("\x1b", message)

    def test_results_of_other_types_are_an_error_of_the_check(self):
        path = self.file()
        self.program("run", path, self.path("out.h5"), "--n-bits", "2")
        with h5py.File(self.path("out.h5"), "r+") as file:
            document = json.loads(file["h5palettize/config"][()])
            document["tensors"][0].update({"engine": 5, "mse": [1]})
            del file["h5palettize/config"]
            file["h5palettize/config"] = json.dumps(document)
        self.ends(CHECK_FAILED, ["whole.weight: mse is"], "verify", path, self.path("out.h5"))

    # Configurations.

    def test_patterns_that_backtrack_without_end(self):
        with h5py.File(self.path("in.h5"), "w") as file:
            file["a" * 60 + "!.weight"] = weights(1)
        pattern = "(a+)+(a+)+(a+)+b"
        config = self.write_text("c.yaml", "kmeans_palettization_config:\n  module_name_configs:\n"
                                           f"    '{pattern}':\n      op_state_spec: {{weight: {{n_bits: 4}}}}\n")
        self.ends(USAGE, [r"c\.yaml:3"], "plan", self.path("in.h5"), "--config", config)
        self.ends(USAGE, ["--include"], "plan", self.path("in.h5"), "--include", pattern)


if __name__ == "__main__":
    unittest.main()
