// What is asked of an engine while something goes wrong in it, and what has to be true afterwards.
// Every way of doing harm uses this one script.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tests/faults/requests.hpp"

enum class Victim { daemon, shim };
enum class Harm { none, kill, error };  // the program is killed; one of its steps fails once

struct Fault {
    Victim victim = Victim::daemon;
    Harm harm = Harm::none;
};

// Two containers and an image: `one` prints a line and exits by itself; `two` is used, renamed and
// stopped; the image is brought in, gets a second name and goes. In the middle a new daemon takes
// over.
class Script {
public:
    using Report = std::function<void(const std::string& violation)>;
    using Action = std::function<void()>;

    Script(Engine& engine, Report report, Action restart)
        : engine_{engine}, report_{std::move(report)}, restart_{std::move(restart)} {}

    // From where it is to its end. False at a step that was not acknowledged.
    bool go_on();

    // As go_on, but a step that fails must succeed when it is tried again: what failed is over.
    void go_on_in_spite_of(Fault fault);

    // What was acknowledged is true, and what was not is either done or not done.
    void check(Fault fault);

    // Removes all and ends the daemon, which leaves nothing but perhaps its images.
    void clear_up(const Leftovers& before, bool images_stay);

private:
    void act(std::size_t step);
    void wait_for_one();
    void exec_in_two();
    bool is_done_nevertheless(std::size_t number) const;
    void expect(bool right, const std::string& what) const;
    void check_one(const std::optional<Json>& one, Fault fault);
    void check_two(Fault fault);
    void check_image() const;
    void check_names() const;
    void check_files(const std::string& name) const;
    std::string allowed(bool of_one, Fault fault) const;

    Engine& engine_;
    Report report_;
    Action restart_;
    Requests api_{engine_};
    std::size_t done_ = 0;                     // how many steps were acknowledged
    bool is_waiting_ = false;                  // the next one was asked for, and not acknowledged
    std::optional<std::int64_t> code_of_one_;  // as wait has said
};

// The script with one fault in it, and all that has to be true after that.
struct Trial {
    Engine& engine;
    const Leftovers& before;
    Script::Report report;
    Script::Action start;    // the first daemon,
    Script::Action restart;  // and the second, in the middle
    Script::Action disarm;   // from here on nothing goes wrong any more
    bool images_stay = false;
};

void run_trial(const Trial& trial, Fault fault);
