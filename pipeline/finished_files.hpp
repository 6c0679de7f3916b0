// What a run of several files has finished, so that the next one need not do it again: a hidden
// file in the folder of outputs, a line of JSON for each finished file, that goes when all are
// there. An output alone does not tell whether the weights of its input have changed since.
#pragma once

#include <map>
#include <string>

#include "io/journal.hpp"

namespace pal {

class FinishedFiles {
  public:
    /// Reads what an earlier run left in the folder, if anything; lines that are damaged are left
    /// out. Throws Error(kInput) where it cannot be read.
    explicit FinishedFiles(const std::string& folder);

    [[nodiscard]] bool any() const noexcept { return !files_.empty(); }

    /// The report of an output that an earlier run finished, where that run had the same identity
    /// and the file is the one that it made; else null. name: below the folder.
    [[nodiscard]] const std::string* report_of(const std::string& name,
                                               const RunIdentity& identity) const;

    /// To be called before an output gets its name, when all of its bytes are at `part_path`:
    /// whoever is killed in between has both or neither. Throws Error(kOutput).
    void add(const std::string& name, const RunIdentity& identity, const std::string& part_path,
             const std::string& report);
    /// All outputs are there.
    void discard() noexcept;

  private:
    struct File {
        RunIdentity identity;
        std::string stamp;
        std::string report;
    };
    std::string folder_;
    std::string path_;
    std::map<std::string, File> files_;
};

}  // namespace pal
