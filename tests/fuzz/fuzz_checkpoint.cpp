// Fuzzes checkpoints, as bytes of a file. Does what run and verify do: scans, plans, copies,
// palettizes every tensor, compares.
#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "configs/model/make_config.hpp"
#include "io/compare/compare.hpp"
#include "io/read/checkpoint_reader.hpp"
#include "io/write/checkpoint_writer.hpp"
#include "pipeline/graph/graph.hpp"
#include "pipeline/plan/plan.hpp"
#include "stages/tensor/error.hpp"
#include "tests/fuzz/one_thread.hpp"
#include "tests/support/temporary_folder.hpp"

namespace {

using namespace pal;

constexpr std::uint64_t kMemoryBytes = std::uint64_t{64} << 20;

Plan plan_of(const CheckpointReader& reader) {
    PalettizationSpec spec;
    spec.n_bits = 2;
    PlanOptions options;
    options.selection.include = ".*";
    options.memory_bytes = kMemoryBytes;
    return make_plan(reader.info(), config_of_spec(spec), options);
}

/// Returns true where every tensor could be palettized.
bool palettize(const CheckpointReader& reader, const std::string& target) {
    const Plan plan = plan_of(reader);
    std::vector<std::string> paths;
    for (const PlanEntry* entry : plan.palettized()) paths.push_back(entry->dataset->path);
    CheckpointWriter writer(reader, target, true, paths);
    const GraphPorts ports{[&](const PlanEntry& entry) {
                               return reader.open_weights(*entry.dataset, entry.kept_bytes);
                           },
                           [&](const TensorTask& task, const Packed& packed) {
                               (void)writer.write_palettized(task.path, packed.tensor,
                                                             spec_to_json(task.spec));
                               return final_result(task, packed);
                           }};
    for (const TensorResult& tensor : run_graph(plan, ports, kMemoryBytes).results) {
        if (tensor.failed) return false;
    }
    writer.commit("{}");
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const test::TemporaryFolder folder;
    static const test::OneThread one_thread;
    const std::string source = folder.file("in.h5");
    const std::string target = folder.file("out.h5");
    test::write_file(source, {reinterpret_cast<const char*>(data), size});
    try {
        const CheckpointReader reader(source);
        if (palettize(reader, target)) {
            const CheckpointReader written(target);
            if (!compare_untouched(reader, written).empty()) __builtin_trap();
        }
    } catch (const Error&) {
        // A clear error is a right result.
    }
    const std::string left = folder.names();
    if (left != "in.h5" && left != "in.h5 out.h5") __builtin_trap();  // a partial file
    return 0;
}
