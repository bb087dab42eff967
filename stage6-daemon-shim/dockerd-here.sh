# For scripts that set a dockerd of their own beside slipwayd (make demo-kill, make kills-beside):
# `source` it, set `dockerd_place` to a directory, then start_dockerd [OPTION...]. Its containerd is
# one of ours: that which dockerd starts by itself has fifteen seconds to come up, and on a busy
# machine that is little. It outlives a kill of dockerd, as the real one does.
dockerd_place='' dockerd='' containerd=''

docker_here() { docker --host "unix://$dockerd_place/docker.sock" "$@"; }

# What it said last, without the time and the like, in one line.
why_no_dockerd() {
    local line
    line=$(grep -hE 'level=(error|fatal)|^failed|^containerd:|rror' "$dockerd_place/messages" 2>/dev/null | tail -n 1)
    [ -n "$line" ] || line=$(tail -qn 1 "$dockerd_place/messages" 2>/dev/null)
    printf '%s' "${line:-no answer in time}" | cut -c1-300
}

start_containerd() {
    [ -z "$containerd" ] || ! kill -0 "$containerd" 2>/dev/null || return 0
    rm -f "$dockerd_place/containerd.sock"
    containerd --root "$dockerd_place/containerd/root" --state "$dockerd_place/containerd/state" \
        --address "$dockerd_place/containerd.sock" --log-level error \
        >>"$dockerd_place/messages" 2>&1 &
    containerd=$!
    disown 2>/dev/null  # it says so when that has ended already
    for _ in $(seq 1200); do
        [ ! -S "$dockerd_place/containerd.sock" ] || return 0
        kill -0 "$containerd" 2>/dev/null || break
        sleep 0.05
    done
    end_and_wait "$containerd"
    containerd=''
    return 1
}

# False when it does not come up, twice: see why_no_dockerd. Before it answers it ends what runs
# without it, and gives each container ten seconds.
start_dockerd() {
    local attempt
    mkdir -p "$dockerd_place"
    for attempt in 1 2; do
        [ "$attempt" = 1 ] || echo "dockerd does not come up ($(why_no_dockerd)); once more."
        start_containerd || continue
        dockerd --containerd "$dockerd_place/containerd.sock" \
            --host "unix://$dockerd_place/docker.sock" --data-root "$dockerd_place/root" \
            --exec-root "$dockerd_place/exec" --pidfile "$dockerd_place/pid" --bridge none \
            --iptables=false --ip6tables=false --storage-driver vfs "$@" \
            >>"$dockerd_place/messages" 2>&1 &
        dockerd=$!
        disown 2>/dev/null  # it says so when that has ended already
        for _ in $(seq 1200); do
            docker_here version >/dev/null 2>&1 && return
            kill -0 "$dockerd" 2>/dev/null || break
            sleep 0.05
        done
        end_and_wait "$dockerd"
        dockerd=''
    done
    return 1
}

# Asks a process to end; after ten seconds it is killed.
end_and_wait() {
    kill "$1" 2>/dev/null
    for _ in $(seq 500); do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.02
    done
    kill -9 "$1" 2>/dev/null
}

# Nothing of it is left but what is in its directory.
end_dockerd() {
    local shim mount
    [ -z "$dockerd" ] || end_and_wait "$dockerd"
    dockerd=''
    [ -z "$containerd" ] || end_and_wait "$containerd"
    containerd=''
    [ -n "$dockerd_place" ] || return 0
    # The shims of containers that could not be removed.
    for shim in $(pgrep -f -- "-address $dockerd_place/containerd.sock"); do
        kill -KILL "$shim" 2>/dev/null
    done
    for mount in $(awk -v place="$dockerd_place/" 'index($5, place) == 1 {print $5}' /proc/self/mountinfo); do
        umount -l "$mount" 2>/dev/null
    done
}
