"""verify finds whatever was changed in a palettized file, and restore refuses what it cannot decode."""

import json
import os
import pathlib
import time
import unittest

import h5py
import numpy as np

import support
from support import CHECK_FAILED, INPUT


def overwrite(group, name, values, **attributes):
    """Replaces a member by another dataset."""
    del group[name]
    group[name] = values
    group[name].attrs.update(attributes)


def growing(group, name):
    """The same values, in a dataset that can be made larger."""
    values, attributes = group[name][()], dict(group[name].attrs)
    del group[name]
    group.create_dataset(name, data=values, maxshape=(None,) * values.ndim).attrs.update(attributes)


def remove(group, name):
    del group[name]


def change(dataset, position, by):
    dataset[position] = dataset[position] + by


def found(file, name):
    try:
        return file[name] is not None
    except (KeyError, RuntimeError):
        return False


class Verify(support.Case):
    def checkpoint(self, dtype="f4", scale=0.02):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["layer.weight"] = (support.rng(1).standard_normal((32, 16)) * scale).astype(dtype)
            file.create_dataset("layer.bias", data=np.zeros(32, "f4"), fillvalue=1)
        return path

    def test_every_engine_is_verified(self):
        for engine in ("fast", "exact", "reference"):
            for options in ((), ("--lut-dtype", "int8"), ("--lut-dtype", "float8_e4m3fn", "--per-channel-scale"),
                            ("--cluster-dim", "2")):
                with self.subTest(engine=engine, options=options):
                    self.program("run", self.checkpoint(), self.path("out.h5"), "--force", "--n-bits", "4", "--engine",
                                 engine, *options)
                    self.program("verify", self.path("in.h5"), self.path("out.h5"))

    def tampered(self, damages, *options):
        """Each damage done to a fresh palettized file: name -> (restores, function of the group, word of the error)."""
        original = self.checkpoint()
        self.program("run", original, self.path("out.h5"), "--force", "--n-bits", "2", *options)
        whole = pathlib.Path(self.path("out.h5")).read_bytes()
        for name, (restores, damage, word) in damages.items():
            with self.subTest(damage=name, options=options):
                pathlib.Path(self.path("bad.h5")).write_bytes(whole)
                with h5py.File(self.path("bad.h5"), "r+") as file:
                    damage(file["layer.weight"])
                result = self.call("verify", original, self.path("bad.h5"))
                self.assertIn(result.returncode, (CHECK_FAILED, INPUT), result.stderr)
                self.assertIn(word, result.stderr)
                self.assertNotIn("crashed", result.stderr)
                self.assertNotIn("bug:", result.stderr)
                if restores:
                    self.program("restore", self.path("bad.h5"), self.path("back.h5"), "--force")
                else:
                    result = self.refused(INPUT, [r"bad\.h5", "/layer.weight"], "restore", self.path("bad.h5"),
                                          self.path("new.h5"))
                    self.assertFalse(pathlib.Path(self.path("new.h5")).exists())

    def test_changes_of_values_are_found(self):
        def nan(group):
            group["lut"][0, 0, 0, 0] = np.nan

        self.tampered({
            "index": (True, lambda g: g["indices"].__setitem__((3, 5), (g["indices"][3, 5] + 1) % 4), "layer.weight"),
            "lut": (False, lambda g: change(g["lut"], (0, 0, 1, 0), 1e-6), "layer.weight"),
            "unordered lut": (False, lambda g: change(g["lut"], (0, 0, 0, 0), 100), "ascending"),
            "NaN in the lut": (False, nan, "NaN"),
        })

    def test_changes_of_the_form_are_found(self):
        def spec(**keys):
            def change_spec(group):
                text = json.dumps(json.loads(group.attrs["palettized_spec"]) | keys)
                del group.attrs["palettized_spec"]
                group.attrs["palettized_spec"] = text
            return change_spec

        def attribute(name, value):
            def change_attribute(group):
                group.attrs[name] = value
            return change_attribute

        not_written = "palettized_spec, the axes or the groups are not those that were written"
        self.tampered({
            "groups": (True, spec(granularity={"type": "per_grouped_channel", "axis": 0, "group_size": 8}), not_written),
            "another key": (True, spec(x=1), "layer.weight"),
            "spaces": (True, lambda g: g.attrs.__setitem__("palettized_spec", g.attrs["palettized_spec"] + " "), not_written),
            "axis": (True, attribute("output_channel_axis", 1), not_written),
            "attribute of the lut": (True, lambda g: g["lut"].attrs.__setitem__("evil", 1), "lut: attribute 'evil' is not of this program"),
            "attribute of the indices": (True, lambda g: g["indices"].attrs.__setitem__("dtype", "bfloat16"),
                                         "indices: attribute 'dtype' is not of this program"),
            "comment": (True, lambda g: h5py.h5o.set_comment(g["indices"].id, b"hello"), "indices: the comment is not of this program"),
            "byte order": (True, lambda g: overwrite(g, "lut", g["lut"][()].astype(">f4")),
                           "lut: another datatype than that of the weights"),
        })
        self.tampered({"byte order of the scales": (
            True, lambda g: overwrite(g, "per_channel_scale", g["per_channel_scale"][()].astype(">f4")),
            "per_channel_scale: another datatype than that of the weights")}, "--per-channel-scale")

    def test_the_order_of_attributes_and_the_character_set_of_links_count(self):
        original, palettized = self.path("in.h5"), self.path("out.h5")
        with h5py.File(original, "w") as file:
            file["layer.weight"] = support.rng(1).standard_normal((64, 64)).astype("f4")
            group = file.create_group("names", track_order=True)
            for name in ("z", "a", "m"):
                group.attrs[name] = name
            dataset = file.create_dataset("tracked.weight", data=support.rng(2).standard_normal((64, 64)), track_order=True)
            for name in ("z", "CLASS", "a"):
                dataset.attrs[name] = name
        self.program("run", original, palettized)
        self.program("verify", original, palettized)
        with h5py.File(palettized, "r+") as file:
            value = file["names"].attrs["z"]
            del file["names"].attrs["z"]
            file["names"].attrs["z"] = value
        result = self.call("verify", original, palettized)
        self.assertEqual((result.returncode, "/names: attributes in another order" in result.stderr), (CHECK_FAILED, True))
        self.program("run", original, palettized, "--force")
        with h5py.File(palettized, "r+") as file:
            properties = h5py.h5p.create(h5py.h5p.LINK_CREATE)
            properties.set_char_encoding(h5py.h5t.CSET_UTF8)
            file.id.links.move(b"names", file.id, b"names2", lcpl=properties)
            file.id.links.move(b"names2", file.id, b"names", lcpl=properties)
        result = self.call("verify", original, palettized)
        self.assertEqual(result.returncode, CHECK_FAILED, result.stderr)
        self.assertIn("/names: the link's name has another character set", result.stderr)

    def test_many_names_of_which_one_differs_take_little_time(self):
        count = 60_000
        for name, other in (("in.h5", ""), ("other.h5", "x")):
            with h5py.File(self.path(name), "w") as file:
                file["layer.weight"] = support.rng(1).standard_normal((64, 64)).astype("f4")
                group = file.create_group("g")
                for link in range(count):
                    group[f"common_prefix_of_names_{link:08d}" + (other if link == count - 1 else "")] = h5py.SoftLink("/d")
        self.program("run", self.path("in.h5"), self.path("out.h5"))
        begin = time.monotonic()
        result = self.call("verify", self.path("other.h5"), self.path("out.h5"))
        if not support.built_with_sanitizer():
            self.assertLess(time.monotonic() - begin, 5)  # comparing all with all takes 17 s
        self.assertEqual(result.returncode, CHECK_FAILED)
        for line in (f"{count - 1:08d}x: missing", f"{count - 1:08d}: not in the original"):
            self.assertIn(line, result.stderr)

    def test_the_last_bit_of_each_entry_counts(self):
        def last_bit(entry):
            def damage(group):
                lut = group["lut"][()]
                lut.reshape(-1).view("u4")[entry] ^= 1
                overwrite(group, "lut", lut)
            return damage

        for options in ((), ("--cluster-dim", "2"), ("--cluster-dim", "4")):
            entries = 4 * int(options[-1] if options else 1)
            self.tampered({f"entry {entry}": (False, last_bit(entry), "layer.weight") for entry in range(entries)},
                          *options)

    def check_bits(self, original, palettized, places):
        """Each bit of those bytes, flipped alone, is found."""
        if os.environ.get("H5PALETTIZE_TEST_THREADS") == "1":
            self.skipTest("hundreds of runs of verify, made with 4 threads")
        whole = pathlib.Path(palettized).read_bytes()
        for place in places:
            for bit in range(8):
                damaged = bytearray(whole)
                damaged[place] ^= 1 << bit
                pathlib.Path(palettized).write_bytes(damaged)
                result = self.call("verify", original, palettized)
                self.assertIn(result.returncode, (CHECK_FAILED, INPUT), f"byte {place} bit {bit}: {result.stderr}")
                self.assertNotIn("bug:", result.stderr)
        pathlib.Path(palettized).write_bytes(whole)

    def places_of(self, palettized, values):
        """Where the bytes of an array lie in a file, at one place."""
        data, whole = np.ascontiguousarray(values).tobytes(), pathlib.Path(palettized).read_bytes()
        self.assertEqual(whole.count(data), 1)
        return range(whole.index(data), whole.index(data) + len(data))

    def test_every_bit_of_a_quantized_palette_counts(self):
        original, palettized = self.path("zeros.h5"), self.path("out.h5")
        with h5py.File(original, "w") as file:  # a group is all zeros
            file["layer.weight"] = np.vstack([np.zeros((4, 16)), support.rng(1).standard_normal((4, 16))]).astype("f2")
        groups = ("--granularity", "per_grouped_channel", "--group-size", "4", "--per-channel-scale")
        for options in (("--lut-dtype", "float8_e4m3fn", "--lut-scale-dtype", "float8_e8m0fnu"), ("--lut-dtype", "float8_e5m2"),
                        ("--lut-dtype", "uint8", "--lut-qscheme", "asymmetric")):
            self.program("run", original, palettized, "--force", "--n-bits", "2", *groups, *options)
            with h5py.File(palettized) as file:
                group = file["layer.weight"]
                members = [group[name][()] for name in group if name not in ("indices", "lut_quantization_zero_point")]
            with self.subTest(options=options):
                for values in members:
                    self.check_bits(original, palettized, list(self.places_of(palettized, values))[::7])

    def test_every_bit_of_indices_and_of_how_they_are_packed_counts(self):
        original, palettized = self.path("many.h5"), self.path("out.h5")
        with h5py.File(original, "w") as file:
            file["few/weight"] = support.rng(1).standard_normal((8, 9)).astype("f4")
            file["many/weight"] = support.rng(2).standard_normal((48, 64)).astype("f4")
        self.program("run", original, palettized, "--n-bits", "3")
        with h5py.File(palettized) as file:
            few, many = file["few/weight/indices"], file["many/weight/indices"]
            filter_values = np.array(many.id.get_create_plist().get_filter(0)[2], "<u4")
            chunk = np.frombuffer(many.id.read_direct_chunk((0, 0))[1], "u1")
            self.check_bits(original, palettized, self.places_of(palettized, few[()])[::7])
        self.check_bits(original, palettized, self.places_of(palettized, filter_values)[::4])  # the low byte of each
        self.check_bits(original, palettized, list(self.places_of(palettized, chunk))[:-1:200])

    def test_changes_of_the_document_are_found(self):
        original = self.checkpoint()
        self.program("run", original, self.path("out.h5"), "--n-bits", "2")
        with h5py.File(self.path("out.h5")) as file:
            text = file["h5palettize/config"].asstr()[()]
        for place in range(0, len(text), 97):
            for change in (lambda c: chr(ord(c) ^ 1), lambda c: "", lambda c: c + " "):
                changed = text[:place] + change(text[place]) + text[place + 1:]
                with h5py.File(self.path("out.h5"), "r+") as file:
                    file["h5palettize/config"][()] = changed
                self.refused(CHECK_FAILED, ["h5palettize/config"], "verify", original, self.path("out.h5"))

    def test_changes_of_attributes_are_found(self):
        def attribute(name, value):
            return lambda group: group.attrs.__setitem__(name, value)

        self.tampered({
            "spec is no JSON": (False, attribute("palettized_spec", "x"), "palettized_spec"),
            "spec is null": (False, attribute("palettized_spec", "null"), "palettized_spec"),
            "other shape": (False, attribute("palettized_shape", np.array([16, 32], "i8")), "palettized_shape"),
            "storage is no JSON": (False, attribute("palettized_storage", "x"), "palettized_storage"),
            "storage is gone": (False, lambda g: g.attrs.__delitem__("palettized_storage"), "palettized_storage"),
            "other storage": (True, attribute("palettized_storage",
                                              '{"alloc_time":1,"attr_order":0,"fill_time":2,"layout":"compact",'
                                              '"maxshape":[32,16]}'), "palettized_storage"),
            "indices that can grow": (False, lambda g: growing(g, "indices"), "can grow"),
            "a LUT that can grow": (False, lambda g: growing(g, "lut"), "can grow"),
            "a foreign member": (True, lambda g: g.__setitem__("more", 1), "more"),
            "a foreign attribute": (True, attribute("more", 1), "more"),
        })

    def test_changes_of_quantized_luts_are_found(self):
        zero_point = "lut_quantization_zero_point"
        self.tampered({
            "quantized LUT gone": (False, lambda g: remove(g, "quantized_lut"), "quantized_lut"),
            "zero point gone": (False, lambda g: remove(g, zero_point), zero_point),
            "scale gone": (False, lambda g: remove(g, "lut_quantization_scale"), "lut_quantization_scale"),
            "other sign": (False, lambda g: overwrite(g, "quantized_lut", g["quantized_lut"][()].view("u1")), "int8"),
            "entry": (False, lambda g: change(g["quantized_lut"], (0, 0, 1, 0), 1), "quantized_lut"),
            "zero point": (False, lambda g: change(g[zero_point], (0, 0, 0, 0), 1), "quantized_lut"),
            "scale": (False, lambda g: change(g["lut_quantization_scale"], (0, 0, 0, 0), 0.5), "quantized_lut"),
        }, "--lut-dtype", "int8")

    def test_changes_of_fp8_luts_are_found(self):
        def dtype(group, value):
            group["quantized_lut"].attrs["dtype"] = value

        self.tampered({
            "other format": (False, lambda g: dtype(g, "float8_e5m2"), "float8_e4m3fn"),
            "no format": (False, lambda g: g["quantized_lut"].attrs.__delitem__("dtype"), "float8_e4m3fn"),
        }, "--lut-dtype", "float8_e4m3fn")

    def test_changes_of_scales_are_found(self):
        self.tampered({
            "scale": (False, lambda g: change(g["per_channel_scale"], (5, 0), 1e-3), "per_channel_scale"),
            "scale gone": (False, lambda g: remove(g, "per_channel_scale"), "per_channel_scale"),
        }, "--per-channel-scale")

    def test_changes_of_the_file_are_found(self):
        original = self.checkpoint()
        self.program("run", original, self.path("out.h5"), "--n-bits", "2")
        whole = pathlib.Path(self.path("out.h5")).read_bytes()

        def other_fill(file):
            values = file["layer.bias"][()]
            del file["layer.bias"]
            file.create_dataset("layer.bias", data=values, fillvalue=2)

        damages = {"a dataset beside the config": (CHECK_FAILED, lambda f: f.__setitem__("h5palettize/more", 1), "more"),
                   "a group beside the config": (CHECK_FAILED, lambda f: f.create_group("h5palettize/sub"), "sub"),
                   "a link beside the config": (CHECK_FAILED, lambda f: f.__setitem__(
                       "h5palettize/link", h5py.SoftLink("/layer.bias")), "link"),
                   "an attribute beside the config": (CHECK_FAILED, lambda f: f["h5palettize"].attrs.__setitem__(
                       "note", 1), "note"),
                   "an attribute of the config": (CHECK_FAILED, lambda f: f["h5palettize/config"].attrs.__setitem__(
                       "note", 1), "note"),
                   "documents gone": (CHECK_FAILED, lambda f: f.__delitem__("h5palettize"), "/h5palettize: is missing"),
                   "config gone": (CHECK_FAILED, lambda file: file.__delitem__("h5palettize/config"), "config"),
                   "no version": (CHECK_FAILED, lambda f: f.attrs.__delitem__("h5palettize_version"), "version"),
                   "an empty version": (CHECK_FAILED, lambda f: f.attrs.__setitem__("h5palettize_version", ""), "version"),
                   "config no JSON": (CHECK_FAILED, lambda f: overwrite(f["h5palettize"], "config", "x"), "config"),
                   "other fill value": (CHECK_FAILED, other_fill, "layer.bias"),
                   "not complete": (INPUT, lambda f: f.attrs.__setitem__("h5palettize_complete", 0), "complete")}
        for name, (code, damage, word) in damages.items():
            with self.subTest(damage=name):
                pathlib.Path(self.path("bad.h5")).write_bytes(whole)
                with h5py.File(self.path("bad.h5"), "r+") as file:
                    damage(file)
                self.refused(code, [word], "verify", original, self.path("bad.h5"))

    def test_a_dataset_that_cannot_be_read_is_named(self):
        path = self.checkpoint()
        with h5py.File(path, "r+") as file:
            file.create_dataset("table", data=np.arange(4000), chunks=(4000,), compression="gzip")
            info = file["table"].id.get_chunk_info(0)
        with open(path, "r+b") as file:
            file.seek(info.byte_offset)
            file.write(b"\xff" * (info.size // 2))
        self.program("run", path, self.path("out.h5"), "--n-bits", "2")
        self.refused(INPUT, [r"in\.h5: /table: "], "verify", path, self.path("out.h5"))

    def test_extreme_weights_stay_finite_or_are_an_error(self):
        path = self.path("in.h5")
        for dtype in ("f2", "f4", "f8"):
            most = np.finfo(dtype).max
            values = support.rng(1).standard_normal((16, 16)).astype(dtype)
            values[0, 0], values[1, 1] = most, -most
            with h5py.File(path, "w") as file:
                file["layer.weight"] = values
            for options in (("--lut-dtype", "int8"), ("--lut-dtype", "int8", "--lut-qscheme", "asymmetric"),
                            ("--lut-dtype", "uint8", "--lut-qscheme", "asymmetric", "--cluster-dim", "2"),
                            ("--lut-dtype", "float8_e5m2"), ("--lut-dtype", "int8", "--per-channel-scale"),
                            ("--lut-dtype", "int8", "--lut-float-max", "1e30")):
                with self.subTest(dtype=dtype, options=options):
                    result = self.call("run", path, self.path("out.h5"), "--force", *options)
                    if result.returncode == CHECK_FAILED:
                        self.assertRegex(result.stderr, "beyond the largest")
                        continue
                    self.assertEqual(result.returncode, 0, result.stderr)
                    self.program("verify", path, self.path("out.h5"))
                    with h5py.File(self.path("out.h5")) as file:
                        self.assertTrue(np.isfinite(support.decode(file["layer.weight"])).all())

    def test_keys_by_which_no_name_is_found_are_damage(self):
        original, palettized = self.path("in.h5"), self.path("out.h5")
        with h5py.File(original, "w") as file:
            file["layer.weight"] = support.rng(1).standard_normal((32, 16)).astype("f4")
            for number in range(40):
                file[f"other{number:02}"] = 1
        self.program("run", original, palettized, "--n-bits", "2")
        whole = pathlib.Path(palettized).read_bytes()
        with h5py.File(palettized) as file:
            names = []
            file.visit(names.append)
        damaged = 0
        for tree in [at for at in range(len(whole)) if whole.startswith(b"TREE\0", at)]:  # of links, version 1
            children = int.from_bytes(whole[tree + 6:tree + 8], "little")
            for key in range(children + 1):
                content = bytearray(whole)
                content[tree + 24 + 16 * key] ^= 0x40
                pathlib.Path(palettized).write_bytes(content)
                with h5py.File(palettized) as file:
                    missed = [name for name in names if not found(file, name)]
                if missed:
                    damaged += 1
                    result = self.call("verify", original, palettized)
                    self.assertIn(result.returncode, (CHECK_FAILED, INPUT), (missed, result.stdout))
        self.assertGreater(damaged, 3)

    def test_a_changed_byte_of_the_user_block_is_found(self):
        original, palettized = self.path("in.h5"), self.path("out.h5")
        with h5py.File(original, "w", userblock_size=1 << 17) as file:
            file["layer.weight"] = support.rng(1).standard_normal((32, 16)).astype("f4")
        self.program("run", original, palettized, "--n-bits", "2")
        for at in (0, 511, (1 << 16) - 1, 1 << 16, (1 << 17) - 1):
            with open(palettized, "r+b") as file:
                file.seek(at)
                file.write(b"!")
            self.refused(CHECK_FAILED, ["/: another user block"], "verify", original, palettized)
            with open(palettized, "r+b") as file:
                file.seek(at)
                file.write(b"\0")
        self.program("verify", original, palettized)


if __name__ == "__main__":
    unittest.main()
