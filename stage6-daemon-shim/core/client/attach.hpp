// Our terminal as that of a container: its output, its input, our signals, its exit code.
#pragma once

#include <optional>
#include <string>

#include "stage6-daemon-shim/core/client/api_client.hpp"
#include "stage6-daemon-shim/core/client/stream_session.hpp"
#include "stage6-daemon-shim/core/client/terminal.hpp"

// The user has insisted: three times SIGINT or SIGTERM.
class GivenUp : public Failure {
    using Failure::Failure;
};

struct AttachRequest {
    std::string id;
    bool is_terminal = false;
    bool input = false;         // forward our standard input
    bool proxy_signals = true;  // a signal that we get is the container's
    bool auto_remove = false;
    bool output = true, errors = true;  // which streams are wanted
    bool from_the_beginning = false;    // of its log: it has not been started yet
    std::string detach_keys{};          // for a terminal; empty: the usual ones
    bool may_detach = false;  // the end of our input ends the attachment, not the container's input
};

// Of an answer to `offsets=1`. Another engine knows nothing of that, and sends a terminal's output
// as it is.
StreamFormat format_with_offsets(const HttpConnection& stream, bool is_terminal);

// To be used in this order: made (which attaches), wait_for(), then the container is started where
// it is not running yet, then run().
class Attachment {
public:
    Attachment(ApiClient& api, AttachRequest request);
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;

    // Asks for the exit code; `condition` is next-exit, removed or not-running. The daemon has
    // registered the question when this returns, so that no exit is too fast for it.
    void wait_for(std::string_view condition);

    // Streams until the container has ended. Returns its exit code; 0 when only the attachment has
    // ended: detached by keys, or see may_detach. A daemon that goes away may come back within 10
    // s: the output goes on where it was. Throws Failure, GivenUp, EndedBySignal.
    int run();

    // For a container whose terminal shows something already: has it drawn once more.
    void redraw();

private:
    void take_signal(int signal);
    void pass_on(int signal);
    void send_size(TerminalSize size);
    bool is_running();
    void resume();
    void reopen();

    ApiClient& api_;
    AttachRequest request_;
    StreamSession session_;
    std::optional<LentTerminal> terminal_;
    int interrupts_ = 0;
};

// What is said when the detach keys are pressed.
void report_detached();

// The exit code in the body of an answer to `wait`. Throws Failure where there is none.
int exit_code_from_wait(const std::string& body);
