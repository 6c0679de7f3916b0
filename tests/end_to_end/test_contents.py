"""What real files contain: each kind of content goes through run, verify and restore. The restored tensors are what the
palettized ones decode to, everything else is as it was. docs/reliability.md lists which test is for what."""

import ctypes
import fcntl
import unittest

import h5py
import numpy as np

import support
from structure import StructureCase
from support import INPUT, bits


def hdf5_library():
    """The library that h5py uses, for calls that h5py lacks."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        paths = {line.split()[-1] for line in maps if "/libhdf5" in line and "_hl" not in line}
    return ctypes.CDLL(paths.pop())


def set_fill(properties, datatype, data):
    """A fill value of these bytes; h5py takes no references there."""
    status = hdf5_library().H5Pset_fill_value(ctypes.c_int64(properties.id), ctypes.c_int64(datatype.id), data)
    assert status >= 0


def weights(seed, shape=(32, 8), dtype="f4"):
    return support.rng(seed).standard_normal(shape).astype(dtype)


def float_type(base, size=None, fields=None, bias=None):
    """A variant of an HDF5 float type."""
    datatype = base.copy()
    if fields:
        datatype.set_fields(*fields)
        datatype.set_precision(sum((fields[2], fields[4], 1)))
        datatype.set_ebias(bias)
    if size:
        datatype.set_size(size)
    return datatype


def raw_dataset(file, name, datatype, count, data):
    """A dataset of any HDF5 type with these bytes in it."""
    dataset = h5py.h5d.create(file.id, name.encode(), datatype, h5py.h5s.create_simple((count,)))
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.frombuffer(data, "u1"), mtype=datatype)


class Contents(StructureCase):
    def check(self, path, expected, *options):
        """run, verify, restore. `expected` are the tensors that are palettized. Returns the two files, open."""
        palettized, restored = self.dense_again(path, *options)
        original, packed, dense = h5py.File(path), h5py.File(palettized), h5py.File(restored)
        for file in (original, packed, dense):
            self.addCleanup(file.close)
        self.assertEqual(support.palettized_groups(packed), sorted(expected))
        aliases = {name for name in self.datasets(original) if original[name] in [original[other] for other in expected]}
        self.compare(original, dense, aliases)
        for name in expected:
            with self.subTest(name=name):
                decoded, written = support.decode(packed[name]), support.dense_values(dense[name])
                np.testing.assert_array_equal(bits(decoded), bits(written))
                self.assertEqual(dense[name].fillvalue, original[name].fillvalue)
                distance = np.abs(support.dense_values(original[name]).astype("f8") - decoded)
                self.assertLess(distance.mean(), 0.2)
        return packed, dense

    @staticmethod
    def datasets(file):
        """Every path of a dataset, hard links included."""
        names = []

        def walk(group):
            for name in group:
                if isinstance(group.get(name, getlink=True), h5py.HardLink):
                    if isinstance(group[name], h5py.Dataset):
                        names.append(f"{group.name.rstrip('/')}/{name}")
                    elif isinstance(group[name], h5py.Group):
                        walk(group[name])

        walk(file)
        return names

    # Types.

    def test_floats_of_any_type_and_byte_order(self):
        path, expected = self.path("in.h5"), []
        with h5py.File(path, "w") as file:
            for dtype in ("<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "bfloat16", "bfloat16_bits", "bfloat16_opaque"):
                name = dtype.replace("<", "little_").replace(">", "big_")
                support.write_weights(file, f"{name}.weight", weights(1), dtype)
                expected.append(f"/{name}.weight")
        self.check(path, expected)

    def test_floats_that_no_tensor_has_are_left_alone(self):
        """x86's 80 bits in 16 bytes, float32 in 8, both kinds of FP8, FP8 as bytes, halves with another bias."""
        path = self.path("in.h5")
        single, half = h5py.h5t.IEEE_F32LE, h5py.h5t.IEEE_F16LE
        with h5py.File(path, "w") as file:
            file["good.weight"] = weights(1)
            file["extended.weight"] = weights(2).astype(np.longdouble)
            data = support.rng(3).integers(0, 256, 256, "u1").tobytes()
            raw_dataset(file, "padded.weight", float_type(single, 8), 32, data)
            raw_dataset(file, "e4m3.weight", float_type(single, 1, (7, 3, 4, 0, 3), 7), 256, data)
            raw_dataset(file, "e5m2.weight", float_type(single, 1, (7, 2, 5, 0, 2), 15), 256, data)
            raw_dataset(file, "biased.weight", float_type(half, None, (15, 10, 5, 0, 10), 16), 128, data)
            file["bytes.weight"] = np.frombuffer(data, "u1")
            file["bytes.weight"].attrs["dtype"] = "float8_e4m3fn"
        self.check(path, ["/good.weight"])
        with h5py.File(path) as one, h5py.File(self.path("in-restored.h5")) as other:
            for name in one:  # their bytes too, whatever h5py makes of them
                if name != "good.weight":
                    self.assertEqual(self.stored_bytes(one[name]), self.stored_bytes(other[name]), name)

    @staticmethod
    def stored_bytes(dataset):
        with open(dataset.file.filename, "rb") as file:
            file.seek(dataset.id.get_offset())
            return file.read(dataset.id.get_storage_size())

    def test_integers_and_others_are_left_alone(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["good.weight"] = weights(1)
            for dtype in ("i1", "<i2", ">i4", "u1", "<u2", ">u8", "?", "S3", "V4", "<c8"):
                file[f"{dtype}/weight"] = support.rng(4).integers(0, 2, (32, 8)).astype("S1").astype(dtype) if dtype in (
                    "S3", "V4") else support.rng(4).integers(0, 2, (32, 8)).astype(dtype)
            file["enum/weight"] = np.ones((32, 8), h5py.enum_dtype({"A": 0, "B": 1}, basetype="i1"))
            file["inside/weight"] = np.zeros(32, [("f", "<f4"), ("g", ">f8", (2,))])
            file["texts/weight"] = np.array(["a", "", "größe"] * 8, h5py.string_dtype())
        self.check(path, ["/good.weight"])

    def test_committed_datatypes(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["types/single"] = np.dtype(">f4")
            file["types/single"].attrs["about"] = "a committed datatype"
            file["types/pair"] = np.dtype([("a", "<i4"), ("b", "<f8")])
            file.create_dataset("a.weight", data=weights(1), dtype=file["types/single"])
            file.create_dataset("b.bias", data=weights(2, (32,)), dtype=file["types/single"])
            file.create_dataset("pairs", data=np.ones(3, "i4,f8").astype([("a", "<i4"), ("b", "<f8")]),
                                dtype=file["types/pair"])
            file.attrs.create("attribute", 3.5, dtype=file["types/single"])
        self.check(path, ["/a.weight"])

    # Storage.

    def test_filters_of_the_library(self):
        path, expected = self.path("in.h5"), []
        storages = {"gzip": {"compression": "gzip"}, "shuffle": {"compression": "gzip", "shuffle": True},
                    "fletcher32": {"fletcher32": True}, "szip": {"compression": "szip"},
                    "all": {"compression": "gzip", "shuffle": True, "fletcher32": True}, "chunks": {}}
        with h5py.File(path, "w") as file:
            for name, storage in storages.items():
                for dtype in ("<f2", ">f4", "<f8"):
                    file.create_dataset(f"{name}{dtype}/weight", data=weights(5, (64, 48), dtype), chunks=(24, 32), **storage)
                    expected.append(f"/{name}{dtype}/weight")
            file.create_dataset("integers", data=np.arange(1000), chunks=(100,), scaleoffset=0)
        self.check(path, expected)

    def test_a_filter_that_rounds_does_not_round_what_is_restored(self):
        """scaleoffset keeps so many digits of floats: restored weights would not be the decoded ones."""
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            for name, dtype, chunk in (("single", "<f4", (24, 32)), ("double", "<f8", (64, 48)), ("big", ">f4", (5, 7))):
                file.create_dataset(f"{name}.weight", data=weights(5, (64, 48), dtype), chunks=chunk, scaleoffset=2,
                                    shuffle=True)
        self.check(path, ["/single.weight", "/double.weight", "/big.weight"])

    def test_lzf_is_built_in(self):
        """The library knows no LZF, h5py does. Chunks of noise do not get smaller: h5py stores them without the filter."""
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            for name, values in (("rounded", np.round(weights(2, (70, 20)))), ("noise", weights(3, (70, 20))),
                                 ("zeros", np.zeros((300, 300), "f4"))):
                for shuffle in (False, True):
                    for fletcher32 in (False, True):
                        file.create_dataset(f"{name}{shuffle:d}{fletcher32:d}.weight", data=values, chunks=(16, 16), compression="lzf",
                                            shuffle=shuffle, fletcher32=fletcher32)
            file["whole.weight"] = weights(1)
            names = sorted(f"/{name}" for name in file)
        _, dense = self.check(path, names)
        packed = self.path("copied.h5")
        with h5py.File(path) as one:
            for name in names:
                self.assertEqual((one[name].compression, one[name].shuffle), (dense[name].compression, dense[name].shuffle))
        # Copied as they are where they stay dense, damaged ones too.
        self.program("run", path, packed, "--exclude", "/[nrz].*")
        with h5py.File(path) as one, h5py.File(packed) as other:
            self.assertEqual(one["rounded11.weight"].id.read_direct_chunk((16, 0)),
                             other["rounded11.weight"].id.read_direct_chunk((16, 0)))

    def test_damaged_lzf_chunks_are_an_error(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            data = file.create_dataset("packed.weight", data=np.round(weights(2, (64, 16))), chunks=(16, 16), compression="lzf")
            chunk = data.id.get_chunk_info(0)
        for damage in (b"\xff" * chunk.size, b"\x00" * chunk.size, b"\x1f" + b"\xe0" * (chunk.size - 1)):
            with open(path, "r+b") as file:
                file.seek(chunk.byte_offset)
                file.write(damage)
            self.refused(INPUT, ["/packed.weight"], "run", path, self.path("out.h5"), "--n-bits", "4")

    def test_partial_and_unwritten_chunks_and_fill_values(self):
        for userblock in (0, 512):  # HDF5 adds the user block to the offset of what has none
            with self.subTest(userblock=userblock):
                path = self.path(f"in{userblock}.h5")
                with h5py.File(path, "w", userblock_size=userblock) as file:
                    self.write_partial_and_unwritten(file)
                self.check(path, ["/edges.weight", "/many/weight",
                                  *(f"/{name}/{what}/weight" for name in ("chunks", "packed", "contiguous")
                                    for what in ("some", "none", "default"))])

    @staticmethod
    def write_partial_and_unwritten(file):
        file.create_dataset("edges.weight", data=weights(1, (33, 10)), chunks=(7, 4), maxshape=(None, 20))
        many = file.create_dataset("many/weight", (700, 4), "<f4", fillvalue=-1.5, chunks=(1, 4), shuffle=True)
        many[5:605] = weights(2, (600, 4))  # more than are looked for one by one
        for name, storage in (("chunks", {"chunks": (8, 4)}), ("packed", {"chunks": (8, 4), "compression": "gzip"}),
                              ("contiguous", {})):
            written = file.create_dataset(f"{name}/some/weight", (32, 8), ">f4", fillvalue=-1.5, **storage)
            written[8:16] = weights(2, (8, 8))
            file.create_dataset(f"{name}/none/weight", (32, 8), "<f8", fillvalue=0.25, **storage)
            file.create_dataset(f"{name}/default/weight", (32, 8), "<f2", **storage)
            file.create_dataset(f"{name}/dense", (32, 8), "<f4", fillvalue=7, **storage)

    def test_fill_values_of_variable_length(self):
        """As netCDF-4's strings have them; H5Ocopy makes a dangling pointer of one."""
        given, text = ["one", "", "größe", "x" * 1000], h5py.h5t.py_create(h5py.string_dtype(), logical=True)

        def write(name, chunked, written):
            properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            set_fill(properties, text, ctypes.byref(ctypes.c_char_p(b"not given")))
            if chunked:
                properties.set_chunk((4,))
                properties.set_deflate(1)
            dataset = h5py.Dataset(h5py.h5d.create(file.id, name, text, h5py.h5s.create_simple((8,)), properties))
            dataset.attrs["note"] = "kept"
            if written:
                dataset[:written] = (given * 2)[:written]

        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["a.weight"] = weights(1)
            for name, chunked, written in ((b"some", False, 4), (b"none", False, 0), (b"packed", True, 8)):
                write(name, chunked, written)
        for file in self.check(path, ["/a.weight"]):
            for name, written in (("some", 4), ("none", 0), ("packed", 8)):
                self.assertEqual([one.decode() for one in file[name][()]],
                                 (given * 2)[:written] + ["not given"] * (8 - written))
            file.close()
        with h5py.File(self.path("in-palettized.h5"), "r+") as file:
            file["some"][7] = "other"
        self.refused(support.CHECK_FAILED, ["/some: other data"], "verify", path, self.path("in-palettized.h5"))
        with h5py.File(self.path("later.h5"), "w") as file:  # 1.10.8 reads such chunks in writable files only
            file["a.weight"] = weights(1)
            write(b"gaps", True, 4)
        self.refused(INPUT, ["/gaps: cannot read the data"], "run", self.path("later.h5"), self.path("out.h5"))

    def test_compact_layout(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            properties.set_layout(h5py.h5d.COMPACT)
            for name in ("a.weight", "b.bias"):
                dataset = h5py.h5d.create(file.id, name.encode(), h5py.h5t.IEEE_F32BE, h5py.h5s.create_simple((32, 8)),
                                          properties)
                h5py.Dataset(dataset)[...] = weights(3)
        self.check(path, ["/a.weight"])

    # References.

    @staticmethod
    def target(file, reference):
        return file[reference].name if reference else None

    def test_references_lead_to_the_same_objects(self):
        path = self.path("in.h5")
        reference, region = h5py.ref_dtype, h5py.regionref_dtype
        pair = np.dtype([("number", "<i4"), ("object", reference), ("more", reference, (2,))])
        with h5py.File(path, "w", userblock_size=512) as file:
            file.create_dataset("aaa", (5,), reference)  # before what they refer to, in every order
            file["layer/weight"], file["layer/bias"] = weights(1), weights(2, (32,))
            file["layer/weight_again"] = file["layer/weight"]
            file["type"] = np.dtype("<f4")
            names = ["/layer/weight", "/layer/bias", "/", "/layer", "/type"]
            refer = [file[name].ref for name in names]
            file["aaa"][:] = refer
            file.create_dataset("zzz", data=np.array([*refer, h5py.Reference()] * 20, reference).reshape(40, 3),
                                dtype=reference, chunks=(7, 3), compression="gzip", maxshape=(None, 3))
            file.create_dataset("unwritten", (4,), reference, chunks=(2,))
            pairs = file.create_dataset("pairs", (2,), pair)
            pairs[0] = (1, refer[0], [refer[1], refer[4]])
            lists = file.create_dataset("lists", (2,), h5py.vlen_dtype(reference))
            lists[0] = np.array(refer[:3], reference)
            file.create_dataset("regions", (2,), region)[0] = file["layer/bias"].regionref[3:9]
            for name in ("layer", "layer/weight", "layer/bias", "type"):
                file[name].attrs["object"] = refer[0]
                file[name].attrs.create("objects", np.array(refer, reference), dtype=reference)
                file[name].attrs["region"] = file["layer/bias"].regionref[1:4]
        for file in self.check(path, ["/layer/weight"]):
            self.assertEqual([file[one].name for one in file["aaa"]], names)
            self.assertEqual([self.target(file, one) for one in file["zzz"][()].ravel()], [*names, None] * 20)
            self.assertEqual(file["unwritten"].id.get_storage_size(), 0)
            number, one, more = file["pairs"][0]
            self.assertEqual((number, file[one].name, [file[other].name for other in more]),
                             (1, names[0], [names[1], names[4]]))
            self.assertFalse(file["pairs"][1][1])
            self.assertEqual([file[one].name for one in file["lists"][0]], names[:3])
            chosen = file["regions"][0]
            np.testing.assert_array_equal(file[chosen][chosen], weights(2, (32,))[3:9])
            for name in ("layer", "layer/weight", "layer/bias", "type"):
                self.assertEqual(file[file[name].attrs["object"]].name, names[0])
                self.assertEqual([file[one].name for one in file[name].attrs["objects"]], names)
                chosen = file[name].attrs["region"]
                np.testing.assert_array_equal(file[chosen][chosen], weights(2, (32,))[1:4])

    def test_a_fill_value_that_refers_to_an_object(self):
        """As MATLAB's: its references are filled with one to an empty object."""

        def write(name, empty):
            path = self.path(name)
            with h5py.File(path, "w") as file:
                file[empty], file["m.weight"] = np.zeros(2), weights(1)
                properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                properties.set_layout(h5py.h5d.COMPACT)
                set_fill(properties, h5py.h5t.STD_REF_OBJ, h5py.h5o.get_info(file[empty].id).addr.to_bytes(8, "little"))
                for name in (b"b_written", b"c_filled"):
                    dataset = h5py.Dataset(h5py.h5d.create(file.id, name, h5py.h5t.STD_REF_OBJ,
                                                           h5py.h5s.create_simple((3,)), properties))
                    dataset.attrs["object"] = file["m.weight"].ref
                    if name == b"b_written":
                        dataset[:2] = [file["m.weight"].ref, file[empty].ref]
            return path

        for empty in ("a_empty", "z_empty"):  # what it refers to comes before it, or after
            for file in self.check(write(f"{empty}.h5", empty), ["/m.weight"]):
                self.assertEqual([file[one].name for one in file["b_written"]], ["/m.weight", f"/{empty}", f"/{empty}"])
                self.assertEqual([file[one].name for one in file["c_filled"]], [f"/{empty}"] * 3)
                self.assertEqual(file[file["c_filled"].attrs["object"]].name, "/m.weight")
                self.assertEqual(self.compact(file["c_filled"]), h5py.h5d.COMPACT)

    @staticmethod
    def compact(dataset):
        return dataset.id.get_create_plist().get_layout()

    def test_verify_finds_a_reference_to_another_object(self):
        path, palettized = self.path("in.h5"), self.path("out.h5")
        with h5py.File(path, "w") as file:
            file["a.weight"], file["b.bias"], file["c.bias"] = weights(1), weights(2), weights(2)
            file.create_dataset("references", data=[file["a.weight"].ref, file["b.bias"].ref], dtype=h5py.ref_dtype)
            file["b.bias"].attrs["region"] = file["b.bias"].regionref[1:4]
            file["b.bias"].attrs["object"] = file["a.weight"].ref

        def other_data(file):
            file["references"][1] = file["c.bias"].ref

        def other_attribute(file):
            file["b.bias"].attrs["object"] = file["c.bias"].ref

        def other_region(file):
            file["b.bias"].attrs["region"] = file["b.bias"].regionref[1:5]

        for change, words in ((other_data, "/references: other data"), (other_attribute, "'object' has another value"),
                              (other_region, "'region' has another value")):
            self.program("run", path, palettized, "--force")
            self.program("verify", path, palettized)
            with h5py.File(palettized, "r+") as file:
                change(file)
            self.refused(support.CHECK_FAILED, [words], "verify", path, palettized)

    def test_references_that_cannot_be_kept_are_refused(self):
        path = self.path("in.h5")

        def lost(file):
            file["gone"] = weights(3)
            file.create_dataset("references", data=[file["gone"].ref], dtype=h5py.ref_dtype)
            del file["gone"]

        def in_a_tensor(file):
            file.create_dataset("regions", (1,), h5py.regionref_dtype)[0] = file["a.weight"].regionref[3:9]

        for build, words in ((lost, ["/references", "no link leads to"]), (in_a_tensor, ["/regions", "region of /a.weight"])):
            with h5py.File(path, "w") as file:
                file["a.weight"], file["b.weight"] = weights(1), weights(2)
                build(file)
            self.refused(INPUT, words, "run", path, self.path("out.h5"))
            self.assert_folder_holds("in.h5")
        self.check(path, ["/b.weight"], "--exclude", "/a.weight")

    def test_dimension_scales(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["rows"], file["columns"] = np.arange(32.0), np.arange(8)
            for name in ("a.weight", "b.bias"):
                file[name] = weights(1)
                for dimension, scale in enumerate(("rows", "columns")):
                    file[scale].make_scale(scale)
                    file[name].dims[dimension].attach_scale(file[scale])
                    file[name].dims[dimension].label = f"the {scale}"
        packed, dense = self.check(path, ["/a.weight"])
        for name in ("a.weight", "b.bias"):
            scales = [dimension[0].name for dimension in dense[name].dims]
            self.assertEqual((scales, dense[name].dims[1].label), (["/rows", "/columns"], "the columns"))
        for file in (packed, dense):
            self.assertEqual([file[one].name for one, _ in file["rows"].attrs["REFERENCE_LIST"]], ["/a.weight", "/b.bias"])
            name = "DIMENSION_LIST" if file is dense else "palettized_attribute_DIMENSION_LIST"
            self.assertEqual([file[one[0]].name for one in file["a.weight"].attrs[name]], ["/rows", "/columns"])

    # Links and the file itself.

    def test_hard_links_stay_one_object_that_is_palettized_once(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["embed/weight"] = weights(1)
            file["head/weight"] = file["deep/er/weight"] = file["embed/weight"]
            file["up"] = file["deep"]
            file["deep/root"] = file["deep/er"]
        packed, dense = self.check(path, ["/deep/er/weight"])
        for file in (packed, dense):
            for name in ("head/weight", "embed/weight", "up/er/weight", "deep/root/weight"):
                self.assertEqual(file[name], file["deep/er/weight"])
        self.assertEqual(self.plan(path)["totals"]["tensors"], 1)

    def test_soft_and_dangling_links(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["a.weight"] = weights(1)
            for name, target in (("soft", "/a.weight"), ("dangling", "/nowhere"), ("loop", "/links/loop"), ("here", ".")):
                file[f"links/{name}"] = h5py.SoftLink(target)
            file["links/external"] = h5py.ExternalLink("absent.h5", "/a/b")
        for file in self.check(path, ["/a.weight"]):
            self.assertEqual(file["links/soft"], file["a.weight"])

    def superblock(self, path):
        data = (self.folder / path).read_bytes()
        return data[data.index(b"\x89HDF\r\n\x1a\n") + 8]

    def test_every_superblock(self):
        for number, libver, tune in ((0, "earliest", False), (1, "earliest", True), (2, "v108", False), (3, "latest", False)):
            for userblock in (0, 1024):
                with self.subTest(superblock=number, userblock=userblock):
                    name = f"in{number}-{userblock}.h5"
                    creation, access = h5py.h5p.create(h5py.h5p.FILE_CREATE), h5py.h5p.create(h5py.h5p.FILE_ACCESS)
                    creation.set_userblock(userblock)
                    if tune:
                        hdf5_library().H5Pset_istore_k(ctypes.c_int64(creation.id), 40)
                    low = {"earliest": h5py.h5f.LIBVER_EARLIEST, "v108": h5py.h5f.LIBVER_V18,
                           "latest": h5py.h5f.LIBVER_LATEST}[libver]
                    access.set_libver_bounds(low, h5py.h5f.LIBVER_LATEST)
                    file = h5py.File(h5py.h5f.create(self.path(name).encode(), h5py.h5f.ACC_TRUNC, creation, access))
                    file["layer/weight"] = weights(1)
                    file.create_dataset("packed/weight", data=weights(2), chunks=(8, 8), compression="gzip",
                                        maxshape=(None, 8))
                    file["layer/bias"] = weights(3, (32,))
                    file.close()
                    self.assertEqual(self.superblock(name), number)
                    self.check(self.path(name), ["/layer/weight", "/packed/weight"])
                    for derived in ("palettized", "restored"):
                        self.assertEqual(self.superblock(f"in{number}-{userblock}-{derived}.h5"), number)

    def test_creation_order_and_many_links(self):
        path, names = self.path("in.h5"), [f"d{i * 7 % 30}.weight" for i in range(30)]
        with h5py.File(path, "w", track_order=True, libver="latest") as file:
            for name in names:
                file[name] = weights(1)
                file[name].attrs["zulu"], file[name].attrs["alpha"] = 1, 2
        for file in self.check(path, [f"/{name}" for name in names]):
            created = []
            file.id.links.iterate(lambda name: created.append(name.decode()), idx_type=h5py.h5.INDEX_CRT_ORDER)
            self.assertEqual([name for name in created if name != "h5palettize"], names)

    def test_spaces_without_values(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["a.weight"] = weights(1)
            file["null/weight"], file["scalar/weight"] = h5py.Empty("<f4"), np.float32(2.5)
            file["empty/weight"] = np.zeros((0, 4), "f4")
            file.create_dataset("grows/weight", (0, 4), ">f4", chunks=(8, 4), maxshape=(None, 4))
            file["one/weight"] = np.ones((1, 1), "f4")
            file["a.weight"].attrs["null"] = h5py.Empty("f4")
            file["a.weight"].attrs["empty"] = np.zeros((0, 3), "f8")
        self.check(path, ["/a.weight"])

    def test_attributes_beyond_64_kib(self):
        path = self.path("in.h5")
        with h5py.File(path, "w", libver="latest") as file:
            file["layer/a.weight"], file["layer/b.bias"] = weights(1), weights(2)
            for number, name in enumerate(("/", "layer", "layer/a.weight", "layer/b.bias")):
                file[name].attrs["model_config"] = "{" + str(number) * 200000 + "}"
                file[name].attrs["numbers"] = np.arange(20000.0)
        self.check(path, ["/layer/a.weight"])

    def test_many_attributes(self):
        """From the ninth on the newer format keeps them in a heap of their own."""
        path = self.path("in.h5")
        with h5py.File(path, "w", libver="latest") as file:
            file["layer/a.weight"], file["layer/b.bias"], file["type"] = weights(1), weights(2), np.dtype("<f4")
            for name in ("/", "layer", "layer/a.weight", "layer/b.bias", "type"):
                for number in range(12):
                    file[name].attrs[f"text{number}"] = f"of variable length {number}"
                    file[name].attrs[f"number{number}"] = np.arange(number + 1.0)
        self.check(path, ["/layer/a.weight"])

    def test_no_lock_is_taken(self):
        """File systems without locks, and files that another program holds locked, are no obstacle."""
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["a.weight"] = weights(1)
        with open(path, "rb") as holder:
            fcntl.flock(holder, fcntl.LOCK_EX)
            palettized, restored = self.dense_again(path)
            self.program("plan", path)
            self.program("inspect", path)
        with open(palettized, "rb") as holder:
            fcntl.flock(holder, fcntl.LOCK_EX)
            self.program("restore", palettized, restored, "--force")
            self.program("verify", path, palettized)


if __name__ == "__main__":
    unittest.main()
