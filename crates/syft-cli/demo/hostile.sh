#!/usr/bin/env bash
# The same question as analysis.sh would ask, by somebody who wants more: four
# attempts to leave the box. Each prints what it got, or the word of the kernel.
# It ends with 0 either way, so that what stopped it is seen to be the box.
#
# An attacker who guesses everything right: the demo fills these two in.
owner_home='@OWNER_HOME@'
port='@PORT@'

loot="${TMPDIR:-/tmp}/loot"
report="$SYFT_OUTPUTS/attempts.txt"
: > "$report"

tell() { printf 'attempt %s: %s\n' "$1" "$2" | tee -a "$report"; }

# The last word of an error message, as "Permission denied".
reason() { local last="${1##*$'\n'}"; printf '%s' "${last##*: }"; }

read_file() {
    local error
    if error=$(cat -- "$2" 2>&1 > "$loot"); then
        cp -- "$loot" "$SYFT_OUTPUTS/$1.loot"
        tell "$1" "got $(($(wc -c < "$loot"))) bytes"
    else
        tell "$1" "denied ($(reason "$error"))"
    fi
}

connect() {
    local error
    if error=$({ exec 3<> "/dev/tcp/127.0.0.1/$2"; } 2>&1); then
        exec 3<> "/dev/tcp/127.0.0.1/$2"
        IFS= read -r -t 2 -n 64 greeting <&3
        printf '%s\n' "$greeting" > "$SYFT_OUTPUTS/$1.loot"
        tell "$1" "got ${#greeting} bytes"
    else
        tell "$1" "denied ($(reason "$error"))"
    fi
}

datasets=$(dirname "$(dirname "$SYFT_DATASET_PATIENTS")")
read_file other-dataset "$datasets/salaries/salaries.csv"
read_file home "$owner_home/.syft/canary.txt"
read_file parent-process "/proc/$PPID/cmdline"
connect network "$port"
exit 0
