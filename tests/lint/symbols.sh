#!/bin/sh
# core and cuff are pure: their objects need nothing of libc but moving and comparing bytes.
#   tests/lint/symbols.sh BUILD
set -eu
cd "$(dirname "$0")/../.."

allowed='^(mem(cpy|set|cmp|move)|strlen|__stack_chk_fail|__assert_fail|__aeabi_.*|_GLOBAL_OFFSET_TABLE_)$'
objects=$(find "$1/obj/gateway/core" "$1/obj/gateway/cuff" -name '*.o')
[ -n "$objects" ] || { echo "no objects: build first"; exit 1; }
# shellcheck disable=SC2086
own=$(nm --defined-only --format=posix $objects | awk 'NF >= 2 && $2 ~ /[TDRBV]/ { print $1 }' | sort -u)
# shellcheck disable=SC2086
foreign=$(nm -u --format=posix $objects | awk '$2 == "U" { print $1 }' | sort -u | grep -vE "$allowed" |
        grep -vxF "$own" || true)
if [ -n "$foreign" ]; then
        echo "core or cuff uses: $foreign"
        exit 1
fi
echo "ok lint.symbols"
