// Notes of a run of several files: a hidden file beside each output that is finished, until all
// are. The next run keeps those outputs. An output alone does not tell whether the weights of its
// input have changed since. Runs that make other files of the same folder have notes of their own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/write/journal.hpp"

namespace pal {

class FinishedFiles {
  public:
    /// Reads the notes that an earlier run left beside these outputs; damaged ones are ignored.
    /// names: of outputs, below the folder. Throws Error(kInput) if a note cannot be read, and
    /// Error(kOutput) if something else, or another user's file, is in its place.
    FinishedFiles(const std::string& folder, const std::vector<std::string>& names);

    /// Returns the bytes that add() was given for an output. Null unless a run of the same identity
    /// made the file that is there now.
    [[nodiscard]] const std::string* result_of(const std::string& name,
                                               const RunIdentity& identity) const;

    /// Writes the note of an output. Call it before the output gets its name, when all its bytes
    /// are at `partial_path`: a run that is killed in between leaves both or neither. Throws
    /// Error(kOutput); call take_back() then.
    void add(const std::string& name, const RunIdentity& identity, const std::string& partial_path,
             const std::string& result) const;
    /// Removes the note of an output that did not get its name.
    void take_back(const std::string& name) const noexcept;
    /// Writes that the whole run is done: a run that is killed in discard() has nothing to do
    /// again. identities: of the outputs, which are all in place. asked: as Publishing::asked.
    /// Throws Error.
    void note_all(const std::vector<RunIdentity>& identities,
                  const std::vector<std::string>& asked) const;
    /// Tells whether an earlier run of the same work wrote that, and every output is as it was.
    [[nodiscard]] bool are_all_done(const std::vector<RunIdentity>& identities,
                                    const std::vector<std::string>& asked) const;
    /// Removes all notes: every output is there.
    void discard() const noexcept;

  private:
    struct Note {
        RunIdentity identity;
        std::string stamp;   // of the output
        std::string result;  // bytes
    };
    [[nodiscard]] static bool read(const std::string& text, Note& note);
    [[nodiscard]] std::string place_of(const std::string& name) const;
    [[nodiscard]] std::string new_place_of(const std::string& name) const;
    [[nodiscard]] std::string place_of_all() const;
    [[nodiscard]] std::string text_of_all(const std::vector<RunIdentity>& identities,
                                          const std::vector<std::string>& asked) const;

    std::string folder_;
    std::vector<std::string> names_;
    std::map<std::string, Note> notes_;
};

}  // namespace pal
