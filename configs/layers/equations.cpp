#include "configs/layers/equations.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

namespace pal {

namespace {

constexpr std::string_view kOutOfHeads = "btnh,nhd->btd";

struct NamedEquation {
    std::string_view word;  // in the name of the module
    std::string_view equation;
    std::string_view heads_first;  // the same in KerasHub's Gemma
};

/// Names of KerasHub, Keras, Flax, and of Gemma's own code. The first that fits counts.
constexpr std::array kAttention{
    NamedEquation{"q_einsum", "btd,ndh->btnh", "btd,ndh->btnh"},
    NamedEquation{"qkv_einsum", "btd,sndh->sbtnh", "btd,sndh->sbtnh"},
    NamedEquation{"kv_einsum", "bsd,ckdh->cbskh", "bsd,ckdh->cbskh"},
    NamedEquation{"attn_vec_einsum", kOutOfHeads, kOutOfHeads},
    NamedEquation{"out", kOutOfHeads, kOutOfHeads},
    NamedEquation{"o_proj", kOutOfHeads, kOutOfHeads},
    NamedEquation{"query", "btd,dnh->btnh", "btd,ndh->btnh"},
    NamedEquation{"key", "btd,dnh->btnh", "btd,ndh->btnh"},
    NamedEquation{"value", "btd,dnh->btnh", "btd,ndh->btnh"},
    NamedEquation{"qkv", "btd,dnh->btnh", "btd,ndh->btnh"},
    NamedEquation{"encoding", "btd,dnh->btnh", "btd,ndh->btnh"},  // XLNet
};

/// Returns the letters of a kernel: between the comma and the arrow.
std::string_view kernel_of(std::string_view equation) {
    const std::size_t comma = equation.find(',');
    const std::size_t arrow = equation.find("->");
    if (comma == std::string_view::npos || arrow == std::string_view::npos || arrow < comma)
        return {};
    return equation.substr(comma + 1, arrow - comma - 1);
}

/// Returns the last run of adjacent dimensions. dims: ascending, not empty.
ChannelDims last_run(const std::vector<std::size_t>& dims) {
    ChannelDims run{dims.back(), 1};
    while (run.count < dims.size() && dims[dims.size() - 1 - run.count] + 1 == run.first) {
        --run.first;
        ++run.count;
    }
    return run;
}

}  // namespace

std::optional<EquationChannels> channels_of_equation(std::string_view equation, std::size_t rank) {
    std::string text(equation);
    std::erase(text, ' ');
    std::erase(text, '.');  // "..." stands for dimensions that the kernel does not have
    const std::string_view kernel = kernel_of(text);
    if (kernel.empty() || kernel.size() != rank) return std::nullopt;
    const std::string input = text.substr(0, text.find(','));
    const std::string output = text.substr(text.find("->") + 2);
    std::vector<std::size_t> made, kept, summed;
    for (std::size_t d = 0; d < rank; ++d) {
        const bool is_in = input.find(kernel[d]) != std::string::npos;
        const bool is_out = output.find(kernel[d]) != std::string::npos;
        if (is_out) (is_in ? kept : made).push_back(d);
        if (is_in && !is_out) summed.push_back(d);
    }
    // An equation that makes no new dimension gives each one that it keeps its own weights.
    const std::vector<std::size_t>& outputs = made.empty() ? kept : made;
    if (outputs.empty()) return std::nullopt;
    EquationChannels found{
        last_run(outputs), summed.empty() ? ChannelDims{rank - 1, 0} : last_run(summed), {}};
    if (found.output.count < outputs.size()) {
        found.note =
            fmt::format("; the outputs are dimensions {}, and only adjacent ones can count as one",
                        fmt::join(outputs, " and "));
    }
    return found;
}

std::string_view equation_of_attention(const std::string& module, std::size_t rank,
                                       bool heads_first) {
    for (const NamedEquation& row : kAttention) {
        const std::string_view equation = heads_first ? row.heads_first : row.equation;
        if (module.find(row.word) != std::string::npos && kernel_of(equation).size() == rank)
            return equation;
    }
    return {};
}

bool ends_heads(const std::string& module) {
    return equation_of_attention(module, 3, false) == kOutOfHeads;
}

}  // namespace pal
