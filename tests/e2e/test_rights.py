# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""No smaller Role than the one in a module's documentation would do: with any of its verbs away the module says which.

That the Role is enough is seen in tests/integration, which runs under it; what a module does without the rights of the
ClusterRole, where applications deploy to, is in the unit tests: it goes on and knows less. Modules run in this process,
each time as a user of their own, and none of them gets as far as to wait.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import kubernetes
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible.parsing.dataloader import DataLoader
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Conflict
from ansible_collections.ai_how.cloud.plugins.module_utils._kube.client import Client
from gitops import until
from sandbox import Sandbox

MODULES = "ansible_collections.ai_how.cloud.plugins.modules"
NAMESPACE = "argocd"
NOWHERE = {"repo_url": "file:///nowhere", "path": "x"}
SET = {
    "generators": [{"list": {"elements": [{"name": "rights-generated"}]}}],
    "template": {
        "metadata": {"name": "{{name}}"},
        "spec": {
            "project": "default",
            "source": {"repoURL": "file:///nowhere", "path": "x"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "rights"},
        },
    },
}
CLUSTER = {"config": {"bearer_token": "of-rights"}}

# What is there before the tasks of a module.
PREPARED: dict[str, dict[str, Any]] = {
    "argocd_app": {"name": "rights-old", "source": NOWHERE, "destination": {"namespace": "rights"}},
    "argocd_app_info": {},
    "argocd_applicationset": {"name": "rights-old", **SET},
    "argocd_cluster": {"server": "https://old.example.org", **CLUSTER},
    "argocd_project": {"name": "rights-old"},
    "argocd_repository": {"url": "https://git.example.org/rights/old"},
}

# Tasks in their order; without a verb one of them fails.
TASKS: dict[str, list[dict[str, Any]]] = {
    "argocd_app": [
        {"name": "rights-old", "state": "absent", "cascade": "background", "wait": False},
        {**PREPARED["argocd_app"], "name": "rights-new", "wait": True},
    ],
    "argocd_app_info": [{}],
    "argocd_applicationset": [
        {"name": "rights-new", **SET, "wait": False},
        {"name": "rights-new", "state": "absent", "wait": False},
        {**PREPARED["argocd_applicationset"], "labels": {"new": "label"}, "wait": True, "wait_timeout": 30},
    ],
    "argocd_cluster": [
        {"server": "https://old.example.org", "state": "absent"},
        {"server": "https://new.example.org", **CLUSTER},
    ],
    "argocd_project": [{"name": "rights-old", "state": "absent"}, {"name": "rights-new"}],
    "argocd_repository": [
        {"url": "https://git.example.org/rights/old", "state": "absent"},
        {"url": "https://git.example.org/rights/new"},
    ],
}

# Without it the sync windows are not known before an operation is started (tests/unit).
NOT_NEEDED = {("argocd_app", "get", "appprojects")}


def rules(module: str) -> list[dict[str, Any]]:
    """Of the Role in the documentation, one for each verb and resource."""
    examples = DataLoader().load(importlib.import_module(f"{MODULES}.{module}").EXAMPLES)
    (definition,) = (
        task["kubernetes.core.k8s"]["definition"] for task in examples if "what this module needs" in task["name"]
    )
    return [
        {"apiGroups": rule["apiGroups"], "resources": [resource], "verbs": [verb]}
        for role in definition
        if role["kind"] == "Role"
        for rule in role["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]


CASES = [
    (module, verb, resource)
    for module in TASKS
    for rule in rules(module)
    for verb, resource in [(rule["verbs"][0], rule["resources"][0])]
    if (module, verb, resource) not in NOT_NEEDED
]


def user_without(module: str, verb: str, resource: str) -> str:
    return f"{module}-without-{verb}-{resource}".replace("_", "-")


@pytest.fixture(scope="module")
def users(sandbox: Sandbox) -> Iterator[None]:
    """A user for each case."""
    client = kubernetes.config.new_client_from_config(str(sandbox.kubeconfig))
    roles, access = kubernetes.client.RbacAuthorizationV1Api(client), kubernetes.client.AuthorizationV1Api(client)
    ours = {"labels": {"example.org/test": "rights"}}
    for module, verb, resource in CASES:
        user = user_without(module, verb, resource)
        left = [rule for rule in rules(module) if (rule["verbs"], rule["resources"]) != ([verb], [resource])]
        metadata = {"name": user, **ours}
        roles.create_namespaced_role(NAMESPACE, {"metadata": metadata, "rules": left})
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": user}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}
        binding = {"metadata": metadata, "roleRef": role, "subjects": [subject]}
        roles.create_namespaced_role_binding(NAMESPACE, binding)
    asked = {"namespace": NAMESPACE, "group": "", "resource": "secrets", "verb": "list"}
    last = {"spec": {"user": user_without("argocd_repository", "delete", "secrets"), "resourceAttributes": asked}}
    until(lambda: bool(access.create_subject_access_review(last).status.allowed), 60, "the last Role is known")
    yield
    roles.delete_collection_namespaced_role_binding(NAMESPACE, label_selector="example.org/test=rights")
    roles.delete_collection_namespaced_role(NAMESPACE, label_selector="example.org/test=rights")


Task = Callable[..., dict[str, Any]]


@pytest.fixture
def task(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> Task:
    def run(module: str, user: str, options: dict[str, Any]) -> dict[str, Any]:
        connection = {"kubeconfig": str(sandbox.kubeconfig), **({"impersonate_user": user} if user else {})}
        with patch_module_args({**connection, **options}), pytest.raises(SystemExit):
            importlib.import_module(f"{MODULES}.{module}").main()
        result: dict[str, Any] = json.loads(capsys.readouterr().out)
        return result

    return run


@pytest.fixture
def prepared(sandbox: Sandbox, task: Task) -> Iterator[Callable[[str], None]]:
    """Lets be there what the tasks of a module find; what they leave is taken away."""
    modules: list[str] = []
    api = kubernetes.client.CustomObjectsApi(kubernetes.config.new_client_from_config(str(sandbox.kubeconfig)))

    def generated() -> bool:
        applications = api.list_namespaced_custom_object("argoproj.io", "v1alpha1", NAMESPACE, "applications")
        return any(one["metadata"]["name"] == "rights-generated" for one in applications["items"])

    def prepare(module: str) -> None:
        modules.append(module)
        done = task(module, "", PREPARED[module])
        assert not done.get("failed"), done["msg"]
        if module == "argocd_applicationset":
            until(generated, 60, "its application is generated")

    yield prepare
    for module in modules:
        for options in [PREPARED[module], *TASKS[module]]:
            names = {name: options[name] for name in ("name", "url", "server") if name in options}
            assert not names or not task(module, "", {**names, "state": "absent"}).get("failed")


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize(("module", "verb", "resource"), CASES, ids=[user_without(*case) for case in CASES])
def test_without_a_verb_the_module_says_that_it_is_missing(
    task: Task, prepared: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, module: str, verb: str, resource: str
) -> None:
    prepared(module)
    if verb == "get":  # which is what a module does when somebody else was faster
        write = Client.merge_patch

        def somebody_is_faster(client: Client, kind: Any, *arguments: Any) -> dict[str, Any]:
            if kind.plural == resource:
                raise Conflict("somebody else was faster")
            return write(client, kind, *arguments)

        monkeypatch.setattr(Client, "merge_patch", somebody_is_faster)
    results = [task(module, user_without(module, verb, resource), options) for options in TASKS[module]]
    messages = [str(result["msg"]) for result in results if result.get("failed")]
    assert messages, "nothing needs it"
    assert f'cannot {verb} resource "{resource}"' in messages[0]
    assert "not allowed to" in messages[0] and "grant the verb" in messages[0]
    assert "\n" not in messages[0]
