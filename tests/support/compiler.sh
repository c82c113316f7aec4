#!/bin/sh
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The compiler of hosts in tests: ccache; and for the hundreds of questions that NVIDIA's conftest.sh asks a kernel, the answers
# of before. ccache keeps none of these, as their files are named by process ids, and many are to fail.
cache=/var/cache/ccache
real=/usr/bin/${0##*/}
for source in "$@"; do :; done
case $source in
  conftest[0-9]*.c) ;;
  *) CCACHE_DIR=$cache CCACHE_NOHASHDIR=1 CCACHE_COMPILERCHECK=content exec ccache "$real" "$@" ;;
esac
key=$({ stat -Lc %s.%Y "$real"; printf '%s\n' "$@"; cat "$source"; } | sed "s/${source%.c}//g" | sha256sum | cut -c1-40)
answer=$cache/conftests/$key
if ! [ -e "$answer" ]; then
  "$real" "$@"
  echo $? > "$answer.$$"
  mv "$answer.$$" "$answer"
fi
read -r status < "$answer"
[ "$status" -ne 0 ] || : >> "${source%.c}.o"
exit "$status"
