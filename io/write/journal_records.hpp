// Format of a journal: a sequence of records.
//
// A record has the length of its CBOR (4 bytes), the CRC-32 of it (4 bytes), and the CBOR. The
// first record holds the identity of the run, each further one a finished tensor. The last one may
// hold what the run is about to publish.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "io/files/descriptor.hpp"
#include "io/files/raw_file.hpp"
#include "io/write/chunk_place.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// Facts that two runs must share for one to take over the work of the other. Texts of any length.
struct RunIdentity {
    std::string input;
    std::string config;
    std::string version;
    std::string inodes = {};  // of the input files, from inode_stamp(); copies have others
};

/// Tells whether two runs do the same work, on files that were not changed between them.
[[nodiscard]] bool is_same_work(const RunIdentity& before, const RunIdentity& now);

/// A file beside the output that a run publishes.
struct PublishedFile {
    std::string path;   // absolute
    std::string stamp;  // from content_stamp()
};

/// Files that a run is about to publish.
struct Publishing {
    std::vector<std::string> asked;    // paths that options name, as absolute ones
    std::vector<PublishedFile> files;  // those of them that are made beside the output
    std::string output;                // stamp of the output, which comes last
};

/// A tensor that an earlier run finished.
struct FinishedTensor {
    std::string name;  // from Journal::add
    std::string note;  // from Journal::add
    /// Without dtype, n_bits and geometry. Reads chunks from the earlier partial file when they are
    /// asked for.
    PalettizedTensor tensor;
};

/// Returns the bytes of the first record.
[[nodiscard]] std::string identity_record(const RunIdentity& identity);

/// Returns the bytes of the record of a finished tensor. `chunks`: in the order of the
/// tensor's chunks.
[[nodiscard]] std::string tensor_record(const std::string& name, const PalettizedTensor& tensor,
                                        const std::vector<ChunkPlace>& chunks,
                                        const std::string& note);

/// Returns the bytes of the record of what is about to be published.
[[nodiscard]] std::string publishing_record(const Publishing& publishing);

/// Returns what a record of publishing_record() holds; nothing for another record.
[[nodiscard]] std::optional<Publishing> publishing_of_record(const nlohmann::json& record);

/// Returns the identity of a journal's first record; nothing where it is damaged.
[[nodiscard]] std::optional<RunIdentity> identity_of_record(const nlohmann::json& first_record);

/// Reads the record at byte `position` and moves `position` behind it. Returns nothing where the
/// record is not whole.
[[nodiscard]] std::optional<nlohmann::json> read_record(const Descriptor& journal,
                                                        std::uint64_t& position);

/// Returns which fact of a journal's first record differs from `identity`: "version", "input" or
/// "config". Empty where all are the same.
[[nodiscard]] std::string differing_fact(const nlohmann::json& first_record,
                                         const RunIdentity& identity);

/// Returns the tensor of a record; nothing where the record or one of its chunks is damaged. Reads
/// every chunk once. partial: the file that the earlier run was writing.
[[nodiscard]] std::optional<FinishedTensor> tensor_of_record(
    const nlohmann::json& record, std::shared_ptr<const RawFile> partial);

}  // namespace pal
