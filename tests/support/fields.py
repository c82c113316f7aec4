# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fields of manifests that pods.py can run. All others are refused, so that none is passed over unseen."""

from __future__ import annotations

ANY = object()
PROBE = {
    "httpGet": {"path": ANY, "port": ANY},
    "exec": {"command": ANY},
    "periodSeconds": ANY,
    "timeoutSeconds": ANY,
    "failureThreshold": ANY,
}
CONTAINER = {
    "name": ANY,
    "image": ANY,
    "command": ANY,
    "args": ANY,
    "workingDir": ANY,
    "env": [
        {
            "name": ANY,
            "value": ANY,
            "valueFrom": {
                "secretKeyRef": {"name": ANY, "key": ANY},
                "fieldRef": {"fieldPath": "metadata.namespace"},
            },
        }
    ],
    "ports": [{"name": ANY, "containerPort": ANY}],
    "startupProbe": PROBE,
    "livenessProbe": PROBE,
    "readinessProbe": PROBE,
    "resources": ANY,  # not here: this machine's are the limit
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    },
    "volumeMounts": [{"name": ANY, "mountPath": ANY}],
}
TEMPLATE = {
    "metadata": {"labels": ANY},
    "spec": {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": ANY,  # not here: what ends is a failure
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": ANY,
            "runAsGroup": ANY,
            "fsGroup": ANY,
            "fsGroupChangePolicy": ANY,  # the volumes are new
            "seccompProfile": ANY,  # not here
        },
        "initContainers": [CONTAINER],
        "containers": [CONTAINER],
        "volumes": [{"name": ANY, "emptyDir": {}, "persistentVolumeClaim": {"claimName": ANY}}],
    },
}
SPECS = {
    "Deployment": {"replicas": 1, "strategy": ANY, "selector": ANY, "template": TEMPLATE},
    "StatefulSet": {
        "replicas": 1,
        "serviceName": ANY,
        "podManagementPolicy": ANY,
        "selector": ANY,
        "template": TEMPLATE,
    },
    "Job": {"backoffLimit": ANY, "activeDeadlineSeconds": ANY, "template": TEMPLATE},
    "Service": {"selector": ANY, "ports": [{"name": ANY, "port": ANY, "targetPort": ANY}]},
    "PersistentVolumeClaim": ANY,
    "NetworkPolicy": ANY,  # not here
}


class Unknown(Exception):
    """One sentence: where, what was seen, and what can be run."""


def check(where: str, given: object, pattern: object) -> None:
    """Whether ``given`` has no field that the pattern lacks, and the values that it names."""
    if isinstance(pattern, dict) and isinstance(given, dict):
        for key in given.keys() | {key for key, value in pattern.items() if isinstance(value, (bool, int, str))}:
            if key not in pattern:
                raise Unknown(f"{where} has the field {key}, which tests/support/pods.py cannot run yet.")
            check(f"{where}.{key}", given.get(key), pattern[key])
    elif isinstance(pattern, list) and isinstance(given, list):
        for number, item in enumerate(given):
            check(f"{where}[{number}]", item, pattern[0])
    elif pattern is not ANY and given != pattern:
        raise Unknown(f"{where} is {given}, and tests/support/pods.py can only run {pattern}.")
