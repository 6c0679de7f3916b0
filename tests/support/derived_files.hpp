// A file that a test builds, what palettizing makes of it, and what restoring makes of that.
#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/support/hdf5_files.hpp"
#include "tests/support/palettize_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pal::test {

/// build fills the source, an open file; paths are palettized. Nothing else may differ, as
/// compare_untouched sees it.
struct Derived {
    template <class Build>
    Derived(const FileOptions& options, const Build& build, const std::vector<std::string>& paths) {
        build(create_file(source, options));
        palettize_file(source, palettized, paths);
        restore_file(palettized, restored);
        BOOST_TEST(differences(source, palettized) == "");
        BOOST_TEST(differences(source, restored) == "");
    }
    /// check gets each of the three files open; `source` is no exception, so that a check that
    /// misses what it means to check fails too.
    template <class Check>
    void check_all(const Check& check) const {
        for (const std::string& path : {source, palettized, restored}) {
            BOOST_TEST_CONTEXT(path) { check(open_file(path)); }
        }
    }
    TemporaryFolder folder;
    std::string source = folder.file("in.h5");
    std::string palettized = folder.file("out.h5");
    std::string restored = folder.file("back.h5");
};

}  // namespace pal::test
