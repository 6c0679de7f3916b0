#include "configs/rules/path_filter.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "configs/model/module_path.hpp"
#include "configs/model/pattern.hpp"
#include "configs/model/tensor_name.hpp"

namespace pal {

namespace {

constexpr std::size_t kFirstHits = 3;

std::vector<std::string> hdf5_path(const TensorPath& path) { return {path.path}; }

std::vector<std::string> dotted_path(const TensorPath& path) {
    return dotted_paths(path.path, path.name);
}

std::vector<std::string> module_names(const TensorPath& path) {
    std::vector<std::string> names;
    for (const std::string& module : path.name.module_names) {
        for (std::string& name : with_parents(module)) names.push_back(std::move(name));
    }
    return names;
}

struct Reading {
    std::vector<std::string> (*texts_of)(const TensorPath& path);
    const char* remark;
};
constexpr std::array<Reading, 3> kReadings{
    {{hdf5_path, ""}, {dotted_path, " as a dotted path"}, {module_names, " as a module name"}}};

}  // namespace

PathFilter::PathFilter(const std::string& option, const std::string& expression,
                       const std::vector<Candidate>& candidates)
    : hits_(candidates.size()),
      label_(option + " '" + expression + "'"),
      given_(!expression.empty()) {
    if (!given_) return;
    const Pattern pattern(expression, label_);
    for (const Reading& reading : kReadings) {
        const auto hits = [&](const TensorPath& path) {
            const auto texts = reading.texts_of(path);
            return std::any_of(texts.begin(), texts.end(),
                               [&](const std::string& text) { return pattern.matches(text); });
        };
        for (std::size_t c = 0; c < candidates.size(); ++c) {
            const Candidate& candidate = candidates[c];
            for (std::size_t p = 0; p < candidate.paths.size(); ++p) {
                if (hits(candidate.paths[p])) hits_[c].push_back(p);
            }
            if (matches(c) && first_hits_.size() < kFirstHits)
                first_hits_.push_back(candidate.path);
        }
        if (first_hits_.empty()) continue;
        label_ += reading.remark;
        return;
    }
}

std::string PathFilter::first_hits() const {
    return fmt::format("{}", fmt::join(first_hits_, ", "));
}

}  // namespace pal
