# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bases and overlays: what every rendered object must hold."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess

import pytest
import yaml
from rendering import APPLICATIONS, ENVIRONMENTS, FOLDERS, TREE, folder_of, kustomize, run, tool

WORKLOADS = ("Deployment", "StatefulSet", "Job")
# https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
RESTRICTED_VOLUMES = set("configMap csi downwardAPI emptyDir ephemeral persistentVolumeClaim projected secret".split())

each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(TREE)))


def of_kind(folder, *kinds):
    return [item for item in kustomize(folder) if item["kind"] in kinds]


def pods(folder):
    return [(item, item["spec"]["template"]) for item in of_kind(folder, *WORKLOADS)]


def templates(folder):
    return [template for item, template in pods(folder)]


def containers(folder):
    for template in templates(folder):
        yield from template["spec"].get("initContainers", []) + template["spec"]["containers"]


def test_layout():
    expected = {folder_of(environment, app) for environment, app in itertools.product(ENVIRONMENTS, APPLICATIONS)}
    assert set(FOLDERS) == expected


@each_folder
def test_builds_into_its_namespace(folder):
    environment = folder.relative_to(TREE).parts[1] if "overlays" in folder.parts else "main"
    assert {item["metadata"]["namespace"] for item in kustomize(folder)} == {ENVIRONMENTS[environment]}


@each_folder
def test_on_the_real_node(folder, tmp_path):
    """As Argo CD adds the component."""
    copy = shutil.copytree(TREE, tmp_path / "tree") / folder.relative_to(TREE)
    component = os.path.relpath(tmp_path / "tree/components/real-node", copy)
    run("env", "-C", copy, tool("kustomize"), "edit", "add", "component", component).check_returncode()
    placed = kustomize(copy)
    for item in placed:
        if item["kind"] in WORKLOADS:
            spec = item["spec"]["template"]["spec"]
            assert spec.pop("nodeSelector") == {"ai-how.cloud/real-node": "true"}
            assert spec.pop("tolerations") == [{"key": "ai-how.cloud/real-node", "operator": "Exists"}]
        elif item["kind"] == "PersistentVolumeClaim":
            assert item["spec"].pop("storageClassName") == "local-path"
    assert placed == kustomize(folder)


@each_folder
def test_no_namespace_and_no_secret_in_git(folder):
    assert not of_kind(folder, "Namespace", "Secret")


@each_folder
def test_no_deprecated_field(folder):
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    deprecated = {"bases", "commonLabels", "patchesStrategicMerge", "patchesJson6902", "vars", "imageTags"}
    assert not deprecated & set(kustomization)


@each_folder
def test_pods_pass_restricted_pod_security(folder):
    for template in templates(folder):
        spec = template["spec"]
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert all(set(volume) - {"name"} <= RESTRICTED_VOLUMES for volume in spec.get("volumes", []))
    for container in containers(folder):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert set(context) == {"allowPrivilegeEscalation", "capabilities", "readOnlyRootFilesystem"}
        assert not any("hostPort" in port for port in container.get("ports", []))


@each_folder
def test_pods_get_no_more_than_they_need(folder):
    for template in templates(folder):
        assert template["spec"]["automountServiceAccountToken"] is False
    for container in containers(folder):
        assert container["securityContext"]["readOnlyRootFilesystem"] is True


@each_folder
def test_images_are_pinned(folder):
    for container in containers(folder):
        assert re.fullmatch(r"[a-z0-9.-]+\.[a-z]+/[a-z0-9/._-]+:[A-Za-z0-9._-]*\d[A-Za-z0-9._-]*", container["image"])


def test_each_image_is_named_in_one_place():
    images = {container["image"] for folder in FOLDERS for container in containers(folder)}
    text = [path.read_text() for path in TREE.rglob("*.yaml")]
    for image in images:
        name, tag = image.rsplit(":", 1)
        assert sum(content.count(name) for content in text) == sum(content.count(tag) for content in text) == 1, image


@each_folder
def test_resources(folder):
    for container in containers(folder):
        resources = container["resources"]
        assert set(resources["requests"]) == {"cpu", "memory"}
        assert "memory" in resources["limits"]


@each_folder
def test_servers_have_probes(folder):
    for item, template in pods(folder):
        if item["kind"] != "Job":
            for container in template["spec"]["containers"]:
                assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)


@each_folder
def test_a_volume_has_one_writer(folder):
    for item, template in pods(folder):
        if any("persistentVolumeClaim" in volume for volume in template["spec"].get("volumes", [])):
            assert item["spec"]["replicas"] == 1
            assert item["kind"] == "StatefulSet" or item["spec"]["strategy"] == {"type": "Recreate"}
        assert "volumeClaimTemplates" not in item["spec"]


@each_folder
def test_claims_outlive_the_application(folder):
    for claim in of_kind(folder, "PersistentVolumeClaim"):
        options = claim["metadata"]["annotations"]["argocd.argoproj.io/sync-options"]
        assert set(options.split(",")) == {"Prune=false", "Delete=false"}
        # A claim that is bound by its first pod would wait for ever in a wave of its own.
        assert "argocd.argoproj.io/sync-wave" not in claim["metadata"]["annotations"]


def test_the_daily_example_finds_its_claim():
    (claim,) = of_kind(folder_of("main", "minio"), "PersistentVolumeClaim")
    assert claim["metadata"]["name"] == "minio-storage"
    assert "storage: 100Gi" in (TREE / "base/mlops/minio/pvc.yaml").read_text()


@each_folder
def test_jobs_are_hooks_that_neither_loop_nor_remain(folder):
    for job in of_kind(folder, "Job"):
        annotations = job["metadata"]["annotations"]
        assert annotations["argocd.argoproj.io/hook"] == "Sync"
        assert annotations["argocd.argoproj.io/hook-delete-policy"] == "BeforeHookCreation,HookSucceeded"
        assert "ttlSecondsAfterFinished" not in job["spec"]
        assert job["spec"]["activeDeadlineSeconds"]


def commands(container):
    probes = [container.get(name, {}) for name in ("startupProbe", "readinessProbe", "livenessProbe")]
    probed = [word for probe in probes for word in probe.get("exec", {}).get("command", [])]
    return container.get("command", []) + container.get("args", []) + probed


@each_folder
def test_secrets_are_read_and_never_on_a_command_line(folder):
    for container in containers(folder):
        secret = {entry["name"] for entry in container.get("env", []) if "secretKeyRef" in entry.get("valueFrom", {})}
        for word in commands(container):
            assert not any(f"${{{name}}}" in word or f"$({name})" in word for name in secret)
            assert {name for name in secret if f"${name}" in word} <= {"POSTGRES_USER"}
        for entry in container.get("env", []):
            assert not re.search("PASSWORD|SECRET|ACCESS_KEY", entry["name"]) or entry["name"] in secret
            if entry["name"] in secret:
                reference = entry["valueFrom"]["secretKeyRef"]
                assert (
                    reference["key"]
                    in {
                        "minio-credentials": {"accesskey", "secretkey"},
                        "postgresql-credentials": {"username", "password"},
                    }[reference["name"]]
                )


def selects(selector, labels):
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        {"In": labels.get(rule["key"]) in rule.get("values", [])}[rule["operator"]]
        for rule in selector.get("matchExpressions", [])
    )


@each_folder
def test_network_policies_isolate_every_pod(folder):
    policies = of_kind(folder, "NetworkPolicy")
    for template in templates(folder):
        labels = template["metadata"]["labels"]
        chosen = [policy for policy in policies if selects(policy["spec"]["podSelector"], labels)]
        assert chosen, labels
        assert all(set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"} for policy in chosen)
    for policy in policies:
        for rule in policy["spec"].get("ingress") or []:
            # A podSelector alone means this namespace: nobody from another environment comes in.
            assert rule["from"] and rule["ports"]
            assert all(set(peer) == {"podSelector"} for peer in rule["from"])
        for rule in policy["spec"].get("egress") or []:
            assert all(set(peer) == {"podSelector"} for peer in rule.get("to", []))
            assert rule.get("to") or {port["port"] for port in rule["ports"]} == {53}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_flows_that_mlflow_needs_are_open(environment):
    objects = [item for app in APPLICATIONS for item in kustomize(folder_of(environment, app))]
    policies = [item["spec"] for item in objects if item["kind"] == "NetworkPolicy"]
    labels = {
        item["metadata"]["name"]: item["spec"]["template"]["metadata"]["labels"]
        for item in objects
        if item["kind"] in WORKLOADS
    }
    ports = {
        item["metadata"]["name"]: {
            port["name"]: port["containerPort"]
            for container in item["spec"]["template"]["spec"]["containers"]
            for port in container.get("ports", [])
        }
        for item in objects
        if item["kind"] in WORKLOADS
    }

    def is_open(source, target, number):
        def allowed(own, other, direction, side):
            return any(
                selects(peer["podSelector"], labels[other])
                for policy in policies
                if selects(policy["podSelector"], labels[own])
                for rule in policy.get(direction) or []
                for peer in rule.get(side, [])
                if any(ports[target].get(port["port"], port["port"]) == number for port in rule["ports"])
            )

        return allowed(source, target, "egress", "to") and allowed(target, source, "ingress", "from")

    flows = {("mlflow", "postgresql", 5432), ("mlflow", "minio", 9000), ("mlflow-bucket", "minio", 9000)}
    tried = itertools.product(labels, (("postgresql", 5432), ("minio", 9000), ("minio", 9001)))
    assert {(source, *target) for source, target in tried if is_open(source, *target)} == flows


@each_folder
def test_services_select_a_pod_and_a_port_of_it(folder):
    for service in of_kind(folder, "Service"):
        selector = {"matchLabels": service["spec"]["selector"]}
        (template,) = (pod for pod in templates(folder) if selects(selector, pod["metadata"]["labels"]))
        names = {port["name"] for container in template["spec"]["containers"] for port in container.get("ports", [])}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= names


@pytest.mark.parametrize("application", APPLICATIONS)
def test_the_label_of_the_guide_finds_the_pods(application):
    assert application in {pod["metadata"]["labels"]["app"] for pod in templates(folder_of("main", application))}


@pytest.fixture
def start_of_postgresql(tmp_path):
    """Runs the startup probe with programs that write down how they were called; what psql was told, if it was."""
    (container,) = (item for item in containers(folder_of("main", "postgresql")) if item["name"] == "postgresql")

    def start(ready):
        for name, status in (("pg_isready", ready), ("psql", 0)):
            program = tmp_path / name
            program.write_text(f'#!/bin/sh\necho "$PGUSER: $*" >{name}.called\ncat >>{name}.called\nexit {status}\n')
            program.chmod(0o755)
        environ = {"POSTGRES_USER": "mlflow", "POSTGRES_PASSWORD": "not-to-be-seen", "PATH": f"{tmp_path}:{os.defpath}"}
        done = subprocess.run(
            container["startupProbe"]["exec"]["command"],
            cwd=tmp_path,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout + done.stderr == ""
        told = tmp_path / "psql.called"
        return done.returncode, told.read_text() if told.exists() else None

    return start


def test_postgresql_has_not_started_while_its_final_server_has_not(start_of_postgresql):
    assert start_of_postgresql(ready=2) == (2, None)


def test_postgresql_takes_over_its_password_when_it_starts(start_of_postgresql):
    status, told = start_of_postgresql(ready=0)
    assert status == 0
    arguments, *statements = told.splitlines()
    assert arguments.startswith("mlflow: ")
    assert "--set=ON_ERROR_STOP=1" in arguments
    assert statements[-2:] == ["\\getenv password POSTGRES_PASSWORD", "ALTER ROLE CURRENT_USER PASSWORD :'password';"]
    assert {line.split(" = ")[0] for line in statements[:-2]} == {
        "SET log_statement",
        "SET log_min_duration_sample",
        "SET log_min_duration_statement",
        "SET log_min_error_statement",
        "SET log_transaction_sample_rate",
    }
    assert "not-to-be-seen" not in told
