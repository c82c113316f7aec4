# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths of options, so that a test can ask whether every one of them is exercised."""

from __future__ import annotations


def leaves(options, path=()):
    """Paths of all options that have no options below them."""
    for name, opt in options.items():
        if opt.options:
            yield from leaves(opt.options, (*path, name))
        else:
            yield (*path, name)


def given(value, path=()):
    """Paths of everything that is given; what is below a list counts for each of its items."""
    if isinstance(value, dict):
        for name, item in value.items():
            if item is not None:
                yield (*path, name)
                yield from given(item, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from given(item, path)
