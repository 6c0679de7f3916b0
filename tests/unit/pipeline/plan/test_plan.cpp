#include <boost/test/unit_test.hpp>

#include "configs/model/make_config.hpp"
#include "pipeline/cli/options.hpp"
#include "pipeline/plan/plan.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/memory_checkpoint.hpp"
#include "tests/support/specs.hpp"

using namespace pal;
using pal::test::MemoryCheckpoint;
using pal::test::ramp;
using test::grouped;

BOOST_AUTO_TEST_SUITE(planning)

BOOST_AUTO_TEST_CASE(a_spec_that_does_not_fit_leaves_the_tensor_dense_with_a_reason) {
    MemoryCheckpoint checkpoint;
    checkpoint.add("/a/weight", {10, 4}, ramp(40, 9));
    checkpoint.add("/b/weight", {32, 4}, ramp(128, 9));
    PlanOptions options;
    const Plan plan = make_plan(checkpoint.info, config_of_spec(grouped(0, 16)), options);
    BOOST_TEST(!plan.entries[0].palettize);
    BOOST_TEST(plan.entries[0].reason.find("group_size 16 does not divide the 10") == 0U);
    BOOST_TEST(plan.entries[0].bytes_out == plan.entries[0].bytes_in);
    BOOST_TEST(plan.entries[1].palettize);
    options.strict = true;
    BOOST_CHECK_THROW((void)make_plan(checkpoint.info, config_of_spec(grouped(0, 16)), options),
                      Error);
    options.strict = false;
    options.allow_partial_groups = true;
    BOOST_TEST(
        make_plan(checkpoint.info, config_of_spec(grouped(0, 16)), options).entries[0].palettize);
}

BOOST_AUTO_TEST_CASE(a_tensor_that_is_not_read_stays_dense_unless_it_is_asked_for) {
    for (const bool virtual_reader : {false, true}) {
        MemoryCheckpoint checkpoint;
        checkpoint.add("/a/weight", {10, 4}, ramp(40, 9));
        checkpoint.add("/b/weight", {32, 4}, ramp(128, 9));
        DatasetInfo& dataset = checkpoint.info.datasets[0];
        (virtual_reader ? dataset.virtual_reader : dataset.unreadable) = "/elsewhere";
        PlanOptions options;
        const Plan plan = make_plan(checkpoint.info, Config{}, options);
        BOOST_TEST(!plan.entries[0].palettize);
        BOOST_TEST(plan.entries[0].reason.find("/elsewhere") != std::string::npos);
        BOOST_TEST(plan.entries[1].palettize);
        BOOST_REQUIRE(plan.warnings.size() == 1U);
        BOOST_TEST(plan.warnings[0].find("1 of the selected tensors stay as they are; the first, "
                                         "/a/weight: ") == 0U);
        options.selection.exclude = "/a/weight";
        BOOST_TEST(make_plan(checkpoint.info, Config{}, options).warnings.empty());
        options.selection = {.include = "/a/weight", .exclude = "", .allow_unmatched_rules = false};
        BOOST_CHECK_EXCEPTION((void)make_plan(checkpoint.info, Config{}, options), Error,
                              [](const Error& error) { return error.code() == ErrorCode::kInput; });
        options.selection = {};
        options.strict = true;
        BOOST_CHECK_EXCEPTION((void)make_plan(checkpoint.info, Config{}, options), Error,
                              [](const Error& error) { return error.code() == ErrorCode::kUsage; });
    }
}

BOOST_AUTO_TEST_CASE(bits_per_weight_count_everything_stored) {
    PalettizationSpec spec = grouped(0, 16);
    spec.enable_per_channel_scale = true;
    spec.lut_qspec = LutQSpec{};
    const auto geometry = std::get<Geometry>(make_geometry({64, 64}, {0, 1}, spec, false));
    // indices: one chunk of 4096 nibbles and a byte; LUTs: 4 of 16 f32; scales: 64 f32; quantized:
    // 4 * 16 bytes, 4 f32 scales, 4 zero points.
    BOOST_TEST(stored_bytes(geometry, spec, DType::kF32) == 2049U + 256U + 256U + 64U + 16U + 4U);
    const auto few = std::get<Geometry>(make_geometry({64, 32}, {0, 1}, spec, false));
    BOOST_TEST(stored_bytes(few, spec, DType::kF32) == 2048U + 256U + 256U + 64U + 16U + 4U);
    BOOST_TEST(bits_per_weight(1024, 2048) == 4.0);
}

BOOST_AUTO_TEST_CASE(a_palettized_input_is_refused) {
    MemoryCheckpoint checkpoint;
    checkpoint.add("/a/weight", {10, 4}, ramp(40, 9));
    checkpoint.info.palettized = true;
    BOOST_CHECK_EXCEPTION((void)make_plan(checkpoint.info, Config{}, {}), Error,
                          [](const Error& error) { return error.code() == ErrorCode::kInput; });
}

BOOST_AUTO_TEST_CASE(sizes_are_read_with_their_units) {
    BOOST_TEST(parse_bytes("2GiB") == std::uint64_t{2} << 30);
    BOOST_TEST(parse_bytes("1.5GB") == 1500000000U);
    BOOST_TEST(parse_bytes("4096") == 4096U);
    for (const char* bad : {"", "GiB", "-1GiB", "0", "2 parsecs", "nan", "1e40GiB"}) {
        BOOST_CHECK_THROW((void)parse_bytes(bad), Error);
    }
}

BOOST_AUTO_TEST_SUITE_END()
