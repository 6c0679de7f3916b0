// Calls of the library end, and leave its lock free, whatever happens inside.
#include <boost/test/unit_test.hpp>
#include <new>
#include <thread>

#include "io/h5/hdf5.hpp"
#include "tests/support/temporary_folder.hpp"

namespace {

herr_t run_out_of_memory(hid_t, const char*, const H5L_info_t*, void*) {
    return pal::h5::in_callback([] { throw std::bad_alloc(); });
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_callback_that_lacks_memory_leaves_the_lock_to_other_threads) {
    const pal::test::TemporaryFolder folder;
    const std::string path = folder.file("a.h5");
    const pal::h5::File file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    const pal::h5::Group group(
        H5Gcreate2(file.get(), "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    const auto list = [&] {
        pal::h5::call("list", [&] {
            return H5Literate(file.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, run_out_of_memory,
                              nullptr);
        });
    };
    std::thread([&] { BOOST_CHECK_THROW(list(), std::bad_alloc); }).join();
    BOOST_TEST(pal::h5::list_links(file.get()).size() == 1U);
    // The lack of memory is that of one call.
    BOOST_CHECK_THROW(pal::h5::open_at<pal::h5::Group>(file.get(), 1, "nothing"), pal::h5::Failure);
}
