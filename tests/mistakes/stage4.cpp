#include "tests/mistakes/mistake.hpp"

std::vector<Mistake> stage4_mistakes() {
    return {};
}
