#include "pipeline/cli/command.hpp"

int main(int argc, char** argv) { return pal::run_program(argc, argv); }
