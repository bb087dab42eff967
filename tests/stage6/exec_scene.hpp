// exec as a client of the API does it, over an upgraded connection or a WebSocket.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/stage6/engine_scene.hpp"

inline const std::string kUpgradeHeaders = "Connection: Upgrade\r\nUpgrade: tcp\r\n";

// POST /containers/NAME/exec with all streams attached; `change` may add to the body. The id.
std::string create_exec(const EngineScene& scene, const std::string& name,
                        const std::vector<std::string>& command,
                        const std::function<void(Json&)>& change = {});

// A connection on which POST /exec/ID/start has been answered with 101.
Talk start_exec(const EngineScene& scene, const std::string& id, bool terminal = false);

struct ExecEnd {
    Streams streams;
    int code = -1;
};

// All of it, with this input.
ExecEnd exec_to_end(const EngineScene& scene, const std::string& name,
                    const std::vector<std::string>& command, const std::string& input = {},
                    const std::function<void(Json&)>& change = {});

// From GET /exec/ID/json.
int exec_code(const EngineScene& scene, const std::string& id);

// Fed while it is read, so that neither side ever waits for the other. Ends the input at its end.
std::string feed_and_read(Talk& talk, std::string_view input);

// A client's end of a WebSocket.
class WebSocketTalk {
public:
    WebSocketTalk(const EngineScene& scene, const std::string& path);

    void send_data(std::string_view bytes);  // one binary message
    void send_text(std::string_view text);

    // All binary messages put together, until the server closes.
    std::string read_to_end();

private:
    Talk talk_;
};
