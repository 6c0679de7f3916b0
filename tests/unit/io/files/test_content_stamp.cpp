// A stamp tells a file's contents and its time of change.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <string>

#include "io/files/content_stamp.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pal;

BOOST_AUTO_TEST_CASE(the_stamp_of_a_file_tells_its_content_and_time) {
    const test::TemporaryFolder folder;
    const std::string path = folder.file("in.h5");
    test::write_file(path, "weights");
    const auto time = std::filesystem::last_write_time(path);
    const std::string stamp = content_stamp(path);
    BOOST_TEST(content_stamp(path) == stamp);
    test::write_file(path, "Weights");
    std::filesystem::last_write_time(path, time);
    BOOST_TEST(content_stamp(path) != stamp);
    test::write_file(path, "weights");
    std::filesystem::last_write_time(path, time);
    BOOST_TEST(content_stamp(path) == stamp);
    std::filesystem::last_write_time(path, time + std::chrono::nanoseconds(1000));
    BOOST_TEST(content_stamp(path) != stamp);
    BOOST_CHECK_THROW((void)content_stamp(folder.file("none.h5")), Error);
}

BOOST_AUTO_TEST_CASE(the_stamp_of_an_inode_tells_a_change_whose_time_was_put_back) {
    const test::TemporaryFolder folder;
    const std::string path = folder.file("in.h5");
    test::write_file(path, "weights");
    const auto time = std::filesystem::last_write_time(path);
    const std::string stamp = inode_stamp(path);
    BOOST_TEST(no_inode_changed(stamp, inode_stamp(path)));
    std::filesystem::copy_file(path, folder.file("copy.h5"));
    BOOST_TEST(no_inode_changed(stamp, inode_stamp(folder.file("copy.h5"))));
    std::filesystem::last_write_time(path, time + std::chrono::nanoseconds(1000));
    std::filesystem::last_write_time(path, time);
    BOOST_TEST(!no_inode_changed(stamp, inode_stamp(path)));
    BOOST_TEST(no_inode_changed("1:2.3 4:5.6", "1:2.3 4:5.6"));
    BOOST_TEST(!no_inode_changed("1:2.3 4:5.6", "1:2.3 4:5.7"));
    BOOST_CHECK_THROW((void)inode_stamp(folder.file("none.h5")), Error);
}
