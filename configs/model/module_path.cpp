#include "configs/model/module_path.hpp"

#include <algorithm>

namespace pal {

std::vector<std::string> module_components(const std::string& module) {
    std::vector<std::string> components(1);
    for (const char c : module) {
        if (c == '.') {
            components.emplace_back();
        } else {
            components.back() += c;
        }
    }
    return components;
}

std::vector<std::string> with_parents(const std::string& module) {
    // A name of 64 KiB may be all dots; all its parents together would take gigabytes.
    constexpr std::size_t kMostParents = 100;
    std::vector<std::string> names;
    for (std::size_t dot = module.find('.');
         dot != std::string::npos && names.size() < kMostParents; dot = module.find('.', dot + 1)) {
        if (dot > 0) names.push_back(module.substr(0, dot));
    }
    names.push_back(module);
    std::reverse(names.begin(), names.end());
    return names;
}

}  // namespace pal
