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
socket=$place/engine.sock
daemon='' engine='' containerd=''

docker_here() { docker --host "unix://$socket" "$@"; }
skip() { echo "$engine: skipped, $*"; }

start_containerd() {
    [ -z "$containerd" ] || return 0
    containerd --root "$place/containerd/root" --state "$place/containerd/state" \
        --address "$place/containerd.sock" --log-level error >>"$place/messages" 2>&1 &
    containerd=$!
    disown
    for _ in $(seq 400); do
        [ ! -S "$place/containerd.sock" ] || return 0
        sleep 0.05
    done
    return 1
}

start_engine() {
    if [ "$engine" = slipwayd ]; then
        "$programs/slipwayd" --root "$place/slipwayd" --socket "$socket" --quiet \
            >>"$place/messages" 2>&1 &
    else
        start_containerd || return 1
        dockerd --live-restore --containerd "$place/containerd.sock" \
            --host "unix://$socket" --data-root "$place/dockerd/root" \
            --exec-root "$place/dockerd/exec" --pidfile "$place/dockerd/pid" --bridge none \
            --iptables=false --ip6tables=false --storage-driver vfs >>"$place/messages" 2>&1 &
    fi
    daemon=$!
    disown
    for _ in $(seq 1200); do
        docker_here version >/dev/null 2>&1 && return
        kill -0 "$daemon" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

end_engine() {
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null
    for _ in $(seq 500); do
        kill -0 "$daemon" 2>/dev/null || break
        sleep 0.02
    done
    daemon=''
    [ -z "$containerd" ] || kill "$containerd" 2>/dev/null
    # The shims of containers that could not be removed.
    for shim in $(pgrep -f -- "-address $place/containerd.sock"); do kill -KILL "$shim"; done
    for mount in $(awk -v place="$place/" 'index($5, place) == 1 {print $5}' /proc/self/mountinfo); do
        umount -l "$mount" 2>/dev/null
    done
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
    local text
    while true; do
        text=$("$@" 2>&1) && { printf '%s' "$text"; return 0; }
        case $text in
            *'Cannot connect'* | *'error during connect'* | *EOF* | *'connection reset'* | '') ;;
            *) printf '%s' "$text"; return 1 ;;
        esac
        [ ! -e "$place/over" ] || return 1
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
    state=$(persist docker_here inspect -f '{{.State.Status}}' "$name") || { note forgotten; return; }
    while [ "$state" = created ]; do
        docker_here start "$name" >/dev/null 2>&1
        state=$(persist docker_here inspect -f '{{.State.Status}}' "$name") || { note forgotten; return; }
        [ ! -e "$place/over" ] || [ "$state" != created ] || return
    done
    got=$(persist docker_here wait "$name") || { note forgotten; return; }
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
    start_engine || { skip "it does not start here: $(tail -n 1 "$place/messages")"; end_engine; return 0; }
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
            echo "$engine: does not start again: $(tail -n 1 "$place/messages")"
            return 1
        }
    done
    touch "$place/over"
    wait "${pids[@]}"
    figures "$(docker_here ps -aq | wc -l)"
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
