// State that the steps of a comparison share. In every step, `a` is an object of the original and
// `b` the object in its place in the derived file. `path` leads to both.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "io/read/checkpoint.hpp"

namespace pal {

struct Comparison {
    const Checkpoint& original;
    const Checkpoint& derived;
    /// Address in the original -> address of the object in its place.
    std::map<haddr_t, haddr_t> partners = {};
    /// Comparisons of references, to be run once every object has its partner.
    std::vector<std::function<void()>> deferred = {};
    std::vector<std::string> lines = {};  // the differences, "path: difference"

    void differs(const std::string& path, const std::string& difference) {
        lines.push_back(path + ": " + difference);
    }
};

/// Returns the names that are in `names` and not in `others`, in their order. O(n log n).
[[nodiscard]] inline std::vector<std::string> names_only_in(
    std::vector<std::string> names, const std::vector<std::string>& others) {
    const std::set<std::string_view> known(others.begin(), others.end());
    std::erase_if(names, [&](const std::string& name) { return known.contains(name); });
    return names;
}

}  // namespace pal
