// What a run of several files has finished, so that the next one need not do it again: a hidden
// file beside each output, until all are there. An output alone does not tell whether the weights
// of its input have changed since. Runs that make other files of a folder at the same time have
// their own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/write/journal.hpp"

namespace pal {

class FinishedFiles {
  public:
    /// Reads what an earlier run left of these outputs, if anything; what is damaged is left out.
    /// names: below the folder. Throws Error(kInput) where it cannot be read; Error(kOutput) where
    /// something else is in its place, or another user's.
    FinishedFiles(const std::string& folder, const std::vector<std::string>& names);

    /// The report of an output that an earlier run finished, where that run had the same identity
    /// and the file is the one that it made; else null.
    [[nodiscard]] const std::string* report_of(const std::string& name,
                                               const RunIdentity& identity) const;

    /// To be called before an output gets its name, when all of its bytes are at `part_path`:
    /// whoever is killed in between has both or neither. Throws Error(kOutput): take_back() then.
    void add(const std::string& name, const RunIdentity& identity, const std::string& part_path,
             const std::string& report) const;
    /// The output did not get its name.
    void take_back(const std::string& name) const noexcept;
    /// All outputs are there.
    void discard() const noexcept;

  private:
    struct File {
        RunIdentity identity;
        std::string stamp;
        std::string report;
    };
    [[nodiscard]] std::string place_of(const std::string& name) const;
    [[nodiscard]] std::string new_place_of(const std::string& name) const;

    std::string folder_;
    std::vector<std::string> names_;
    std::map<std::string, File> files_;
};

}  // namespace pal
