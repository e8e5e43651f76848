"""What stands for all, where one version or one segment could be named: in rules, profiles and records."""

from __future__ import annotations

WHOLE = "*"
