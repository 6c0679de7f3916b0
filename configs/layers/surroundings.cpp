#include "configs/layers/surroundings.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace pal {

namespace {

using Modules = std::map<std::string, Module>;

/// An attention holds its query directly, or holds a layer that does.
constexpr std::size_t kLevelsAboveQuery = 2;

bool has_any(const Modules& modules, const std::string& beginning) {
    const auto found = modules.lower_bound(beginning);
    return found != modules.end() && found->first.starts_with(beginning);
}

/// True for "query", "query_dense" and "_query_dense".
bool is_query(const std::string& component) {
    return component.starts_with("query") || component.starts_with("_query");
}

bool is_attention(const Modules& modules, const std::string& block) {
    const std::string below = block.empty() ? "" : block + ".";
    return std::ranges::all_of(
        std::to_array<std::string>({"key", "value"}), [&](const std::string& word) {
            return has_any(modules, below + word) || has_any(modules, below + "_" + word);
        });
}

/// Returns the shape of the first kernel of heads; null if there is none.
const Shape* heads_of(const Module& query) {
    const auto found = std::ranges::find(query.members, std::size_t{3}, &Member::rank);
    return found == query.members.end() ? nullptr : found->shape;
}

}  // namespace

void note_surroundings(Modules& modules) {
    std::set<std::string> attentions;
    for (auto& [name, module] : modules) {
        module.holds_layers = has_any(modules, name + ".");
        if (!is_query(module.last_component())) continue;
        if (is_attention(modules, module.block())) attentions.insert(module.block());
        const Shape* const heads = heads_of(module);
        const std::vector<std::string> path = with_parents(name);
        const std::size_t levels =
            heads == nullptr ? 0 : std::min(path.size() - 1, kLevelsAboveQuery);
        for (std::size_t level = 1; level <= levels; ++level) {
            const auto found = modules.find(path[level]);
            if (found != modules.end()) found->second.query = heads;
        }
    }
    for (auto& [name, module] : modules)
        module.lies_in_attention = attentions.contains(module.block());
}

}  // namespace pal
