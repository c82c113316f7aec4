# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import string

import pytest
import yaml
from ansible_collections.ai_how.cloud.plugins.module_utils._core.errors import Invalid
from ansible_collections.ai_how.cloud.plugins.module_utils._core.yaml_text import documents
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed import document
from ansible_collections.ai_how.cloud.plugins.module_utils._sealed.document import (
    dump,
    with_document,
    without_document,
)
from hypothesis import given, settings
from hypothesis import strategies as st

FILE = """\
# Why it is here
---
kind: Other   # stays
list: [1,   2]
---
# The secret
kind: Mine
metadata:
    name: a      # four spaces
    annotations: {x: "1"}

spec:
    # The values
    encryptedData:
        user: AgA  # of the user
        password: >-
            AgB

            AgC
        token: AgD
    template:
        type: Opaque
"""


def mine(found):
    return isinstance(found, dict) and found.get("kind") == "Mine"


def changed(text, change):
    there = next(found for found in documents(text, "f") if mine(found))
    change(there)
    return with_document(text, mine, there, "f")


def test_what_is_the_same_is_not_touched():
    assert changed(FILE, lambda wanted: None) == FILE


def test_one_value_is_one_line():
    new = changed(FILE, lambda wanted: wanted["spec"]["encryptedData"].update(user="AgX"))
    assert new == FILE.replace("user: AgA  # of", "user: AgX  # of")


def test_a_value_of_several_lines():
    new = changed(FILE, lambda wanted: wanted["spec"]["encryptedData"].update(password="AgX"))
    assert new == FILE.replace("password: >-\n            AgB\n\n            AgC\n", "password: AgX\n")


def test_a_key_more_and_one_less():
    def change(wanted):
        del wanted["spec"]["encryptedData"]["token"]
        wanted["spec"]["encryptedData"]["new"] = "AgN"
        wanted["spec"]["template"]["data"] = {"url": "a\nb\n"}

    new = changed(FILE, change)
    expected = FILE.replace("        token: AgD\n", "        new: AgN\n")
    assert new == expected.replace(
        "Opaque\n", "Opaque\n        data:\n          url: |\n            a\n            b\n"
    )


def test_all_keys_are_others():
    new = changed(FILE, lambda wanted: wanted["spec"].update(encryptedData={"one": "AgO"}))
    assert "    # The values\n    encryptedData:\n      one: AgO\n    template:" in new


def test_flow_style_is_written_anew():
    new = changed(FILE, lambda wanted: wanted["metadata"]["annotations"].update(z="2"))
    assert "    annotations:\n      x: '1'\n      z: '2'\n\nspec:" in new
    assert "list: [1,   2]" in new


def test_a_json_file_stays_json():
    text = '{"kind": "Mine", "spec": {"a": "b"}}\n'
    new = changed(text, lambda wanted: wanted["spec"].update(a="c"))
    assert new == '{\n  "kind": "Mine",\n  "spec": {\n    "a": "c"\n  }\n}\n'


def test_a_file_with_windows_line_ends_says_what_was_wanted():
    text = FILE.replace("\n", "\r\n")
    new = changed(text, lambda wanted: wanted["spec"]["encryptedData"].update(user="AgX"))
    assert new == text.replace("user: AgA", "user: AgX")


def test_lines_that_are_added_have_the_line_ends_of_the_file_and_its_mark_of_byte_order_stays():
    text = "\ufeff" + FILE.replace("\n", "\r\n")
    new = changed(text, lambda wanted: wanted["spec"]["encryptedData"].update(new="AgX"))
    assert new == text.replace("token: AgD\r\n", "token: AgD\r\n        new: AgX\r\n")
    assert without_document(text, mine, "f") == text[: text.index("---\r\n# The secret")]


def test_a_tab_that_libyaml_alone_takes():
    assert with_document("kind:\tMine\na: b\n", mine, {"kind": "Mine", "a": "c"}, "f") == "kind:\tMine\na: c\n"


@pytest.mark.parametrize("value", ["a\n\n", "\n"])
def test_line_ends_at_the_end_of_a_value(value):
    new = changed(FILE, lambda wanted: wanted["spec"]["encryptedData"].update(user=value))
    assert "..." not in new


def test_a_document_more():
    wanted = {"kind": "Mine", "a": "b"}
    assert with_document("", mine, wanted, "f") == "---\nkind: Mine\na: b\n"
    assert with_document("kind: Other", mine, wanted, "f") == "kind: Other\n---\nkind: Mine\na: b\n"


def test_a_document_less():
    assert without_document(FILE, mine, "f") == FILE[: FILE.index("---\n# The secret")]
    assert without_document("---\nkind: Mine\n", mine, "f") == ""
    assert without_document("kind: Mine\n---\nkind: Other\n", mine, "f") == "---\nkind: Other\n"


@pytest.mark.parametrize("text", ["a: &x {b: 1}\nkind: Mine\nc: *x\n", "kind: Mine\n? a\n: 1\n"])
def test_a_form_that_cannot_be_edited_is_refused(text):
    with pytest.raises(Invalid, match=r"^f has a form that cannot be changed in place"):
        changed(text, lambda wanted: wanted.update(a="x"))


@pytest.mark.parametrize("text", ["y", "N", "true", "1e3", "0o7", "12", "", " a ", "null", "a: b", "# x", "x\ny", "~"])
def test_texts_stay_texts_in_go_too(text):
    """Go takes y and n for booleans and 1e3 for a number; so all that begins with no letter is quoted."""
    written = dump({"a": text})
    assert yaml.safe_load(written) == {"a": text}
    plain = written.removeprefix("a: ").rstrip("\n")
    assert plain[0] in "'\"|" or (plain[0].isalpha() and len(plain) > 1)


def test_libyaml_and_python_write_the_same(monkeypatch):
    value = {"a": ["1", {"b": "x\ny\n"}], "c": "é\u2028", "d": {}, "e": "AgA=" * 90, "f": " x: #", "g": None}
    fast = dump(value)
    monkeypatch.setattr(document, "_FastDumper", document._Dumper)
    assert dump(value) == fast


def test_a_sign_that_libyaml_would_escape():
    assert dump({"a": "key 🔑"}) == "a: key 🔑\n"


texts = st.text(string.printable, max_size=8) | st.sampled_from(["AgA=", "y", "1e3", "# no", "a: b", "é\u2028", "🔑"])
names = st.text(string.ascii_letters + string.digits + "-._", min_size=1, max_size=5)
trees = st.recursive(
    texts | st.none() | st.booleans(), lambda tree: st.dictionaries(names, tree, max_size=4), max_leaves=12
)
objects = st.dictionaries(names, trees, max_size=5)


@settings(max_examples=200, deadline=None)
@given(objects, objects, objects, st.sampled_from([2, 4]), st.booleans())
def test_whatever_was_there_the_file_says_what_was_wanted(before, after, other, indent, shared):
    """And a second time nothing is changed. Comments at the ends of other documents stay."""
    wanted = {**(before if shared else {}), **after, "kind": "Mine"}
    text = "# top\n" + yaml.safe_dump({**other, "kind": "Other"}, indent=indent, allow_unicode=True) + "# end\n---\n"
    text += yaml.safe_dump({**before, "kind": "Mine"}, indent=indent, sort_keys=False, allow_unicode=True)
    new = with_document(text, mine, wanted, "f")
    assert documents(new, "f") == [{**other, "kind": "Other"}, wanted]
    assert with_document(new, mine, wanted, "f") == new
    assert new[: new.index("# end\n")] == text[: text.index("# end\n")]
    assert documents(without_document(new, mine, "f"), "f") == [{**other, "kind": "Other"}]
