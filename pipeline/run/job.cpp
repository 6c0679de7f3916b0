#include "pipeline/run/job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "pipeline/console/log.hpp"
#include "pipeline/ranks/agreement.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

Arguments arguments_of_rank(const Arguments& arguments, const Ranks& ranks) {
    Arguments own = arguments;
    if (own.has("memory")) return own;
    const std::uint64_t bytes = memory_from(arguments) / ranks.on_this_machine();
    own.values.insert({"memory", po::variable_value(std::to_string(bytes) + "B", false)});
    return own;
}

int run_job(const Ranks& ranks, const std::function<void()>& work) {
    if (ranks.rank() > 0) {
        LogOptions options = log_options();
        options.verbosity = Verbosity::kErrors;
        set_log_options(options);
    }
    try {
        work();
        return 0;
    } catch (const JobFailed& failed) {
        // Once the first rank has ended with an error, mpirun sends this to those that are ending.
        std::signal(SIGTERM, SIG_IGN);
        return static_cast<int>(failed.code);
    }
}

void refuse_for_ranks(const Arguments& arguments) {
    const auto refuse = [](const std::string& what) {
        throw Error(ErrorCode::kUsage, what + ": not by several ranks of one job");
    };
    if (arguments.has("shard")) refuse("--shard " + arguments.text("shard"));
    if (arguments.has("report-html")) refuse("--report-html");
    if (arguments.flag("report-detail")) refuse("--report-detail");
}

void require_alike(const Ranks& ranks, const std::string& stopped,
                   const std::vector<std::string>& identities) {
    (void)take_step(ranks, stopped, [&]() -> std::string {
        const auto other = std::ranges::find_if(
            identities, [&](const std::string& text) { return text != identities.front(); });
        if (other == identities.end()) return {};
        throw Error(ErrorCode::kInput,
                    fmt::format("rank {} has another input, output, configuration or version "
                                "than rank 0, or only one of them has --profile or --trace; "
                                "all must see the same files and options",
                                other - identities.begin()));
    });
}

}  // namespace pal
