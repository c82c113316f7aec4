# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layers of plugins/, held by reading the source: who may import whom, and what a pure file may not touch.

    modules ─▶ _core.runner + one domain        action, inventory, ... ─▶ plugin_utils, pure _core + one domain
    driver  ─▶ _kube, its own domain, pure _core
    pure    ─▶ its own domain, pure _core, computing libraries

check_mode is read by _core.runner alone, and by action plugins, which have no runner.
Which files of module_utils do I/O stands in pyproject.toml (tool.coverage.run, omit); all others are pure.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
IMPURE = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["coverage"]["run"]["omit"]

COLLECTION = "ansible_collections.ai_how.cloud."
UTILS = "plugins/module_utils/"
RUNNER = UTILS + "_core/runner.py"

# Without I/O, clock and randomness. What is not here is asked for by a failing test, not found out later.
COMPUTING = frozenset(
    "__future__ abc base64 binascii bisect collections contextlib copy dataclasses datetime decimal difflib enum"
    " fnmatch fractions functools graphlib hashlib heapq hmac html ipaddress itertools json keyword math numbers"
    " operator posixpath re shlex string struct textwrap types typing unicodedata urllib.parse xml.etree"
    " cryptography yaml".split()
)
IMPURE_CALLS = frozenset("open input print exec eval compile __import__ breakpoint".split())
CLOCK_READS = frozenset("now utcnow today".split())

SAMPLE_FILES = ("_core/runner", "_core/errors", "_kube/client", "_argocd/driver", "_argocd/model", "_sealed/model")


def violations(root: Path) -> list[str]:
    """One sentence for each broken rule below ``root``/plugins."""
    found = []
    for path in sorted((root / "plugins").rglob("*.py")):
        name = path.relative_to(root).as_posix()
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"), name, feature_version=(3, 9))
        except SyntaxError as error:
            found.append(f"{name}:{error.lineno}: not Python 3.9: {error.msg}")
            continue
        found += [f"{name}:{line}: {text}" for line, text in _broken(root, name, tree)]
    return found


def _broken(root: Path, name: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    pure = name.startswith(UTILS) and not _impure(name)
    domains = set()
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if name != RUNNER:
            if "AnsibleModule" in _names(node):
                yield line, "only _core/runner.py knows AnsibleModule"
            if isinstance(node, ast.Attribute) and node.attr == "check_mode" and _kind(name) != "action":
                yield line, "only _core/runner.py and action plugins read check_mode"
        if _is_newer_dataclass(node):
            yield line, "dataclass(slots, kw_only, match_args) needs Python 3.10"
        if pure and (effect := _effect(node)):
            yield line, f"a pure file must not call {effect}"
        for module in _imports(node, name):
            target = _file(root, module)
            if target is None:
                if pure and not _computes(module):
                    yield line, f"a pure file must not import {module}"
            elif problem := _wrong_layer(name, target):
                yield line, problem
            elif (domain := _domain(target)) not in ("", "_core", "_kube"):
                domains.add(domain)
    if len(domains) > 1:
        yield 1, f"imports several domains: {', '.join(sorted(domains))}"


def _wrong_layer(name: str, target: str) -> str:
    """Why the file ``name`` must not import the file ``target`` of the collection; empty if it may."""
    if not target.startswith(UTILS):
        # plugin_utils is for what runs on the controller
        allowed = _kind(target) in (_kind(name), "" if _kind(name) in ("modules", "module_utils") else "plugin_utils")
        return "" if allowed else f"must not import {target}"
    mine, theirs = _domain(name), _domain(target)
    if not name.startswith(UTILS):
        if theirs == "_kube":
            return "_kube is for drivers"
        if _kind(name) == "modules" and theirs == "_core" and target != RUNNER:
            return f"a module uses _core.runner and one domain, not {target}"
        if _kind(name) != "modules" and target == RUNNER:
            return "_core/runner.py is for modules"
        return ""
    if target == RUNNER:
        return "_core/runner.py is for modules"
    if not _impure(name) and _impure(target):
        return f"a pure file must not import {target}, which does I/O"
    if theirs == "_kube" and mine != "_kube" and not _impure(name):
        return "_kube is for drivers"
    if theirs not in (mine, "_core", "_kube"):
        return f"the domain {mine} must not import the domain {theirs}"
    return ""


def _imports(node: ast.AST, name: str) -> Iterator[str]:
    """The dotted names that ``node`` imports; those of the collection without their prefix."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield alias.name.removeprefix(COLLECTION)
    elif isinstance(node, ast.ImportFrom):
        package = name.split("/")[: -node.level] if node.level else []
        base = ".".join([*package, *([node.module] if node.module else [])])
        for alias in node.names:
            yield f"{base}.{alias.name}".removeprefix(COLLECTION)


def _file(root: Path, module: str) -> str | None:
    """The collection's file that holds ``module`` (which may name an object in it); None for other modules."""
    if not module.startswith("plugins."):
        return None
    parts = module.split(".")
    for end in (len(parts), len(parts) - 1):
        if (root / ("/".join(parts[:end]) + ".py")).is_file():
            return "/".join(parts[:end]) + ".py"
    return "/".join(parts) + "/__init__.py"


def _impure(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in IMPURE)


def _kind(name: str) -> str:
    return name.split("/")[1]


def _domain(name: str) -> str:
    return name.removeprefix(UTILS).split("/")[0] if name.startswith(UTILS) else ""


def _computes(module: str) -> bool:
    return any(module == allowed or module.startswith(f"{allowed}.") for allowed in COMPUTING)


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.name.rpartition(".")[2] for alias in node.names]
    return [node.attr] if isinstance(node, ast.Attribute) else []


def _effect(node: ast.AST) -> str:
    """The name of the call with an effect that ``node`` is; empty if none."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
            return node.func.id
        if isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_READS:
            return ast.unparse(node.func)
    return ""


def _is_newer_dataclass(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith("dataclass")
        and any(word.arg in ("slots", "kw_only", "match_args") for word in node.keywords)
    )


def test_layers_hold() -> None:
    assert violations(ROOT) == []


@pytest.mark.parametrize(
    ("name", "source", "complaint"),
    [
        ("module_utils/_argocd/planner.py", "import os", "pure file must not import os"),
        ("module_utils/_argocd/planner.py", "from time import sleep", "pure file must not import time.sleep"),
        ("module_utils/_argocd/planner.py", "def f():\n    import subprocess", "pure file must not import subprocess"),
        ("module_utils/_argocd/planner.py", "import urllib.request", "pure file must not import urllib.request"),
        ("module_utils/_argocd/planner.py", "open('x')", "must not call open"),
        (
            "module_utils/_argocd/planner.py",
            "import datetime\ndatetime.datetime.now()",
            "must not call datetime.datetime.now",
        ),
        (
            "module_utils/_argocd/planner.py",
            "from ansible.module_utils.basic import AnsibleModule",
            "only _core/runner.py knows",
        ),
        ("module_utils/_argocd/planner.py", "from .driver import observe", "which does I/O"),
        ("module_utils/_argocd/planner.py", "from .._kube.client import Client", "which does I/O"),
        (
            "module_utils/_argocd/planner.py",
            "from {utils}_sealed import model",
            "_argocd must not import the domain _sealed",
        ),
        (
            "module_utils/_argocd/planner.py",
            "from {utils}_sealed.model import Model",
            "_argocd must not import the domain _sealed",
        ),
        ("module_utils/_argocd/planner.py", "match 1:\n    case 1: pass", "not Python 3.9"),
        (
            "module_utils/_argocd/planner.py",
            "from dataclasses import dataclass\n@dataclass(slots=True)\nclass A: ...",
            "Python 3.10",
        ),
        ("module_utils/_argocd/driver.py", "import {utils}_sealed.model", "_argocd must not import the domain _sealed"),
        ("module_utils/_argocd/driver.py", "from {utils}_core.runner import run", "runner.py is for modules"),
        (
            "module_utils/_argocd/driver.py",
            "import ansible.module_utils.basic as b\nb.AnsibleModule()",
            "only _core/runner.py knows",
        ),
        (
            "module_utils/_argocd/driver.py",
            "def f(module): return module.check_mode",
            "only _core/runner.py and action plugins read check_mode",
        ),
        (
            "module_utils/_argocd/driver.py",
            "from {prefix}plugins.modules import argocd_app",
            "must not import plugins/modules",
        ),
        (
            "module_utils/_core/errors.py",
            "from {utils}_argocd import model",
            "_core must not import the domain _argocd",
        ),
        ("modules/a.py", "from {utils}_kube.client import Client", "_kube is for drivers"),
        ("modules/a.py", "from {utils}_core.errors import Problem", "a module uses _core.runner and one domain"),
        ("modules/a.py", "from {utils}_argocd import model\nfrom {utils}_sealed import model", "several domains"),
        ("modules/a.py", "from ansible.module_utils.basic import AnsibleModule", "only _core/runner.py knows"),
        ("action/a.py", "from {utils}_core.runner import run", "runner.py is for modules"),
        ("modules/a.py", "from {prefix}plugins.plugin_utils import kubespray", "must not import plugins/plugin_utils"),
        (
            "module_utils/_argocd/driver.py",
            "from {prefix}plugins.plugin_utils import kubespray",
            "must not import plugins/plugin_utils",
        ),
    ],
)
def test_a_broken_rule_is_found(tmp_path: Path, name: str, source: str, complaint: str) -> None:
    assert any(complaint in violation for violation in violations(_collection(tmp_path, name, source)))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        (
            "module_utils/_core/runner.py",
            "from ansible.module_utils.basic import AnsibleModule\nAnsibleModule().check_mode",
        ),
        (
            "module_utils/_argocd/planner.py",
            "import json\nfrom datetime import datetime\nfrom {utils}_core import errors\nimport yaml",
        ),
        (
            "module_utils/_argocd/driver.py",
            "import time\nfrom {utils}_kube.client import Client\nfrom .model import x\nopen('x')",
        ),
        ("modules/a.py", "from {utils}_core.runner import run\nfrom {utils}_argocd import driver, model"),
        ("action/a.py", "def run(self): return self._task.check_mode"),
        ("action/a.py", "from {prefix}plugins.plugin_utils import kubespray"),
        ("action/a.py", "import os\nfrom ansible.plugins.action import ActionBase\nfrom {utils}_core.errors import x"),
    ],
)
def test_what_the_layers_allow(tmp_path: Path, name: str, source: str) -> None:
    assert violations(_collection(tmp_path, name, source)) == []


def _collection(root: Path, name: str, source: str) -> Path:
    """A collection below ``root`` with empty files and, as ``name``, ``source``."""
    files = dict.fromkeys(f"module_utils/{file}.py" for file in SAMPLE_FILES)
    files["modules/argocd_app.py"] = None
    files[name] = source.replace("{prefix}", COLLECTION).replace("{utils}", f"{COLLECTION}plugins.module_utils.")
    for file, text in files.items():
        path = root / "plugins" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text or "")
    return root
