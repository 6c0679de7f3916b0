// Messages for people, on stderr: one line each, whatever the text holds.
#pragma once

#include <string>

namespace pal {

/// "h5palettize: info: ...", "h5palettize: warning: ..." and "h5palettize: error: ...".
void log_note(const std::string& text);
void log_warning(const std::string& text);
void log_error(const std::string& text);

}  // namespace pal
