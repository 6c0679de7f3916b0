#include "pipeline/cli/program.hpp"
#include "pipeline/commands/commands.hpp"

int main(int argc, char** argv) { return pal::run_program(pal::commands, argc, argv); }
