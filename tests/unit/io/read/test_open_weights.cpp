// Weights read in blocks from the file equal those that the HDF5 library reads.
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <filesystem>

#include "io/read/open_weights.hpp"
#include "stages/weights/weights.hpp"
#include "tests/support/hdf5_files.hpp"
#include "tests/support/palettize_file.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pal::test;

namespace {

std::vector<float> ramp_values(std::size_t count) {
    std::vector<float> values(count);
    for (std::size_t v = 0; v < count; ++v) values[v] = static_cast<float>(v) / 8.0F;
    return values;
}

void write_file(const std::string& path, hsize_t user_block, hid_t type) {
    const Id plist(H5Pcreate(H5P_FILE_CREATE));
    BOOST_REQUIRE(H5Pset_userblock(plist, user_block) >= 0);
    const Id file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, plist, H5P_DEFAULT));
    const hsize_t count = 100000;
    const Id space(H5Screate_simple(1, &count, nullptr));
    const Id dataset(
        H5Dcreate2(file, "weight", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    const auto values = ramp_values(count);
    BOOST_REQUIRE(
        H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0);
}

}  // namespace

BOOST_AUTO_TEST_CASE(blocks_of_a_contiguous_dataset_are_its_values) {
    const TemporaryFolder folder;
    for (const hsize_t user_block : {0, 512, 4096}) {
        for (const hid_t type : {H5T_IEEE_F32LE, H5T_IEEE_F32BE}) {
            const std::string path = folder.file("in.h5");
            write_file(path, user_block, type);
            const pal::CheckpointReader reader(path);
            const pal::DatasetInfo& info = dataset_at(reader, "/weight");
            const pal::Weights weights = reader.open_weights(info);
            BOOST_TEST((weights.values() == pal::read_weights(reader.impl(), info)));
            BOOST_TEST((std::get<std::vector<float>>(weights.values()) == ramp_values(100000)));
            pal::BlockReader<float> blocks(weights);
            const auto block = blocks.read(99990, 10);
            for (std::size_t v = 0; v < 10; ++v) BOOST_TEST(block[v] == float(99990 + v) / 8);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_cut_while_it_is_read_is_an_error) {
    const TemporaryFolder folder;
    const std::string path = folder.file("in.h5");
    write_file(path, 0, H5T_IEEE_F32LE);
    const pal::CheckpointReader reader(path);
    const pal::Weights weights = reader.open_weights(dataset_at(reader, "/weight"));
    std::filesystem::resize_file(path, 200000);
    BOOST_TEST(error_code_of([&] { static_cast<void>(weights.values()); }) == kInputError);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_written_to_while_it_is_read_is_an_error) {
    const TemporaryFolder folder;
    const std::string path = folder.file("in.h5");
    write_file(path, 0, H5T_IEEE_F32LE);
    const pal::CheckpointReader reader(path);
    reader.require_whole("/weight");
    const auto before = std::filesystem::last_write_time(path);
    std::filesystem::last_write_time(path, before + std::chrono::nanoseconds(1));
    BOOST_TEST(error_code_of([&] { reader.require_whole("/weight"); }) == kInputError);
    std::filesystem::last_write_time(path, before);  // the ctime tells
    BOOST_TEST(error_code_of([&] { reader.require_whole("/weight"); }) == kInputError);
    pal::CheckpointReader(path).require_whole("/weight");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_cut_under_a_view_of_it_is_an_error) {
    const TemporaryFolder folder;
    const std::string path = folder.file("in.h5");
    write_file(path, 0, H5T_IEEE_F32LE);
    const pal::CheckpointReader reader(path);
    const pal::Weights weights = reader.open_weights(dataset_at(reader, "/weight"));
    reader.require_whole("/weight");
    pal::BlockReader<float> blocks(weights);
    const auto block = blocks.read(90000, 10000);
    std::filesystem::resize_file(path, 200000);
    for (const float value : block) BOOST_REQUIRE(std::isfinite(value));  // and no crash
    BOOST_TEST(error_code_of([&] { reader.require_whole("/weight"); }) == kInputError);
    BOOST_TEST(error_code_of([&] { static_cast<void>(blocks.read(90000, 10000)); }) == kInputError);
}
