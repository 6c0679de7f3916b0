// The rules of a config over the modules of a file: which one wins where, and which ones come to
// nothing. Each dotted name is looked at once, so that thousands of rules over a hundred thousand
// modules take a second. Only for configs/.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "configs/model/config.hpp"
#include "configs/model/explanation.hpp"

namespace pal {

/// How messages name a rule: "module_name_configs 'layers\\..*' (config.yaml:12)".
[[nodiscard]] std::string rule_label(const Config& config, const ModuleRule& rule, bool by_type);
[[nodiscard]] std::string global_label(const Config& config);

/// The rule that decides a tensor.
struct Winner {
    const ModuleRule* rule = nullptr;  // null: global_config
    std::string label;                 // the rule as messages name it
    bool by_type = false;
    bool own_module = false;  // the rule names the tensor's own module, not one above it
    std::size_t number = 0;   // of the rule in its table, from 1; 0: global_config
};

class RuleTable {
  public:
    /// Both outlive the table.
    RuleTable(const Config& config, const std::map<std::string, std::string>& layer_types);

    /// Throws Error(kUsage): a type rule, and a file that does not say the types of its layers.
    void require_types() const;

    /// Names beat types beat global; within a level the later entry wins.
    Winner winner_of(const TensorName& name);

    /// Tells that a rule decides a tensor, and whether its config names the tensor's state, for the
    /// warnings.
    void note_decided(const Winner& winner, const TensorName& name, bool named);

    /// Tells of a tensor that the winner may not select, optimizer state, for the warnings.
    void note_exempt(const Winner& winner, const TensorName& name);

    /// Tells of a dataset that is no tensor, for the warnings.
    void note_other(const TensorName& name);

    /// After all tensors: warns of rules that are shadowed, match only modules without
    /// floating-point tensors, or name no state that their modules have; a rule that matched
    /// nothing is an Error(kUsage), or a warning where `allow_unmatched`.
    [[nodiscard]] std::vector<std::string> warnings(bool allow_unmatched) const;

    /// The same over the tables of several files, each with all its tensors: a rule comes to
    /// nothing where it does so in all of them.
    [[nodiscard]] static std::vector<std::string> warnings_of(const Config& config,
                                                              const std::vector<RuleTable>& tables,
                                                              bool allow_unmatched);

    /// What became of each rule, in the order of the table: what warnings() says.
    [[nodiscard]] std::vector<RuleFinding> findings() const;

    /// Each rule on a tensor that `winner` decides, the strongest first, and global_config.
    [[nodiscard]] std::vector<Trial> trials(const TensorName& name, const Winner& winner) const;

    /// The type of the innermost layer on a module path, empty where none is known.
    [[nodiscard]] std::string layer_type(const std::string& module) const;

  private:
    struct Rule {
        const ModuleRule* rule = nullptr;
        std::string label;
        bool by_type = false;
        bool won = false;
        bool named_state = false;               // of a tensor that it won
        std::vector<std::string> other_states;  // "module: state" of some that it does not name
        std::vector<std::string> exempt;        // modules of some that it may not select
    };
    /// Rules are counted from 1 here; 0: none.
    struct Reach {
        std::size_t naming = 0;    // the last rule that names this very module
        std::size_t covering = 0;  // the last one that names it or a module above it
    };

    struct Named {
        const std::string* module = nullptr;
        std::size_t last_rule = 0;
    };

    void absorb(const RuleTable& other);
    void add_rule(const ModuleRule& rule, bool by_type);
    [[nodiscard]] RuleFinding finding_of(std::size_t rule, const std::vector<Named>& named,
                                         const std::set<std::string>& others, int& unmatched) const;
    [[nodiscard]] Trial trial_of(const Rule& rule, const TensorName& name) const;
    [[nodiscard]] bool names(const Rule& rule, const std::string& module) const;
    [[nodiscard]] std::size_t last_rule_naming(const std::string& module);
    Reach reach_of(const std::string& module);
    [[nodiscard]] std::vector<Named> named_modules() const;
    [[nodiscard]] std::size_t taker_of(std::size_t rule, const std::vector<Named>& named) const;
    [[nodiscard]] std::size_t winner_below(const std::string& module) const;
    [[nodiscard]] std::string shadowed_text(const Rule& rule, const Rule& taker) const;
    [[nodiscard]] std::set<std::string> types_in_use() const;
    [[nodiscard]] std::string unmatched_text(const Rule& rule, bool suggest) const;

    const Config& config_;
    const std::map<std::string, std::string>& types_;
    std::vector<Rule> rules_;  // types before names, so that the last match wins altogether
    std::unordered_map<std::string, Reach> reach_;            // of modules and all above them
    std::unordered_map<std::string, std::size_t> type_rule_;  // type: last rule that names it
    std::map<std::string, std::size_t> modules_;              // of tensors: the winner
    std::unordered_set<std::string> others_;  // of datasets that are no tensors, and all above
    const char* files_ = "this file";         // as messages call it
};

}  // namespace pal
