// Undoes files that a killed run published without its output. Files of others stay.
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "io/files/content_stamp.hpp"
#include "io/write/half_published.hpp"
#include "io/write/journal.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pal;

namespace {

const RunIdentity kKilledIdentity{"input", "config", "1", "7:1.2"};

/// A run that was killed after it recorded what it publishes, with a report that had its name.
struct KilledRun {
    KilledRun() {
        test::write_file(report, "of the killed run");
        test::write_file(kept, "output");
        Journal journal(target, kKilledIdentity, false);
        journal.publishing({{report}, {{report, content_stamp(report)}}, content_stamp(kept)});
        test::write_file(folder.file("saved"), test::file_bytes(path));  // it removes its own
    }
    void kill() const { std::filesystem::rename(folder.file("saved"), path); }
    [[nodiscard]] bool was_done(const RunIdentity& identity) const {
        return was_published(target, identity, {report});
    }

    test::TemporaryFolder folder;
    std::string target = folder.file("out.h5");
    std::string report = folder.file("r.json");
    std::string kept = folder.file("kept");
    std::string path = folder.file(".out.h5.h5palettize-journal");
    std::string replaced = folder.file(".r.json.h5palettize-part.old");
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_report_without_its_output_is_removed, KilledRun) {
    kill();
    settle_published(target);
    BOOST_TEST(folder.names() == ".out.h5.h5palettize-journal kept");
    BOOST_TEST(!was_done(kKilledIdentity));
}

BOOST_FIXTURE_TEST_CASE(a_report_that_it_replaced_comes_back, KilledRun) {
    kill();
    test::write_file(replaced, "old");
    settle_published(target);
    settle_published(target);
    BOOST_TEST(test::file_bytes(report) == "old");
    BOOST_TEST(!std::filesystem::exists(replaced));
}

BOOST_FIXTURE_TEST_CASE(a_report_that_was_not_replaced_yet_stays, KilledRun) {
    kill();
    test::write_file(report, "old");
    std::filesystem::create_hard_link(report, replaced);
    settle_published(target);
    BOOST_TEST(test::file_bytes(report) == "old");
    BOOST_TEST(!std::filesystem::exists(replaced));
    test::write_file(report, "somebody else's");
    settle_published(target);
    BOOST_TEST(test::file_bytes(report) == "somebody else's");
}

BOOST_FIXTURE_TEST_CASE(what_is_done_stays, KilledRun) {
    kill();
    test::write_file(replaced, "old");
    std::filesystem::rename(kept, target);
    settle_published(target);
    BOOST_TEST(folder.names() == ".out.h5.h5palettize-journal out.h5 r.json");
    BOOST_TEST(was_done(kKilledIdentity));
    BOOST_TEST(!was_published(target, kKilledIdentity, {}));
    for (const RunIdentity& other :
         {RunIdentity{"other", "config", "1", "7:1.2"}, RunIdentity{"input", "other", "1", "7:1.2"},
          RunIdentity{"input", "config", "2", "7:1.2"},
          RunIdentity{"input", "config", "1", "7:1.3"}})
        BOOST_TEST(!was_done(other));
    BOOST_TEST(was_done({"input", "config", "1", "8:1.3"}));  // a copy
    test::write_file(target, "somebody else's");
    BOOST_TEST(!was_done(kKilledIdentity));
    remove_journal(target);
    BOOST_TEST(folder.names() == "out.h5");
}
