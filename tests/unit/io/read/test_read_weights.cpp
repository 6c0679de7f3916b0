// Weights of every type and storage are read as they were written. Other types hold no weights.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>

#include "io/read/open_weights.hpp"
#include "tests/support/float_types.hpp"
#include "tests/support/palettize_file.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pal::test;

namespace {

const Dims kDims = {7, 10};
constexpr double kFill = 1.5;

/// Makes values that are exact in every weight type.
std::vector<double> some_values(std::size_t count) {
    std::vector<double> values;
    for (std::size_t v = 0; v < count; ++v) {
        values.push_back((static_cast<double>(v % 61) - 30) / 8);
    }
    return values;
}

enum class Written { kAll, kFirstChunk, kNothing };

struct Storage {
    std::string name;
    Written written;
    bool fill;
    std::function<void(hid_t)> set;
};

/// Sets chunks of (3, 4). They do not divide (7, 10), so chunks at both edges are partial.
void set_chunks(hid_t plist) {
    const Dims chunk = {3, 4};
    ok(H5Pset_chunk(plist, 2, chunk.data()));
}

std::vector<Storage> storages() {
    const auto contiguous = [](hid_t plist) { ok(H5Pset_layout(plist, H5D_CONTIGUOUS)); };
    const auto gzip = [](hid_t plist) {
        set_chunks(plist);
        ok(H5Pset_shuffle(plist));
        ok(H5Pset_deflate(plist, 6));
    };
    return {
        {"contiguous", Written::kAll, false, contiguous},
        {"contiguous", Written::kNothing, true, contiguous},
        {"compact", Written::kAll, false, [](hid_t p) { ok(H5Pset_layout(p, H5D_COMPACT)); }},
        {"chunked", Written::kAll, false, set_chunks},
        {"chunked", Written::kFirstChunk, true, set_chunks},
        {"chunked", Written::kNothing, true, set_chunks},
        {"chunked shuffle gzip", Written::kAll, false, gzip},
        {"chunked shuffle gzip", Written::kFirstChunk, true, gzip},
        {"chunked fletcher32", Written::kAll, true,
         [](hid_t plist) {
             set_chunks(plist);
             ok(H5Pset_fletcher32(plist));
         }},
    };
}

/// Writes a dataset and returns the values that it then holds.
std::vector<double> write_stored(hid_t file, const std::string& name, const FloatType& type,
                                 const Storage& storage) {
    const Id plist(H5Pcreate(H5P_DATASET_CREATE));
    storage.set(plist);
    if (storage.fill) {
        const MemoryValues fill(type, {kFill});
        ok(H5Pset_fill_value(plist, fill.type(), fill.data()));
    }
    const Id dataset = create_weights(file, name, type, kDims, plist);
    if (storage.written == Written::kAll) {
        const auto values = some_values(70);
        write_weights(dataset, type, values);
        return values;
    }
    std::vector<double> expected(70, kFill);
    if (storage.written == Written::kFirstChunk) {
        const auto values = some_values(12);
        const Dims start = {0, 0};
        const Dims count = {3, 4};
        const Id space(H5Dget_space(dataset));
        ok(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(),
                               nullptr));
        write_weights(dataset, type, values, space_of(count), space);
        for (std::size_t v = 0; v < 12; ++v) expected[v / 4 * 10 + v % 4] = values[v];
    }
    return expected;
}

std::vector<double> as_doubles(const pal::WeightValues& values) {
    return std::visit([](const auto& v) { return std::vector<double>(v.begin(), v.end()); },
                      values);
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_type_in_every_storage_is_read_as_it_was_written) {
    const TemporaryFolder folder;
    const std::string path = folder.file("in.h5");
    std::vector<std::vector<double>> expected;
    {
        const Id file = create_file(path);
        for (const FloatType& type : float_types()) {
            for (const Storage& storage : storages()) {
                const std::string name = "d" + std::to_string(expected.size());
                expected.push_back(write_stored(file, name, type, storage));
            }
        }
    }
    const pal::CheckpointReader reader(path);
    BOOST_TEST(reader.info().datasets.size() == expected.size());
    std::size_t d = 0;
    for (const FloatType& type : float_types()) {
        for (const Storage& storage : storages()) {
            BOOST_TEST_CONTEXT(type.name << ", " << storage.name << ", number " << d) {
                const auto& info = dataset_at(reader, "/d" + std::to_string(d));
                BOOST_TEST((info.dtype == type.dtype));
                BOOST_TEST(info.stored_type == type.name);
                BOOST_TEST(info.storage == storage.name);
                BOOST_TEST(info.unreadable == "");
                BOOST_TEST((info.shape == pal::Shape{7, 10}));
                BOOST_TEST(info.bytes == 70 * pal::dtype_bytes(type.dtype));
                const pal::WeightValues read = pal::read_weights(reader.impl(), info);
                BOOST_TEST((read.index() == (type.dtype == pal::DType::kF64 ? 1U : 0U)));
                BOOST_TEST(as_doubles(read) == expected[d], boost::test_tools::per_element());
            }
            ++d;
        }
    }
}

// The program converts 2-byte floats itself; the library's own conversion is the reference.
BOOST_AUTO_TEST_CASE(every_pattern_of_the_two_byte_floats_is_read_as_the_library_reads_it) {
    const TemporaryFolder folder;
    const std::string path = folder.file("in.h5");
    std::vector<std::uint16_t> patterns(65536);
    for (std::size_t p = 0; p < patterns.size(); ++p) patterns[p] = static_cast<std::uint16_t>(p);
    {
        const Id file = create_file(path);
        const auto write = [&](const char* name, hid_t type) {
            const Id dataset = create_dataset(file, name, type, {patterns.size()});
            ok(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, patterns.data()));
        };
        write("half", half_type(H5T_ORDER_LE));
        write("half_big", half_type(H5T_ORDER_BE));
        write("bfloat16", bfloat16_type(H5T_ORDER_LE));
        write("bfloat16_big", bfloat16_type(H5T_ORDER_BE));
    }
    const pal::CheckpointReader reader(path);
    for (const auto& info : reader.info().datasets) {
        const auto ours = std::get<std::vector<float>>(pal::read_weights(reader.impl(), info));
        std::vector<float> theirs(patterns.size());
        ok(H5Dread(open(open_file(path), info.path), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL,
                   H5P_DEFAULT, theirs.data()));
        std::size_t different = 0;
        for (std::size_t p = 0; p < ours.size(); ++p) {
            const bool both_nan = std::isnan(ours[p]) && std::isnan(theirs[p]);
            const bool same =
                std::bit_cast<std::uint32_t>(ours[p]) == std::bit_cast<std::uint32_t>(theirs[p]);
            different += both_nan || same ? 0U : 1U;
        }
        BOOST_TEST(different == 0U, info.path << ": " << different << " patterns differ");
    }
}

BOOST_AUTO_TEST_CASE(other_types_are_no_candidates_and_are_copied_as_they_are) {
    const TemporaryFolder folder;
    const std::string path = folder.file("in.h5");
    const std::vector<double> values = {1, 2.5, -3, 4};
    {
        const Id file = create_file(path);
        const Id wrong_bias = half_type(H5T_ORDER_LE);
        ok(H5Tset_ebias(wrong_bias, 16));
        const Id compound(H5Tcreate(H5T_COMPOUND, 4));
        ok(H5Tinsert(compound, "value", 0, H5T_IEEE_F32LE));
        const hsize_t two = 2;
        const Id array(H5Tarray_create2(H5T_IEEE_F32LE, 1, &two));
        write_dataset(file, "long_double", H5T_NATIVE_LDOUBLE, {4}, values);
        write_dataset(file, "wrong_bias", wrong_bias, {4}, values);
        write_dataset(file, "integer", H5T_STD_I32LE, {4}, values);
        write_dataset(file, "plain_uint16", H5T_STD_U16LE, {4}, values);
        write_string(write_dataset(file, "signed", H5T_STD_I16LE, {4}, values), "dtype",
                     "bfloat16");
        write_string(write_dataset(file, "other_dtype", H5T_STD_U16LE, {4}, values), "dtype",
                     "float16");
        create_dataset(file, "compound", compound, {4});
        create_dataset(file, "array", array, {4});
        write_dataset(file, "weight", H5T_IEEE_F32LE, {4}, values);
    }
    const pal::CheckpointReader reader(path);
    for (const auto& info : reader.info().datasets) {
        BOOST_TEST_CONTEXT(info.path) {
            const bool is_weight = info.path == "/weight";
            BOOST_TEST(info.dtype.has_value() == is_weight);
            const int code =
                error_code_of([&] { static_cast<void>(pal::read_weights(reader.impl(), info)); });
            BOOST_TEST(code == (is_weight ? 0 : kInputError));
        }
    }
    palettize_file(path, folder.file("out.h5"), {"/weight"});
    const Id before = open_file(path);
    const Id after = open_file(folder.file("out.h5"));
    for (const auto& info : reader.info().datasets) {
        if (info.path == "/weight") continue;
        const Id one = open(before, info.path);
        const Id other = open(after, info.path);
        BOOST_TEST(H5Tequal(Id(H5Dget_type(one)), Id(H5Dget_type(other))) > 0, info.path);
        BOOST_TEST((raw_data(one) == raw_data(other)), info.path);
    }
}
