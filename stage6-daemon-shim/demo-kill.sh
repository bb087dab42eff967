#!/bin/bash
# `make demo-kill`: a container counts, a follower shows the numbers, and the daemon is killed. The
# same beside dockerd where that is installed and we are root. Leaves nothing behind.
set -u

programs=$(cd "${BUILD:-build}" && pwd -P)
last=${LAST:-200}  # the number up to which is counted, fifty a second
place=$(mktemp -d "${TMPDIR:-/tmp}/slipway-demo.XXXXXX") || exit 1
export SLIPWAY_HOST=unix://$place/slipway.sock
daemon='' dockerd=''

slipway() { "$programs/slipway" "$@"; }
docker_here() { docker --host "unix://$place/docker.sock" "$@"; }
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
    disown
    wait_until 'slipwayd did not start' slipway version
}

start_dockerd() {
    mkdir -p "$place/docker"
    # shellcheck disable=SC2086
    dockerd --host "unix://$place/docker.sock" --data-root "$place/docker/root" \
        --exec-root "$place/docker/exec" --pidfile "$place/docker/pid" --bridge none \
        --iptables=false --ip6tables=false --storage-driver vfs ${DOCKERD_OPTIONS-} \
        >>"$place/docker/messages" 2>&1 &
    dockerd=$!
    disown
    # Before it answers it ends what runs without it, and gives each container ten seconds.
    for _ in $(seq 1200); do
        docker_here version >/dev/null 2>&1 && return
        kill -0 "$dockerd" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

end_process() {
    kill "$1" 2>/dev/null
    for _ in $(seq 500); do
        kill -0 "$1" 2>/dev/null || return
        sleep 0.02
    done
    kill -9 "$1" 2>/dev/null
}

clean_up() {
    trap '' INT TERM
    [ -z "$daemon" ] || {
        kill -0 "$daemon" 2>/dev/null || start_slipwayd
        slipway rm -f counter >/dev/null 2>&1
        end_process "$daemon"
    }
    [ -z "$dockerd" ] || {
        kill -0 "$dockerd" 2>/dev/null || start_dockerd
        docker_here rm -f counter >/dev/null 2>&1
        end_process "$dockerd"
        for mount in $(awk -v place="$place/" 'index($5, place) == 1 {print $5}' /proc/self/mountinfo); do
            umount -l "$mount" 2>/dev/null
        done
    }
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
    command -v dockerd >/dev/null && command -v docker >/dev/null || {
        echo 'Beside dockerd: skipped, it is not installed.'
        return
    }
    [ "$(id -u)" = 0 ] || { echo 'Beside dockerd: skipped, it needs root.'; return; }
    say 'The same beside dockerd (it counts for longer: dockerd takes its time to start).'
    last=$((4 * last))
    start_dockerd || {
        echo "Skipped: dockerd does not start here: $(tail -n 1 "$place/docker/messages")"
        return
    }
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
    start_dockerd || { echo "dockerd does not start again: $(tail -n 1 "$place/docker/messages")"; return; }
    docker_here wait counter >/dev/null
    docker_here logs counter >"$place/numbers.docker" 2>/dev/null
    verdict "$place/numbers.docker" "dockerd${DOCKERD_OPTIONS:+ $DOCKERD_OPTIONS}" ||
        printf '%s\n' 'It ends, when it starts again, what ran on without it, unless it is told otherwise:' \
            'try make demo-kill DOCKERD_OPTIONS=--live-restore'
}

slipwayd_is_killed
dockerd_is_killed
