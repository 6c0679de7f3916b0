// State of an output that is being made, for the sources that write into it.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "io/files/partial_file.hpp"
#include "io/files/raw_file.hpp"
#include "io/guard/last_wish.hpp"
#include "io/h5/hdf5.hpp"
#include "io/read/checkpoint.hpp"
#include "io/write/checkpoint_writer.hpp"
#include "io/write/copy/stand_ins.hpp"
#include "io/write/write_indices.hpp"

namespace pal {

struct CheckpointWriter::Impl {
    Impl(const CheckpointReader& reader, const std::string& target_path, bool force,
         const std::string& partial_path)
        : source(reader.impl()),
          target(target_path),
          output(target_path),
          partial(target_path, force, partial_path) {
        partial.is_made_of(source.path);
    }

    const Checkpoint& source;
    std::string target;
    Output output;
    PartialFile partial;
    RawOutput raw;       // the partial file, once something is written past the library
    h5::File file;       // declared after the partial file: closed before that is removed
    StandIns stand_ins;  // from copy_tree() or copy_skeleton()
    IndexStorages index_storages;
    bool needs_format_2 = false;   // something in it is new in format 2
    std::optional<Error> failure;  // of a write; nothing more is written after it

    /// Returns the address of a dataset or palettized group of the source. Throws Error(kInput)
    /// where there is none.
    [[nodiscard]] haddr_t replaced_address(const std::string& path) const {
        const haddr_t address = source.address_of(path);
        if (address != HADDR_UNDEF) return address;
        throw Error(ErrorCode::kInput, source.path + ": " + path + ": no such dataset");
    }

    /// Opens the stand-in for the dataset or palettized group at `path` of the source.
    template <class Kind>
    [[nodiscard]] Kind open_stand_in(const std::string& path) const {
        const auto found = stand_ins.places.find(source.address_of(path));
        PAL_ASSERT(found != stand_ins.places.end());
        return h5::open_at<Kind>(file.get(), found->second, path);
    }

    [[nodiscard]] ChunkNotes chunk_notes() {
        // Versions of the library disagree on whether an offset includes the user block.
        return {source.info.user_block_bytes != 0,
                [this](std::size_t bytes) { partial.wrote(bytes); }};
    }

    /// Calls function() and turns failures of the library into errors. They are blamed on the
    /// output; with `reads_source` on the source, unless the library failed to write. `where` goes
    /// behind the file's name in the text.
    template <class Function>
    void guarded(const std::string& where, const Function& function, bool reads_source = false) {
        if (failure) throw Error(*failure);
        try {
            function();
        } catch (const h5::Failure& failed) {
            if (reads_source && !failed.while_writing()) {
                throw failed.in(source.path + where);
            }
            const bool met_limit = failed.code() == ErrorCode::kLimit;
            fail(Error(met_limit ? ErrorCode::kLimit : ErrorCode::kOutput,
                       target + where + ": " + failed.what()));
        }
    }

    /// Throws this error, now and at each further use of guarded().
    [[noreturn]] void fail(const Error& error) {
        failure = error;
        blame_output_for_crash(error);
        throw Error(error);
    }
};

}  // namespace pal
