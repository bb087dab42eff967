// The body of a create request: it is refused with 400, or becomes a config.json whose spec the
// shim reads back as it was written, with a command, an absolute directory and no NUL anywhere.
#include "common/error.hpp"
#include "stage6-daemon-shim/core/daemon/launch_plan.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/runtime/spec.hpp"
#include "stage6-daemon-shim/core/server/http_exchange.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"
#include "stage6-daemon-shim/features/isolation/isolation_in_daemon.hpp"
#include "tests/fuzz/fuzz.hpp"

static const Container& container() {
    static EventLoop loop;
    static Container example{loop, std::string(64, 'a')};
    example.name = "web";
    example.directory = "/var/lib/slipway/containers/" + example.id;
    example.created_at = kWallSecond * 1'700'000'000;
    return example;
}

static void check_words(const std::vector<std::string>& words) {
    for (const auto& word : words) hold(word.find('\0') == word.npos, "no NUL in a word");
}

static void check_plan(const Json& plan) {
    const std::string text = plan.text();
    hold(parse_json(text, {.bytes_max = 64u << 20}) == plan,
         "config.json is read as it is written");
    const Json* const written = plan.find("spec");
    hold(written != nullptr, "there is a spec");
    const Spec spec = parse_spec(*written);
    hold(to_json(spec) == *written, "the shim reads what the daemon planned");
    hold(!spec.process.args.empty(), "there is a command");
    hold(spec.process.cwd.starts_with('/'), "and a directory");
    check_words(spec.process.args);
    check_words(spec.process.env);
    const JsonReader reader{plan};
    hold(reader.get_string("Path") == spec.process.args[0], "inspect shows the command");
    hold(reader.get_string("Id") == container().id, "and the id");
}

static void check_body(std::string_view input, const LaunchPlace& place) {
    try {
        const Json body = parse_json(input, {.values_max = kJsonBodyValuesMax});
        check_plan(plan_launch(body, container(), place));
    } catch (const HttpError& error) {
        hold(error.status() == 400, "what cannot be had is 400");
    } catch (const JsonError&) {
        return;
    }
}

void check_input(std::string_view input) {
    static const DaemonFeature features[] = {isolation_in_daemon()};
    LaunchPlace place{.image = "/var/lib/slipway/images/host", .image_id = "sha256:0"};
    place.features = features;
    check_body(input, place);
    // As the core alone does it, for a plain process.
    place.features = {};
    place.overlay = place.isolated_by_default = false;
    check_body(input, place);
}
