// Built without MPI: a process is alone.
#include <utility>

#include "pipeline/ranks/ranks.hpp"

namespace pal {

struct Ranks::Server {
    Serve serve;
};

Ranks::Ranks() = default;
Ranks::~Ranks() = default;

std::vector<std::string> Ranks::all_gather(const std::string& own) const { return {own}; }
std::vector<Ranks::Numbers> Ranks::gather(Numbers own) const { return {std::move(own)}; }
void Ranks::serve(const Serve& serve) { server_ = std::make_unique<Server>(Server{serve}); }
Ranks::Numbers Ranks::ask(const Numbers& question) const { return server_->serve(0, question); }
void Ranks::finish_serving() { server_.reset(); }

}  // namespace pal
