// Notes on the rules of one file, taken while its tensors are decided.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "configs/model/tensor_name.hpp"
#include "configs/rules/rule_table.hpp"

namespace pal {

class RuleUsage {
  public:
    /// Examples that a message shows at most.
    static constexpr std::size_t kMostExamples = 3;

    struct Notes {
        bool won = false;
        bool named_state = false;               // for a tensor that the rule won
        std::vector<std::string> other_states;  // "'bias' of enc.fc": examples it does not name
        std::vector<std::string> exempt;        // modules of examples it may not select
    };

    explicit RuleUsage(std::size_t rule_count) : notes_(rule_count) {}

    /// Notes that a rule decides a tensor. `named`: its config names the tensor's state.
    void note_decided(const Winner& winner, const TensorName& name, bool named);

    /// Notes a tensor that the winner may not select: optimizer state or an embedding.
    void note_exempt(const Winner& winner, const TensorName& name);

    /// Notes a dataset that is not floating point.
    void note_other(const TensorName& name);

    /// Notes on each rule, in the order of the table.
    [[nodiscard]] const std::vector<Notes>& notes() const { return notes_; }

    /// Number of the rule that decides the tensors of a module, or of the first module below that
    /// has tensors. 0: global_config, or there are none.
    [[nodiscard]] std::size_t winner_below(const std::string& module) const;

    /// Modules of datasets that are not floating point, and the modules above them.
    [[nodiscard]] const std::unordered_set<std::string>& others() const { return others_; }

    /// Adds the notes on another file for the same config.
    void absorb(const RuleUsage& other);

  private:
    std::vector<Notes> notes_;
    std::map<std::string, std::size_t> winners_;  // module of a tensor -> number of its rule
    std::unordered_set<std::string> others_;
};

/// The rules over one file.
struct FileRules {
    RuleTable table;
    RuleUsage usage;

    FileRules(const Config& config, const std::map<std::string, std::string>& layer_types)
        : table(config, layer_types), usage(table.rules().size()) {}
};

}  // namespace pal
