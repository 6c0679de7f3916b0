#include "pipeline/ranks/agreement.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/guard/limits.hpp"
#include "pipeline/console/log.hpp"

namespace pal {

namespace {

constexpr int kStopped = static_cast<int>(ErrorCode::kStopped);

std::string packed(const StepResult& result) {
    return static_cast<char>(result.code) + result.text;
}
StepResult unpacked(const std::string& text) { return {text.at(0), text.substr(1)}; }

}  // namespace

StepResult result_of(const std::function<std::string()>& step) {
    try {
        return {0, step()};
    } catch (const std::exception&) {
        const Error error = handled_error();
        return {static_cast<int>(error.code()), error.what()};
    }
}

int code_of(const std::vector<StepResult>& results) {
    int code = 0;
    for (const StepResult& result : results) {
        if (result.code == 0) continue;
        if (result.code != kStopped) return result.code;
        code = kStopped;
    }
    return code;
}

std::vector<std::string> failures_of(const std::vector<StepResult>& results,
                                     const std::string& stopped) {
    if (code_of(results) == kStopped) return {stopped};
    const bool all_alike = std::ranges::all_of(results, [&](const StepResult& result) {
        return result.code != 0 && result.text == results.front().text;
    });
    std::vector<std::string> texts;
    for (std::size_t r = 0; r < results.size(); ++r) {
        const auto& [code, text] = results[r];
        if (code == 0 || code == kStopped || text.empty()) continue;
        if (all_alike) return {text};
        texts.push_back(fmt::format("rank {}: {}", r, text));
    }
    return texts;
}

std::vector<std::string> take_step(const Ranks& ranks, const std::string& stopped,
                                   const std::function<std::string()>& step) {
    std::vector<StepResult> results;
    for (const std::string& text : ranks.all_gather(packed(result_of(step))))
        results.push_back(unpacked(text));
    if (const int code = code_of(results); code != 0) {
        if (ranks.rank() == 0) {
            for (const std::string& text : failures_of(results, stopped)) log_error(text);
        }
        throw JobFailed{static_cast<ErrorCode>(code)};
    }
    std::vector<std::string> texts;
    texts.reserve(results.size());
    for (StepResult& result : results) texts.push_back(std::move(result.text));
    return texts;
}

}  // namespace pal
