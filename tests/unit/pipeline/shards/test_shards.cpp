#include <boost/test/unit_test.hpp>
#include <limits>
#include <map>
#include <numeric>

#include "configs/model/make_config.hpp"
#include "pipeline/plan/cost.hpp"
#include "pipeline/shards/shards.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/memory_checkpoint.hpp"
#include "tests/support/specs.hpp"

using namespace pal;
using pal::test::MemoryCheckpoint;
using test::grouped;

namespace {

/// Adds a dataset with the members that a plan of shards reads.
void add(MemoryCheckpoint& checkpoint, const std::string& path, const Shape& shape) {
    DatasetInfo dataset;
    dataset.path = path;
    dataset.shape = shape;
    dataset.dtype = DType::kF32;
    dataset.stored_type = "float32";
    dataset.storage = "contiguous";
    dataset.element_count = element_count(shape).value();
    dataset.bytes = dataset.element_count * 4;
    checkpoint.info.datasets.push_back(dataset);
}

/// Tensors of a transformer: a few sizes, over and over, and two of the size of a vocabulary.
MemoryCheckpoint transformer(std::size_t layers) {
    MemoryCheckpoint checkpoint;
    add(checkpoint, "/first/weight", {32000, 1024});
    for (std::size_t layer = 0; layer < layers; ++layer) {
        const std::string at = "/layer" + std::to_string(1000 + layer);
        add(checkpoint, at + "/down/weight", {1024, 4096});
        add(checkpoint, at + "/k/weight", {256, 1024});
        add(checkpoint, at + "/q/weight", {1024, 1024});
        add(checkpoint, at + "/up/weight", {4096, 1024});
    }
    add(checkpoint, "/output/weight", {32000, 1024});
    return checkpoint;
}

double seconds_of(const std::vector<Piece>& pieces) {
    return std::accumulate(pieces.begin(), pieces.end(), 0.0,
                           [](double sum, const Piece& piece) { return sum + piece.seconds; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shards)

BOOST_AUTO_TEST_CASE(choices_are_parsed) {
    BOOST_TEST(parse_shard("0/1").parts == 1U);
    BOOST_TEST(parse_shard("7/8").part == 7U);
    for (const char* text : {"", "/", "1", "1/1", "2/1", "-1/2", "1/", "/2", "1/2/3", "1/2 ", "0/0",
                             "0/9999999999999999999999", "0x1/2"})
        BOOST_CHECK_THROW((void)parse_shard(text), Error);
}

BOOST_AUTO_TEST_CASE(parts_are_balanced_and_all_there_is) {
    const MemoryCheckpoint checkpoint = transformer(250);
    const Plan plan = make_plan(checkpoint.info, config_of_spec(grouped(0, 64)), {});
    const auto entries = plan.palettized();
    BOOST_TEST_REQUIRE(entries.size() == 1002U);
    for (const std::size_t parts : {1, 2, 7, 16, 64}) {
        const auto shares = balanced_parts(plan, parts);
        BOOST_REQUIRE(shares.size() == parts);
        std::vector<std::uint64_t> rows(entries.size());
        double all = 0;
        for (const auto& pieces : shares) all += seconds_of(pieces);
        for (const auto& pieces : shares) {
            const double mean = all / static_cast<double>(parts);
            BOOST_TEST(std::abs(seconds_of(pieces) - mean) <= 0.05 * mean, parts << " parts");
            for (std::size_t p = 0; p < pieces.size(); ++p) {
                if (p > 0) BOOST_TEST(pieces[p - 1].entry < pieces[p].entry);
                const auto& slab = pieces[p].slab;
                const std::uint64_t whole = entries[pieces[p].entry]->task.geometry.shape[0];
                // Shards come in order, and so do the slabs of a tensor.
                if (slab) BOOST_TEST(slab->first == rows[pieces[p].entry]);
                rows[pieces[p].entry] += slab ? slab->rows : whole;
            }
        }
        for (std::size_t e = 0; e < entries.size(); ++e)
            BOOST_TEST(rows[e] == entries[e]->task.geometry.shape[0]);
    }
}

BOOST_AUTO_TEST_CASE(slabs_hold_whole_groups_and_are_planned_as_such) {
    MemoryCheckpoint checkpoint;
    add(checkpoint, "/a/weight", {8192, 1024});
    const Plan plan = make_plan(checkpoint.info, config_of_spec(grouped(0, 64)), {});
    std::size_t groups = 0;
    std::uint64_t bytes_in = 0;
    for (const auto& pieces : balanced_parts(plan, 4)) {
        const Plan part = plan_of_pieces(plan, pieces);
        BOOST_REQUIRE(part.entries.size() == 1U);
        const PlanEntry& entry = part.entries[0];
        BOOST_REQUIRE(entry.slab.has_value());
        BOOST_TEST(entry.slab->first % 1024 == 0U);
        BOOST_TEST(entry.task.cluster.first_group == groups);
        groups += entry.task.geometry.group_count;
        bytes_in += entry.bytes_in;
    }
    BOOST_TEST(groups == 128U);
    BOOST_TEST(bytes_in == plan.entries[0].bytes_in);
}

BOOST_AUTO_TEST_CASE(what_is_not_contiguous_is_not_cut) {
    MemoryCheckpoint checkpoint;
    add(checkpoint, "/a/weight", {8192, 1024});
    checkpoint.info.datasets[0].storage = "chunked gzip";
    const Plan plan = make_plan(checkpoint.info, config_of_spec(grouped(0, 64)), {});
    const auto parts = balanced_parts(plan, 4);
    BOOST_TEST(parts[0].size() == 1U);
    BOOST_TEST(!parts[0][0].slab.has_value());
    BOOST_TEST(parts[1].empty());
}

BOOST_AUTO_TEST_CASE(pieces_to_hand_out_fall_and_a_tensor_has_at_most_as_many_slabs_as_parts) {
    MemoryCheckpoint checkpoint = transformer(2);
    const Plan plan = make_plan(checkpoint.info, config_of_spec(grouped(0, 64)), {});
    for (const std::size_t parts : {1U, 2U, 3U, 7U, 64U, 10000U}) {
        std::map<std::size_t, std::size_t> slabs;
        std::map<std::size_t, std::uint64_t> rows;
        double before = std::numeric_limits<double>::max();
        for (const Piece& piece : pieces_by_seconds(plan, parts)) {
            BOOST_TEST(piece.seconds <= before);
            before = piece.seconds;
            ++slabs[piece.entry];
            rows[piece.entry] +=
                piece.slab ? piece.slab->rows : plan.palettized()[piece.entry]->dataset->shape[0];
        }
        BOOST_TEST(slabs.size() == plan.palettized().size());
        for (const auto& [entry, count] : slabs) BOOST_TEST(count <= parts);
        for (const auto& [entry, sum] : rows)
            BOOST_TEST(sum == plan.palettized()[entry]->dataset->shape[0]);
    }
}

BOOST_AUTO_TEST_SUITE_END()
