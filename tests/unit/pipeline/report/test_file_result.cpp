// Results of a file: as bytes and back, and applied to the plan that they are of.
#include <boost/test/unit_test.hpp>
#include <string>

#include "pipeline/report/file_result.hpp"
#include "stages/tensor/error.hpp"

using namespace pal;

namespace {

FileResult result_of_two() {
    FileResult result;
    result.tensors.resize(2);
    result.tensors[1].error.mse = 0.1;
    result.left_dense = {{1, "3 weights are NaN or infinite, the first at index 7"}};
    result.input = "in \xff.h5";  // names are bytes
    result.output = "out.h5";
    result.file_bytes_in = 1ULL << 40;
    result.file_bytes_out = 7;
    result.wall_seconds = 0.3;
    result.threads = 4;
    result.engine = Engine::kReference;
    result.profile_json = R"({"stages":[]})";
    result.profile_table = "table\n";
    return result;
}

Plan plan_of(std::size_t palettized) {
    Plan plan;
    plan.entries.resize(palettized);
    for (PlanEntry& entry : plan.entries) entry.palettize = true;
    return plan;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(file_results)

BOOST_AUTO_TEST_CASE(a_result_comes_back_from_its_bytes) {
    const FileResult a = result_of_two();
    const FileResult b = file_result_from_bytes(to_bytes(a));
    BOOST_REQUIRE_EQUAL(b.tensors.size(), 2U);
    BOOST_TEST(b.tensors[1].error.mse == 0.1);
    BOOST_REQUIRE_EQUAL(b.left_dense.size(), 1U);
    BOOST_TEST(b.left_dense[0].entry == 1U);
    BOOST_TEST(b.left_dense[0].reason == a.left_dense[0].reason);
    BOOST_TEST(b.input == a.input);
    BOOST_TEST(b.output == a.output);
    BOOST_TEST(b.file_bytes_in == a.file_bytes_in);
    BOOST_TEST(b.file_bytes_out == a.file_bytes_out);
    BOOST_TEST(b.wall_seconds == a.wall_seconds);
    BOOST_TEST(b.threads == a.threads);
    BOOST_TEST((b.engine == a.engine));
    BOOST_TEST(b.profile_json == a.profile_json);
    BOOST_TEST(b.profile_table == a.profile_table);
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_result_are_refused) {
    const std::string whole = to_bytes(result_of_two());
    for (std::size_t end = 0; end < whole.size(); end += 3)
        BOOST_CHECK_THROW((void)file_result_from_bytes(whole.substr(0, end)), Error);
}

BOOST_AUTO_TEST_CASE(a_plan_says_what_the_run_left_dense) {
    Plan plan = plan_of(3);
    apply_result(plan, result_of_two());
    BOOST_TEST(!plan.entries[1].palettize);
    BOOST_TEST(plan.palettized().size() == 2U);
    BOOST_TEST(plan.entries[1].reason.find("NaN") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_result_of_another_plan_is_refused) {
    for (const std::size_t tensors : {0U, 1U, 2U, 4U}) {
        Plan plan = plan_of(tensors);
        BOOST_CHECK_THROW(apply_result(plan, result_of_two()), Error);
    }
}

BOOST_AUTO_TEST_SUITE_END()
