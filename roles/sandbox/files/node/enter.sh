#!/bin/sh
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# enter.sh [--net] -- COMMAND...    runs it on the real node, with --net in the network of its pods, else in the host's

set -eu

# A number that is left from an earlier start may belong to any process by now: ours carries our mark and is the first of its kind
is_machine() {
  read -r pid < "$NODE_DIR/pid" &&
    grep -qzFx "AI_HOW_CLOUD_SANDBOX=$AI_HOW_CLOUD_SANDBOX" "/proc/$pid/environ" &&
    grep -qE '^NSpid:.*[[:space:]]1$' "/proc/$pid/status"
}

tries=100
until is_machine 2> /dev/null; do
  tries=$((tries - 1))
  if [ $tries -eq 0 ]; then
    echo "The machine of the real node is not up; see the log of the program node." >&2
    exit 1
  fi
  sleep 0.1
done
exec nsenter --target "$pid" --mount --pid "$@"
