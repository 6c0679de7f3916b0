// merge: one palettized checkpoint of its shards, or an index of them.
#include "pipeline/merge/merge.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "io/files/check_target.hpp"
#include "io/files/content_stamp.hpp"
#include "io/files/paths.hpp"
#include "io/write/half_published.hpp"
#include "io/write/journal.hpp"
#include "io/write/version.hpp"
#include "pipeline/cli/options.hpp"
#include "pipeline/commands/commands.hpp"
#include "pipeline/console/bytes_for_people.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/standard_streams.hpp"
#include "pipeline/record/reported.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

std::vector<std::string> shard_files(const Arguments& arguments) {
    return {arguments.positionals.begin() + 1, arguments.positionals.end()};
}

void check_merge_target(const std::string& input, const std::vector<std::string>& shards,
                        const std::string& target, bool force) {
    check_target(input, target, force);
    for (const std::string& shard : shards) check_target(shard, target, force);
}

RunIdentity identity_of_merge(const std::vector<std::string>& shards, const std::string& input,
                              bool links) {
    RunIdentity identity{content_stamp(input), links ? "merge --link" : "merge", kVersion,
                         inode_stamp(input)};
    for (const std::string& shard : shards) {
        identity.input += " " + content_stamp(shard);
        identity.inodes += " " + inode_stamp(shard);
    }
    return identity;
}

std::string input_of(const Arguments& arguments, const Shard& shard) {
    if (arguments.has("input")) return arguments.text("input");
    std::error_code none;
    if (std::filesystem::exists(shard.record.input, none)) return shard.record.input;
    throw Error(ErrorCode::kInput,
                shard.record.input +
                    ": the file that the shards were made from is not there; --input names it");
}

int execute_merge(const Arguments& arguments) {
    const std::string target = behind_links(arguments.positionals[0]);
    const std::vector<std::string> files = shard_files(arguments);
    const std::vector<Shard> shards = open_shards(files);
    const std::string input_path = input_of(arguments, shards.front());
    ReadOptions options = read_options_from(arguments);
    options.dropped = reported_drops(shards.front().head);
    const CheckpointReader input(input_path, options);
    require_input_of(shards.front(), input.info());
    const RunIdentity identity = identity_of_merge(files, input_path, arguments.flag("link"));
    if (was_published(target, identity, {})) {
        remove_journal(target);
        log_note(target + ": was done by an earlier run; it stays");
        return 0;
    }
    check_merge_target(input_path, files, target, arguments.flag("force"));
    const std::vector<MergedTensor> tensors = merged_tensors(shards, input.info());

    const Links links = arguments.flag("link") ? links_to(tensors, target) : Links{};
    Journal place(target, identity, false);  // nobody else's, and found by the next one if killed
    CheckpointWriter writer(input, target, arguments.flag("force"), paths_of(tensors, links), links,
                            place.partial_path());
    for (const std::string& file : files) writer.is_made_of(file);
    const std::vector<TensorRecord> records = write_merged(tensors, links, input, writer);
    writer.finish(results_json(shards.front().head, records, false));
    const std::uint64_t written = writer.sync();
    place.publishing({{}, {}, content_stamp(place.partial_path())});
    writer.publish();
    if (log_options().verbosity <= Verbosity::kQuiet) return 0;
    const std::string how =
        arguments.flag("link")
            ? fmt::format(
                  " ({} of them stay in the shards, {} are cut among several and were "
                  "copied)",
                  links.size(), tensors.size() - links.size())
            : std::string();
    print_when_done(fmt::format("merged {} shards: {} tensors{}, {}\n", shards.size(),
                                tensors.size(), how, bytes_for_people(written)),
                    target);
    return 0;
}

}  // namespace

Command merge_command() {
    return {"merge",
            "OUT.h5 SHARD.h5...",
            "makes one palettized checkpoint of its shards",
            "h5palettize merge model.w4.h5 model.w4.part-*.h5",
            2,
            kAnyNumber,
            {OptionGroup::kMerge, OptionGroup::kTrust, OptionGroup::kThreads, OptionGroup::kForce},
            execute_merge};
}

}  // namespace pal
