#include "pipeline/run/team.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <exception>

#include "io/guard/limits.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/ranks/agreement.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

std::vector<std::string> Team::together(const Step& step, Phases* phases) const {
    if (is_alone()) return {step()};
    auto said = take_step(ranks_, stopped_, [&] {
        std::string text = step();
        if (phases != nullptr) phases->enter("wait", Activity::kWaiting);
        return text;
    });
    if (phases != nullptr) phases->leave();
    return said;
}

void Team::lead(const std::function<void()>& step, Phases* phases) const {
    (void)together(
        [&] {
            if (leads()) step();
            return std::string();
        },
        phases);
}

void Team::require_alike(const std::vector<std::string>& identities) const {
    (void)together([&]() -> std::string {
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

Arguments arguments_of_rank(const Arguments& arguments, const Ranks& ranks) {
    Arguments own = arguments;
    if (ranks.size() == 1 || own.has("memory")) return own;
    const std::uint64_t bytes = memory_from(arguments) / ranks.on_this_machine();
    own.set("memory", std::to_string(bytes) + "B");
    return own;
}

int exit_code_of(const Ranks& ranks, const std::function<void()>& work) {
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
        if (ranks.size() > 1) std::signal(SIGTERM, SIG_IGN);
        return static_cast<int>(failed.code);
    } catch (const std::exception&) {
        if (ranks.size() == 1) throw;
        const Error error = handled_error();
        log_error(fmt::format("rank {}: {}", ranks.rank(), error.what()));
        ranks.abort(static_cast<int>(error.code()));
        return static_cast<int>(error.code());
    }
}

}  // namespace pal
