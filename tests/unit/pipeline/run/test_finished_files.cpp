// Notes of a run of several files about those that it has finished.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "pipeline/run/finished_files.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/temporary_folder.hpp"

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

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path + "/" + name, std::ios::trunc) << text;
    }
    std::string path;
};

const RunIdentity kIdentity{"input", "config", "1"};

}  // namespace

BOOST_AUTO_TEST_SUITE(finished_files)

BOOST_AUTO_TEST_CASE(a_finished_file_is_known_while_it_is_as_it_was) {
    const Folder folder;
    const std::string name = "sub \xff.h5";  // names are bytes
    const FinishedFiles first(folder.path, {name});
    folder.write("part", "content");
    first.add(name, kIdentity, folder.path + "/part", R"({"totals":{}})");
    const auto result_of = [&](const RunIdentity& identity) {
        const FinishedFiles next(folder.path, {name, "other.h5"});
        const std::string* const result = next.result_of(name, identity);
        return result != nullptr ? *result : "none";
    };
    BOOST_TEST(result_of(kIdentity) == "none");  // it did not get its name
    fs::rename(folder.path + "/part", folder.path + "/" + name);
    BOOST_TEST(result_of(kIdentity) == R"({"totals":{}})");
    BOOST_TEST(result_of({"other", "config", "1"}) == "none");
    BOOST_TEST(result_of({"input", "other", "1"}) == "none");
    BOOST_TEST(result_of({"input", "config", "2"}) == "none");
    folder.write(name, "Content");
    BOOST_TEST(result_of(kIdentity) == "none");
}

BOOST_AUTO_TEST_CASE(a_damaged_one_is_none_and_hides_no_other) {
    const Folder folder;
    const std::vector<std::string> names{"a.h5", "b.h5"};
    const FinishedFiles run(folder.path, names);
    for (const std::string& name : names) {
        folder.write(name, name);
        run.add(name, kIdentity, folder.path + "/" + name, R"({"totals": 1})");
    }
    const std::string path = ".a.h5.h5palettize-finished";
    const std::string whole = test::file_bytes(folder.path + "/" + path);
    BOOST_TEST_REQUIRE(FinishedFiles(folder.path, names).result_of("a.h5", kIdentity) != nullptr);
    std::vector<std::string> damaged{"",
                                     "[1]",
                                     "7",
                                     "{}",
                                     R"({"input": "inp)",
                                     R"({"checksum": 1, "report": {}})",
                                     R"({"report":)" + std::string(200000, '['),
                                     std::string(200000, '[')};
    for (std::size_t end = 0; end < whole.size(); end += 7) damaged.push_back(whole.substr(0, end));
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
        damaged.push_back(whole);
        damaged.back()[bit / 8] = static_cast<char>(damaged.back()[bit / 8] ^ (1 << bit % 8));
    }
    for (const std::string& text : damaged) {
        folder.write(path, text);
        const FinishedFiles next(folder.path, names);
        const std::string* const result = next.result_of("a.h5", kIdentity);
        // JSON has several ways to write the same.
        if (result != nullptr) BOOST_TEST(*result == R"({"totals": 1})", text);
        BOOST_TEST(next.result_of("b.h5", kIdentity) != nullptr);
    }
}

BOOST_AUTO_TEST_CASE(a_run_discards_its_own_only) {
    const Folder folder;
    const FinishedFiles run(folder.path, {"a.h5"});
    const FinishedFiles other(folder.path, {"b.h5", "c.h5"});
    for (const char* name : {"a.h5", "b.h5"}) folder.write(name, name);
    run.add("a.h5", kIdentity, folder.path + "/a.h5", "{}");
    other.add("b.h5", kIdentity, folder.path + "/b.h5", "{}");
    other.discard();
    const auto is_known = [&](const std::string& name) {
        return FinishedFiles(folder.path, {name}).result_of(name, kIdentity) != nullptr;
    };
    BOOST_TEST(is_known("a.h5"));
    BOOST_TEST(!is_known("b.h5"));
    run.take_back("a.h5");
    BOOST_TEST(std::distance(fs::directory_iterator(folder.path), {}) == 2);
}

BOOST_AUTO_TEST_CASE(what_has_the_name_of_a_note_and_another_stays_under_that) {
    const Folder folder;
    folder.write("precious", "text");
    fs::create_hard_link(folder.path + "/precious", folder.path + "/.a.h5.h5palettize-finished");
    fs::create_symlink(folder.path + "/precious", folder.path + "/.a.h5.h5palettize-finished.new");
    folder.write("a.h5", "a");
    const FinishedFiles run(folder.path, {"a.h5"});
    run.add("a.h5", kIdentity, folder.path + "/a.h5", "{}");
    BOOST_TEST(test::file_bytes(folder.path + "/precious") == "text");
    run.discard();
    BOOST_TEST(std::distance(fs::directory_iterator(folder.path), {}) == 2);
}

BOOST_AUTO_TEST_CASE(what_is_no_file_in_its_place_is_refused) {
    const Folder folder;
    folder.write("precious", "text");
    fs::create_symlink(folder.path + "/precious", folder.path + "/.a.h5.h5palettize-finished");
    BOOST_CHECK_THROW((FinishedFiles{folder.path, {"a.h5"}}), Error);
}

BOOST_AUTO_TEST_SUITE_END()
