// Files of a round trip: one that a test builds, its palettized file, and the file restored from
// it.
#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/support/hdf5_files.hpp"
#include "tests/support/palettize_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pal::test {

/// Calls build(source, an open file), palettizes the datasets at `paths` and restores them. Checks
/// with compare_untouched that nothing else differs.
struct Derived {
    template <class Build>
    Derived(const FileOptions& options, const Build& build, const std::vector<std::string>& paths) {
        build(create_file(source, options));
        palettize_file(source, palettized, paths);
        restore_file(palettized, restored);
        BOOST_TEST(differences(source, palettized) == "");
        BOOST_TEST(differences(source, restored) == "");
    }
    /// Calls check(file) with each of the three files open. Includes the source, so that a check
    /// that finds nothing there fails too.
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
