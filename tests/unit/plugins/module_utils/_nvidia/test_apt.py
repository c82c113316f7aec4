# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.apt import archives, offers
from ansible_collections.ai_how.cloud.plugins.module_utils._nvidia.model import Offer

MAIN = "http://deb.debian.org/debian/|trixie|main\n"
POLICY = """\
nvidia-smi:
  Installed: (none)
  Candidate: 535.261.03-1
  Version table:
     535.261.03-1 500
        500 http://deb.debian.org/debian bookworm/non-free amd64 Packages
nvidia-open:
  Installed: (none)
  Candidate: (none)
  Version table:
libcuda1:
  Installed: 535.261.03-1
  Candidate: 535.261.03-1
  Version table:
 *** 535.261.03-1 500
        500 http://deb.debian.org/debian bookworm/non-free amd64 Packages
        100 /var/lib/dpkg/status
"""


@pytest.mark.parametrize(
    ("text", "signed_by"),
    [
        ("deb http://deb.debian.org/debian trixie main\n", ""),
        ("deb [signed-by=/k.gpg arch=amd64] http://deb.debian.org/debian/ trixie main\n", "/k.gpg"),
        ("# deb [signed-by=/k.gpg] http://deb.debian.org/debian trixie main\n", ""),
        ("Types: deb\nURIs: http://deb.debian.org/debian\nSuites: trixie\nSigned-By: /k.gpg\n", "/k.gpg"),
        ("URIs: http://other\nSigned-By: /other.gpg\n\nURIs: http://deb.debian.org/debian\n", ""),
        (
            "uris: http://deb.debian.org/debian\nsigned-by:\n -----BEGIN\n .\n xyz\n -----END\nEnabled: yes\n",
            "\n -----BEGIN\n .\n xyz\n -----END",
        ),
    ],
)
def test_what_signs_an_archive(text, signed_by):
    (archive,) = archives(MAIN + MAIN, [text])
    assert (archive.suite, archive.component, archive.signed_by) == ("trixie", "main", signed_by)


def test_what_is_on_offer():
    only = Offer("535.261.03-1", ("535.261.03-1",))
    assert offers(POLICY) == {"nvidia-smi": only, "libcuda1": only}
    assert offers("") == {}
