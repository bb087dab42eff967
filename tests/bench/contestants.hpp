// Who takes part in the comparison of launches on this machine.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/command.hpp"
#include "tests/bench/group_places.hpp"
#include "tests/bench/round_robin.hpp"
#include "tests/bench/topics.hpp"

// How the names of the floors begin that do as much as stage 5.
inline const std::string kFullFloor = "full floor";
inline constexpr auto kStage5 = "stage 5";

struct LaunchCommand {
    std::string name;
    Command command;
    bool has_target = false;  // takes part in a quick run
};

class LaunchField {
public:
    explicit LaunchField(const Settings& settings);

    // The turn of each is one launch, in milliseconds.
    std::vector<Contestant> contestants(bool quick) const;
    const std::vector<LaunchCommand>& commands() const { return commands_; }
    const PrivateView& view() const { return view_; }

    // One line each: the runtimes' versions, and what is not here.
    const std::vector<std::string>& remarks() const { return remarks_; }

private:
    void add_floors();
    void add_group_floors(const Words& pivot, const Words& places, bool has_limits,
                          const std::vector<std::string>& ways);
    void add_stages();
    void add_runtimes();
    bool has_limits() const { return places_.has_v1() || places_.v2_has_limits; }

    std::string build_;
    ScratchDirectory scratch_;
    std::string root_;
    GroupPlaces places_;
    PrivateView view_;
    std::vector<LaunchCommand> commands_;
    std::vector<std::string> remarks_;
};
