// What the commands that list things have in common.
#pragma once

#include <string>
#include <vector>

#include "stage6-daemon-shim/core/client/command.hpp"
#include "stage6-daemon-shim/core/client/listing.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"

// -f --filter KEY=VALUE, and --format.
Option filter_option(std::vector<std::string>& filters);
Option format_option(std::string& format);

// {"status":{"exited":true}}, as Docker's client sends it; empty for none.
std::string filters_text(const std::vector<std::string>& filters);

// The first twelve characters of an id, `whole`: all of it. An image's goes without "sha256:".
std::string id_text(std::string id, bool whole);

std::string ago_text(std::int64_t seconds_since_1970);   // "3 minutes ago"
std::string date_text(std::int64_t seconds_since_1970);  // "2026-01-02 15:04:05 +0100 CET"

// "a=b,c=d", and for {{.Label "a"}} in a template.
std::string labels_text(const JsonReader& object);
void add_label_function(const JsonReader& object, Json& row);

// Asks "... Are you sure you want to continue? [y/N] " on standard output and reads a line.
bool is_confirmed(std::string_view warning);
