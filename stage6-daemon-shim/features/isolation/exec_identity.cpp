#include "stage6-daemon-shim/features/isolation/exec_identity.hpp"

#include <linux/sched.h>

#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"
#include "stage6-daemon-shim/features/isolation/capabilities.hpp"
#include "stage6-daemon-shim/features/isolation/identity.hpp"

static bool is_root_by_name(const std::string& user) {
    return user == "root" || user == "0" || user == "root:root" || user == "0:0";
}

void plan_exec_identity(const Container& container, const ExecCommand& command, Json& request) {
    const Json* document = container.config.find("spec");
    if (document == nullptr) return;
    const Spec spec = parse_spec(*document);
    if (!spec.isolated) {
        if (command.user.empty() && !command.privileged) return;
        throw HttpError{400, "exec: without isolation it runs as the container does"};
    }
    if (!command.user.empty()) {
        const bool has_one_user = (spec.namespaces & CLONE_NEWUSER) && spec.user_map.size == 0;
        if (has_one_user && !is_root_by_name(command.user)) {
            throw HttpError{400, "user " + command.user +
                                     ": without root a container has user 0 and group 0 alone"};
        }
        request["annotations"][kUserAnnotation] = command.user;
    }
    if (!command.privileged) return;
    const Json names = Json::array(capability_names(own_capabilities()));
    request["process"]["capabilities"] =
        Json::object({{"bounding", names}, {"effective", names}, {"permitted", names}});
}
