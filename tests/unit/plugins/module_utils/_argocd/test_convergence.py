# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From any start, applying the plan and observing again leaves nothing to plan."""

from __future__ import annotations

import copy

from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.model import Desired, Observed
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.options import METADATA, SPEC
from ansible_collections.ai_how.cloud.plugins.module_utils._argocd.planner import plan_present
from ansible_collections.ai_how.cloud.plugins.module_utils._core.applying import merged, noted
from ansible_collections.ai_how.cloud.plugins.module_utils._core.declared import FIELD_MANAGER, applied_part, leaves
from ansible_collections.ai_how.cloud.plugins.module_utils._core.options import to_api
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.full import MANIFEST, OPTIONS
from ansible_collections.ai_how.cloud.tests.unit.plugins.module_utils._argocd.server import Server, fields_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Few words, so that what one manager says meets what another says.
WORDS = st.sampled_from(["a", "b", "example.org/c"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from([0.0, 1.5]) | WORDS | st.just(""),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=4,
)
SCALARS = {"str": WORDS, "bool": st.booleans(), "int": st.integers(0, 2)}
TEXT_MAPS = ("map", "labels", "annotations", "common_labels", "common_annotations")


def value_of(name, opt):
    """Values that Ansible would hand to the module for one option."""
    if opt.type == "list":
        items = st.fixed_dictionaries({"target": WORDS}) if opt.elements == "dict" else WORDS
        return st.lists(params_of(opt.options) if opt.options else items, max_size=2)
    if opt.type == "dict":
        if opt.options:
            return params_of(opt.options)
        return st.dictionaries(WORDS, WORDS if name in TEXT_MAPS else JSON, max_size=2)
    return SCALARS[opt.type]


def params_of(options):
    """Some of the options: ones that are required always, others as None (not given) or left out as often as given."""
    required = {name: value_of(name, opt) for name, opt in options.items() if opt.required}
    optional = {name: st.none() | value_of(name, opt) for name, opt in options.items() if not opt.required}
    return st.fixed_dictionaries(required, optional=optional)


SOURCE_KINDS = st.sampled_from([{"path": "a", "chart": None}, {"path": None, "chart": "a"}])
ITEM = {**METADATA, **SPEC}


@st.composite
def options(draw):
    """Options of an application that is complete and does not contradict itself."""
    params = draw(params_of(ITEM))
    params["name"] = "web"
    if params.get("source_hydrator"):
        params.update(source=None, sources=None)
    elif params.get("sources"):
        params["source"] = None
    else:
        params.update(source=params.get("source") or {"repo_url": "https://git.example.org/a.git"}, sources=None)
    for source in filter(None, params["sources"] or [params["source"]]):
        source.update(draw(SOURCE_KINDS))
    params["destination"] = {"namespace": "default", **(params.get("destination") or {})}
    if params["destination"].get("server"):
        params["destination"]["name"] = None
    if params.get("finalizers"):
        params["finalizers"] = sorted(set(params["finalizers"]))
    return params


def declared(params):
    return Desired.from_params(params, "argocd")


def applications():
    return options().map(declared)


def planned(wanted, server, spec=None):
    raw = server.object
    return plan_present(wanted, Observed.parse(raw) if raw else None, spec)


def converge(wanted, server, spec=None):
    for action in planned(wanted, server, spec):
        server.apply(action.manifest, FIELD_MANAGER)


def _declared(server):
    """What is declared; the server may own the same fields in another order.

    Over what was there a retry that says nothing is written as one of no attempts, which is the same.
    """
    raw = server.object
    metadata = {**raw["metadata"], "managedFields": None, "finalizers": set(raw["metadata"].get("finalizers", []))}
    policy = raw["spec"].get("syncPolicy", {})
    if policy.get("retry") == {"limit": 0}:
        policy["retry"] = {}
    return metadata, raw["spec"]


PROPERTY = settings(
    deadline=None, max_examples=150, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@PROPERTY
@given(params=options(), before=st.none() | applications(), others=st.lists(applications(), max_size=2))
def test_after_the_plan_was_applied_nothing_is_left_to_plan(params, before, others):
    wanted, spec, server = declared(params), to_api(SPEC, params, keep_empty=True), Server()
    if before:
        server.apply(before.manifest, FIELD_MANAGER)
    for number, other in enumerate(others):
        if number:
            server.update(other.manifest, "kubectl-edit")
        else:
            server.apply(other.manifest, "argocd-controller")
    converge(wanted, server, spec)
    assert planned(wanted, server, spec) == ()


@PROPERTY
@given(wanted=applications(), dropped=applications())
def test_nothing_of_an_earlier_declaration_lingers(wanted, dropped):
    fresh, changed = Server(), Server()
    converge(wanted, fresh)
    converge(dropped, changed)
    converge(wanted, changed)
    assert _declared(changed) == _declared(fresh)


def test_every_option_at_once_converges():
    wanted, server = Desired.from_params(OPTIONS, "argocd"), Server()
    (action,) = planned(wanted, server)
    assert action.manifest == MANIFEST
    server.apply(action.manifest, FIELD_MANAGER)
    assert planned(wanted, server) == ()


class ArgoCd:
    """One Application behind Argo CD's own API, which is written as a whole and owns what it changes."""

    def __init__(self):
        self._raw, self._owned = None, {}

    @property
    def object(self):
        if self._raw is None:
            return None
        managers = [
            {"manager": name, "operation": "Update", "fieldsV1": fields_of(sorted(paths), dots=True)}
            for name, paths in self._owned.items()
            if paths
        ]
        raw = copy.deepcopy(self._raw)
        raw["metadata"].update(uid="1", resourceVersion="1", managedFields=managers)
        return noted(raw)

    def write(self, body, manager):
        before = dict(leaves(applied_part(self._raw))) if self._raw else {}
        after = dict(leaves(applied_part(body)))
        changed = {path for path, value in after.items() if path not in before or before[path] != value}
        self._raw = body
        self._owned = {name: {path for path in paths - changed if path in after} for name, paths in self._owned.items()}
        self._owned[manager] = self._owned.get(manager, set()) | changed


def converge_by_argocd(wanted, server, spec=None):
    for action in planned(wanted, server, spec):
        server.write(merged(action.key, action.manifest, server.object, force=True), "argocd-server")


@PROPERTY
@given(params=options(), before=st.none() | applications(), other=st.none() | applications())
def test_nothing_is_left_to_plan_through_argocd_either(params, before, other):
    wanted, spec, server = declared(params), to_api(SPEC, params, keep_empty=True), ArgoCd()
    if other:
        server.write(other.manifest, "kubectl-edit")
    if before:
        converge_by_argocd(before, server)
    converge_by_argocd(wanted, server, spec)
    assert planned(wanted, server, spec) == ()


@PROPERTY
@given(wanted=applications(), dropped=applications())
def test_nothing_of_an_earlier_declaration_lingers_through_argocd_either(wanted, dropped):
    fresh, changed = ArgoCd(), ArgoCd()
    converge_by_argocd(wanted, fresh)
    converge_by_argocd(dropped, changed)
    converge_by_argocd(wanted, changed)
    assert _declared(changed) == _declared(fresh)
