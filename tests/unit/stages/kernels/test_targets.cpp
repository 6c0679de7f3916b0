#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "stages/kernels/targets.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/every_target.hpp"

using namespace pal;

BOOST_AUTO_TEST_SUITE(targets)

BOOST_AUTO_TEST_CASE(a_forced_target_is_the_active_one) {
    const auto names = kernels::supported_targets();
    BOOST_REQUIRE(!names.empty());
    const std::string before = kernels::active_target();
    std::vector<std::string> active;
    test::for_each_target([&](const std::string&) { active.push_back(kernels::active_target()); });
    BOOST_TEST(active == names, boost::test_tools::per_element());
    BOOST_TEST(kernels::active_target() == before);
}

BOOST_AUTO_TEST_CASE(unforced_the_best_target_is_taken) {
    const std::string before = kernels::active_target();
    kernels::force_target("");
    BOOST_TEST(kernels::active_target() == kernels::supported_targets().front());
    kernels::force_target(before);
}

BOOST_AUTO_TEST_CASE(an_unknown_target_is_a_usage_error_that_names_the_known_ones) {
    BOOST_CHECK_EXCEPTION(kernels::force_target("AVX9"), Error, [](const Error& error) {
        const std::string text = error.what();
        return error.code() == ErrorCode::kUsage && text.find("AVX9") != std::string::npos &&
               text.find(kernels::supported_targets().front()) != std::string::npos;
    });
}

BOOST_AUTO_TEST_CASE(the_environment_forces_the_target_of_this_binary) {
    const char* forced = std::getenv("H5PALETTIZE_TARGET");
    if (forced == nullptr || *forced == '\0') {
        BOOST_TEST(kernels::active_target() == kernels::supported_targets().front());
    } else {
        BOOST_TEST(kernels::active_target() == forced);
    }
}

BOOST_AUTO_TEST_SUITE_END()
