#!/bin/bash
# `make kills-beside`: the same load on slipwayd and, where it is installed and we are root, on
# dockerd with --live-restore; and the daemon is killed again and again. The same client (docker)
# drives both. containerd, where dockerd is the one, is left alone: only the daemon that holds the
# promise is killed. At the end a line of figures for each. Leaves nothing behind.
set -u

programs=$(cd "${BUILD:-build}" && pwd -P)
faults=$programs/tests/slipway-faults
kills=${KILLS:-20}
workers=4
place=$(mktemp -d "${TMPDIR:-/tmp}/slipway-beside.XXXXXX") || exit 1
source "$(dirname "$0")/../../stage6-daemon-shim/dockerd-here.sh"
dockerd_place=$place/docker
socket=$dockerd_place/docker.sock  # of slipwayd too: the same client finds both there
mkdir "$dockerd_place"
daemon='' engine=''

skip() { echo "$engine: skipped, $*"; }

start_engine() {
    if [ "$engine" = dockerd ]; then
        start_dockerd --live-restore || return 1
        daemon=$dockerd
        return
    fi
    "$programs/slipwayd" --root "$place/slipwayd" --socket "$socket" --quiet \
        >>"$place/docker/messages" 2>&1 &
    daemon=$!
    disown 2>/dev/null  # it says so when that has ended already
    for _ in $(seq 1200); do
        docker_here version >/dev/null 2>&1 && return
        kill -0 "$daemon" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

end_engine() {
    [ -z "$daemon" ] || end_and_wait "$daemon"
    daemon=''
    end_dockerd
}

clean_up() {
    trap '' INT TERM
    touch "$place/over"
    if [ -n "$daemon" ]; then
        kill -0 "$daemon" 2>/dev/null || start_engine
        docker_here ps -aq 2>/dev/null | xargs -r docker --host "unix://$socket" rm -f >/dev/null 2>&1
        end_engine
    fi
    rm -rf "$place"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Again and again while there is no daemon; its exit code when the engine itself has said no.
persist() {
    local text tries=0
    while true; do
        text=$("$@" 2>&1) && { printf '%s' "$text"; return 0; }
        case $text in
            *'Cannot connect'* | *'error during connect'* | *EOF* | *'connection reset'* | '') ;;
            *) printf '%s' "$text"; return 1 ;;
        esac
        # At the end there is a daemon again; after an interrupt there may be none.
        [ ! -e "$place/over" ] || ((++tries < 100)) || return 1
        sleep 0.05
    done
}

note() { echo "$*" >>"$place/notes"; }

# One container from its beginning to its end, held to what was said of it.
live_once() {
    local name=$1 seed=$((RANDOM * 7 + 1)) lines=$((200 + RANDOM % 800)) code=$((RANDOM % 256))
    local got said state
    said=$(persist docker_here create --name "$name" --network none -v "$faults:/writer:ro" image \
        /writer write "$seed" "$lines" $((RANDOM % 40 * 1000)) "$code")
    case $? in
        0) ;;
        *) case $said in *'already in use'*) ;; *) note "refused create: $said"; return ;; esac ;;
    esac
    state=$(persist docker_here inspect -f '{{.State.Status}}' "$name") || { note "forgotten inspect: $state"; return; }
    while [ "$state" = created ]; do
        docker_here start "$name" >/dev/null 2>&1
        state=$(persist docker_here inspect -f '{{.State.Status}}' "$name") ||
            { note "forgotten inspect: $state"; return; }
        [ ! -e "$place/over" ] || [ "$state" != created ] || return
    done
    got=$(persist docker_here wait "$name") || { note "forgotten wait: $got"; return; }
    [ "$got" = "$code" ] || note "code $got instead of $code"
    for _ in $(seq 100); do
        docker_here logs "$name" >"$place/$name.log" 2>/dev/null && break
        sleep 0.1
    done
    note "lines $("$faults" compare "$seed" "$lines" <"$place/$name.log") of $lines"
    rm -f "$place/$name.log"
    persist docker_here rm -f "$name" >/dev/null
}

work() {
    RANDOM=$1
    for ((number = 0;; ++number)); do
        [ ! -e "$place/over" ] || return
        live_once "worker-$1-$number"
    done
}

figures() {
    awk -v engine="$engine" -v kills="$kills" -v left="$1" '
        $1 == "forgotten" {forgotten++}
        $1 == "refused" {refused++}
        $1 == "code" {codes++}
        $1 == "lines" {containers++; missing += $2; doubled += $3; altered += $4; all += $6}
        END {printf "%s: %d kills, %d containers, %d exit codes wrong, %d containers forgotten, " \
                "%d requests refused, %d containers left; of %d lines %d missing, %d doubled, " \
                "%d altered\n", engine, kills, containers, codes, forgotten, refused, left, all, \
                missing, doubled, altered}' "$place/notes"
}

run_load() {
    engine=$1
    : >"$place/notes"
    rm -f "$place/over"
    start_engine || { skip "it does not start here: $(why_no_dockerd)"; end_engine; return 0; }
    tar -C "$place/rootfs" -c . | docker_here import - image >/dev/null &&
        docker_here run --rm --network none image true >/dev/null 2>&1 ||
        { skip 'it runs no container here'; end_engine; return 0; }
    local pids=()
    for number in $(seq $workers); do
        work "$number" &
        pids+=($!)
    done
    for _ in $(seq "$kills"); do
        sleep "$((1 + RANDOM % 2)).$((RANDOM % 10))"
        kill -9 "$daemon"
        sleep "0.$((RANDOM % 10))"
        while kill -0 "$daemon" 2>/dev/null; do sleep 0.01; done
        start_engine || {
            echo "$engine: does not start again: $(why_no_dockerd)"
            return 1
        }
    done
    touch "$place/over"
    wait "${pids[@]}"
    figures "$(docker_here ps -aq | wc -l)"
    grep -E '^(forgotten|refused|code)' "$place/notes"
    docker_here ps -aq | xargs -r docker --host "unix://$socket" rm -f >/dev/null 2>&1
    end_engine
}

engine=kills-beside
command -v docker >/dev/null || { skip 'the client docker is not installed'; exit 0; }
"$programs/stage4-chroot" rootfs "$place/rootfs" >/dev/null || exit 1
run_load slipwayd || exit 1
if ! command -v dockerd >/dev/null || ! command -v containerd >/dev/null; then
    engine=dockerd
    skip 'it is not installed'
elif [ "$(id -u)" != 0 ]; then
    engine=dockerd
    skip 'it needs root'
else
    run_load dockerd
fi
