#!/bin/sh
# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# in_cluster.sh <folder> <command...>: runs the command where <folder> is what a pod has of its service account.
# The controller of Sealed Secrets knows no kubeconfig. In a mount namespace of its own, nothing of it is seen outside.
set -eu
mount -t tmpfs -o size=1m,mode=0755 tmpfs /var/run
mkdir -p /var/run/secrets/kubernetes.io
ln -s "$1" /var/run/secrets/kubernetes.io/serviceaccount
shift
exec "$@"
