#include "tests/mistakes/mistake.hpp"

std::vector<Mistake> stage5_mistakes() {
    return {};
}
