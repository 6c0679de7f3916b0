// Fuzzes configurations: parses them, writes them as JSON, applies them to tensors with hostile
// names.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "configs/rules/select.hpp"
#include "configs/text/parse_config.hpp"
#include "configs/write/config_json.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/candidates.hpp"

namespace {

using namespace pal;

/// Takes the text before the next zero byte from the front of the input.
std::string_view next_part(std::string_view& input) {
    const std::size_t end = input.find('\0');
    const std::string_view part = input.substr(0, end);
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    return part;
}

/// Returns fixed paths, then one for each line of `names`.
std::vector<Candidate> candidates(std::string_view names) {
    using test::candidate;
    std::vector<Candidate> all{candidate("/layers/0/fc/kernel:0", 2, true, 64),
                               candidate("/layers.1.fc.weight", 2, true, 64),
                               candidate("/..", 2, true, 64),
                               candidate("/a/../weight", 1, true, 64),
                               candidate("/\xff\xfe\n.weight", 2, true, 64),
                               candidate("/optimizer/fc.weight", 2, true, 64),
                               candidate("/empty.weight", 0, true, 0),
                               candidate("/table", 2, false, 64, {"/fc/weight"})};
    while (!names.empty() && all.size() < 64) {
        const std::size_t end = names.find('\n');
        const std::string name(names.substr(0, end));
        all.push_back(candidate("/" + name, name.size() % 5, name.size() % 3 != 0, name.size()));
        names.remove_prefix(end == std::string_view::npos ? names.size() : end + 1);
    }
    return all;
}

/// Traps where a written configuration is read back as another one.
void require_round_trip(const Config& config) {
    const std::string json = config_to_json(config);
    if (config_to_json(parse_config(json, "again")) != json) __builtin_trap();
}

}  // namespace

/// Input: a configuration, names in lines, --include, --exclude, with a zero byte between each two.
/// All but the first may be missing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::string_view text = next_part(input);
    std::vector<Candidate> tensors = candidates(next_part(input));
    SelectionOptions options;
    options.include = next_part(input);
    options.exclude = next_part(input);
    options.allow_unmatched_rules = size % 2 == 0;
    const std::map<std::string, std::string> types{{"fc", "Dense"},
                                                   {"layers", "TimeDistributed(Dense)"}};
    try {
        const Config config = parse_config(text, "fuzz.yaml");
        require_round_trip(config);
        const test::Types modules = test::described(tensors, types);
        static_cast<void>(select_tensors(config, tensors, modules, options));
    } catch (const Error&) {
        // A clear error is a right result.
    }
    return 0;
}
