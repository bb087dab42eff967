// mistake NAME [ARGUMENT...]: runs one of the articles' mistakes (see the chapters' "Break it").

#include <algorithm>
#include <cstdio>
#include <exception>

#include "tests/mistakes/mistake.hpp"

static std::vector<Mistake> all_mistakes() {
    std::vector<Mistake> all;
    for (auto list :
         {stage1_mistakes, stage2_mistakes, stage3_mistakes, stage4_mistakes, stage5_mistakes}) {
        for (auto& mistake : list()) all.push_back(std::move(mistake));
    }
    return all;
}

static int list_them(const std::vector<Mistake>& mistakes) {
    std::puts("usage: mistake NAME [ARGUMENT...]\n");
    for (const auto& [name, what, run] : mistakes) {
        std::printf("  %-28s %s\n", name.c_str(), what.c_str());
    }
    return 0;
}

int main(int argc, char** argv) try {
    const std::vector<std::string> words{argv + 1, argv + argc};
    const auto mistakes = all_mistakes();
    if (words.empty() || words[0] == "--help") return list_them(mistakes);
    const auto found = std::find_if(mistakes.begin(), mistakes.end(),
                                    [&](const auto& mistake) { return mistake.name == words[0]; });
    if (found == mistakes.end()) {
        std::fprintf(stderr, "mistake: no mistake is named %s (try --help)\n", words[0].c_str());
        return 2;
    }
    return found->run({words.begin() + 1, words.end()});
} catch (const std::exception& error) {
    std::fprintf(stderr, "mistake: %s\n", error.what());
    return 1;
}
