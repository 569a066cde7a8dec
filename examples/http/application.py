#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The application: asks for prices by the base URL it was given.

It sends the pod's secret, which opens the sidecar's port and nothing else. The
service's own credential is nowhere in this process.
"""
import os
import urllib.request


def main():
    with open(os.environ["CLAVIGER_TCP_SECRET_FILE"], encoding="ascii") as file:
        secret = file.read()
    request = urllib.request.Request(
        os.environ["CLAVIGER_SALES__RATES_URL"] + "/v2/today",
        headers={"Authorization": "Bearer " + secret})
    with urllib.request.urlopen(request) as answer:
        print(answer.read().decode())


if __name__ == "__main__":
    main()
