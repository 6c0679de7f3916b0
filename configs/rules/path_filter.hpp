// --include and --exclude: a regular expression over the tensors of a file. Only for configs/.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "configs/model/candidate.hpp"

namespace pal {

/// A dataset with several hard links is hit where one of its paths is. What an expression says is
/// read in one way for the whole file: as HDF5 paths ("/fc/weight"); if that matches no dataset at
/// all, as dotted paths ("fc.weight"); if that does not either, as module names, which cover
/// everything below as a rule does. Trying all of them on each tensor would break lookaheads:
/// "(?!/fc/).*" spares /fc/weight, and "fc.weight" it does not.
class PathFilter {
  public:
    /// `option` names it in messages: "--include". An empty expression matches nothing and is never
    /// missed. Throws Error(kUsage) for a bad pattern.
    PathFilter(const std::string& option, const std::string& expression,
               const std::vector<Candidate>& candidates);

    [[nodiscard]] bool matches(std::size_t candidate) const { return hits_[candidate]; }

    [[nodiscard]] bool given() const { return given_; }

    /// It was given and matches no dataset of any kind.
    [[nodiscard]] bool matches_nothing() const { return given_ && first_hits_.empty(); }

    /// "--include 'RE'", with "as a module name" where it was read so.
    [[nodiscard]] const std::string& label() const { return label_; }

    /// Some of the datasets that it matches, for messages.
    [[nodiscard]] std::string first_hits() const;

  private:
    std::vector<bool> hits_;  // by candidate
    std::vector<std::string> first_hits_;
    std::string label_;
    bool given_ = false;
};

}  // namespace pal
