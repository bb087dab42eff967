// What becomes of many measurements of one thing.
#pragma once

#include <chrono>
#include <string>
#include <vector>

// The value below which `part` (0 to 1) of the values lie. Not a number when there are none.
double quantile(std::vector<double> values, double part);

double median(const std::vector<double>& values);

// The median of the quotients turn by turn: what disturbed both sides of a turn cancels out.
double median_ratio(const std::vector<double>& values, const std::vector<double>& base);

// The same for the differences.
double median_difference(const std::vector<double>& values, const std::vector<double>& base);

// Milliseconds on the monotonic clock.
double now_ms();

// Waits without working: what a machine does between two commands of a person.
void stay_quiet(std::chrono::milliseconds duration);

// A number with so many digits that three of them count: "0.031", "1.53", "22.6", "121600".
std::string number_text(double value);
