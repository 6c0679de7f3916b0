#include "pipeline/run/batch_summary.hpp"

#include <chrono>

#include "pipeline/console/printable.hpp"
#include "pipeline/report/report.hpp"

namespace pal {

std::vector<FileReport> file_reports(const Run& run) {
    std::vector<FileReport> reports;
    for (std::size_t f = 0; f < run.file_count(); ++f)
        reports.push_back({run.input(f).name, run.input(f).path, &run.plan(f), &run.results[f]});
    return reports;
}

FilesSummary summary_of(const Run& run) {
    return {run.planned.plans.warnings, std::nullopt,
            std::chrono::duration<double>(Clock::now() - run.start).count()};
}

std::string table_of(const Run& run, std::size_t file) {
    return printable(run.input(file).name) + ":\n" +
           report_table(run.plan(file), &run.results[file]);
}

}  // namespace pal
