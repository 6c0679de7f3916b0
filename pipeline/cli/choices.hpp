// Options whose values are a fixed list. Parsers, messages and completion scripts all read it here.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/checkpoint_info.hpp"
#include "pipeline/cli/options.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/plan/choose_widths.hpp"
#include "stages/tensor/error.hpp"
#include "stages/tensor/spec.hpp"

namespace pal {

template <class Value>
struct Choice {
    const char* name;
    Value value;
};

template <class Value, std::size_t count>
struct OptionChoices {
    const char* name;  // of the option
    std::array<Choice<Value>, count> choices;
};

inline constexpr OptionChoices<Engine, 3> kEngineChoices{
    "engine",
    {{{"fast", Engine::kFast}, {"exact", Engine::kExact}, {"reference", Engine::kReference}}}};
inline constexpr OptionChoices<std::optional<Layout>, 3> kLayoutChoices{
    "layout", {{{"auto", std::nullopt}, {"torch", Layout::kTorch}, {"keras", Layout::kKeras}}}};
inline constexpr OptionChoices<bool, 2> kPartialGroupsChoices{
    "partial-groups", {{{"allow", true}, {"refuse", false}}}};
inline constexpr OptionChoices<bool, 2> kOnNonfiniteChoices{"on-nonfinite",
                                                            {{{"fail", false}, {"skip", true}}}};
inline constexpr OptionChoices<LogFormat, 2> kLogFormatChoices{
    "log-format", {{{"text", LogFormat::kText}, {"json", LogFormat::kJson}}}};
inline constexpr OptionChoices<Objective, 2> kObjectiveChoices{
    "objective", {{{"relative", Objective::kRelative}, {"absolute", Objective::kAbsolute}}}};

/// An option that stands for a field of the spec.
struct SpecOption {
    const char* option;
    const char* field;
};
inline constexpr std::array<SpecOption, 10> kSpecOptions{{
    {"n-bits", "n_bits"},
    {"granularity", "granularity"},
    {"axis", "axis"},
    {"group-size", "group_size"},
    {"cluster-dim", "cluster_dim"},
    {"lut-dtype", "lut_dtype"},
    {"lut-qscheme", "lut_qscheme"},
    {"lut-scale-dtype", "lut_scale_dtype"},
    {"lut-float-min", "lut_float_min"},
    {"lut-float-max", "lut_float_max"},
}};

/// The values that an option allows, in the order of messages; empty where they are no fixed list.
[[nodiscard]] std::vector<std::string> allowed_values(std::string_view option);

/// Of an option that is given. Throws Error(kUsage) with the allowed values.
template <class Value, std::size_t count>
[[nodiscard]] Value choice_of(const Arguments& arguments,
                              const OptionChoices<Value, count>& option) {
    const std::string text = arguments.text(option.name);
    for (const Choice<Value>& choice : option.choices) {
        if (text == choice.name) return choice.value;
    }
    throw Error(ErrorCode::kUsage, fmt::format("--{}: found '{}', allowed are {}", option.name,
                                               text, fmt::join(allowed_values(option.name), ", ")));
}

}  // namespace pal
