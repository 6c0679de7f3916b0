// --include and --exclude: a regular expression over the tensors of a run's files.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "configs/model/candidate.hpp"

namespace pal {

/// Matches an expression against the paths of all candidates, in one of three readings: HDF5 paths
/// ("/fc/weight"), dotted paths ("fc.weight"), or module names, which cover everything below as a
/// rule does. The first reading that matches any dataset holds for all of them. Trying every
/// reading on each tensor would break lookaheads: "(?!/fc/).*" spares /fc/weight, but matches
/// "fc.weight". A dataset with several hard links matches if one of its paths does.
class PathFilter {
  public:
    /// `option` names the filter in messages: "--include". An empty expression means that the
    /// filter is not given: it matches nothing. Throws Error(kUsage) for a bad pattern.
    PathFilter(const std::string& option, const std::string& expression,
               const std::vector<Candidate>& candidates);

    [[nodiscard]] bool matches(std::size_t candidate) const { return !hits_[candidate].empty(); }
    /// The paths of a candidate that match, as places in Candidate::paths.
    [[nodiscard]] const std::vector<std::size_t>& matching_paths(std::size_t candidate) const {
        return hits_[candidate];
    }

    [[nodiscard]] bool given() const { return given_; }

    /// True if the filter is given and matches no dataset of any kind.
    [[nodiscard]] bool matches_nothing() const { return given_ && first_hits_.empty(); }

    /// Names the filter and its reading: "--include 'RE' as a module name".
    [[nodiscard]] const std::string& label() const { return label_; }

    /// Examples of datasets that match, for messages.
    [[nodiscard]] std::string first_hits() const;

  private:
    std::vector<std::vector<std::size_t>> hits_;  // matching paths of each candidate
    std::vector<std::string> first_hits_;
    std::string label_;
    bool given_ = false;
};

}  // namespace pal
