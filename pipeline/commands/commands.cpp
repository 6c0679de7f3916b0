#include "pipeline/commands/commands.hpp"

namespace pal {

const std::vector<Command>& commands() {
    static const std::vector<Command> all{
        run_command(),      merge_command(),     plan_command(),    verify_command(),
        restore_command(),  compare_command(),   inspect_command(), explain_command(),
        validate_command(), schema_command(),    report_command(),  slurm_plan_command(),
        man_command(),      completion_command()};
    return all;
}

}  // namespace pal
