// What is measured, one topic a file.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/report.hpp"

struct Settings {
    bool quick = false;    // only what has a target, with fewer rounds
    int rounds = 0;        // for every topic; 0: each its own number
    std::string build;     // the folder of the programs
    std::string figure{};  // where the picture of the launch comparison goes, if anywhere

    // One round is to see that everything works: with small numbers then.
    int size(int usual) const { return rounds == 1 ? usual / 100 : usual; }

    int rounds_or(int usual, int quickly) const {
        if (rounds > 0) return rounds;
        return quick ? quickly : usual;
    }
};

struct Topic {
    std::string name;
    std::string about;
    void (*run)(const Settings& settings, Report& report);
    bool has_targets;
};

const std::vector<Topic>& all_topics();

void measure_requests(const Settings& settings, Report& report);
void measure_table(const Settings& settings, Report& report);
void measure_pipe(const Settings& settings, Report& report);
void measure_launch(const Settings& settings, Report& report);
void measure_pieces(const Settings& settings, Report& report);
void measure_crowd(const Settings& settings, Report& report);
void measure_engine_run(const Settings& settings, Report& report);
void measure_engine_api(const Settings& settings, Report& report);
void measure_engine_log(const Settings& settings, Report& report);
void measure_engine_memory(const Settings& settings, Report& report);
void measure_engine_scale(const Settings& settings, Report& report);
