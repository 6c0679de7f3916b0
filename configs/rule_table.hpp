// The rules of a config over the modules of a file: which one wins where, and which ones come to
// nothing. Only for configs/.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "configs/config.hpp"

namespace pal {

/// The rule that decides a tensor.
struct Winner {
    const ModuleRule* rule = nullptr;  // null: global_config
    std::string label;                 // the rule as messages name it
    bool by_type = false;
    bool own_module = false;  // the rule names the tensor's own module, not one above it
};

class RuleTable {
  public:
    /// Both outlive the table. Throws Error(kUsage): a type rule without types.
    RuleTable(const Config& config, const std::map<std::string, std::string>& layer_types);

    /// Names beat types beat global; within a level the later entry wins. Counts what matched.
    Winner winner_of(const TensorName& name);

    /// Tells of a dataset that is no tensor, for the warnings.
    void note_other(const TensorName& name);

    /// After all tensors: warns of rules that are shadowed or match only modules without
    /// floating-point tensors; a rule that matched nothing is an Error(kUsage), or a warning where
    /// `allow_unmatched`.
    [[nodiscard]] std::vector<std::string> warnings(bool allow_unmatched) const;

    /// The type of the innermost layer on a module path, empty where none is known.
    [[nodiscard]] std::string layer_type(const std::string& module) const;

  private:
    struct Rule {
        const ModuleRule* rule = nullptr;
        std::string label;
        bool by_type = false;
        std::size_t matched_modules = 0;
        std::size_t won = 0;
        std::size_t lost_to = 0;  // rule that took a tensor over, +1
    };
    struct Place {
        std::size_t rule = 0;  // index + 1; 0: global_config
        bool own_module = false;
    };

    void add_rule(const ModuleRule& rule, bool by_type);
    void require_types() const;
    [[nodiscard]] bool names(const Rule& rule, const std::string& module) const;
    [[nodiscard]] bool covers(const Rule& rule, const TensorName& name, bool* own_module) const;
    [[nodiscard]] std::vector<std::string> others_covered_by(const Rule& rule) const;
    [[nodiscard]] std::string unmatched_text(const Rule& rule) const;

    const Config& config_;
    const std::map<std::string, std::string>& types_;
    std::vector<Rule> rules_;  // types before names, so that the last match wins altogether
    std::unordered_map<std::string, Place> winners_;  // by module
    std::set<std::string> modules_;
    std::map<std::string, TensorName> others_;  // modules of datasets that are no tensors
};

}  // namespace pal
