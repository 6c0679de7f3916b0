// Allocation of a budget of bytes.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "pipeline/plan/allocation.hpp"

using namespace pal;
namespace tt = boost::test_tools;

namespace {

using Alternatives = std::vector<std::vector<Alternative>>;

/// Returns the least error within the budget, found by trying every allocation.
double least_error(const Alternatives& choices, std::uint64_t budget, std::size_t tensor = 0) {
    if (tensor == choices.size()) return 0;
    double least = std::numeric_limits<double>::infinity();
    for (const Alternative& choice : choices[tensor]) {
        if (choice.bytes > budget) continue;
        least =
            std::min(least, choice.error + least_error(choices, budget - choice.bytes, tensor + 1));
    }
    return least;
}

/// Makes tensors like real ones: errors fall by a factor of about 4 per bit, but not evenly.
Alternatives tensors(std::mt19937& random, std::size_t count, std::uint64_t largest) {
    std::uniform_int_distribution<std::uint64_t> sizes(10, largest);
    std::lognormal_distribution<double> errors(0, 1);
    std::uniform_real_distribution<double> uneven(0.5, 1.5);
    Alternatives choices(count);
    for (auto& own : choices) {
        const std::uint64_t size = sizes(random);
        double error = errors(random) * double(size);
        int before = 0;
        for (const int bits : {1, 2, 3, 4, 6, 8}) {
            error *= std::pow(0.25 * uneven(random), bits - before);
            before = bits;
            own.push_back({size * std::uint64_t(bits) / 8 + (4U << bits) / 8, error});
        }
    }
    return choices;
}

void check(const Alternatives& choices, const Allocation& allocation, std::uint64_t budget) {
    std::uint64_t bytes = 0;
    double error = 0;
    for (std::size_t t = 0; t < choices.size(); ++t) {
        bytes += choices[t][allocation.chosen[t]].bytes;
        error += choices[t][allocation.chosen[t]].error;
    }
    BOOST_TEST(bytes == allocation.bytes);
    BOOST_TEST(error == allocation.error, tt::tolerance(1e-12));
    BOOST_TEST(bytes <= budget);
    BOOST_TEST(allocation.bound <= allocation.error * (1 + 1e-12));
    for (std::size_t t = 0; t < choices.size(); ++t) {
        const Alternative& own = choices[t][allocation.chosen[t]];
        for (const Alternative& other : choices[t]) {
            const bool fits = other.bytes <= own.bytes + (budget - bytes);
            BOOST_TEST((!fits || other.error >= own.error));
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_optimum_is_found_whatever_the_budget) {
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        const Alternatives choices = tensors(random, 1 + std::size_t(round) % 6, 400);
        std::uint64_t least = 0;
        std::uint64_t most = 0;
        for (const auto& own : choices) {
            least += own.front().bytes;
            most += own.back().bytes;
        }
        std::uniform_int_distribution<std::uint64_t> budgets(least, most + 10);
        const std::uint64_t budget = budgets(random);
        const auto allocation = allocate(choices, budget);
        BOOST_REQUIRE(allocation.has_value());
        check(choices, *allocation, budget);
        BOOST_TEST(allocation->error == least_error(choices, budget), tt::tolerance(1e-9));
        BOOST_TEST(!allocate(choices, least - 1).has_value());
    }
}

BOOST_AUTO_TEST_CASE(a_model_is_done_at_once_and_near_the_bound) {
    std::mt19937 random(2);
    for (const std::size_t count : {std::size_t{300}, std::size_t{20000}}) {
        const Alternatives choices = tensors(random, count, 1 << 20);
        std::uint64_t middle = 0;
        for (const auto& own : choices) middle += own[3].bytes;
        const auto allocation = allocate(choices, middle - middle / 10);
        BOOST_REQUIRE(allocation.has_value());
        check(choices, *allocation, middle - middle / 10);
        BOOST_TEST(allocation->error <= allocation->bound * (1 + 1e-4));
    }
}

BOOST_AUTO_TEST_CASE(equal_tensors_and_useless_choices_are_no_trouble) {
    // A hundred tensors alike; the second choice costs more and has more error.
    const Alternatives equal(100, {{100, 10}, {150, 12}, {200, 1}, {200, 0.5}});
    const auto half = allocate(equal, 100 * 150 + 60);
    BOOST_REQUIRE(half.has_value());
    check(equal, *half, 100 * 150 + 60);
    BOOST_TEST(half->error == 50 * 10 + 50 * 0.5, tt::tolerance(1e-12));
    BOOST_TEST(half->bound == half->error, tt::tolerance(1e-12));
    const auto all = allocate(equal, 1U << 30);
    BOOST_TEST(all->error == 50.0, tt::tolerance(1e-12));
    BOOST_TEST(allocate({}, 0)->bytes == 0U);
}
