#include "stages/scale.hpp"

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "stages/kernels/convert.hpp"
#include "stages/parallel/parallel.hpp"

namespace pal {

namespace {

template <class Real>
Real largest_of(std::span<const Real> values) {
    if constexpr (std::is_same_v<Real, float>) return kernels::max_magnitude(values);
    Real largest = 0;
    for (const Real value : values) largest = std::max(largest, std::abs(value));
    return largest;
}

template <class Real>
void raise(std::span<const Real> values, std::span<Real> largest) {
    if constexpr (std::is_same_v<Real, float>) return kernels::max_magnitudes(values, largest);
    for (std::size_t v = 0; v < values.size(); ++v)
        largest[v] = std::max(largest[v], std::abs(values[v]));
}

/// Raises the maxima of the channels of `values`. first: position of the first value.
template <class Real>
void raise_channels(const Geometry& geometry, std::size_t first, std::span<const Real> values,
                    std::vector<Real>& largest) {
    const std::size_t inner = geometry.output_inner;
    const std::size_t channels = geometry.output_channels();
    for (std::size_t at = 0; at < values.size();) {
        const std::size_t position = first + at;
        const std::size_t channel = position / inner % channels;
        std::size_t run = inner - position % inner;
        if (inner == 1) {
            run = std::min(channels - channel, values.size() - at);
            raise(values.subspan(at, run), std::span(largest).subspan(channel, run));
        } else {
            run = std::min(run, values.size() - at);
            largest[channel] = std::max(largest[channel], largest_of(values.subspan(at, run)));
        }
        at += run;
    }
}

template <class Real>
NonFinite nonfinite_in(std::span<const Real> values, std::size_t first) {
    NonFinite found;
    if (kernels::all_finite(values)) return found;
    for (std::size_t v = 0; v < values.size(); ++v) {
        if (std::isfinite(values[v])) continue;
        if (found.count++ == 0) found.first = first + v;
    }
    return found;
}

}  // namespace

std::optional<std::vector<double>> channel_scales(const Weights& weights,
                                                  const Geometry& geometry) {
    return with_real(weights, [&](auto real) -> std::optional<std::vector<double>> {
        using Real = typename decltype(real)::type;
        tbb::enumerable_thread_specific<std::vector<Real>> maxima(
            [&] { return std::vector<Real>(geometry.output_channels()); });
        std::atomic<bool> finite{true};
        for_each_block(weights.size(), [&](std::size_t, std::size_t begin, std::size_t end) {
            BlockReader<Real> reader(weights);
            const std::span<const Real> values = reader.read(begin, end - begin);
            if (!kernels::all_finite(values)) finite = false;
            raise_channels(geometry, begin, values, maxima.local());
        });
        if (!finite) return std::nullopt;
        std::vector<double> scales(geometry.output_channels());
        for (const std::vector<Real>& largest : maxima) {
            for (std::size_t c = 0; c < scales.size(); ++c)
                scales[c] = std::max(scales[c], static_cast<double>(largest[c]));
        }
        std::replace(scales.begin(), scales.end(), 0.0, 1.0);
        return scales;
    });
}

NonFinite count_nonfinite(const Weights& weights) {
    return with_real(weights, [&](auto real) {
        using Real = typename decltype(real)::type;
        std::vector<NonFinite> blocks((weights.size() + kBlock - 1) / kBlock);
        for_each_block(weights.size(), [&](std::size_t b, std::size_t begin, std::size_t end) {
            BlockReader<Real> reader(weights);
            blocks[b] = nonfinite_in(reader.read(begin, end - begin), begin);
        });
        NonFinite total;
        for (const NonFinite& block : blocks) {
            if (total.count == 0) total.first = block.first;
            total.count += block.count;
        }
        return total;
    });
}

}  // namespace pal
