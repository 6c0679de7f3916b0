// Boundaries inside bins: means are those of the values that are nearest to them.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

#include "stages/cluster/partition/settle.hpp"
#include "tests/support/labels.hpp"

using pal::cluster::Bin;
using pal::cluster::settle;
using pal::test::kArithmetic;

namespace {

/// `count` bins of one width from `low` on, a weight each, values even inside.
std::vector<Bin> even_bins(double low, double width, const std::vector<double>& weights) {
    std::vector<Bin> bins;
    for (std::size_t b = 0; b < weights.size(); ++b) {
        bins.push_back(
            {weights[b], low + (double(b) + 0.5) * width, weights[b] * width * width / 12});
    }
    return bins;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(settling)

BOOST_AUTO_TEST_CASE(a_boundary_settles_inside_a_bin, *kArithmetic) {
    // Uniform over [0, 5]: halves have their means at 1.25 and 3.75, and 2.5 lies inside a bin.
    const std::vector<Bin> bins = even_bins(0, 1, {10, 10, 10, 10, 10});
    std::vector<Bin> clusters{{20, 1, 0}, {30, 3.5, 0}};
    const double before = std::abs(clusters[0].mean - 1.25);
    settle(bins, clusters);
    BOOST_TEST(std::abs(clusters[0].mean - 1.25) < before / 10);
    BOOST_TEST(clusters[0].weight + clusters[1].weight == 50, boost::test_tools::tolerance(1e-12));
    const double mean =
        clusters[0].weight * clusters[0].mean + clusters[1].weight * clusters[1].mean;
    BOOST_TEST(mean == 125, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(what_has_settled_stays, *kArithmetic) {
    const std::vector<Bin> bins = even_bins(-1, 0.25, {1, 2, 3, 4, 4, 3, 2, 1});
    std::vector<Bin> clusters{{10, -0.45, 0}, {10, 0.45, 0}};
    for (int again = 0; again < 50; ++again) settle(bins, clusters);
    const std::vector<Bin> settled = clusters;
    settle(bins, clusters);
    for (std::size_t c = 0; c < 2; ++c)
        BOOST_TEST(clusters[c].mean == settled[c].mean, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(clusters[0].mean == -clusters[1].mean, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(single_values_and_gaps_are_not_spread) {
    const std::vector<Bin> bins{{1, -2, 0}, {4, 0, 0}, {4, 1, 0}, {1, 9, 0}};
    std::vector<Bin> clusters{{1, -2, 0}, {8, 0.5, 0}, {1, 9, 0}};
    settle(bins, clusters);
    BOOST_TEST(clusters[0].mean == -2);
    BOOST_TEST(clusters[1].mean == 0.5);
    BOOST_TEST(clusters[2].mean == 9);
    BOOST_TEST(clusters[1].weight == 8);
}

BOOST_AUTO_TEST_CASE(one_cluster_is_all_there_is) {
    const std::vector<Bin> bins = even_bins(0, 1, {1, 2, 1});
    std::vector<Bin> clusters{{3, 1.2, 0}};
    settle(bins, clusters);
    BOOST_TEST(clusters[0].weight == 4);
    BOOST_TEST(clusters[0].mean == 1.5);
}

BOOST_AUTO_TEST_SUITE_END()
