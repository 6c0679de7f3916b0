// The rules of a config over the modules of one file: which rule wins where.
//
// Each dotted name is looked at once. Thousands of rules over a hundred thousand modules take a
// second.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "configs/model/config.hpp"
#include "configs/model/tensor_name.hpp"

namespace pal {

/// Names a rule in messages: "module_name_configs 'layers\\..*' (config.yaml:12)".
[[nodiscard]] std::string rule_label(const Config& config, const ModuleRule& rule, bool by_type);
[[nodiscard]] std::string global_label(const Config& config);

/// The rule that decides a tensor.
struct Winner {
    const ModuleRule* rule = nullptr;  // null: global_config
    std::string label;                 // names the rule in messages; empty for global_config
    bool by_type = false;
    bool own_module = false;  // the rule names the tensor's own module, not one above it
    std::size_t number = 0;   // counts the rules of the table from 1; 0: global_config
};

class RuleTable {
  public:
    struct Rule {
        const ModuleRule* rule = nullptr;
        std::string label;
        bool by_type = false;
    };

    /// Numbers of the strongest rules for a module, counted from 1; 0: none.
    struct Reach {
        std::size_t naming = 0;    // names this very module
        std::size_t covering = 0;  // names it or a module above it
    };

    /// layer_types: dotted module -> type. Both arguments outlive the table.
    RuleTable(const Config& config, const std::map<std::string, std::string>& layer_types);

    /// Throws Error(kUsage) if the config has a type rule but no layer of the file has a type.
    void require_types() const;

    /// The rule that decides a tensor: names beat types beat global_config, and within a level the
    /// later entry wins. Remembers every module that it looks at.
    Winner winner_of(const TensorName& name);

    /// Type of the innermost layer on a module path; empty if unknown.
    [[nodiscard]] std::string layer_type(const std::string& module) const;

    /// True if the rule names this very module. A rule also covers all modules below.
    [[nodiscard]] bool names(const Rule& rule, const std::string& module) const;

    /// Rules by type, then rules by name: the later one wins.
    [[nodiscard]] const std::vector<Rule>& rules() const { return rules_; }

    /// All modules that winner_of was asked about, and the modules above them.
    [[nodiscard]] const std::unordered_map<std::string, Reach>& modules() const { return reach_; }

    [[nodiscard]] const std::map<std::string, std::string>& layer_types() const { return types_; }

    /// Type of the layer that a module itself is; null if unknown.
    [[nodiscard]] const std::string* own_type(const std::string& module) const;

    /// Adds the modules of another file's table for the same config.
    void absorb(const RuleTable& other);

  private:
    [[nodiscard]] std::size_t last_rule_naming(const std::string& module);
    Reach reach_of(const std::string& module);

    const Config& config_;
    const std::map<std::string, std::string>& types_;
    std::vector<Rule> rules_;
    std::unordered_map<std::string, Reach> reach_;
    std::size_t whole_model_ = 0;  // the last rule for the module ""; 0: none
    std::unordered_map<std::string, std::size_t> type_rule_;  // type -> last rule that names it
};

}  // namespace pal
