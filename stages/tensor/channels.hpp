// Walks over weights by output channel.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "stages/tensor/tensor.hpp"

namespace pal {

/// Calls body(value, factor of its output channel) for each of `values`. They stand at `first` and
/// after it in the tensor. factors: [output channel].
template <class Real, class Value, class Factors, class Body>
void with_channel_factors(const Geometry& geometry, const Factors& factors, std::size_t first,
                          std::span<Value> values, const Body& body) {
    const std::size_t inner = geometry.output_inner;
    const std::size_t channels = geometry.output_channels();
    std::size_t channel = first / inner % channels;
    std::size_t at = 0;
    if (inner == 1) {  // neighbours belong to different channels
        for (; at < values.size(); channel = 0) {
            const std::size_t run = std::min(values.size() - at, channels - channel);
            for (std::size_t v = 0; v < run; ++v) {
                body(values[at + v], static_cast<Real>(factors[channel + v]));
            }
            at += run;
        }
        return;
    }
    for (std::size_t left = inner - first % inner; at < values.size(); left = inner) {
        const std::size_t run = std::min(left, values.size() - at);
        const auto factor = static_cast<Real>(factors[channel]);
        for (std::size_t v = at; v < at + run; ++v) body(values[v], factor);
        at += run;
        channel = channel + 1 == channels ? 0 : channel + 1;
    }
}

}  // namespace pal
