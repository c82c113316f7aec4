# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.installation import (
    CONFIGURATION,
    LABEL,
    Settings,
    image_of,
    installation,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid

# As much of install.yaml as shows each thing that is changed in it
UPSTREAM = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-server, labels: {app.kubernetes.io/component: server}}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: argocd-server}}
  template:
    metadata: {labels: {app.kubernetes.io/name: argocd-server}}
    spec:
      initContainers:
      - {name: copyutil, image: "quay.io/argoproj/argocd:v3.6.1", imagePullPolicy: Always}
      containers:
      - name: argocd-server
        image: quay.io/argoproj/argocd:v3.6.1
        env:
        - {name: HOME, value: /home}
        - name: ARGOCD_SERVER_INSECURE
          valueFrom: {configMapKeyRef: {name: argocd-cmd-params-cm, key: server.insecure, optional: true}}
        - name: REDIS_PASSWORD
          valueFrom: {secretKeyRef: {name: argocd-redis, key: auth}}
      nodeSelector: {kubernetes.io/os: linux}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: argocd-application-controller, labels: {app.kubernetes.io/component: application-controller}}
spec:
  replicas: 1
  selector: {matchLabels: {app.kubernetes.io/name: argocd-application-controller}}
  template:
    metadata: {annotations: {kept: "yes"}}
    spec:
      containers:
      - name: argocd-application-controller
        image: quay.io/argoproj/argocd:v3.6.1
        env:
        - {name: ARGOCD_CONTROLLER_REPLICAS, value: "1"}
        - name: ARGOCD_RECONCILIATION_TIMEOUT
          valueFrom: {configMapKeyRef: {name: argocd-cm, key: timeout.reconciliation, optional: true}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-dex-server, labels: {app.kubernetes.io/component: dex-server}}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: argocd-dex-server}}
  template: {metadata: {}, spec: {containers: [{name: dex, image: "ghcr.io/dexidp/dex:v2.46.0"}]}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: argocd-dex-server, labels: {app.kubernetes.io/component: dex-server}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: applications.argoproj.io}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: argocd-server}
subjects: [{kind: ServiceAccount, name: argocd-server, namespace: argocd}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: argocd-server}
subjects: [{kind: ServiceAccount, name: argocd-server}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm}
data: {resource.exclusions: "- Endpoints", upstream: "yes"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cmd-params-cm}
---
apiVersion: v1
kind: Secret
metadata: {name: argocd-secret}
---
"""


def install(namespace: str = "argocd", text: str = UPSTREAM, **settings: Any) -> dict[tuple[str, str], Any]:
    """The objects by kind and name."""
    parts = installation(text, Settings(namespace, **settings))
    objects = parts["definitions"] + parts["secrets"] + parts["objects"]
    return {(item["kind"], item["metadata"]["name"]): item for item in objects}


def container(objects: Any, kind: str = "Deployment", name: str = "argocd-server") -> Any:
    return objects[kind, name]["spec"]["template"]["spec"]["containers"][0]


def digests(**settings: Any) -> dict[str, str]:
    return {
        name: item["spec"]["template"]["metadata"]["annotations"][CONFIGURATION]
        for (kind, name), item in install(**settings).items()
        if kind in ("Deployment", "StatefulSet")
    }


def test_definitions_come_first_and_workloads_last() -> None:
    parts = installation(UPSTREAM, Settings("argocd"))
    assert [item["kind"] for item in parts["definitions"]] == ["CustomResourceDefinition"]
    assert [item["kind"] for item in parts["secrets"]] == ["Secret"]
    kinds = [item["kind"] for item in parts["objects"]]
    assert kinds[-3:] == ["Deployment", "StatefulSet", "Deployment"]
    assert not {"Deployment", "StatefulSet"} & set(kinds[:-3])


def test_names_are_those_of_all_but_the_definitions() -> None:
    names = installation(UPSTREAM, Settings("here"))["names"]
    assert {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "argocd-secret", "namespace": "here"}} in names
    binding = {"kind": "ClusterRoleBinding", "metadata": {"name": "argocd-server"}}
    assert {"apiVersion": "rbac.authorization.k8s.io/v1", **binding} in names
    assert len(names) == 9


def test_another_namespace_is_followed_by_subjects_and_label() -> None:
    objects = install("elsewhere")
    assert objects["ClusterRoleBinding", "argocd-server"]["subjects"][0]["namespace"] == "elsewhere"
    assert "namespace" not in objects["RoleBinding", "argocd-server"]["subjects"][0]
    assert objects["RoleBinding", "argocd-server"]["metadata"]["namespace"] == "elsewhere"
    assert "namespace" not in objects["ClusterRoleBinding", "argocd-server"]["metadata"]
    assert {item["metadata"]["labels"][LABEL] for item in objects.values()} == {"elsewhere"}


def test_what_no_setting_names_stays_as_upstream_has_it() -> None:
    objects = install()
    deployment = objects["Deployment", "argocd-server"]
    original = next(iter(yaml.safe_load_all(UPSTREAM)))
    del deployment["metadata"]["labels"][LABEL], deployment["metadata"]["namespace"]
    del deployment["spec"]["template"]["metadata"]["annotations"]
    assert deployment == original


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ({"quay.io": "mirror/quay"}, "mirror/quay/argoproj/argocd:v3.6.1"),
        ({"quay.io/argoproj/argocd": "mine/argocd"}, "mine/argocd:v3.6.1"),
        ({"quay.io": "one", "quay.io/argoproj/argocd:v3.6.1": "two:v1"}, "two:v1"),
        ({"quay.io/argoproj/arg": "no", "quay": "no", "argoproj": "no"}, "quay.io/argoproj/argocd:v3.6.1"),
    ],
)
def test_images_from_elsewhere(places: dict[str, str], expected: str) -> None:
    assert image_of("quay.io/argoproj/argocd:v3.6.1", places) == expected


def test_images_and_their_policy_hold_for_every_container() -> None:
    pod = install(images={"quay.io": "mirror"}, pull_policy="IfNotPresent")["Deployment", "argocd-server"]["spec"][
        "template"
    ]["spec"]
    for each in (*pod["initContainers"], *pod["containers"]):
        assert each["image"] == "mirror/argoproj/argocd:v3.6.1"
        assert each["imagePullPolicy"] == "IfNotPresent"


def test_fields_of_every_pod() -> None:
    objects = install(pods={"nodeSelector": {"gpu": "false"}})
    pods = [item["spec"]["template"]["spec"] for (kind, _name), item in objects.items() if kind == "Deployment"]
    assert [pod["nodeSelector"] for pod in pods] == [{"gpu": "false"}] * 2


def test_settings_of_a_workload() -> None:
    wanted = {"replicas": 3, "resources": {"limits": {"memory": "1Gi"}}, "env": {"HOME": "/tmp", "NEW": True}}
    objects = install(workloads={"server": wanted})
    assert objects["Deployment", "argocd-server"]["spec"]["replicas"] == 3
    server = container(objects)
    assert server["resources"] == {"limits": {"memory": "1Gi"}}
    assert {entry["name"]: entry.get("value") for entry in server["env"]} == {
        "ARGOCD_SERVER_INSECURE": None,
        "REDIS_PASSWORD": None,
        "HOME": "/tmp",
        "NEW": "true",
    }


def test_replicas_of_the_controller_are_told_to_it() -> None:
    objects = install(workloads={"application-controller": {"replicas": 2}})
    env = container(objects, "StatefulSet", "argocd-application-controller")["env"]
    assert [entry for entry in env if entry["name"] == "ARGOCD_CONTROLLER_REPLICAS"] == [
        {"name": "ARGOCD_CONTROLLER_REPLICAS", "value": "2"}
    ]


def test_a_component_that_is_left_out_leaves_nothing_of_it() -> None:
    assert not [name for _kind, name in install(without=["dex-server"]) if "dex" in name]


def test_configuration_as_texts() -> None:
    given = {"number": 5, "flag": True, "structure": {"a": [1]}, "resource.exclusions": None}
    data = install(config={"argocd-cm": given, "not-there": {}})["ConfigMap", "argocd-cm"]["data"]
    assert data == {"upstream": "yes", "number": "5", "flag": "true", "structure": "a:\n- 1\n"}


def test_only_what_reads_a_changed_entry_at_its_start_gets_another_digest() -> None:
    before = digests()
    after = digests(config={"argocd-cmd-params-cm": {"server.insecure": True}, "argocd-cm": {"url": "https://a"}})
    assert {name for name in before if before[name] != after[name]} == {"argocd-server"}
    after = digests(config={"argocd-cm": {"timeout.reconciliation": "60s"}})
    assert {name for name in before if before[name] != after[name]} == {"argocd-application-controller"}
    assert digests() == before


def test_other_annotations_of_pods_stay() -> None:
    template = install()["StatefulSet", "argocd-application-controller"]["spec"]["template"]
    assert template["metadata"]["annotations"]["kept"] == "yes"


def test_objects_beside_those_of_the_manifest() -> None:
    rule = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {"name": "argocd"}}
    (made,) = [item for (kind, _name), item in install("gitops", more=[rule]).items() if kind == "PrometheusRule"]
    assert made["metadata"] == {"name": "argocd", "namespace": "gitops", "labels": {LABEL: "gitops"}}
    assert rule["metadata"] == {"name": "argocd"}


PLUGIN = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "plugin"}, "data": {"plugin.yaml": "one"}}
SIDECAR: dict[str, Any] = {
    "initContainers": [{"name": "program", "image": "ghcr.io/program:v1"}],
    "containers": [{"name": "plugin"}],
    "volumes": [{"name": "plugin", "configMap": {"name": "plugin"}}, {"name": "tmp-of-plugin", "emptyDir": {}}],
}


def test_a_sidecar_stands_behind_what_the_pod_has() -> None:
    given = copy.deepcopy(SIDECAR)
    objects = install(sidecars={"server": given}, images={"quay.io": "mirror", "ghcr.io": "mirror"}, more=[PLUGIN])
    pod = objects["Deployment", "argocd-server"]["spec"]["template"]["spec"]
    upstream = install()["Deployment", "argocd-server"]["spec"]["template"]["spec"]
    assert [each["name"] for each in pod["containers"]] == [upstream["containers"][0]["name"], "plugin"]
    assert pod["containers"][1]["image"] == "mirror/argoproj/argocd:v3.6.1"
    assert pod["initContainers"][-1]["image"] == "mirror/program:v1"
    assert pod["volumes"][-2:] == SIDECAR["volumes"]
    assert given == SIDECAR


def test_a_pod_is_made_anew_when_what_its_sidecar_mounts_changes() -> None:
    changed = {**PLUGIN, "data": {"plugin.yaml": "two"}}
    before, after = (digests(sidecars={"server": SIDECAR}, more=[plugin]) for plugin in (PLUGIN, changed))
    assert {name for name in before if before[name] != after[name]} == {"argocd-server"}


def test_an_ingress() -> None:
    ingress = install(ingress={"host": "cd.example.org"})["Ingress", "argocd-server"]
    (rule,) = ingress["spec"]["rules"]
    assert (rule["host"], rule["http"]["paths"][0]["path"]) == ("cd.example.org", "/")
    assert rule["http"]["paths"][0]["backend"]["service"] == {"name": "argocd-server", "port": {"name": "https"}}
    assert set(ingress["spec"]) == {"rules"}


def test_an_ingress_with_everything() -> None:
    wanted = {
        "host": "cd.example.org",
        "path": "/cd",
        "class_name": "nginx",
        "tls_secret": "cd-tls",
        "annotations": {"a": "b"},
    }
    insecure = {"argocd-cmd-params-cm": {"server.insecure": True}}
    ingress = install(ingress=wanted, config=insecure)["Ingress", "argocd-server"]
    assert ingress["spec"]["ingressClassName"] == "nginx"
    assert ingress["spec"]["tls"] == [{"hosts": ["cd.example.org"], "secretName": "cd-tls"}]
    assert ingress["metadata"]["annotations"] == {"a": "b"}
    (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
    assert (path["path"], path["backend"]["service"]["port"]["name"]) == ("/cd", "http")


WITHOUT_SERVER = UPSTREAM[UPSTREAM.index("---") :]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"workloads": {"servr": {}}},
            "no workload servr; they have application-controller, dex-server, server",
        ),
        ({"sidecars": {"servr": {}}}, "no workload servr; they have application-controller, dex-server, server"),
        ({"workloads": {"server": {"replica": 2}}}, "the workload server has replica; it can have env, replicas,"),
        ({"workloads": {"server": 2}}, "the workload server has 2; it can have"),
        ({"without": ["dex"]}, "no component dex; they have application-controller, dex-server, server"),
        ({"config": {"argocd-cn": {"a": "b"}}}, "no ConfigMap argocd-cn; they have argocd-cm, argocd-cmd-params-cm"),
        ({"ingress": {"class_name": "nginx"}}, "the ingress has no host"),
        ({"ingress": {"host": "a", "tls": "b"}}, "the ingress has tls; it can have annotations, class_name, host,"),
        ({"ingress": {"host": "a"}, "text": WITHOUT_SERVER}, "no argocd-server, so an ingress would lead nowhere"),
        ({"text": "a: ["}, "the manifest is no YAML"),
        ({"text": "a: b"}, "no list of Kubernetes objects"),
        ({"text": "kind: Secret\nmetadata: {name: a}"}, "none of Argo CD's"),
    ],
)
def test_settings_that_cannot_be(settings: Any, sentence: str) -> None:
    with pytest.raises(Invalid) as problem:
        install(**settings)
    assert sentence in str(problem.value)
    assert "\n" not in str(problem.value)


def test_an_upgrade_is_told_by_the_images_of_the_manifest() -> None:
    parts = installation(UPSTREAM, Settings("argocd", images={"quay.io": "mirror"}, installed="v3.5.7"))
    assert parts["version"] == "v3.6.1"
    assert [page.rsplit("/", 2)[1] for page in parts["pages"]] == ["3.5-3.6"]
    with pytest.raises(Invalid, match="older minor version"):
        installation(UPSTREAM, Settings("argocd", installed="v3.7.0"))
