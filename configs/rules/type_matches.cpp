#include "configs/rules/type_matches.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "configs/text/nearest.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

std::vector<std::string> type_warnings(std::span<const Candidate> candidates,
                                       const std::vector<TypeRule>& types, bool allow_unmatched) {
    if (types.empty()) return {};
    std::set<std::string> modules;
    for (const Candidate& candidate : candidates) {
        for (const TensorPath& path : candidate.paths)
            modules.insert(path.name.module_names.begin(), path.name.module_names.end());
    }
    std::vector<std::string> texts;
    for (const TypeRule& rule : types) {
        const auto is_hit = [&](const std::string& module) { return rule.pattern.matches(module); };
        if (std::ranges::any_of(modules, is_hit)) continue;
        std::string text =
            rule.origin + " matches no module; a pattern must match a whole module path";
        if (!modules.empty()) {
            text += fmt::format(
                "; the nearest are {}",
                fmt::join(nearest_names(rule.text, {modules.begin(), modules.end()}), ", "));
        }
        if (!allow_unmatched) {
            throw Error(ErrorCode::kUsage,
                        text + " (--allow-unmatched-rules makes this a warning)");
        }
        texts.push_back(std::move(text));
    }
    return texts;
}

}  // namespace pal
