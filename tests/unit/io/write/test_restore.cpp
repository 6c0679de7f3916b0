// Restoring a palettized dataset gives the original dataset: type, storage, fill value, bytes. The
// same input always gives the same file.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cmath>
#include <functional>
#include <thread>

#include "tests/support/derived_files.hpp"
#include "tests/support/float_types.hpp"

using namespace pal::test;

namespace {

/// Returns `count` values, four of them different: 2 bits lose nothing.
std::vector<double> four_values(std::size_t count) {
    const double choice[] = {-2.5, -1, 0, 0.125};
    std::vector<double> values;
    for (std::size_t v = 0; v < count; ++v) values.push_back(choice[v * v % 7 % 4]);
    return values;
}

Id storage_plist(const std::function<void(hid_t)>& set) {
    Id plist(H5Pcreate(H5P_DATASET_CREATE));
    ok(H5Pset_obj_track_times(
        plist, false));  // times are never restored: they change the bytes of the file
    set(plist);
    return plist;
}
void set_chunks(hid_t plist) {
    const Dims chunk = {3, 4};
    ok(H5Pset_chunk(plist, 2, chunk.data()));
}

std::vector<std::function<void(hid_t)>> storages() {
    return {
        [](hid_t) {},
        [](hid_t p) { ok(H5Pset_layout(p, H5D_COMPACT)); },
        [](hid_t p) { ok(H5Pset_alloc_time(p, H5D_ALLOC_TIME_EARLY)); },
        [](hid_t p) { ok(H5Pset_fill_time(p, H5D_FILL_TIME_ALLOC)); },
        set_chunks,
        [](hid_t p) {
            set_chunks(p);
            ok(H5Pset_shuffle(p));
            ok(H5Pset_deflate(p, 7));
        },
        [](hid_t p) {
            set_chunks(p);
            ok(H5Pset_fletcher32(p));
        },
        [](hid_t p) {
            set_chunks(p);
            ok(H5Pset_deflate(p, 2));
            ok(H5Pset_chunk_opts(p, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS));
        },
        [](hid_t p) {
            set_chunks(p);
            ok(H5Pset_attr_creation_order(p, H5P_CRT_ORDER_TRACKED));
        },
    };
}

/// Checks that all properties, the type and every byte of the dataset are those of the original.
void check_restored(hid_t original, hid_t restored, const std::string& name) {
    const Id one = open(original, name);
    const Id other = open(restored, name);
    const Id plist(H5Dget_create_plist(other));
    BOOST_TEST(H5Tequal(Id(H5Dget_type(one)), Id(H5Dget_type(other))) > 0);
    BOOST_TEST(H5Sextent_equal(Id(H5Dget_space(one)), Id(H5Dget_space(other))) > 0);
    BOOST_TEST(H5Pequal(Id(H5Dget_create_plist(one)), plist) > 0);
    if (H5Pget_layout(plist) == H5D_CHUNKED) {
        unsigned options[2] = {};  // H5Pequal does not compare them
        ok(H5Pget_chunk_opts(Id(H5Dget_create_plist(one)), &options[0]));
        ok(H5Pget_chunk_opts(plist, &options[1]));
        BOOST_TEST(options[0] == options[1]);
    }
    BOOST_TEST((raw_data(one) == raw_data(other)));
    BOOST_TEST(attribute_names(one, H5_INDEX_NAME) == attribute_names(other, H5_INDEX_NAME));
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_type_in_every_storage_is_restored) {
    std::vector<std::string> paths;
    const auto build = [&](hid_t file) {
        for (const FloatType& type : float_types()) {
            for (const auto& set : storages()) {
                const Id plist = storage_plist(set);
                const MemoryValues fill(type, {1.5});
                if (paths.size() % 2 == 0) {
                    ok(H5Pset_fill_value(plist, fill.type(), fill.data()));
                }
                const std::string name = "d" + std::to_string(paths.size());
                write_weights(create_weights(file, name, type, {7, 10}, plist), type,
                              four_values(70));
                paths.push_back("/" + name);
            }
        }
    };
    const TemporaryFolder folder;
    build(create_file(folder.file("in.h5"), {.latest = true}));
    palettize_file(folder.file("in.h5"), folder.file("out.h5"), paths);
    restore_file(folder.file("out.h5"), folder.file("back.h5"));
    const Id original = open_file(folder.file("in.h5"));
    const Id restored = open_file(folder.file("back.h5"));
    for (const std::string& path : paths) {
        BOOST_TEST_CONTEXT(path) { check_restored(original, restored, path); }
    }
}

// Datasets are large enough to be written past the library, behind a user block, beside other data.
BOOST_AUTO_TEST_CASE(large_contiguous_datasets_are_restored) {
    std::vector<std::string> paths;
    const TemporaryFolder folder;
    {
        const Id file = create_file(folder.file("in.h5"), {.user_block_bytes = 1024});
        for (const FloatType& type : float_types()) {
            for (const bool filled : {false, true}) {
                const Id plist = storage_plist([](hid_t) {});
                const MemoryValues fill(type, {1.5});
                if (filled) ok(H5Pset_fill_value(plist, fill.type(), fill.data()));
                const std::string name = "d" + std::to_string(paths.size());
                write_weights(create_weights(file, name, type, {210, 700}, plist), type,
                              four_values(210 * 700));
                write_dataset(file, "beside" + name, H5T_NATIVE_INT, {1000},
                              std::vector<double>(1000, 3));
                paths.push_back("/" + name);
            }
        }
    }
    palettize_file(folder.file("in.h5"), folder.file("out.h5"), paths);
    restore_file(folder.file("out.h5"), folder.file("back.h5"));
    BOOST_TEST(differences(folder.file("in.h5"), folder.file("back.h5")) == "");
    const Id original = open_file(folder.file("in.h5"));
    const Id restored = open_file(folder.file("back.h5"));
    for (const std::string& path : paths) {
        BOOST_TEST_CONTEXT(path) { check_restored(original, restored, path); }
    }
}

// Datasets of 21 MB: the library takes less at a time. Chunks of 63 rows and vectors of two rows
// meet every 126 rows.
BOOST_AUTO_TEST_CASE(large_chunked_datasets_are_restored_some_rows_at_a_time) {
    const TemporaryFolder folder;
    const Dims chunk = {63, 1000};
    const Id plist = storage_plist([&](hid_t p) {
        ok(H5Pset_chunk(p, 2, chunk.data()));
        ok(H5Pset_shuffle(p));
        ok(H5Pset_deflate(p, 1));
    });
    {
        const Id file = create_file(folder.file("in.h5"));
        write_dataset(file, "weight", H5T_IEEE_F32BE, {2100, 2500}, four_values(2100 * 2500),
                      plist);
    }
    for (const std::uint64_t cluster_dim : {1, 2}) {
        pal::PalettizationSpec spec = bits_spec(4);
        spec.cluster_dim = cluster_dim;
        const std::string out = folder.file("out" + std::to_string(cluster_dim));
        palettize_file(folder.file("in.h5"), out, {"/weight"}, spec);
        restore_file(out, out + ".back");
        check_restored(open_file(folder.file("in.h5")), open_file(out + ".back"), "weight");
    }
}

BOOST_AUTO_TEST_CASE(halves_of_every_size_are_restored) {
    const std::vector<FloatType> types = float_types();
    const FloatType& half = types.front();
    std::vector<double> values;
    for (int exponent = -24; exponent <= 15; ++exponent) {
        for (const double mantissa : {1.0, 1.5, -1.0}) {
            if (exponent == -24 && mantissa == 1.5) continue;  // no such half
            values.push_back(std::ldexp(mantissa, exponent));
        }
    }
    values.push_back(65504);
    values.push_back(0);
    values.resize(values.size() * 400, 0.25);
    const TemporaryFolder folder;
    {
        const Id file = create_file(folder.file("in.h5"));
        write_weights(create_weights(file, "weight", half, {values.size()}, H5P_DEFAULT), half,
                      values);
    }
    palettize_file(folder.file("in.h5"), folder.file("out.h5"), {"/weight"}, bits_spec(8));
    restore_file(folder.file("out.h5"), folder.file("back.h5"));
    BOOST_TEST((raw_data(open(open_file(folder.file("in.h5")), "weight")) ==
                raw_data(open(open_file(folder.file("back.h5")), "weight"))));
}

BOOST_AUTO_TEST_CASE(unlimited_and_undefined_come_back) {
    const auto build = [](hid_t file) {
        const Dims dims = {7, 10};
        const Dims largest = {H5S_UNLIMITED, 20};
        const Id plist = storage_plist(set_chunks);
        ok(H5Pset_fill_value(plist, H5T_IEEE_F32LE, nullptr));
        const Id space(H5Screate_simple(2, dims.data(), largest.data()));
        const Id dataset(
            H5Dcreate2(file, "weight", H5T_IEEE_F32LE, space, H5P_DEFAULT, plist, H5P_DEFAULT));
        ok(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                    four_values(70).data()));
    };
    const Derived derived({}, build, {"/weight"});
    check_restored(open_file(derived.source), open_file(derived.restored), "weight");
    Dims largest(2);
    const Id weight = open(open_file(derived.restored), "weight");
    ok(H5Sget_simple_extent_dims(Id(H5Dget_space(weight)), nullptr, largest.data()));
    BOOST_TEST(largest[0] == H5S_UNLIMITED);
    BOOST_TEST(largest[1] == 20U);
}

// Writes two files more than a second apart: a time in them would show.
BOOST_AUTO_TEST_CASE(the_same_input_gives_the_same_bytes) {
    const auto build = [](hid_t file) {
        create_group(file, "group");
        const char* word = "variable length";
        write_attribute(file, "word", variable_string_type(), space_of({}), &word);
        write_dataset(file, "group/weight", H5T_IEEE_F32LE, {7, 10}, four_values(70));
        write_dataset(file, "group/packed", H5T_IEEE_F64BE, {7, 10}, four_values(70),
                      storage_plist(set_chunks));
        write_dataset(file, "bias", H5T_IEEE_F64LE, {70}, four_values(70));
        const Id type(H5Tcopy(H5T_IEEE_F32LE));
        ok(H5Tcommit2(file, "type", type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    };
    for (const bool latest : {false, true}) {
        const Derived first({.latest = latest}, build, {"/group/weight", "/group/packed"});
        const TemporaryFolder folder;
        std::this_thread::sleep_for(std::chrono::milliseconds(1200));
        const std::string again = folder.file("another_name.h5");
        palettize_file(first.source, again, {"/group/weight", "/group/packed"});
        BOOST_TEST((file_bytes(again) == file_bytes(first.palettized)), latest);
        restore_file(again, folder.file("restored.h5"));
        BOOST_TEST((file_bytes(folder.file("restored.h5")) == file_bytes(first.restored)), latest);
    }
}
