#include "configs/rules/rule_findings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "configs/model/layer_types.hpp"
#include "configs/text/nearest.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Judges the rules one after the other. Rules are counted from 1.
class RuleJudge {
  public:
    /// files: "this file" or "these files", for messages.
    RuleJudge(const FileRules& rules, const char* files)
        : table_(rules.table),
          usage_(rules.usage),
          files_(files),
          others_(rules.usage.others().begin(), rules.usage.others().end()) {
        for (const auto& [module, reach] : table_.modules()) {
            if (reach.naming > 0) named_.push_back({&module, reach.naming});
        }
        std::sort(named_.begin(), named_.end(),
                  [](const Named& a, const Named& b) { return *a.module < *b.module; });
    }

    RuleFinding finding_of(std::size_t number) {
        const RuleTable::Rule& rule = table_.rules()[number - 1];
        const RuleUsage::Notes& notes = usage_.notes()[number - 1];
        const auto finding = [&](RuleFate fate, std::string text) {
            return RuleFinding{rule.label, fate, std::move(text), 0, 0};
        };
        if (notes.named_state) return finding(RuleFate::kDecides, "");
        if (notes.won) return finding(RuleFate::kNamesNoState, no_state_text(rule, notes));
        if (const std::size_t taker = taker_of(number); taker != 0)
            return finding(RuleFate::kShadowed, shadowed_text(rule, table_.rules()[taker - 1]));
        if (!notes.exempt.empty()) return finding(RuleFate::kExempt, exempt_text(rule, notes));
        if (const auto modules = modules_without_floats(rule); !modules.empty())
            return finding(RuleFate::kNothingFloating, nothing_floating_text(rule, modules));
        return finding(RuleFate::kUnmatched, unmatched_text(rule));
    }

  private:
    /// A module that some rule names.
    struct Named {
        const std::string* module = nullptr;
        std::size_t last_rule = 0;
    };

    /// The rule that decides the tensors of the first module that a rule without wins names; 0: no
    /// such module. If the last rule that names a module stands before this one, this one does not
    /// name it.
    [[nodiscard]] std::size_t taker_of(std::size_t number) const {
        for (const Named& candidate : named_) {
            if (candidate.last_rule < number) continue;
            const std::size_t taker = usage_.winner_below(*candidate.module);
            if (taker <= number) continue;  // no later rule selects anything there
            if (candidate.last_rule == number ||
                table_.names(table_.rules()[number - 1], *candidate.module)) {
                return taker;
            }
        }
        return 0;
    }

    [[nodiscard]] std::vector<std::string> modules_without_floats(
        const RuleTable::Rule& rule) const {
        std::vector<std::string> hits;
        for (const std::string& other : others_) {
            if (hits.size() == RuleUsage::kMostExamples) break;
            if (table_.names(rule, other)) hits.push_back(other);
        }
        return hits;
    }

    static std::string no_state_text(const RuleTable::Rule& rule, const RuleUsage::Notes& notes) {
        return fmt::format(
            "{}: names no state of the modules that it matches, such as {}: it "
            "palettizes nothing; an op_state_spec reaches kernels and biases, a "
            "module_state_spec any state",
            rule.label, fmt::join(notes.other_states, ", "));
    }

    static std::string shadowed_text(const RuleTable::Rule& rule, const RuleTable::Rule& taker) {
        return rule.label + ": is shadowed: all that it matches is taken by " +
               (rule.by_type == taker.by_type ? "the later " + taker.label
                                              : taker.label + ", as names beat types");
    }

    static std::string exempt_text(const RuleTable::Rule& rule, const RuleUsage::Notes& notes) {
        return fmt::format(
            "{}: matches {}, optimizer state, which only a name rule or --include "
            "selects: it palettizes nothing",
            rule.label, fmt::join(notes.exempt, ", "));
    }

    static std::string nothing_floating_text(const RuleTable::Rule& rule,
                                             const std::vector<std::string>& modules) {
        return fmt::format(
            "{}: matches {}, where nothing is floating point: nothing "
            "to palettize",
            rule.label, fmt::join(modules, ", "));
    }

    std::string unmatched_text(const RuleTable::Rule& rule) {
        constexpr int kMostSuggestions = 10;  // each compares many names
        const bool suggest = unmatched_++ < kMostSuggestions;
        std::string text = rule.label + ": matches no module of " + files_;
        if (rule.by_type) return text + hint_for_type(rule.rule->name);
        if (!suggest) return text;
        std::vector<std::string> modules;
        for (const auto& [module, reach] : table_.modules()) modules.push_back(module);
        return text + fmt::format("; a pattern must match a whole module path; the nearest are {}",
                                  fmt::join(nearest_names(rule.rule->name, modules), ", "));
    }

    [[nodiscard]] std::string hint_for_type(const std::string& name) const {
        std::set<std::string> types = types_in_use();
        std::string in_use = types.empty()
                                 ? "; no tensor lies in a layer of a known type"
                                 : fmt::format("; its types are {}", fmt::join(types, ", "));
        for (const auto& [layer, type] : table_.layer_types()) {
            if (!same_layer_type(name, type)) continue;
            return in_use + "; layer '" + layer + "' is of this type, but has no tensors in " +
                   files_;
        }
        const std::vector<std::string> known = known_layer_types();
        types.insert(known.begin(), known.end());
        const std::string type = short_layer_type(name);
        if (types.count(type) != 0) return in_use;
        const std::string near = nearest(type, {types.begin(), types.end()});
        return in_use + "; '" + type + "' is no type known here" +
               (near.empty() ? "" : ", did you mean '" + near + "'?");
    }

    /// Types of the layers that hold datasets. A model also has layers without weights.
    [[nodiscard]] std::set<std::string> types_in_use() const {
        std::set<std::string> types;
        const auto add = [&](const std::string& module) {
            const std::string* type = table_.own_type(module);
            if (type == nullptr) return;
            for (std::string& name : wrapped_classes(*type)) types.insert(std::move(name));
        };
        for (const auto& [module, reach] : table_.modules()) add(module);
        for (const std::string& module : others_) add(module);
        return types;
    }

    const RuleTable& table_;
    const RuleUsage& usage_;
    const char* files_;
    std::set<std::string> others_;
    std::vector<Named> named_;  // by name
    int unmatched_ = 0;         // rules that matched nothing so far
};

std::vector<RuleFinding> findings_in(const FileRules& rules, const char* files) {
    RuleJudge judge(rules, files);
    std::vector<RuleFinding> findings;
    findings.reserve(rules.table.rules().size());
    for (std::size_t number = 1; number <= rules.table.rules().size(); ++number)
        findings.push_back(judge.finding_of(number));
    return findings;
}

std::vector<RuleFinding> findings_in_all(const Config& config,
                                         const std::vector<FileRules>& files) {
    std::map<std::string, std::string> types;  // for messages only: each file has its own
    for (const FileRules& file : files)
        types.insert(file.table.layer_types().begin(), file.table.layer_types().end());
    FileRules together(config, types);
    for (const FileRules& file : files) {
        together.table.absorb(file.table);
        together.usage.absorb(file.usage);
    }
    return findings_in(together, "these files");
}

}  // namespace

std::vector<RuleFinding> rule_findings(const FileRules& rules) {
    return findings_in(rules, "this file");
}

std::vector<std::string> rule_warnings(const Config& config, const std::vector<FileRules>& files,
                                       bool allow_unmatched) {
    std::vector<std::string> texts;
    for (const RuleFinding& finding :
         files.size() == 1 ? rule_findings(files.front()) : findings_in_all(config, files)) {
        if (finding.fate == RuleFate::kDecides) continue;
        if (finding.fate == RuleFate::kUnmatched && !allow_unmatched) {
            throw Error(ErrorCode::kUsage,
                        finding.text + " (--allow-unmatched-rules makes this a warning)");
        }
        texts.push_back(finding.text);
    }
    return texts;
}

}  // namespace pal
