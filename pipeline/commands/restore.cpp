// restore: makes a dense checkpoint of a palettized one.
#include <fmt/format.h>

#include "io/files/content_stamp.hpp"
#include "io/files/paths.hpp"
#include "io/read/checkpoint_reader.hpp"
#include "io/write/checkpoint_writer.hpp"
#include "io/write/half_published.hpp"
#include "io/write/journal.hpp"
#include "io/write/version.hpp"
#include "pipeline/cli/options.hpp"
#include "pipeline/commands/commands.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/printable.hpp"
#include "pipeline/console/standard_streams.hpp"
#include "pipeline/record/fingerprint.hpp"
#include "pipeline/record/reported.hpp"
#include "pipeline/record/run_identity.hpp"
#include "stages/decode.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Throws if the LUT, scales or zero points are not those that were written. A change of the file,
/// or of one that it links, must not come out as other weights.
void require_unchanged_lut(const CheckpointInfo& file, const std::string& path,
                           const PalettizedTensor& tensor,
                           const std::map<std::string, Reported>& reported) {
    const auto found = reported.find(path);
    if (found == reported.end() || found->second.palette.empty() ||
        found->second.palette == palette_fingerprint(tensor).text())
        return;
    throw Error(ErrorCode::kInput, file.file + ": " + path +
                                       ": LUT, scales or zero points are not those that were "
                                       "written; the file, or one that it links, was changed");
}

void restore_tensors(const CheckpointReader& reader, CheckpointWriter& writer) {
    const auto& tensors = reader.info().tensors;
    const auto reported = reported_results(reader.info().results_json);
    Progress progress(tensors.size(), reader.info().dense_bytes, progress_on_stderr());
    for (const PalettizedTensorInfo& info : tensors) {
        progress.begin(info.path);
        const PalettizedTensor tensor = reader.read_palettized(info.path);
        require_unchanged_lut(reader.info(), info.path, tensor, reported);
        decode(tensor, *writer.open_dense(info.path, tensor.dtype, tensor.geometry.weight_count));
        progress.end(info.dense_bytes);
        log_detail(info.path + ": restored");
    }
}

int execute_restore(const Arguments& arguments) {
    const std::string& source = arguments.positionals[0];
    const std::string target = behind_links(arguments.positionals[1]);
    const CheckpointReader reader(source, read_options_from(arguments));
    require_palettized(reader.info());
    const RunIdentity identity{input_fingerprint(reader.info()) + " " + content_stamp(source),
                               "restore", kVersion, inode_stamp(source)};
    if (was_published(target, identity, {})) {
        remove_journal(target);
        log_note(target + ": was done by an earlier run; it stays");
        return 0;
    }
    check_output(arguments);
    std::vector<std::string> replaced;
    for (const PalettizedTensorInfo& tensor : reader.info().tensors)
        replaced.push_back(tensor.path);
    Journal place(target, identity, false);  // ours alone; the next one finds it if this is killed
    CheckpointWriter writer(reader, target, arguments.flag("force"), replaced,
                            place.partial_path());
    restore_tensors(reader, writer);
    writer.finish("");
    (void)writer.sync();
    place.publishing({{}, {}, content_stamp(place.partial_path())});
    writer.publish();
    if (log_options().verbosity <= Verbosity::kQuiet) return 0;
    print_when_done(fmt::format("restored {} tensors to {}\n", replaced.size(), printable(target)),
                    target);
    return 0;
}

}  // namespace

Command restore_command() {
    return {"restore",
            "PALETTIZED.h5 OUT.h5",
            "makes a dense checkpoint of a palettized one",
            "h5palettize restore model.w4.h5 model.restored.h5",
            2,
            2,
            {OptionGroup::kTrust, OptionGroup::kThreads, OptionGroup::kForce},
            execute_restore};
}

}  // namespace pal
