#include "configs/module_path.hpp"

#include <algorithm>

#include "configs/pattern.hpp"

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
    std::vector<std::string> names{module};
    for (std::size_t dot = module.rfind('.'); dot != std::string::npos && dot > 0;
         dot = module.rfind('.', dot - 1)) {
        names.push_back(module.substr(0, dot));
    }
    return names;
}

bool is_optimizer_state(const std::string& module) {
    const auto components = module_components(module);
    return std::any_of(components.begin(), components.end(), [](const std::string& component) {
        return component == "optimizer" || component == "optimizer_weights";
    });
}

bool is_embedding(const std::string& module, const std::string& state) {
    static const Pattern kEmbedding(
        "(?i)(.*[._])?(embed|embeds|embedding|embeddings|wte|wpe)([._].*)?", "embedding names");
    return state == "embeddings" || kEmbedding.matches(module);
}

}  // namespace pal
