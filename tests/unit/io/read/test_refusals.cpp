// A file that is no checkpoint is refused with a message that names its format.
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "io/read/checkpoint_reader.hpp"
#include "stages/tensor/error.hpp"

namespace {

struct Folder {
    Folder()
        : path(std::filesystem::temp_directory_path() / ("pal_io_" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(path);
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};

std::string message_for(const std::string& content) {
    const Folder folder;
    const std::string file = (folder.path / "x.h5").string();
    std::ofstream(file, std::ios::binary) << content;
    try {
        const pal::CheckpointReader reader(file);
    } catch (const pal::Error& error) {
        BOOST_TEST((error.code() == pal::ErrorCode::kInput));
        return error.what();
    }
    return "";
}

}  // namespace

BOOST_AUTO_TEST_CASE(other_formats_are_named) {
    BOOST_TEST(message_for("PK\x03\x04 rest").find("zip") != std::string::npos);
    BOOST_TEST(message_for("version https://git-lfs.github.com").find("git lfs pull") !=
               std::string::npos);
    BOOST_TEST(message_for("CDF\x01 rest").find("netCDF-3") != std::string::npos);
    BOOST_TEST(message_for("MATLAB 5.0 MAT-file").find("MATLAB v5") != std::string::npos);
    BOOST_TEST(message_for("").find("empty") != std::string::npos);
    BOOST_TEST(message_for("\x89HDF\r\n\x1a\n").find("truncated") != std::string::npos);
}
