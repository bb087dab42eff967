// Named places in front of the steps that change something. There the tests kill the program, or
// let the step fail (tests/faults/points). In the programs that people run nothing is left of
// them: the functions are empty, and a name is part of a type.
#pragma once

#include <cstddef>

// A text as a template's argument.
template <std::size_t size>
struct PointName {
    consteval PointName(const char (&name)[size]) {
        for (std::size_t i = 0; i < size; ++i) text[i] = name[i];
    }
    char text[size];
};

#ifdef SLIPWAY_FAIL_POINTS

// One for each name in a program, made before main(), so that the program can list them all.
class FailPoint {
public:
    FailPoint(const char* name, bool may_fail);

    // Returns, throws SystemError or does not return: as the environment says.
    void reach();

    const char* name;
    bool may_fail;
    FailPoint* next;
};

template <PointName name, bool may_fail>
inline FailPoint fail_point_of{name.text, may_fail};

#endif

// Before a step whose failure is an exception.
template <PointName name>
void fail_point() {
#ifdef SLIPWAY_FAIL_POINTS
    fail_point_of<name, true>.reach();
#endif
}

// Before one that cannot fail, or whose failure is no exception.
template <PointName name>
void kill_point() {
#ifdef SLIPWAY_FAIL_POINTS
    fail_point_of<name, false>.reach();
#endif
}
