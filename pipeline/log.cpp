#include "pipeline/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "pipeline/printable.hpp"

namespace pal {

namespace {

spdlog::logger& logger() {
    static const auto instance = [] {
        auto made = std::make_shared<spdlog::logger>(
            "h5palettize", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%n: %l: %v");
        made->flush_on(spdlog::level::trace);
        return made;
    }();
    return *instance;
}

std::string one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return printable(text);
}

}  // namespace

void log_note(const std::string& text) { logger().info("{}", one_line(text)); }
void log_warning(const std::string& text) { logger().warn("{}", one_line(text)); }
void log_error(const std::string& text) { logger().error("{}", one_line(text)); }

}  // namespace pal
