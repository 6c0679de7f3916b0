"""A checkpoint from a stranger reads no other file and loads no code, unless --follow-external and --allow-plugins say so."""

import contextlib
import ctypes
import os
import pathlib
import unittest

import h5py
import numpy as np

import support
from support import INPUT, USAGE, bits

PLUGINS = os.environ.get("H5PALETTIZE_TEST_PLUGINS", str(support.SOURCE_DIR / "build/release/tests/plugins"))
INVERT = 32015  # the filter of tests/support/filter_plugin.cpp

IN_OPEN = 0x20


class Opened:
    """The files of a folder that anybody opened since it was made (inotify)."""

    def __init__(self, folder):
        self.library = ctypes.CDLL(None, use_errno=True)
        self.descriptor = self.library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self.descriptor >= 0
        assert self.library.inotify_add_watch(self.descriptor, os.fsencode(folder), IN_OPEN) >= 0

    def names(self):
        with contextlib.suppress(BlockingIOError):
            events = os.read(self.descriptor, 65536)
            found, at = set(), 0
            while at < len(events):
                length = int.from_bytes(events[at + 12:at + 16], "little")
                found.add(events[at + 16:at + 16 + length].rstrip(b"\0").decode())
                at += 16 + length
            return found - {""}
        return set()

    def close(self):
        os.close(self.descriptor)


def weights(seed, shape=(32, 8)):
    return support.rng(seed).standard_normal(shape).astype("f4")


class Trust(support.Case):
    def setUp(self):
        super().setUp()
        self.elsewhere = self.folder / "elsewhere"
        self.elsewhere.mkdir()
        self.secret = weights(7)
        self.secret.tofile(self.elsewhere / "raw.bin")
        with h5py.File(self.elsewhere / "other.h5", "w") as file:
            file.create_dataset("d", data=weights(8), maxshape=(None, 8), chunks=(4, 8))
            file["group/d"] = weights(9)

    def write_input(self):
        """A checkpoint that has data in other files in every way there is."""
        path = self.path("in.h5")
        other = str(self.elsewhere / "other.h5")
        with h5py.File(path, "w", libver="latest") as file:
            file["good.weight"] = weights(1)
            external = file.create_dataset("external.weight", (32, 8), "f4",
                                           external=[(str(self.elsewhere / "raw.bin"), 0, 1024)])
            external.attrs["note"] = "kept"
            fixed = h5py.VirtualLayout((64, 8), "f4")
            fixed[:32], fixed[32:] = (h5py.VirtualSource(other, name, (32, 8)) for name in ("d", "group/d"))
            file.create_virtual_dataset("fixed.weight", fixed, fillvalue=-1)
            grows = h5py.VirtualLayout((32, 8), "f4", maxshape=(None, 8))
            grows[0:h5py.h5s.UNLIMITED] = h5py.VirtualSource(other, "d", (32, 8), maxshape=(None, 8))[
                0:h5py.h5s.UNLIMITED]
            file.create_virtual_dataset("grows.weight", grows)
            file["link.weight"] = h5py.ExternalLink(other, "/d")
            file["links/group"] = h5py.ExternalLink(other, "/group")
            file["links/through"] = h5py.SoftLink("/links/group/d")
        return path

    def nothing_else_is_opened(self, *arguments, code=0):
        opened = Opened(self.elsewhere)
        self.addCleanup(opened.close)
        result = self.call(*arguments)
        self.assertEqual(opened.names(), set(), arguments)
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def sources(self, dataset):
        """Where a dataset has its data."""
        if not dataset.is_virtual:
            return dataset.external
        return [(source.file_name, source.dset_name, source.vspace.encode(), source.src_space.encode())
                for source in dataset.virtual_sources()]

    def test_the_witness_sees_what_is_opened(self):
        opened = Opened(self.elsewhere)
        self.addCleanup(opened.close)
        (self.elsewhere / "raw.bin").read_bytes()
        self.assertEqual(opened.names(), {"raw.bin"})

    def test_no_command_opens_another_file(self):
        path, palettized, restored = self.write_input(), self.path("out.h5"), self.path("back.h5")
        result = self.nothing_else_is_opened("inspect", path)
        for storage in ("external", "virtual"):
            self.assertIn(f"its data is in other files ({storage} storage); --follow-external reads them", result.stdout)
        self.nothing_else_is_opened("plan", path)
        result = self.nothing_else_is_opened("run", path, palettized)
        self.assertIn("3 of the selected tensors stay as they are; the first, /external.weight: ", result.stderr)
        self.assertIn("2 external links stay links", result.stderr)
        self.assertIn("/link.weight to /d of ", result.stderr)
        self.nothing_else_is_opened("verify", path, palettized)
        self.nothing_else_is_opened("restore", palettized, restored)
        with h5py.File(path) as one:
            for derived in (palettized, restored):
                with h5py.File(derived) as other:
                    for name in ("external.weight", "fixed.weight", "grows.weight"):
                        self.assertEqual(self.sources(one[name]), self.sources(other[name]))
                        np.testing.assert_array_equal(one[name][()], other[name][()])  # they still read what they read
                        self.assertEqual(dict(one[name].attrs), dict(other[name].attrs))
                    link = other.get("link.weight", getlink=True)
                    self.assertEqual((link.filename, link.path), (str(self.elsewhere / "other.h5"), "/d"))

    def test_the_report_says_what_stays_and_why(self):
        report = self.report(self.write_input(), self.path("out.h5"))
        tensors = {tensor["path"]: tensor for tensor in report["tensors"]}
        for name in ("external", "fixed", "grows"):
            self.assertEqual(tensors[f"/{name}.weight"]["action"], "dense")
            self.assertIn("--follow-external", tensors[f"/{name}.weight"]["reason"])
        self.assertEqual(tensors["/good.weight"]["action"], "palettized")
        self.assertEqual(len(report["warnings"]), 2)

    def test_what_is_asked_for_by_name_is_not_left_out(self):
        path = self.write_input()
        words = ["/external.weight: asked for by --include", "external storage", "--follow-external", "--exclude"]
        self.refused(INPUT, words, "run", path, self.path("out.h5"), "--include", ".*external.*")
        config = self.write_text("config.yaml", "kmeans_palettization_config:\n  module_name_configs:\n    fixed:\n"
                                                "      op_state_spec: {weight: {n_bits: 4}}\n")
        self.refused(INPUT, ["/fixed.weight: asked for by", "virtual storage", "--follow-external"], "run", path,
                     self.path("out.h5"), "--config", config)
        self.refused(USAGE, ["external.weight", "--follow-external", "--strict"], "run", path, self.path("out.h5"),
                     "--strict")
        self.assert_folder_holds("config.yaml", "elsewhere", "in.h5")

    def test_data_in_other_files_is_read_on_request(self):
        path, palettized, restored = self.write_input(), self.path("out.h5"), self.path("back.h5")
        self.program("run", path, palettized, "--follow-external")
        self.program("verify", path, palettized, "--follow-external")
        self.refused(INPUT, ["/external.weight", "--follow-external"], "verify", path, palettized)
        self.nothing_else_is_opened("restore", palettized, restored)
        with h5py.File(path) as one, h5py.File(palettized) as packed, h5py.File(restored) as dense:
            groups = support.palettized_groups(packed)
            self.assertEqual(groups, ["/external.weight", "/fixed.weight", "/good.weight", "/grows.weight"])
            for group in groups:
                decoded = support.decode(packed[group])
                np.testing.assert_array_equal(bits(decoded), bits(dense[group][()]), group)
                self.assertLess(np.abs(decoded - one[group][()]).max(), 0.5, group)  # of the real data, not of zeros
                self.assertFalse(dense[group].is_virtual or dense[group].external)  # it has its data now
            self.assertEqual(dense["external.weight"].attrs["note"], "kept")

    def test_what_is_missing_elsewhere_is_named(self):
        """The library reads zeros and fill values there, without a word."""
        path = self.write_input()
        raw, other = self.elsewhere / "raw.bin", self.elsewhere / "other.h5"
        include = ("--follow-external", "--include", "/(external|fixed).weight")
        with open(raw, "r+b") as file:
            file.truncate(1000)
        self.refused(INPUT, ["/external.weight", "raw.bin has 1000 bytes, 1024 are needed"], "run", path,
                     self.path("out.h5"), *include)
        raw.unlink()
        self.refused(INPUT, ["/external.weight", "raw.bin is missing"], "run", path, self.path("out.h5"), *include)
        self.secret.tofile(raw)
        with h5py.File(other, "r+") as file:
            del file["group/d"]
        self.refused(INPUT, ["/fixed.weight", "group/d of .*other.h5 is missing"], "run", path, self.path("out.h5"),
                     *include)
        other.unlink()
        self.refused(INPUT, ["/fixed.weight", "d of .*other.h5 is missing"], "run", path, self.path("out.h5"), *include)
        self.assert_folder_holds("elsewhere", "in.h5")

    def test_names_are_looked_up_as_the_library_does(self):
        path = self.path("in.h5")
        with h5py.File(path, "w", libver="latest") as file:
            file.create_dataset("external.weight", (32, 8), "f4", external=[("raw.bin", 0, 512), ("raw.bin", 512, 512)])
            layout = h5py.VirtualLayout((32, 8), "f4")
            layout[:] = h5py.VirtualSource("elsewhere/other.h5", "d", (32, 8))
            file.create_virtual_dataset("virtual.weight", layout)
        self.program("run", path, self.path("out.h5"), "--follow-external", "--include", ".*", cwd=self.elsewhere)
        with h5py.File(self.path("out.h5")) as packed:
            for name, expected in (("external", self.secret), ("virtual", weights(8))):
                self.assertLess(np.abs(support.decode(packed[f"{name}.weight"]) - expected).max(), 0.5)

    def test_what_a_virtual_dataset_of_the_file_reads_stays_a_dataset(self):
        path = self.path("in.h5")
        with h5py.File(path, "w", libver="latest") as file:
            file["part.weight"], file["other.weight"] = weights(1), weights(2)
            layout = h5py.VirtualLayout((32, 8), "f4")
            layout[:] = h5py.VirtualSource(".", "part.weight", (32, 8))
            file.create_virtual_dataset("view", layout)
        report = self.report(path, self.path("out.h5"))
        reasons = {tensor["path"]: tensor["reason"] for tensor in report["tensors"]}
        self.assertEqual(reasons["/part.weight"], "the virtual dataset /view reads it")
        self.program("verify", path, self.path("out.h5"))
        self.refused(INPUT, ["/part.weight", "virtual dataset /view reads it"], "run", path, self.path("again.h5"),
                     "--include", "/part.weight")
        with h5py.File(self.path("out.h5")) as packed:
            self.assertEqual(support.palettized_groups(packed), ["/other.weight"])
            np.testing.assert_array_equal(packed["view"][()], weights(1))

    def test_a_source_by_another_name_is_refused(self):
        path = self.path("in.h5")
        with h5py.File(path, "w", libver="latest") as file:
            file["part.weight"] = weights(1)
            file["soft"] = h5py.SoftLink("/part.weight")
            layout = h5py.VirtualLayout((32, 8), "f4")
            layout[:] = h5py.VirtualSource(".", "soft", (32, 8))
            file.create_virtual_dataset("view", layout)
        self.refused(INPUT, ["virtual dataset /view", "/soft"], "run", path, self.path("out.h5"))

    # A palettized file whose parts lie elsewhere: restore and verify would write them into the output.

    def tampered(self, change):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["good.weight"] = weights(1)
        self.program("run", path, self.path("out.h5"), "--force")
        with h5py.File(self.path("out.h5"), "r+") as file:
            change(file["good.weight"])
        return path, self.path("out.h5")

    def test_parts_of_palettized_tensors_are_never_read_from_other_files(self):
        other = str(self.elsewhere / "other.h5")
        with h5py.File(other, "r+") as file:
            file["lut"] = np.linspace(-3, 3, 16, dtype="f4").reshape(1, 1, 16, 1)

        def external_link(group):
            del group["lut"]
            group["lut"] = h5py.ExternalLink(other, "/lut")

        def link_through(group):
            del group["lut"]
            group.file["way"] = h5py.ExternalLink(other, "/")
            group["lut"] = h5py.SoftLink("/way/lut")

        def external_storage(group):
            del group["lut"]
            group.create_dataset("lut", (1, 1, 16, 1), "f4", external=[(str(self.elsewhere / "raw.bin"), 0, 64)])

        def virtual_storage(group):
            del group["lut"]
            layout = h5py.VirtualLayout((1, 1, 16, 1), "f4")
            layout[:] = h5py.VirtualSource(other, "lut", (1, 1, 16, 1))
            group.create_virtual_dataset("lut", layout)

        for change, words in ((external_link, "is a link to another place"), (link_through, "is a link to another place"),
                              (external_storage, "has its data in other files"),
                              (virtual_storage, "has its data in other files")):
            with self.subTest(change=change.__name__):
                path, palettized = self.tampered(change)
                for arguments in (("restore", palettized, self.path("back.h5")), ("verify", path, palettized),
                                  ("verify", path, palettized, "--follow-external")):
                    is_looked_at = change is link_through and "--follow-external" in arguments  # /way might be a tensor
                    if is_looked_at:
                        result = self.call(*arguments)
                        self.assertEqual(result.returncode, INPUT)
                    else:
                        result = self.nothing_else_is_opened(*arguments, code=INPUT)
                    self.assertIn(f"/good.weight: member 'lut' {words}", result.stderr)
                self.assertFalse(os.path.exists(self.path("back.h5")))

    def test_the_documents_of_a_palettized_file_are_never_read_from_other_files(self):
        path, palettized = self.tampered(lambda group: None)
        with h5py.File(palettized, "r+") as file:
            del file["h5palettize/config"]
            file["h5palettize"].create_dataset("config", (), "S1024", external=[(str(self.elsewhere / "raw.bin"), 0, 1024)])
        self.nothing_else_is_opened("inspect", palettized)
        self.nothing_else_is_opened("verify", path, palettized, code=support.CHECK_FAILED)

    # Filter plugins.

    @contextlib.contextmanager
    def plugins(self):
        """The environment that lets HDF5 find the plugin; yields the file that appears when it is loaded."""
        trace = pathlib.Path(self.path("plugin-was-loaded"))
        os.environ |= {"HDF5_PLUGIN_PATH": PLUGINS, "FILTER_PLUGIN_TRACE": str(trace)}
        try:
            yield trace
        finally:
            del os.environ["HDF5_PLUGIN_PATH"], os.environ["FILTER_PLUGIN_TRACE"]

    def write_inverted(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            properties.set_chunk((16, 8))
            properties.set_filter(INVERT, h5py.h5z.FLAG_OPTIONAL, ())
            dataset = h5py.h5d.create(file.id, b"odd.weight", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((32, 8)),
                                      properties)
            for row in (0, 16):
                dataset.write_direct_chunk((row, 0), (~weights(3)[row:row + 16].view("u4")).tobytes(), 0)
            file["good.weight"] = weights(1)
        return path

    def test_pipes_are_refused_and_nobody_waits(self):
        pipe = str(self.elsewhere / "pipe")
        os.mkfifo(pipe)
        with h5py.File(self.path("in.h5"), "w") as file:
            file["good.weight"] = weights(1)
        self.program("run", self.path("in.h5"), self.path("out.h5"), "--if-larger", "palettize")
        folder = self.folder / "folder"
        folder.mkdir()
        (folder / "in.h5").write_bytes(pathlib.Path(self.path("in.h5")).read_bytes())
        os.mkfifo(folder / "b.index.json")
        new, not_regular = self.path("new.h5"), "not a regular file"
        for arguments in (("plan", pipe), ("run", pipe, new), ("inspect", pipe), ("explain", pipe), ("verify", pipe, self.path("out.h5")),
                          ("verify", self.path("in.h5"), pipe), ("restore", pipe, new), ("compare", pipe, pipe), ("merge", new, pipe),
                          ("slurm-plan", pipe), ("run", self.path("in.h5"), new, "--sensitivity", pipe), ("plan", folder, new),
                          ("run", folder, new), ("run", folder / "b.index.json", new)):
            self.refused(INPUT, [not_regular], *arguments)

    def test_pipes_behind_links_are_refused_and_nobody_waits(self):
        pipe = str(self.elsewhere / "pipe")
        os.mkfifo(pipe)

        def virtual(path, source, name):
            layout = h5py.VirtualLayout((32, 8), "f4")
            layout[:] = h5py.VirtualSource(source, name, (32, 8))
            with h5py.File(path, "w", libver="latest") as file:
                file["good.weight"] = weights(1)
                file.create_virtual_dataset("odd.weight", layout)
            return path

        def external(path):
            with h5py.File(path, "w") as file:
                file["good.weight"] = weights(1)
                file.create_dataset("odd.weight", (32, 8), "f4", external=[(pipe, 0, 1024)])
            return path

        with h5py.File(self.elsewhere / "link.h5", "w") as file:
            file["d"] = h5py.ExternalLink("pipe", "/d")
        (self.elsewhere / "next.h5").symlink_to("link.h5")
        inner = str(self.elsewhere / "inner.h5")
        for path in (virtual(self.path("in.h5"), pipe, "/d"), virtual(self.path("in.h5"), str(self.elsewhere / "link.h5"), "/d"),
                     virtual(self.path("in.h5"), virtual(inner, "pipe", "/d"), "/odd.weight"),
                     virtual(self.path("in.h5"), external(inner), "/odd.weight"), external(self.path("in.h5"))):
            for arguments in (("inspect", path), ("plan", path), ("run", path, self.path("new.h5"))):
                self.refused(INPUT, [r"in\.h5: .*odd\.weight: leads to .*pipe, which is not a regular file"], *arguments, "--follow-external")
                self.assertFalse(os.path.exists(self.path("new.h5")))
        with h5py.File(self.path("in.h5"), "w") as file:
            file["good.weight"] = weights(1)
        self.program("run", self.path("in.h5"), self.path("out.h5"), "--if-larger", "palettize")
        for target in (pipe, str(self.elsewhere / "next.h5")):
            with h5py.File(self.path("out.h5"), "r+") as file:
                del file["good.weight"]
                file["good.weight"] = h5py.ExternalLink(target, "/d")
            for arguments in (("inspect", self.path("out.h5")), ("verify", self.path("in.h5"), self.path("out.h5")),
                              ("restore", self.path("out.h5"), self.path("new.h5"))):
                self.refused(INPUT, [r"out\.h5: /good\.weight: leads to .*pipe, which is not"], *arguments, "--follow-external")

    def test_virtual_sources_that_lead_back_are_missing(self):
        for name, source in (("in.h5", "b.h5"), ("b.h5", "in.h5")):
            layout = h5py.VirtualLayout((32, 8), "f4")
            layout[:] = h5py.VirtualSource(self.path(source), "/odd.weight", (32, 8))
            with h5py.File(self.path(name), "w", libver="latest") as file:
                file.create_virtual_dataset("odd.weight", layout)
        result = self.program("inspect", self.path("in.h5"), "--follow-external")
        self.assertIn("is missing", result.stdout)

    def test_an_index_leads_out_of_its_folder_on_request_only(self):
        (self.folder / "model").mkdir()
        with h5py.File(self.elsewhere / "in.h5", "w") as file:
            file["a.weight"] = weights(1, (64, 64))
        (self.folder / "model/sub").symlink_to("../elsewhere")
        (self.folder / "model/link.h5").symlink_to("../elsewhere/in.h5")
        (self.folder / "model/inside").mkdir()
        (self.folder / "model/inside/in.h5").write_bytes((self.elsewhere / "in.h5").read_bytes())
        (self.folder / "model/near.h5").symlink_to("inside/in.h5")
        (self.folder / "other").symlink_to("model")
        for name, leads_out in (("sub/in.h5", True), ("link.h5", True), ("near.h5", False), ("inside/in.h5", False)):
            index = self.write_text("model/m.index.json", '{"weight_map":{"a.weight":"%s"}}' % name)
            for source in (index, self.path("model"), self.path("other/m.index.json")):
                for command in ("plan", "run"):
                    with self.subTest(name=name, source=source, command=command):
                        out = self.path(name.replace("/", "-") + ".out")
                        if leads_out:
                            self.refused(INPUT, [r"m\.index\.json: names " + name, "outside the folder", "--follow-external"],
                                         command, source, out)
                            self.assertFalse(os.path.exists(out))
            self.program("run", index, out, *(["--follow-external"] if leads_out else []))
            self.assertTrue(os.path.exists(f"{out}/{name}"))

    @unittest.skipUnless(os.path.isdir(PLUGINS), f"no plugins in {PLUGINS}")
    def test_no_command_loads_a_plugin(self):
        path, palettized, restored = self.write_inverted(), self.path("out.h5"), self.path("back.h5")
        with self.plugins() as trace:
            for arguments in (("inspect", path), ("plan", path), ("run", path, palettized),
                              ("verify", path, palettized), ("restore", palettized, restored)):
                result = self.program(*arguments)
                self.assertFalse(trace.exists(), arguments)
            result = self.refused(INPUT, ["/odd.weight", "filtered by zstd", "--allow-plugins"], "plan", path, "--include",
                                  ".*odd.*")
            self.assertFalse(trace.exists())
        with h5py.File(path) as one, h5py.File(palettized) as packed, h5py.File(restored) as dense:
            self.assertEqual(support.palettized_groups(packed), ["/good.weight"])
            for other in (packed, dense):
                for row in (0, 16):
                    self.assertEqual(one["odd.weight"].id.read_direct_chunk((row, 0)),
                                     other["odd.weight"].id.read_direct_chunk((row, 0)))

    @unittest.skipUnless(os.path.isdir(PLUGINS), f"no plugins in {PLUGINS}")
    def test_a_plugin_is_loaded_on_request(self):
        path, palettized, restored = self.write_inverted(), self.path("out.h5"), self.path("back.h5")
        with self.plugins() as trace:
            self.assertNotIn("not available", self.program("inspect", path, "--allow-plugins").stdout)
            self.assertTrue(trace.exists())
            self.assertEqual(self.plan(path, "--allow-plugins")["totals"]["palettized"], 2)
            self.program("run", path, palettized, "--allow-plugins")
            self.program("verify", path, palettized, "--allow-plugins")
            self.refused(INPUT, ["/odd.weight", "filtered by zstd", "--allow-plugins"], "verify", path, palettized)
            trace.unlink()
            self.program("restore", palettized, restored, "--allow-plugins")
            self.assertTrue(trace.exists())
        with h5py.File(palettized) as packed, h5py.File(restored) as dense:
            decoded = support.decode(packed["odd.weight"])
            self.assertLess(np.abs(decoded - weights(3)).max(), 0.5)
            for row in (0, 16):
                mask, chunk = dense["odd.weight"].id.read_direct_chunk((row, 0))
                self.assertEqual(mask, 0)
                np.testing.assert_array_equal(~np.frombuffer(chunk, "u4"), bits(decoded[row:row + 16]).ravel())

    @unittest.skipUnless(os.path.isdir(PLUGINS), f"no plugins in {PLUGINS}")
    def test_restore_without_the_plugin_leaves_an_optional_filter_out(self):
        path, palettized, restored = self.write_inverted(), self.path("out.h5"), self.path("back.h5")
        with self.plugins():
            self.program("run", path, palettized, "--allow-plugins")
        self.program("restore", palettized, restored)
        with h5py.File(palettized) as packed, h5py.File(restored) as dense:
            mask, _ = dense["odd.weight"].id.read_direct_chunk((0, 0))
            self.assertEqual(mask, 1)  # left out, and said so: every reader knows
            np.testing.assert_array_equal(bits(support.decode(packed["odd.weight"])), bits(dense["odd.weight"][()]))


if __name__ == "__main__":
    unittest.main()
