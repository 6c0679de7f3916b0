// A partial file appears whole or not at all, and takes the place of what a killed run left only.
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <thread>

#include "io/files/partial_file.hpp"
#include "io/files/paths.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pal;
namespace fs = std::filesystem;

namespace {

mode_t mode_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_a_killed_run_left_is_used_again) {
    const test::TemporaryFolder folder;
    const std::string part = folder.file(".r.json.h5palettize-part");
    test::write_file(part, "a long text of a run that was killed");
    ::chmod(part.c_str(), 0666);
    PartialFile file(folder.file("r.json"), false);
    file.create("new");
    BOOST_TEST(mode_of(part) == 0600U);
    file.publish();
    BOOST_TEST(folder.names() == "r.json");
    BOOST_TEST(test::file_bytes(folder.file("r.json")) == "new");
}

BOOST_AUTO_TEST_CASE(a_second_name_of_what_was_published_is_left_alone) {
    const test::TemporaryFolder folder;  // as rename_new() leaves it without RENAME_NOREPLACE
    test::write_file(folder.file("r.json"), "published");
    fs::create_hard_link(folder.file("r.json"), folder.file(".r.json.h5palettize-part"));
    PartialFile file(folder.file("r.json"), false);
    file.create("new");
    BOOST_CHECK_THROW(file.publish(), Error);
    BOOST_TEST(test::file_bytes(folder.file("r.json")) == "published");
}

BOOST_AUTO_TEST_CASE(what_another_run_writes_is_waited_for_and_a_link_is_refused) {
    const test::TemporaryFolder folder;
    test::write_file(folder.file("precious"), "precious");
    PartialFile first(folder.file("r.json"), false);
    first.create("first");
    PartialFile second(folder.file("r.json"), true);
    std::thread waiting([&] { second.create("second"); });
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    first.publish();
    waiting.join();
    BOOST_TEST(test::file_bytes(folder.file("r.json")) == "first");
    second.publish();
    BOOST_TEST(test::file_bytes(folder.file("r.json")) == "second");
    fs::create_symlink("precious", folder.file(".s.json.h5palettize-part"));
    {
        PartialFile link(folder.file("s.json"), true);
        BOOST_CHECK_THROW(link.create("x"), Error);
    }
    BOOST_TEST(test::file_bytes(folder.file("precious")) == "precious");
    BOOST_TEST(folder.names() == ".s.json.h5palettize-part precious r.json");
}

BOOST_AUTO_TEST_CASE(links_are_followed_to_what_is_not_there_yet) {
    const test::TemporaryFolder folder;
    const std::string real = fs::canonical(folder.file("")).string();
    fs::create_directory(folder.file("far"));
    fs::create_symlink("far/new.h5", folder.file("a"));
    fs::create_symlink(folder.file("a"), folder.file("b"));
    fs::create_symlink("circle", folder.file("circle"));
    fs::create_symlink("none/x.h5", folder.file("none.h5"));
    BOOST_TEST(behind_links(folder.file("a")) == real + "/far/new.h5");
    BOOST_TEST(behind_links(folder.file("b")) == real + "/far/new.h5");
    BOOST_TEST(behind_links(folder.file("circle")) == folder.file("circle"));
    BOOST_TEST(behind_links(folder.file("none.h5")) == folder.file("none/x.h5"));
    BOOST_TEST(behind_links(folder.file("plain")) == folder.file("plain"));
    BOOST_TEST(same_file(folder.file("b"), folder.file("far/new.h5")));
    BOOST_TEST(!same_file(folder.file("b"), folder.file("far/other.h5")));
}
