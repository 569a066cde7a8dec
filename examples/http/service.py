#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The price service: prices for whoever sends the token it was started with.

service.py PORT-FILE TOKEN: serves on a free port and writes it to PORT-FILE.
"""
import http.server
import json
import os
import sys


class Prices(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        known = self.headers.get("Authorization") == "Bearer " + sys.argv[2]
        body = {"EUR": 1.0, "CHF": 0.94} if known else {"error": "who are you?"}
        text = json.dumps(body).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Prices)
    with open(sys.argv[1] + ".new", "w", encoding="ascii") as file:
        file.write(str(server.server_port))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    server.serve_forever()


if __name__ == "__main__":
    main()
