#include "configs/rules/rule_usage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "configs/model/module_path.hpp"

namespace pal {

void RuleUsage::note_decided(const Winner& winner, const TensorName& name, bool named) {
    for (const std::string& module : name.module_names) winners_[module] = winner.number;
    if (winner.number == 0) return;
    Notes& notes = notes_[winner.number - 1];
    notes.won = true;
    notes.named_state = notes.named_state || named;
    if (notes.named_state || notes.other_states.size() >= kMostExamples) return;
    notes.other_states.push_back(
        fmt::format("'{}' of {}", name.state_name, name.module_names.front()));
}

void RuleUsage::note_exempt(const Winner& winner, const TensorName& name) {
    if (winner.number == 0) return;
    Notes& notes = notes_[winner.number - 1];
    if (notes.exempt.size() < kMostExamples) notes.exempt.push_back(name.module_names.front());
}

void RuleUsage::note_other(const TensorName& name) {
    for (const std::string& module : name.module_names) {
        for (std::string& above : with_parents(module)) others_.insert(std::move(above));
    }
}

std::size_t RuleUsage::winner_below(const std::string& module) const {
    const auto own = winners_.find(module);
    if (own != winners_.end()) return own->second;
    const auto below = winners_.lower_bound(module + ".");
    return below != winners_.end() && below->first.starts_with(module + ".") ? below->second : 0;
}

void RuleUsage::absorb(const RuleUsage& other) {
    const auto add_some = [](std::vector<std::string>& texts,
                             const std::vector<std::string>& more) {
        const std::size_t room = kMostExamples - std::min(kMostExamples, texts.size());
        texts.insert(texts.end(), more.begin(),
                     more.begin() + static_cast<std::ptrdiff_t>(std::min(room, more.size())));
    };
    for (std::size_t r = 0; r < notes_.size(); ++r) {
        const Notes& theirs = other.notes_[r];
        notes_[r].won = notes_[r].won || theirs.won;
        notes_[r].named_state = notes_[r].named_state || theirs.named_state;
        add_some(notes_[r].other_states, theirs.other_states);
        add_some(notes_[r].exempt, theirs.exempt);
    }
    for (const auto& [module, winner] : other.winners_) {
        std::size_t& known = winners_[module];
        known = std::max(known, winner);
    }
    others_.insert(other.others_.begin(), other.others_.end());
}

}  // namespace pal
