#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What can be said about helm/claviger without Helm. Only the standard
library; tests with Helm and an API server are in tests/integration."""
import json
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CHART = ROOT / "helm/claviger"


def metrics_of_the_programs():
    names = set()
    for folder in ("operator", "sidecar"):
        for file in (ROOT / folder).rglob("*.cc"):
            names |= set(re.findall(r'"(claviger_[a-z_]+)"', file.read_text()))
    return names


class ChartFiles(unittest.TestCase):
    def test_alerts_and_dashboard_ask_for_metrics_that_exist(self):
        known = metrics_of_the_programs()
        self.assertGreater(len(known), 20)
        for name in ("alerts.yaml", "dashboard.json"):
            text = (CHART / "files" / name).read_text()
            asked = set(re.findall(r"\bclaviger_[a-z_]+", text))
            self.assertTrue(asked)
            for metric in asked:
                self.assertIn(metric.removesuffix("_bucket"), known, name)

    def test_each_alert_says_what_it_means_and_what_to_do(self):
        text = (CHART / "files/alerts.yaml").read_text()
        alerts = text.split("- alert: ")[1:]
        self.assertGreater(len(alerts), 10)
        for alert in alerts:
            for field in ("expr: ", "severity: ", "summary: ", "description: "):
                self.assertIn(field, alert, alert.splitlines()[0])

    def test_the_dashboard_is_one(self):
        board = json.loads((CHART / "files/dashboard.json").read_text())
        ids = [panel["id"] for panel in board["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                self.assertEqual(target["expr"].count("("),
                                 target["expr"].count(")"), target["expr"])

    def test_the_version_is_that_of_the_project(self):
        version = re.search(r"project\(claviger VERSION ([0-9.]+)",
                            (ROOT / "CMakeLists.txt").read_text()).group(1)
        chart = (CHART / "Chart.yaml").read_text()
        self.assertIn(f"\nversion: {version}\n", chart)
        self.assertIn(f"\nappVersion: {version}\n", chart)

    def test_the_page_about_values_is_what_the_values_say(self):
        done = subprocess.run([sys.executable, ROOT / "dev/chart-values.py",
                               "--check"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_schema_knows_each_value_and_no_other(self):
        schema = json.loads((CHART / "values.schema.json").read_text())
        known = set()

        def walk(prefix, node):
            self.assertFalse(node["additionalProperties"], prefix)
            for key, below in node["properties"].items():
                if below.get("properties"):
                    walk(prefix + key + ".", below)
                else:
                    known.add(prefix + key)

        walk("", schema)
        known.discard("global")  # Helm's own
        page = (ROOT / "docs/reference/chart-values.md").read_text()
        documented = set(re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE))
        whole = {name for name in known
                 if name.rsplit(".", 1)[0] in documented}
        self.assertEqual(known - whole, documented -
                         {name.rsplit(".", 1)[0] for name in whole})


if __name__ == "__main__":
    unittest.main()
