#include "tests/mistakes/mistake.hpp"

std::vector<Mistake> stage2_mistakes() {
    return {};
}
