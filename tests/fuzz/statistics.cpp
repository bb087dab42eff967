// The files of a control group: what is told was in the file, and a file that tells nothing, or is
// not there, is no error.
#include "stage5-cgroups/statistics.hpp"

#include "common/file.hpp"
#include "tests/fuzz/fuzz.hpp"

static void check_number(const std::optional<std::uint64_t>& number, std::string_view text) {
    if (number) hold(text.find(std::to_string(*number)) != text.npos, "a number is in its file");
}

void check_input(std::string_view input) {
    Choices choices{input};
    const std::string_view peak = choices.until('\0'), cpu = choices.until('\0');
    const std::string directory = scratch_directory();
    write_file(directory + "/memory.peak", peak);
    write_file(directory + "/cpu.stat", cpu);
    write_file(directory + "/memory.events", input);
    const Statistics told = read_statistics({"/nowhere", directory});
    check_number(told.memory_peak_bytes, peak);
    check_number(told.cpu_microseconds, cpu);
    check_number(told.out_of_memory_kills, input);
    hold(!told.throttled_microseconds || cpu.find("throttled_") != cpu.npos, "a key is named");
    const Limits limits;
    statistics_table(told, limits);
    const auto notice = out_of_memory_notice(told, limits, 137);
    hold(notice.empty() == (told.out_of_memory_kills.value_or(0) == 0), "a kill is told");
}
