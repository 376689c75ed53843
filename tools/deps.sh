#!/bin/bash
# Installs what is missing of the named groups in packages.txt; without a name,
# of all groups. Says and does nothing when nothing is missing.
#
#   tools/deps.sh [GROUP...]
set -euo pipefail
cd "$(dirname "$0")/.."

# Servers live in sbin, which is not on every user's PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# Packages whose installation would start a server, and its service.
declare -A services=([nginx-light]=nginx [h2o]=h2o)

# Prints the packages of group $1 (or all), but those whose command is there.
wanted() {
    local group package command
    grep -q "^$1" packages.txt || {
        echo "packages.txt has no group $1" >&2
        exit 1
    }
    while read -r group package command; do
        [[ -z $1 || $group == "$1" ]] || continue
        [[ -n $command ]] && type -P "$command" >/dev/null && continue
        echo "$package"
    done < <(sed 's/#.*//; /^ *$/d' packages.txt)
}

# Prints those of the packages $@ that are not installed. One query for all:
# this runs at the start of nearly every make.
not_installed() {
    local have
    have=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" \
           2>/dev/null | sed -n 's/ installed$//p') || true
    comm -23 <(printf '%s\n' "$@" | sort -u) <(sort -u <<<"$have")
}

# Installs packages $@, and leaves no service of theirs running or enabled:
# they are here to be started by a benchmark, on its terms. Under systemd the
# unit is masked while it is installed; elsewhere, invoke-rc.d starts nothing
# in runlevel 1.
install() {
    local sudo=() units=() package
    if [[ $EUID != 0 ]]; then
        type -P sudo >/dev/null || {
            echo "These packages are missing: $*" >&2
            echo "Install them as root, or install sudo and try again." >&2
            exit 1
        }
        sudo=(sudo)
    fi
    if [[ -d /run/systemd/system ]]; then
        for package; do
            units+=(${services[$package]:-})
        done
    fi
    local env=(env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1)
    local apt=("${sudo[@]}" "${env[@]}" apt-get -qq
               -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0)

    echo "Installing $*"
    [[ ${#units[@]} == 0 ]] ||
        "${sudo[@]}" systemctl mask --runtime --quiet "${units[@]}"
    "${apt[@]}" update
    "${apt[@]}" install --no-install-recommends "$@" </dev/null
    [[ ${#units[@]} == 0 ]] || {
        "${sudo[@]}" systemctl unmask --runtime --quiet "${units[@]}"
        "${sudo[@]}" systemctl disable --quiet "${units[@]}"
    }
}

# Another distribution has other names for these packages; the build itself
# says what it lacks.
type -P dpkg-query >/dev/null || exit 0

[[ $# -gt 0 ]] || set -- ""
packages=$(for group; do wanted "$group"; done)
missing=$(not_installed $packages)
[[ -z $missing ]] || install $missing
