// Files that are opened for reading are regular ones.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "io/files/regular_file.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pal;

namespace {

std::string refusal_of_file(const std::string& path) {
    try {
        (void)open_regular(path, "a cake");
    } catch (const Error& error) {
        BOOST_TEST((error.code() == ErrorCode::kInput));
        return error.what();
    }
    return "accepted";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(regular_files)

BOOST_AUTO_TEST_CASE(what_is_no_regular_file_is_refused_without_waiting) {
    const test::TemporaryFolder folder;
    const std::string pipe = folder.file("pipe");
    const std::string link = folder.file("link");
    BOOST_TEST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    std::filesystem::create_symlink("pipe", link);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string socket = folder.file("s");
    BOOST_TEST_REQUIRE(socket.size() < sizeof address.sun_path);
    socket.copy(address.sun_path, socket.size());
    const Descriptor listener(::socket(AF_UNIX, SOCK_STREAM, 0));
    BOOST_TEST_REQUIRE(::bind(listener.get(),
                              reinterpret_cast<const sockaddr*>(&address),  // NOLINT
                              sizeof address) == 0);
    for (const std::string& path : {pipe, link, socket, std::string("/dev/zero")}) {
        BOOST_TEST(refusal_of_file(path) == path + ": is not a regular file; pass a cake");
        BOOST_TEST(may_block(path));
    }
    BOOST_TEST(refusal_of_file("/") == "/: is a folder; pass a cake");
    BOOST_TEST(refusal_of_file(pipe + "x") == pipe + "x: no such file; check the path");
    for (const std::string& path : {std::string("/"), pipe + "x"}) BOOST_TEST(!may_block(path));
}

BOOST_AUTO_TEST_CASE(a_regular_file_is_opened) {
    const test::TemporaryFolder folder;
    std::ofstream(folder.file("a")) << "123";
    std::filesystem::create_symlink("a", folder.file("link"));
    for (const char* name : {"a", "link"}) {
        const Descriptor file = open_regular(folder.file(name), "");
        BOOST_TEST(status_of(file, "").st_size == 3);
        BOOST_TEST(!may_block(folder.file(name)));
    }
}

BOOST_AUTO_TEST_SUITE_END()
