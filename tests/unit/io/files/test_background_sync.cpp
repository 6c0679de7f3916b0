// Data synced in the background is whole, and a failure there is reported.
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "io/files/background_sync.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pal;

BOOST_AUTO_TEST_SUITE(background_syncs)

BOOST_AUTO_TEST_CASE(a_file_that_grows_meanwhile_is_synced_without_error) {
    const test::TemporaryFolder folder;
    const std::string path = folder.file("growing");
    const std::string piece(std::size_t{3} << 20, 'x');
    std::ofstream file(path, std::ios::binary);
    BackgroundSync sync(path);
    for (int p = 0; p < 12; ++p) {
        file << piece << std::flush;
        sync.wrote(piece.size());
    }
    BOOST_TEST(sync.stop() == 0);
    BOOST_TEST(std::filesystem::file_size(path) == 12 * piece.size());
    sync.wrote(std::size_t{1} << 30);  // too late: nothing is done, nothing waits
    BOOST_TEST(sync.stop() == 0);
}

BOOST_AUTO_TEST_CASE(little_is_left_to_the_last_sync) {
    BackgroundSync sync("/no/such/folder/file");
    sync.wrote(1000);
    BOOST_TEST(sync.stop() == 0);
}

BOOST_AUTO_TEST_CASE(a_failure_is_told) {
    BackgroundSync sync("/no/such/folder/file");
    sync.wrote(std::size_t{1} << 30);
    BOOST_TEST(sync.stop() == ENOENT);
    BackgroundSync device("/dev/null");  // cannot be synced
    device.wrote(std::size_t{1} << 30);
    BOOST_TEST(device.stop() == EINVAL);
}

BOOST_AUTO_TEST_SUITE_END()
