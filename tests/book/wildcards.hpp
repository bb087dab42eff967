// Patterns with gaps, for lines of code and of output.
#pragma once

#include <string_view>
#include <vector>

// Whether the items are what the patterns say, each pattern matching one item, and a gap any
// number of them, also none. Goes back no further than to the last gap, so it is never slow.
template <class Items, class IsGap, class Matches>
bool match_with_gaps(const Items& items, const Items& patterns, IsGap is_gap, Matches matches) {
    std::size_t item = 0, pattern = 0, item_of_gap = 0;
    std::size_t gap = patterns.size();  // none so far
    while (item < items.size()) {
        if (pattern < patterns.size() && is_gap(patterns[pattern])) {
            gap = pattern++;
            item_of_gap = item;
        } else if (pattern < patterns.size() && matches(items[item], patterns[pattern])) {
            ++item, ++pattern;
        } else if (gap < patterns.size()) {
            pattern = gap + 1;
            item = ++item_of_gap;
        } else {
            return false;
        }
    }
    while (pattern < patterns.size() && is_gap(patterns[pattern])) ++pattern;
    return pattern == patterns.size();
}
