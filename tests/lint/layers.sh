#!/bin/sh
# The arrows of the house: which room may include which (design: gateway/README.md). Also: no goto, no
# mutable file-scope variable hub, the virtual cuff includes nothing of gateway/, its core none of its front ends.
set -eu
cd "$(dirname "$0")/../.."

# shellcheck disable=SC2046 # no blanks in our file names
awk '
BEGIN {
        may["core"] = "core"; may["base"] = "base"; may["cuff"] = "cuff core"
        may["bluez"] = "bluez core base"; may["store"] = "store core base"; may["mqtt"] = "mqtt core base"
        may["app"] = may["cli"] = "core base cuff bluez store mqtt app cli"
        may["main.c"] = "app cli base core"
}
FNR == 1 { split(FILENAME, part, "/"); room = part[2] }
/^#include "/ {
        split($2, quoted, "\""); target = quoted[2]
        if (target == "version.h") next
        split(target, path, "/")
        if (!(room in may)) { print FILENAME ": unknown room " room; bad = 1; next }
        n = split(may[room], allowed, " "); good = 0
        for (i = 1; i <= n; i++) if (allowed[i] == path[1]) good = 1
        if (!good) { print FILENAME ":" FNR ": " room " may not include " target; bad = 1 }
}
/(^|[^a-z_])goto([^a-z_]|$)/ && !/\/\*|\*/ { print FILENAME ":" FNR ": goto"; bad = 1 }
/sd_bus_call\(|sd_bus_call_method\(|[^a-z_]sleep\(|usleep\(|nanosleep\(/ { print FILENAME ":" FNR ": blocks the loop"; bad = 1 }
END { exit bad }
' $(find gateway -name '*.[ch]')

# Only bluez knows sd-bus, only store SQLite, only mqtt Paho.
for rule in 'sd-bus.h bluez' 'sqlite3.h store' 'MQTTAsync.h mqtt' 'cJSON.h mqtt|app|cli' 'libconfig.h app' 'pcap cli'; do
        header=${rule% *} rooms=${rule#* }
        if grep -rnE "#include <.*$header>" gateway | grep -vE "^gateway/($rooms)/"; then
                echo "$header belongs to $rooms only"
                exit 1
        fi
done

if grep -rn '#include ".*\(core\|cuff\|base\|bluez\|store\|mqtt\|app\|cli\)/' tests/virtual_cuff; then
        echo "the virtual cuff shares our mistakes"
        exit 1
fi
# Its model and its language know neither front end, and no bus; only input.c knows the loop.
# shellcheck disable=SC2046 # no blanks in our file names
if grep -nE '#include ("(dbus|vhci)_|<systemd/)' $(find tests/virtual_cuff -name '*.[ch]' ! -name 'dbus_*' ! -name 'vhci_*') |
        grep -v 'input\.h:.*<systemd/sd-event.h>'; then
        echo "the virtual cuff's model and language serve two front ends"
        exit 1
fi
echo "ok lint.layers"
