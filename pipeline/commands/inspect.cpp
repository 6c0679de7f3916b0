// inspect: lists what is in a checkpoint, dense or palettized.
#include <iostream>

#include "io/read/checkpoint_reader.hpp"
#include "pipeline/cli/options.hpp"
#include "pipeline/commands/commands.hpp"
#include "pipeline/report/inspection.hpp"

namespace pal {

namespace {

int execute_inspect(const Arguments& arguments) {
    const CheckpointReader reader(arguments.positionals[0], read_options_from(arguments));
    std::cout << (arguments.flag("json") ? inspection_json(reader.info())
                                         : inspection_table(reader.info()));
    return 0;
}

}  // namespace

Command inspect_command() {
    return {"inspect",
            "FILE.h5",
            "lists what is in a checkpoint, dense or palettized",
            "h5palettize inspect model.w4.h5",
            1,
            1,
            {OptionGroup::kTrust, OptionGroup::kThreads, OptionGroup::kJson},
            execute_inspect};
}

}  // namespace pal
