#include "configs/rules/check_selection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "configs/model/states.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

const char* files_have(const Decider& decider) {
    return decider.files().size() > 1 ? "these files have" : "this file has";
}

bool can_be_included(const Candidate& candidate) {
    return candidate.is_float && candidate.rank() >= 2 && candidate.element_count > 1;
}

/// Examples of paths and a module that --include could select, for messages.
std::string examples(const Decider& decider, const std::vector<Decision>& decisions) {
    constexpr std::size_t kMostPaths = 4;
    std::vector<std::string> paths;
    std::string module;
    for (std::size_t c = 0; c < decisions.size() && paths.size() < kMostPaths; ++c) {
        const Candidate& candidate = decider.candidates()[c];
        if (!can_be_included(candidate)) continue;
        paths.push_back(candidate.path);
        if (module.empty()) module = decisions[c].module_path;
    }
    if (paths.empty()) return fmt::format("({} none)", files_have(decider));
    return fmt::format("whole paths, such as {}{}", fmt::join(paths, ", "),
                       module.empty() ? "" : ", or a module, such as " + module);
}

/// Some of the states that the files have. A state that the config looks for has its role behind
/// it, where it is no kernel: "weight (embedding)".
std::set<std::string> states_found(const Decider& decider, const std::vector<Decision>& decisions,
                                   const std::vector<std::string>& wanted) {
    constexpr std::size_t kMostStates = 8;
    std::set<std::string> states;
    for (std::size_t c = 0; c < decisions.size() && states.size() < kMostStates; ++c) {
        if (!decider.candidates()[c].is_float) continue;
        const std::string& state = decisions[c].state_name;
        const Layer& layer = decisions[c].layer;
        const bool is_wanted = std::ranges::find(wanted, state) != wanted.end();
        states.insert(is_wanted && !is_kernel(layer)
                          ? fmt::format("{} ({})", state, role_name(layer.role))
                          : state);
    }
    return states;
}

/// Some of the types that datasets have, with the path of one: "compound (/table)".
std::string types_found(const std::vector<Candidate>& candidates) {
    constexpr std::size_t kMostTypes = 4;
    std::map<std::string, std::string> path_of;
    for (const Candidate& candidate : candidates)
        path_of.emplace(candidate.stored_type, candidate.path);
    std::vector<std::string> types;
    for (const auto& [type, path] : path_of) {
        if (types.size() < kMostTypes) types.push_back(fmt::format("{} ({})", type, path));
    }
    return fmt::format("{}", fmt::join(types, ", "));
}

std::string nothing_selected_text(const Decider& decider, const std::vector<Decision>& decisions) {
    const std::string& source = decider.config().source;
    if (decider.filter_effects().excluded_some)
        return decider.exclude().label() + " takes away all that " + source + " selects";
    const std::vector<std::string> wanted = states_looked_for(decider.config());
    const std::set<std::string> states = states_found(decider, decisions, wanted);
    const auto& candidates = decider.candidates();
    if (states.empty()) {
        const std::string types = types_found(candidates);
        return fmt::format("{} no floating-point tensors, there is nothing to palettize{}{}",
                           files_have(decider), types.empty() ? "" : "; the datasets hold ", types);
    }
    const bool has_some = std::any_of(candidates.begin(), candidates.end(), can_be_included);
    return fmt::format(
        "{} {}, {} the states {}{}", source,
        wanted.empty() ? "selects no state at all"
                       : fmt::format("looks for the states {}", fmt::join(wanted, ", ")),
        files_have(decider), fmt::join(states, ", "),
        has_some ? "; pass --include with a pattern for " + examples(decider, decisions)
                 : ", and no tensor of 2 dimensions or more with more than one element");
}

}  // namespace

void require_types(const Decider& decider) {
    for (std::size_t f = 0; f < decider.files().size(); ++f) {
        try {
            decider.rules()[f].table.require_types();
        } catch (const Error& error) {
            throw decider.files().size() > 1 ? error.in(decider.files()[f].name) : error;
        }
    }
}

void check_filters(const Decider& decider, const std::vector<Decision>& decisions,
                   std::vector<std::string>& warnings) {
    const PathFilter& include = decider.include();
    const PathFilter& exclude = decider.exclude();
    for (const PathFilter* filter : {&include, &exclude}) {
        if (!filter->matches_nothing()) continue;
        throw Error(ErrorCode::kUsage, filter->label() + ": matches nothing; it must match " +
                                           examples(decider, decisions));
    }
    if (include.given() && !decider.filter_effects().included) {
        throw Error(
            ErrorCode::kUsage,
            fmt::format("{}: matches {}, but no floating-point dataset with a dimension; such "
                        "are {}",
                        include.label(), include.first_hits(), examples(decider, decisions)));
    }
    if (exclude.given() && !decider.filter_effects().excluded) {
        warnings.push_back(fmt::format("{}: matches {}, but nothing that could be palettized",
                                       exclude.label(), exclude.first_hits()));
    }
}

void require_some(const Decider& decider, const std::vector<Decision>& decisions) {
    if (std::any_of(decisions.begin(), decisions.end(),
                    [](const Decision& decision) { return decision.spec.has_value(); })) {
        return;
    }
    throw Error(ErrorCode::kUsage,
                "nothing is selected: " + nothing_selected_text(decider, decisions));
}

}  // namespace pal
