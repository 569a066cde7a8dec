#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes docs/reference/chart-values.md from helm/claviger/values.yaml.

  chart-values.py            writes the page
  chart-values.py --check    exit 1 if the page is not what it would write

Each "# -- text" in values.yaml describes the key below it. A key that has
neither such a line nor keys below it that have one is an error: every value is
documented. Only the standard library; reads the few forms of YAML that the
file uses.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
VALUES = ROOT / "helm/claviger/values.yaml"
PAGE = ROOT / "docs/reference/chart-values.md"

HEAD = """# Values of the chart

Made from `helm/claviger/values.yaml` by `dev/chart-values.py`; change them there. Values that are not listed here are
refused by `values.schema.json`. How to install, upgrade and uninstall: [install.md](../install.md).

| value | default | meaning |
|---|---|---|
"""


def rows(text):
    path, text_of_key, described = [], None, []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.strip().startswith("# -- "):
            text_of_key = line.strip()[5:]
            continue
        match = re.match(r"( *)([A-Za-z]\w*):(?: (.*))?$", line)
        if not match:
            continue
        depth = len(match.group(1)) // 2
        # Below a described key its default goes on.
        if any(len(path) > at and at < depth and path[at][1]
               for at in range(depth)):
            continue
        path = path[:depth] + [(match.group(2), text_of_key is not None)]
        name = ".".join(key for key, _ in path)
        value = match.group(3)
        if text_of_key is None:
            if value is not None:
                sys.exit(f"{VALUES}:{number + 1}: {name} is not documented")
            continue
        if value is None:
            inner = []
            for more in lines[number + 1:]:
                if more and not more.startswith(" " * (2 * depth + 1)):
                    break
                if more.strip():
                    inner.append(more.strip())
            value = " ".join(inner)
        described.append((name, value, text_of_key))
        text_of_key = None
    return described


def page():
    table = "".join(
        f"| `{name}` | `{value}` | {meaning} |\n".replace("`\"\"`", "")
        for name, value, meaning in rows(VALUES.read_text()))
    return HEAD + table


def main():
    made = page()
    if sys.argv[1:] == ["--check"]:
        if PAGE.read_text() != made:
            sys.exit(f"{PAGE} is not what values.yaml says; run {__file__}")
        return
    PAGE.write_text(made)


if __name__ == "__main__":
    main()
