#!/bin/bash
# The tour of `make run`: one container, shown from inside and from outside. With `inside` as its
# argument it is what the container runs.
set -u

inside() {
    printf '\nInside the container.\n'
    printf 'My host name:           %s\n' "$(hostname)"
    printf 'My process number:      %s   (outside I have another)\n' "$$"
    printf 'Who I am:               %s\n' "$(id)"
    printf '\nEvery process that I can see:\n'
    ps -eo pid,user,args
    printf '\nEverything in my root directory:\n'
    ls -F /
    printf '\nMy system: '
    grep PRETTY_NAME /etc/os-release
    printf 'My network: '
    ls /sys/class/net
    printf '\nMy limits:\n'
    for file in memory.max memory/memory.limit_in_bytes cpu.max cpu/cpu.cfs_quota_us pids.max \
        pids/pids.max; do
        [ -r "/sys/fs/cgroup/$file" ] && printf '  %-32s %s\n' "$file" "$(cat "/sys/fs/cgroup/$file")"
    done
    [ -d /sys/fs/cgroup/memory ] || [ -f /sys/fs/cgroup/memory.max ] || echo '  none'
    printf '\nI end with exit code 7.\n\n'
    exit 7
}

[ "${1-}" = inside ] && inside

program=${BUILD:-build}/stage5-cgroups
# Limits are asked for where they can be had: without root that takes a group handed to the user.
limits=()
[ "$(id -u)" = 0 ] && limits=(--memory 64 --pids 50)

echo 'Outside. This is what starts the container; its own words follow.'
echo "\$ $program run ${limits[*]} host bash /tour.sh inside"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
"$program" run "${limits[@]}" -v "$here/tour.sh:/tour.sh:ro" host bash /tour.sh inside
code=$?
if [ "$code" != 7 ]; then
    echo "Outside again: the container ended with exit code $code." >&2
    exit "$code"
fi
echo "Outside again: the container ended with exit code $code, as it said it would."
echo 'Its root, its group and its processes are gone. Try: make help'
