# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The one file that knows AnsibleModule, check mode and diff: it runs a domain from options to results.

observe, plan everything, apply, then converse until each goal is reached (or not at all, where there is nothing to
wait for). Nothing is written before everything is planned, so bad input changes nothing; after that the objects go on
independently, and the task fails at the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NoReturn, Optional, Protocol, TypeVar

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ai_how.cloud.plugins.module_utils._core.command import RunCommand
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Problem, Unavailable
from ansible_collections.ai_how.cloud.plugins.module_utils._core.redact import (
    Hidden,
    redact,
    redact_change,
    redact_text,
)
from ansible_collections.ai_how.cloud.plugins.module_utils._core.step import News, Step, Write

_WRITERS = 8
_RETRY_AFTER = 1.0


class Store(Protocol):
    """Reads and writes objects. ``world`` maps keys to what was seen last."""

    @property
    def world(self) -> Mapping[Any, Any]: ...

    def observe(self, namespaces: Sequence[str]) -> Mapping[Any, Any]: ...

    def apply(self, action: Any, dry_run: bool) -> Optional[Mapping[str, Any]]: ...


class Driver(Store, Protocol):
    """Does the I/O of a domain that has a conversation."""

    def write(self, action: Any) -> bool: ...

    def wait_for_change(self, namespaces: Sequence[str], timeout: float) -> News: ...

    def close(self) -> None: ...


class Conversation(Protocol):
    """Where each goal stands; pure."""

    def advance(self, world: Mapping[Any, Any], now: float) -> Mapping[Any, Step]: ...

    def confirm(self, key: Any) -> None: ...

    def fail(self, key: Any, problem: Problem) -> None: ...

    def look_again(self) -> None: ...

    def time_out(self, seconds: float, away: Optional[Problem]) -> None: ...

    def wake_after(self) -> Optional[float]: ...

    def followed(self) -> Sequence[Any]: ...

    def failure(self, root: Any) -> str: ...

    def moved(self, root: Any, world: Mapping[Any, Any]) -> bool: ...

    def over(self) -> bool: ...


C = TypeVar("C", bound=Conversation)


class Plans(Protocol):
    """What every domain is made of, all of it pure. Items have a ``key`` with a ``namespace`` and a ``name``."""

    items: Sequence[Any]

    def plan(self, item: Any, observed: Any) -> Sequence[Any]: ...

    def foresee(self, item: Any, observed: Any, changed: bool) -> tuple[bool, str]: ...

    def view(self, raw: Mapping[str, Any]) -> Mapping[str, Any]: ...


class Declarations(Plans, Protocol):
    """What a module is about that declares objects and waits for nothing."""

    def warnings(self, item: Any, observed: Any) -> Sequence[str]: ...

    def told(self, item: Any, observed: Any) -> Mapping[str, Any]: ...


class Domain(Plans, Protocol[C]):
    """What a module is about that has a conversation."""

    wait_timeout: float

    def conversation(self, planned: Sequence[tuple[Any, bool]], before: Mapping[Any, Any]) -> C: ...

    def report(self, item: Any, world: Mapping[Any, Any], conversation: Optional[C]) -> Mapping[str, Any]:
        """What the result tells of an item; its ``warnings`` become warnings of the task."""


class Module(AnsibleModule):
    """Shows its options redacted (``-vvv``) and does not log them: Helm values and kubeconfigs may hold secrets."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(supports_check_mode=True, no_log=True, **arguments)  # type: ignore[no-untyped-call]
        self._unchecked: Mapping[str, Any] = {}

    def _load_params(self) -> None:
        super()._load_params()  # type: ignore[no-untyped-call]
        self._unchecked = dict(self.params)

    def exit_json(self, **result: Any) -> NoReturn:
        for text in result.pop("warnings", ()):
            self.warn(text)
        super().exit_json(**{"invocation": self._invocation(), **result})
        raise AssertionError("exit_json returned")

    def fail_json(self, msg: str, **result: Any) -> NoReturn:
        # AnsibleModule does not say which option it was.
        text = _malformed(self.argument_spec, self._unchecked) or msg
        super().fail_json(redact_text(text), **{"invocation": self._invocation(), **result})
        raise AssertionError("fail_json returned")

    def _invocation(self) -> dict[str, Any]:
        return {"module_args": redact(_structured(self.argument_spec, getattr(self, "params", {})))}


def _malformed(options: Mapping[str, Any], params: Mapping[str, Any], path: str = "") -> str:
    """The sentence about the first option that should be a structure, or a list of them, and is not; else empty."""
    for name, option in options.items():
        value = params.get(name)
        if not option.get("options") or value is None:
            continue
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            where = f"{path}{name}[{index}]" if isinstance(value, list) else f"{path}{name}"
            if not isinstance(item, Mapping):
                list_of = "a list of " if option["type"] == "list" else ""
                seen = "a text" if isinstance(item, str) else "a list" if isinstance(item, list) else repr(item)
                return f"{where} is {seen}, and {list_of}key: value was expected"
            below = _malformed(option["options"], item, f"{where}.")
            if below:
                return below
    return ""


def _structured(options: Optional[Mapping[str, Any]], value: Any) -> Any:
    """``value``, hidden where it should be a structure and is none: there is no telling what stands in it.

    What is no_log is hidden, too: AnsibleModule itself gives up on all of it where a structure is none.
    """
    if not options or value is None:
        return value
    if isinstance(value, list):
        return [_structured(options, item) for item in value]
    if not isinstance(value, Mapping):
        return Hidden(value)
    return {
        name: Hidden(item)
        if options.get(name, {}).get("no_log") and item is not None
        else _structured(options.get(name, {}).get("options"), item)
        for name, item in value.items()
    }


@dataclass
class Outcome:
    """What became of one item."""

    item: Any
    changed: bool = False
    msg: str = ""
    problem: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def run_task(
    argument_spec: Mapping[str, Any],
    work: Callable[[Mapping[str, Any], bool, RunCommand], Mapping[str, Any]],
    **constraints: Any,
) -> None:
    """The ``main`` of a module without plan and conversation: ``work`` gets params, dry run and run_command."""
    module = Module(argument_spec=dict(argument_spec), **constraints)
    try:
        result = work(module.params, module.check_mode, module.run_command)
    except Problem as problem:
        module.fail_json(msg=str(problem))
    module.exit_json(**result)


def run_module(
    argument_spec: Mapping[str, Any],
    make_domain: Callable[[Mapping[str, Any]], Domain[C]],
    make_driver: Callable[[Mapping[str, Any]], Driver],
    **constraints: Any,
) -> None:
    """A module's whole ``main``: ``constraints`` are AnsibleModule's (mutually_exclusive and the like)."""

    def work(params: Mapping[str, Any], dry_run: bool, _run_command: RunCommand) -> Mapping[str, Any]:
        domain = make_domain(params)
        return execute(domain, make_driver(params), dry_run, time.monotonic)

    run_task(argument_spec, work, **constraints)


def run_declaration(
    argument_spec: Mapping[str, Any],
    make_domain: Callable[[Mapping[str, Any]], Declarations],
    make_store: Callable[[Mapping[str, Any]], Store],
    **constraints: Any,
) -> None:
    """Like :func:`run_module`, for a module that waits for nothing."""

    def work(params: Mapping[str, Any], dry_run: bool, _run_command: RunCommand) -> Mapping[str, Any]:
        domain = make_domain(params)
        return declare(domain, make_store(params), dry_run)

    run_task(argument_spec, work, **constraints)


def declare(domain: Declarations, store: Store, check_mode: bool) -> dict[str, Any]:
    """The result of a task that only declares."""
    before, outcomes = _declare(domain, store, check_mode)
    warnings = [text for item in domain.items for text in domain.warnings(item, before.get(item.key))]
    result = _result(outcomes, lambda item: domain.told(item, store.world.get(item.key)))
    return {**result, "warnings": redact(warnings)} if warnings else result


def execute(domain: Domain[C], driver: Driver, check_mode: bool, clock: Callable[[], float]) -> dict[str, Any]:
    """The result of the task. ``clock`` gives seconds and never goes back."""
    before, outcomes = _declare(domain, driver, check_mode)
    conversation: Optional[C] = None
    if not check_mode:
        applied = [(outcome.item, outcome.changed) for outcome in outcomes if not outcome.problem]
        conversation = domain.conversation(applied, before)
        try:
            _converse(conversation, driver, clock, domain.wait_timeout)
        finally:
            driver.close()
        for outcome in outcomes:
            if not outcome.problem:
                outcome.problem = conversation.failure(outcome.item.key)
                outcome.changed = outcome.changed or conversation.moved(outcome.item.key, driver.world)
    return _result(outcomes, lambda item: domain.report(item, driver.world, conversation))


def _declare(domain: Plans, store: Store, check_mode: bool) -> tuple[Mapping[Any, Any], list[Outcome]]:
    """What was there, and what became of each item."""
    namespaces = sorted({item.key.namespace for item in domain.items})
    before = store.observe(namespaces)
    plans = [(item, domain.plan(item, before.get(item.key))) for item in domain.items]
    with ThreadPoolExecutor(_WRITERS) as pool:
        outcomes = list(pool.map(lambda plan: _apply(domain, store, before, plan[0], plan[1], check_mode), plans))
    if check_mode:
        for outcome in outcomes:
            if not outcome.problem:
                more, outcome.msg = domain.foresee(outcome.item, before.get(outcome.item.key), outcome.changed)
                outcome.changed = outcome.changed or more
    return before, outcomes


def _apply(
    domain: Plans, store: Store, before: Mapping[Any, Any], item: Any, actions: Sequence[Any], check_mode: bool
) -> Outcome:
    outcome = Outcome(item)
    if not actions:
        return outcome
    observed = before.get(item.key)
    outcome.before = outcome.after = domain.view(observed.raw) if observed else {}
    try:
        for action in actions:
            raw = store.apply(action, dry_run=check_mode)
            outcome.after = domain.view(raw) if raw else {}
    except Problem as problem:
        outcome.problem = str(problem)
    outcome.changed = outcome.before != outcome.after
    return outcome


def _converse(conversation: Conversation, driver: Driver, clock: Callable[[], float], timeout: float) -> None:
    deadline = clock() + timeout
    away: Optional[Unavailable] = None
    while True:
        steps = conversation.advance(driver.world, clock())
        if conversation.over():
            return
        if clock() >= deadline:
            conversation.time_out(timeout, away)
            return
        unanswered: Optional[Unavailable] = None
        writes = [(key, step.action) for key, step in steps.items() if isinstance(step, Write)]
        if writes:
            with ThreadPoolExecutor(_WRITERS) as pool:
                answers = list(pool.map(lambda write: _write(conversation, driver, *write), writes))
            unanswered = next((answer for answer in answers if answer), None)
            if not unanswered:
                continue
        waits = [deadline - clock(), _RETRY_AFTER if unanswered else None, conversation.wake_after()]
        namespaces = sorted({key.namespace for key in conversation.followed()})
        news = driver.wait_for_change(namespaces, min(wait for wait in waits if wait is not None))
        away = news.away or unanswered
        if news.returned:
            conversation.look_again()
        for key in steps:
            if key.namespace in news.lost:
                conversation.fail(key, news.lost[key.namespace])


def _write(conversation: Conversation, driver: Driver, key: Any, action: Any) -> Optional[Unavailable]:
    """Why the server did not answer, if so: the same Write is to be tried again after a moment."""
    try:
        if driver.write(action):
            conversation.confirm(key)
    except Unavailable as away:
        return away
    except Problem as problem:
        conversation.fail(key, problem)
    return None


def _result(outcomes: Sequence[Outcome], report: Callable[[Any], Mapping[str, Any]]) -> dict[str, Any]:
    results = [
        {
            "name": outcome.item.key.name,
            "namespace": outcome.item.key.namespace,
            "changed": outcome.changed,
            "failed": bool(outcome.problem),
            "msg": outcome.problem or outcome.msg,
            **report(outcome.item),
        }
        for outcome in outcomes
    ]
    failures = [outcome.problem for outcome in outcomes if outcome.problem]
    warnings = [text for result in results for text in result.pop("warnings", ())]
    summary = {
        **({"warnings": warnings} if warnings else {}),
        "changed": any(outcome.changed for outcome in outcomes),
        "failed": bool(failures),
        "msg": " | ".join(failures) or "; ".join(outcome.msg for outcome in outcomes if outcome.msg),
        "results": results,
    }
    single = results[0] if len(results) == 1 else {}
    diff = [_diff(outcome) for outcome in outcomes if outcome.before != outcome.after]
    return {**redact({**single, **summary}), "diff": diff}


def _diff(outcome: Outcome) -> dict[str, Any]:
    header = redact_text(f"{outcome.item.key.namespace}/{outcome.item.key.name}")
    before, after = redact_change(outcome.before, outcome.after)
    return {"before_header": header, "after_header": header, "before": before, "after": after}
