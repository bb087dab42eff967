#include "tests/bench/topics.hpp"

const std::vector<Topic>& all_topics() {
    static const std::vector<Topic> topics{
        {"requests", "stage 1: requests per second beside a bare echo", measure_requests, true},
        {"table", "stage 1: run and stop with 10 and with 100,000 containers", measure_table,
         false},
        {"pipe", "stage 2: 100,000 commands from a pipe", measure_pipe, false},
        {"launch", "stages 3 to 5: launch to exit, beside the kernel's floor and other runtimes",
         measure_launch, true},
        {"pieces", "what each piece of a launch costs", measure_pieces, false},
        {"crowd", "stage 5: containers per second, four at a time", measure_crowd, true},
        {"engine-run", "stage 6: `run --rm` through the engine, beside docker and podman",
         measure_engine_run, true},
        {"api", "stage 6: requests per second, and what each verb takes", measure_engine_api, true},
        {"log", "stage 6: into the log, out of it, and the delay between", measure_engine_log,
         true},
        {"memory", "stage 6: the shim at 1, 20 and 100 containers", measure_engine_memory, true},
        {"scale", "stage 6: the daemon with 1,000 containers", measure_engine_scale, false},
    };
    return topics;
}
