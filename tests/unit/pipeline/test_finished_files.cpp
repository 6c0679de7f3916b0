// The list of what a run of several files has finished.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "pipeline/finished_files.hpp"
#include "stages/error.hpp"

using namespace pal;
namespace fs = std::filesystem;

namespace {

struct Folder {
    Folder() {
        std::string pattern = (fs::temp_directory_path() / "h5palettize-test-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path = pattern;
    }
    ~Folder() { fs::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] std::string list() const { return path + "/.h5palettize-finished"; }
    void write(const std::string& name, const std::string& text, bool append = false) const {
        std::ofstream(path + "/" + name, append ? std::ios::app : std::ios::trunc) << text;
    }
    std::string path;
};

const RunIdentity kIdentity{"input", "config", "1"};

}  // namespace

BOOST_AUTO_TEST_SUITE(finished_files)

BOOST_AUTO_TEST_CASE(a_finished_file_is_known_while_it_is_as_it_was) {
    const Folder folder;
    FinishedFiles first(folder.path);
    BOOST_TEST(!first.any());
    const std::string name = "sub \xff.h5";  // names are bytes
    folder.write("part", "content");
    first.add(name, kIdentity, folder.path + "/part", R"({"totals":{}})");
    const auto report_of = [&](const RunIdentity& identity) {
        const FinishedFiles next(folder.path);
        BOOST_TEST(next.any());
        const std::string* const report = next.report_of(name, identity);
        return report != nullptr ? *report : "none";
    };
    BOOST_TEST(report_of(kIdentity) == "none");  // it did not get its name
    fs::rename(folder.path + "/part", folder.path + "/" + name);
    BOOST_TEST(report_of(kIdentity) == R"({"totals":{}})");
    BOOST_TEST(report_of({"other", "config", "1"}) == "none");
    BOOST_TEST(report_of({"input", "other", "1"}) == "none");
    BOOST_TEST(report_of({"input", "config", "2"}) == "none");
    folder.write(name, "Content");
    BOOST_TEST(report_of(kIdentity) == "none");
}

BOOST_AUTO_TEST_CASE(a_damaged_line_hides_no_other_one) {
    const Folder folder;
    folder.write("a.h5", "a");
    folder.write("b.h5", "b");
    FinishedFiles(folder.path).add("a.h5", kIdentity, folder.path + "/a.h5", "{}");
    folder.write(".h5palettize-finished", "[1]\n7\n{\"path\": 3}\n{\"path\": \"c.h5\", \"input",
                 true);
    FinishedFiles(folder.path).add("b.h5", kIdentity, folder.path + "/b.h5", "{}");
    FinishedFiles read(folder.path);
    BOOST_TEST(read.report_of("a.h5", kIdentity) != nullptr);
    BOOST_TEST(read.report_of("b.h5", kIdentity) != nullptr);
    BOOST_TEST(read.report_of("c.h5", kIdentity) == nullptr);
    read.discard();
    BOOST_TEST(!fs::exists(folder.list()));
}

BOOST_AUTO_TEST_CASE(what_is_no_file_in_its_place_is_refused) {
    const Folder folder;
    folder.write("precious", "text");
    fs::create_symlink(folder.path + "/precious", folder.list());
    BOOST_CHECK_THROW(FinishedFiles{folder.path}, Error);
}

BOOST_AUTO_TEST_SUITE_END()
