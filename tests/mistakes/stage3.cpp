#include "tests/mistakes/mistake.hpp"

std::vector<Mistake> stage3_mistakes() {
    return {};
}
