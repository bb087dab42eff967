#!/bin/bash
# `make demo-kill`: a container counts, a follower shows the numbers, and the daemon is killed. The
# same beside dockerd where that is installed and we are root. Leaves nothing behind.
set -u

programs=$(cd "${BUILD:-build}" && pwd -P)
last=${LAST:-200}  # the number up to which is counted, fifty a second
place=$(mktemp -d "${TMPDIR:-/tmp}/slipway-demo.XXXXXX") || exit 1
export SLIPWAY_HOST=unix://$place/slipway.sock
daemon=''
source "$(dirname "$0")/dockerd-here.sh"
dockerd_place=$place/docker

slipway() { "$programs/slipway" "$@"; }
say() { printf '\n\n%s\n' "$*"; }
fail() { echo "make demo-kill: $*" >&2; exit 1; }

# $1: a word for messages; the rest: what must succeed within 20 seconds.
wait_until() {
    local what=$1
    shift
    for _ in $(seq 400); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.05
    done
    fail "$what"
}

start_slipwayd() {
    "$programs/slipwayd" --root "$place/root" --socket "$place/slipway.sock" --quiet &
    daemon=$!
    disown 2>/dev/null  # it says so when that has ended already
    wait_until 'slipwayd did not start' slipway version
}

# shellcheck disable=SC2086
start_again() { start_dockerd ${DOCKERD_OPTIONS-}; }

clean_up() {
    trap '' INT TERM
    [ -z "$daemon" ] || {
        kill -0 "$daemon" 2>/dev/null || start_slipwayd
        slipway rm -f counter >/dev/null 2>&1
        end_and_wait "$daemon"
    }
    if [ -n "$dockerd" ]; then
        kill -0 "$dockerd" 2>/dev/null || start_again >/dev/null
        docker_here rm -f counter >/dev/null 2>&1
    fi
    end_dockerd
    rm -rf "$place"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A command that counts up to $1.
counting_to() {
    echo "i=1; while [ \$i -le $1 ]; do echo \$i; i=\$((i + 1)); sleep 0.02; done"
}

# Shows the numbers as they come, and keeps them in the file $1.
show_numbers() {
    while read -r number; do
        echo "$number" >>"$1"
        printf '%s ' "$number"
    done
}

has_lines() { [ "$(wc -l <"$1")" -ge "$2" ]; }

# Prints the verdict on the file $1; false when a number is missing.
verdict() {
    local missing
    missing=$(comm -23 <(seq "$last" | sort) <(sort "$1") | wc -l)
    if cmp -s "$1" <(seq "$last"); then
        say "$2: $last numbers, none missing."
    else
        say "$2: $((last - missing)) of $last numbers, $missing missing."
        return 1
    fi
}

slipwayd_is_killed() {
    echo 'A container counts. `slipway logs -f` shows the numbers, while the daemon is killed.'
    start_slipwayd
    slipway run -d --name counter host sh -c "$(counting_to "$last")" >/dev/null || exit 1
    : >"$place/numbers"
    slipway logs -f counter > >(show_numbers "$place/numbers") 2>"$place/follower" &
    local follower=$!
    wait_until 'no numbers come' has_lines "$place/numbers" 50
    kill -9 "$daemon"
    say "$ kill -9 $daemon    # slipwayd"
    while kill -0 "$daemon" 2>/dev/null; do sleep 0.01; done
    local log before after
    log=$(echo "$place"/root/containers/*/log)
    before=$(wc -l <"$log")
    sleep 1
    after=$(wc -l <"$log")
    printf 'There is no daemon. The log has grown from %s to %s entries: the shim writes it.\n' \
        "$before" "$after"
    echo '$ slipwayd &'
    start_slipwayd
    wait "$follower" || fail "the follower failed: $(cat "$place/follower")"
    wait_until 'the last numbers were not shown' has_lines "$place/numbers" "$last"
    verdict "$place/numbers" slipwayd || exit 1
}

dockerd_is_killed() {
    command -v dockerd >/dev/null && command -v docker >/dev/null && command -v containerd >/dev/null || {
        echo 'Beside dockerd: skipped, it is not installed.'
        return
    }
    [ "$(id -u)" = 0 ] || { echo 'Beside dockerd: skipped, it needs root.'; return; }
    say 'The same beside dockerd (it counts for longer: dockerd takes its time to start).'
    last=$((4 * last))
    start_again || { echo "Skipped: dockerd does not start here: $(why_no_dockerd)"; return; }
    "$programs/stage4-chroot" rootfs "$place/rootfs" >/dev/null &&
        tar -C "$place/rootfs" -c . | docker_here import - counter >/dev/null &&
        docker_here run -d --network none --name counter counter \
            sh -c "$(counting_to "$last")" >/dev/null || {
            echo 'Skipped: dockerd runs no container here.'
            return
        }
    : >"$place/numbers.docker"
    docker_here logs -f counter > >(show_numbers "$place/numbers.docker") 2>/dev/null &
    local follower=$!
    wait_until 'no numbers come' has_lines "$place/numbers.docker" 50
    kill -9 "$dockerd"
    say "$ kill -9 $dockerd    # dockerd"
    wait "$follower"
    sleep 1
    echo 'The follower has ended with it.'
    echo '$ dockerd &'
    start_again || { echo "dockerd does not start again: $(why_no_dockerd)"; return; }
    docker_here wait counter >/dev/null
    docker_here logs counter >"$place/numbers.docker" 2>/dev/null
    verdict "$place/numbers.docker" "dockerd${DOCKERD_OPTIONS:+ $DOCKERD_OPTIONS}" ||
        printf '%s\n' 'It ends, when it starts again, what ran on without it, unless it is told otherwise:' \
            'try make demo-kill DOCKERD_OPTIONS=--live-restore'
}

slipwayd_is_killed
dockerd_is_killed
