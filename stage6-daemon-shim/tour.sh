#!/bin/bash
# The tour of `make run`: a private daemon, a container shown from inside and from outside, and a
# second one that goes on counting while the daemon is killed. Leaves nothing behind.
set -u

programs=$(cd "${BUILD:-build}" && pwd -P)
place=$(mktemp -d "${TMPDIR:-/tmp}/slipway-tour.XXXXXX") || exit 1
export SLIPWAY_HOST=unix://$place/slipway.sock
daemon=''

slipway() { "$programs/slipway" "$@"; }
say() { printf '\n%s\n' "$*"; }
# Shows a command as one would type it, and runs it.
show() { printf '$ slipway %s\n' "$*"; slipway "$@"; }
fail() { echo "make run: $*" >&2; exit 1; }

start_daemon() {
    "$programs/slipwayd" --root "$place/root" --socket "$place/slipway.sock" --quiet &
    daemon=$!
    disown 2>/dev/null  # it says so when that has ended already
    for _ in $(seq 200); do
        slipway version >/dev/null 2>&1 && return
        kill -0 "$daemon" 2>/dev/null || fail 'the daemon did not start'
        sleep 0.05
    done
    fail 'the daemon does not answer'
}

clean_up() {
    trap '' INT TERM
    [ -z "$daemon" ] || {
        kill -0 "$daemon" 2>/dev/null || start_daemon
        slipway rm -f box counter >/dev/null 2>&1
        kill "$daemon" 2>/dev/null
        while kill -0 "$daemon" 2>/dev/null; do sleep 0.02; done
    }
    rm -rf "$place"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# What the container runs.
inside='
printf "My host name:       %s\n" "$(hostname)"
printf "My process number:  %s   (outside I have another)\n" "$$"
printf "Who I am:           %s\n" "$(id)"
printf "\nEvery process that I can see:\n"
if command -v ps >/dev/null; then ps -eo pid,user,args | cut -c1-60; else ls -d /proc/[0-9]*; fi
printf "\nEverything in my root directory:\n"
ls -CF /
printf "\nMy system:   %s\n" "$(grep PRETTY_NAME /etc/os-release)"
printf "My network:  %s\n" "$(ls /sys/class/net)"
printf "My limits:\n"
for file in memory.max memory/memory.limit_in_bytes pids.max pids/pids.max; do
    [ -r "/sys/fs/cgroup/$file" ] &&
        printf "  %-30s %s\n" "$file" "$(cat "/sys/fs/cgroup/$file")" && limited=yes
done
[ -n "${limited-}" ] || echo "  none (they need root, or a group handed to the user)"
printf "\nI end with exit code 7.\n"
exit 7
'

say 'A daemon, with its socket and its state in a directory of its own.'
start_daemon
# Limits are asked for where they can be had.
limits=()
slipway info 2>/dev/null | grep -q 'No memory limit' || [ "$(id -u)" != 0 ] || limits=(-m 64m --pids-limit 50)

say 'A container, from inside. Client, daemon and shim are between you and it.'
echo "\$ slipway run --name box ${limits[*]} host sh -c '...'"
slipway run --name box "${limits[@]}" host sh -c "$inside"
code=$?
say 'The same container, from outside: it is over, and its exit code and its output are kept.'
[ "$code" = 7 ] || fail "the container ended with exit code $code, not with 7"
show ps -a
show wait box
echo "\$ slipway logs box | wc -l"
slipway logs box | wc -l

say 'A second container counts, a hundred numbers a second. While it does, the daemon is killed.'
show run -d --name counter host sh -c \
    'i=1; while [ $i -le 200 ]; do echo $i; i=$((i + 1)); sleep 0.01; done'
while [ "$(slipway logs counter | wc -l)" -lt 30 ]; do sleep 0.02; done
echo "\$ kill -9 $daemon"
kill -9 "$daemon"
sleep 0.5
say 'There is no daemon now. Its successor finds the container running.'
start_daemon
show ps
show wait counter
echo "\$ slipway logs counter | md5sum    # beside: seq 200 | md5sum"
seen=$(slipway logs counter | md5sum)
wanted=$(seq 200 | md5sum)
echo "$seen"
echo "$wanted"
[ "$seen" = "$wanted" ] || fail 'numbers are missing'
say 'No number is missing: not the daemon writes the log but the shim, which nobody killed.'
echo 'Everything is removed now. Try: make help'
