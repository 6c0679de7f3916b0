// Values of options with a fixed list, and what each value means to the program.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "io/read/checkpoint_info.hpp"
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

/// Values of one option, in the order of messages.
template <class Value, std::size_t count>
using Choices = std::array<Choice<Value>, count>;

inline constexpr Choices<Engine, 3> kEngineChoices{
    {{"fast", Engine::kFast}, {"exact", Engine::kExact}, {"reference", Engine::kReference}}};
inline constexpr Choices<std::optional<Layout>, 3> kLayoutChoices{
    {{"auto", std::nullopt}, {"torch", Layout::kTorch}, {"keras", Layout::kKeras}}};
inline constexpr Choices<bool, 2> kPartialGroupsChoices{{{"allow", true}, {"refuse", false}}};
inline constexpr Choices<bool, 2> kIfLargerChoices{{{"dense", true}, {"palettize", false}}};
inline constexpr Choices<bool, 2> kSensitivityNormalizeChoices{{{"none", false}, {"coreai", true}}};
inline constexpr Choices<bool, 2> kSensitivityMissingChoices{
    {{"error", false}, {"unweighted", true}}};
inline constexpr Choices<bool, 2> kOnNonfiniteChoices{{{"fail", false}, {"skip", true}}};
inline constexpr Choices<LogFormat, 2> kLogFormatChoices{
    {{"text", LogFormat::kText}, {"json", LogFormat::kJson}}};
inline constexpr Choices<Objective, 2> kObjectiveChoices{
    {{"relative", Objective::kRelative}, {"absolute", Objective::kAbsolute}}};

template <class Value, std::size_t count>
[[nodiscard]] std::vector<std::string> names_of(const Choices<Value, count>& choices) {
    std::vector<std::string> names;
    for (const Choice<Value>& choice : choices) names.emplace_back(choice.name);
    return names;
}

}  // namespace pal
