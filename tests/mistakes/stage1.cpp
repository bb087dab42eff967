#include "tests/mistakes/mistake.hpp"

std::vector<Mistake> stage1_mistakes() {
    return {};
}
