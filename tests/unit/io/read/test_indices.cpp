// The HDF5 library and the reader decode the same indices that the writer packed.
#include <boost/test/unit_test.hpp>

#include "tests/support/hdf5_files.hpp"
#include "tests/support/palettize_file.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pal::test;

namespace {

/// Makes a tensor whose indices are pseudo-random and use all their bits.
pal::PalettizedTensor tensor_of(const pal::Shape& shape, const pal::PalettizationSpec& spec) {
    pal::PalettizedTensor tensor;
    tensor.n_bits = spec.n_bits;
    tensor.geometry = std::get<pal::Geometry>(pal::make_geometry(shape, {0, 0}, spec, false));
    std::uint32_t state = 12345;
    std::vector<std::uint8_t> indices(tensor.geometry.index_count);
    for (std::uint8_t& index : indices) {
        state = state * 1664525U + 1013904223U;
        index = static_cast<std::uint8_t>(state >> 24U >> (8 - spec.n_bits));
    }
    tensor.chunks = pal::pack_indices(indices, tensor.geometry, spec.n_bits);
    tensor.lut.resize(tensor.geometry.group_count * tensor.lut_stride());
    for (std::size_t entry = 0; entry < tensor.lut.size(); ++entry) {
        tensor.lut[entry] = static_cast<double>(entry);
    }
    return tensor;
}

/// Checks the storage: up to 2048 indices lie in the dataset's header, a byte each; more are packed
/// in chunks.
void check_storage(hid_t indices, int n_bits, std::size_t count) {
    const Id type(H5Dget_type(indices));
    BOOST_TEST(H5Tget_precision(type) == static_cast<std::size_t>(n_bits));
    BOOST_TEST(H5Tget_size(type) == 1U);
    BOOST_TEST((H5Tget_sign(type) == H5T_SGN_NONE));
    const Id plist(H5Dget_create_plist(indices));
    const bool few = count <= 2048;
    BOOST_TEST((H5Pget_layout(plist) == (few ? H5D_COMPACT : H5D_CHUNKED)));
    const bool packed = !few && n_bits < 8;
    BOOST_TEST(H5Pget_nfilters(plist) == (packed ? 1 : 0));
    if (!packed) return;
    std::size_t value_count = 0;
    BOOST_TEST(H5Pget_filter2(plist, 0, nullptr, &value_count, nullptr, 0, nullptr, nullptr) ==
               H5Z_FILTER_NBIT);
}

/// Writes a tensor and reads its indices through the library and through the reader.
void check_round_trip(const pal::Shape& shape, const pal::PalettizationSpec& spec) {
    const TemporaryFolder folder;
    const std::string source = folder.file("in.h5");
    create_dataset(create_file(source), "weight", H5T_IEEE_F32LE, {shape.begin(), shape.end()});
    const pal::PalettizedTensor tensor = tensor_of(shape, spec);
    {
        const pal::CheckpointReader reader(source);
        pal::CheckpointWriter writer(reader, folder.file("out.h5"), false, {"/weight"});
        writer.write_palettized("/weight", tensor, pal::spec_to_json(spec));
        writer.commit("{}");
    }
    {
        const Id file = open_file(folder.file("out.h5"));
        const Id indices = open(file, "weight/indices");
        check_storage(indices, spec.n_bits, tensor.geometry.index_count);
        BOOST_TEST(H5Dget_storage_size(indices) == pal::index_bytes(tensor.geometry, spec.n_bits));
        BOOST_TEST((raw_data(indices) == pal::unpack_indices(tensor)));
    }
    const pal::CheckpointReader reader(folder.file("out.h5"));
    const pal::PalettizedTensor read = reader.read_palettized("/weight");
    BOOST_TEST((pal::unpack_indices(read) == pal::unpack_indices(tensor)));
    BOOST_TEST((read.lut == tensor.lut));
    BOOST_TEST((read.geometry.shape == shape));
}

constexpr int kBits[] = {1, 2, 3, 4, 6, 8};

}  // namespace

BOOST_AUTO_TEST_CASE(indices_of_odd_lengths_are_decoded_by_the_library) {
    for (const int n_bits : kBits) {
        for (const std::uint64_t length :
             {2, 3, 7, 8, 9, 15, 17, 31, 33, 1023, 2048, 2049, 2055, 4099}) {
            BOOST_TEST_CONTEXT(n_bits << " bits, " << length << " weights") {
                check_round_trip({length}, bits_spec(n_bits));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(indices_of_several_dimensions_are_decoded_by_the_library) {
    for (const int n_bits : kBits) {
        BOOST_TEST_CONTEXT(n_bits << " bits") {
            check_round_trip({5, 3}, bits_spec(n_bits));
            check_round_trip({3, 1, 7, 5}, bits_spec(n_bits));
            check_round_trip({23, 1, 17, 15}, bits_spec(n_bits));
            pal::PalettizationSpec grouped = bits_spec(n_bits);
            grouped.granularity = {pal::GranularityKind::kPerGroupedChannel, 0, 3};
            check_round_trip({9, 11}, grouped);
            check_round_trip({90, 111}, grouped);
            pal::PalettizationSpec vectors = bits_spec(n_bits);
            vectors.cluster_dim = 3;
            check_round_trip({9, 11}, vectors);
            check_round_trip({90, 111}, vectors);
        }
    }
}

// A chunk has about 2^20 values: 7 values too many need a second one, and three rows fill one.
BOOST_AUTO_TEST_CASE(indices_across_chunk_edges_are_decoded_by_the_library) {
    for (const int n_bits : kBits) {
        BOOST_TEST_CONTEXT(n_bits << " bits") {
            check_round_trip({(1U << 20U) + 7}, bits_spec(n_bits));
            check_round_trip({5, 333333}, bits_spec(n_bits));
        }
    }
}

namespace {

/// Palettized tensor of `length` weights. remake() stores the same indices in another way.
struct Remade {
    explicit Remade(std::uint64_t length) : spec(bits_spec(4)), tensor(tensor_of({length}, spec)) {
        create_dataset(create_file(folder.file("in.h5")), "weight", H5T_IEEE_F32LE, {length});
        const pal::CheckpointReader reader(folder.file("in.h5"));
        pal::CheckpointWriter writer(reader, path, false, {"/weight"});
        writer.write_palettized("/weight", tensor, pal::spec_to_json(spec));
        writer.commit("{}");
    }

    void remake(const std::vector<std::uint8_t>& values, hid_t plist,
                std::size_t offset = 0) const {
        const Id file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
        ok(H5Ldelete(file, "weight/indices", H5P_DEFAULT));
        const Id type(H5Tcopy(H5T_STD_U8LE));
        ok(H5Tset_precision(type, 4));
        ok(H5Tset_offset(type, offset));
        const hsize_t count = values.size();
        const Id space(H5Screate_simple(1, &count, nullptr));
        const Id dataset(
            H5Dcreate2(file, "weight/indices", type, space, H5P_DEFAULT, plist, H5P_DEFAULT));
        if (write) ok(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()));
    }

    [[nodiscard]] std::vector<std::uint8_t> read() const {
        const pal::CheckpointReader reader(path);
        return pal::unpack_indices(reader.read_palettized("/weight"));
    }

    TemporaryFolder folder;
    std::string path = folder.file("out.h5");
    pal::PalettizationSpec spec;
    pal::PalettizedTensor tensor;
    bool write = true;
};

}  // namespace

BOOST_AUTO_TEST_CASE(indices_that_another_program_laid_out_anew_are_read) {
    for (const std::uint64_t length : {100, 5000}) {
        Remade file(length);
        const auto values = pal::unpack_indices(file.tensor);
        const Id chunked(H5Pcreate(H5P_DATASET_CREATE));
        const hsize_t chunk = 64;
        ok(H5Pset_chunk(chunked, 1, &chunk));
        ok(H5Pset_nbit(chunked));
        const Id packed(H5Pcreate(H5P_DATASET_CREATE));
        ok(H5Pset_chunk(packed, 1, &chunk));
        ok(H5Pset_shuffle(packed));
        ok(H5Pset_deflate(packed, 1));
        ok(H5Pset_fletcher32(packed));
        for (const hid_t plist : {hid_t{H5P_DEFAULT}, hid_t{chunked}, hid_t{packed}}) {
            file.remake(values, plist);
            BOOST_TEST((file.read() == values));
        }
    }
}

// The library would drop such bits, and a damaged file would seem whole.
BOOST_AUTO_TEST_CASE(indices_with_bits_beyond_their_precision_are_damage) {
    Remade file(100);
    auto values = pal::unpack_indices(file.tensor);
    values[50] |= 0x40U;
    file.remake(values, H5P_DEFAULT);
    BOOST_CHECK_EXCEPTION(file.read(), pal::Error, [](const pal::Error& error) {
        return std::string(error.what()).find("holds more than 4 bits") != std::string::npos;
    });
}

BOOST_AUTO_TEST_CASE(indices_of_another_storage_are_damage) {
    Remade file(100);
    const auto values = pal::unpack_indices(file.tensor);
    file.remake(values, H5P_DEFAULT, 2);  // the bits begin at the third
    BOOST_CHECK_THROW(file.read(), pal::Error);
    const Id rounded(H5Pcreate(H5P_DATASET_CREATE));
    const hsize_t chunk = 100;
    ok(H5Pset_chunk(rounded, 1, &chunk));
    ok(H5Pset_scaleoffset(rounded, H5Z_SO_INT, 2));
    file.remake(values, rounded);
    BOOST_CHECK_EXCEPTION(file.read(), pal::Error, [](const pal::Error& error) {
        return std::string(error.what()).find("filter 6 of member 'indices'") != std::string::npos;
    });
    file.write = false;
    file.remake(values, H5P_DEFAULT);
    BOOST_CHECK_EXCEPTION(file.read(), pal::Error, [](const pal::Error& error) {
        return std::string(error.what()).find("was never written") != std::string::npos;
    });
}
