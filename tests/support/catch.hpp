// Catch2, whichever is installed: version 3 is a library with many headers, version 2 is one
// header.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
// Distributions build the library as C++14, without what it has for these two types.
#define CATCH_CONFIG_NO_CPP17_STRING_VIEW
#define CATCH_CONFIG_NO_CPP17_BYTE
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
