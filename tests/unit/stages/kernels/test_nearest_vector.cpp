#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "stages/kernels/nearest_vectors.hpp"
#include "tests/support/distributions.hpp"
#include "tests/support/every_target.hpp"
#include "tests/support/nearest_indices.hpp"

using namespace pal;
using test::normal;

namespace {

template <class Real>
std::uint8_t nearest_by_definition(const Real* vector, const std::vector<double>& lut,
                                   std::size_t dim) {
    double largest = 0;
    for (const double component : lut) largest = std::max(largest, std::abs(component));
    const double unit = std::ldexp(1.0, std::clamp(-std::ilogb(largest), -1022, 1022));
    std::size_t best = 0;
    double best_distance = std::numeric_limits<double>::infinity();
    for (std::size_t e = 0; e * dim < lut.size(); ++e) {
        double distance = 0;
        for (std::size_t t = 0; t < dim; ++t) {
            const double difference =
                static_cast<double>(vector[t]) * unit - lut[e * dim + t] * unit;
            distance += difference * difference;
        }
        if (distance < best_distance) {
            best = e;
            best_distance = distance;
        }
    }
    return static_cast<std::uint8_t>(best);
}

/// Both layouts, on every target, against the definition. values: vector after vector.
template <class Real>
void check(const std::vector<Real>& values, const std::vector<double>& lut, std::size_t dim) {
    const std::size_t count = values.size() / dim;
    std::vector<std::uint8_t> expected(count);
    std::vector<Real> components(values.size());
    for (std::size_t v = 0; v < count; ++v) {
        expected[v] = nearest_by_definition(values.data() + v * dim, lut, dim);
        for (std::size_t t = 0; t < dim; ++t) components[t * count + v] = values[v * dim + t];
    }
    test::for_each_target([&](const std::string& target) {
        const kernels::NearestVectors<Real> search(lut, dim);
        std::vector<std::uint8_t> indices(count, 255);
        search.find(values.data(), dim, 1, indices);
        BOOST_TEST((indices == expected),
                   target << ", vectors together, dim " << dim << ", " << count << " vectors");
        indices.assign(count, 255);
        search.find(components.data(), 1, count, indices);
        BOOST_TEST((indices == expected),
                   target << ", components together, dim " << dim << ", " << count << " vectors");
    });
}

template <class Real>
void check_drawn(std::size_t count, std::size_t entries, std::size_t dim, unsigned seed,
                 const std::function<double(std::mt19937&)>& draw) {
    std::mt19937 random(seed);
    std::vector<Real> values(count * dim);
    for (Real& value : values) value = static_cast<Real>(draw(random));
    std::vector<double> lut(entries * dim);
    for (double& entry : lut) entry = static_cast<double>(static_cast<Real>(draw(random)));
    BOOST_TEST_CONTEXT("entries " << entries << " seed " << seed) { check(values, lut, dim); }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nearest_vector)

BOOST_AUTO_TEST_CASE(every_dimension_and_length_is_as_defined) {
    unsigned seed = 1;
    for (const std::size_t dim : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 64}) {
        for (const std::size_t count : {0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 511, 512, 513, 1500})
            check_drawn<float>(count, 1 + seed * 37 % 256, dim, seed++, normal);
        check_drawn<float>(700, 256, dim, seed++, normal);
        check_drawn<double>(700, 256, dim, seed++, normal);
    }
}

BOOST_AUTO_TEST_CASE(every_entry_count_is_as_defined) {
    for (std::size_t entries = 1; entries <= 256; ++entries)
        check_drawn<float>(40, entries, 2, static_cast<unsigned>(entries), normal);
}

BOOST_AUTO_TEST_CASE(ties_and_equal_entries_go_to_the_lower_index) {
    const auto grid = [](std::mt19937& random) { return (double(random() % 7) - 3) / 2; };
    for (const std::size_t dim : {1, 2, 3, 4, 8, 16}) {
        check_drawn<float>(2000, 256, dim, 7, grid);
        check_drawn<double>(2000, 16, dim, 8, grid);
    }
}

BOOST_AUTO_TEST_CASE(gaps_of_one_rounding_are_decided_as_in_double) {
    // Vectors next to the line between two entries: the float search cannot tell.
    std::mt19937 random(3);
    std::vector<float> values;
    const std::vector<double> lut{-1.1, 0.3, 1.7, 0.9, -1.1, -0.3};
    for (int trial = 0; trial < 5000; ++trial) {
        const double along = std::normal_distribution<>(0, 2)(random);
        const double across = std::normal_distribution<>(0, 1e-7)(random);
        values.push_back(static_cast<float>(0.3 + across - 0.6 * along));
        values.push_back(static_cast<float>(0.6 + across + 2.8 * along));
    }
    check(values, lut, 2);
}

BOOST_AUTO_TEST_CASE(extreme_magnitudes_are_as_defined) {
    const auto spread = [](double scale) {
        return [scale](std::mt19937& random) {
            return std::uniform_real_distribution<>(-1, 1)(random) * scale;
        };
    };
    for (const double scale : {3.4e38, 1e30, 1e-20, 1e-38, 1e-40, 5e-45}) {
        check_drawn<float>(500, 64, 2, 1, spread(scale));
        check_drawn<float>(500, 64, 5, 2, spread(scale));
    }
    for (const double scale : {1.7e308, 1e307, 1e200, 1e-200, 1e-310})
        check_drawn<double>(500, 64, 3, 3, spread(scale));
    const auto mixed = [](std::mt19937& random) {
        return std::ldexp(std::uniform_real_distribution<>(-1, 1)(random),
                          static_cast<int>(random() % 250) - 125);
    };
    for (unsigned seed = 0; seed < 20; ++seed) check_drawn<float>(500, 64, 2, seed, mixed);
    const auto far = [](std::mt19937& random) {
        return 1000 + std::normal_distribution<>(0, 0.01)(random);
    };
    check_drawn<float>(2000, 256, 2, 4, far);
    check_drawn<double>(2000, 256, 2, 5, far);
}

BOOST_AUTO_TEST_CASE(values_far_outside_the_lut_are_as_defined) {
    std::mt19937 random(6);
    std::vector<double> lut(64 * 2);
    for (double& entry : lut) entry = normal(random);
    for (const double scale : {1e3, 1e9, 1e18, 1e38}) {
        std::vector<float> values(1000);
        for (float& value : values)
            value = static_cast<float>(std::uniform_real_distribution<>(-1, 1)(random) * scale);
        check(values, lut, 2);
    }
}

BOOST_AUTO_TEST_CASE(a_tensor_is_assigned_by_the_definition_whatever_its_axes) {
    std::mt19937 random(9);
    PalettizationSpec spec;
    spec.cluster_dim = 4;
    const std::vector<std::pair<Shape, AxisMap>> tensors{
        {{8, 3, 3, 7}, {0, 1}}, {{8, 1000}, {0, 1}}, {{1000, 8}, {1, 0}}, {{3, 5, 8, 9}, {2, 3}}};
    for (const auto& [shape, axes] : tensors) {
        const auto geometry = std::get<Geometry>(make_geometry(shape, axes, spec, false));
        std::vector<float> values(geometry.weight_count);
        for (float& value : values) value = static_cast<float>(normal(random));
        std::vector<double> lut(16 * 4);
        for (double& entry : lut) entry = normal(random);
        std::vector<std::uint8_t> expected;
        for (std::size_t p = 0; p < geometry.index_count; ++p) {
            std::vector<float> vector;
            for (std::size_t t = 0; t < 4; ++t)
                vector.push_back(
                    values[geometry.weight_position(p) + t * geometry.vector_stride()]);
            expected.push_back(nearest_by_definition(vector.data(), lut, 4));
        }
        BOOST_TEST((pal::test::nearest_indices(values, geometry, lut, 16) == expected),
                   shape_to_string(shape));
    }
}

BOOST_AUTO_TEST_SUITE_END()
