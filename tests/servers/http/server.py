# SPDX-License-Identifier: Apache-2.0
"""An HTTP server on Python's http.server, for tests of what is before it.

Serves on a free port of 127.0.0.1, says which, and answers each request with
one line that says which message it was, as peer.go does.
"""
import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

count = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def read_chunks(self):
        body = b""
        while True:
            size = int(self.rfile.readline().strip(), 16)
            if size == 0:
                break
            body += self.rfile.read(size)
            self.rfile.readline()
        trailer = ""
        while (line := self.rfile.readline().strip()):
            name, _, value = line.partition(b":")
            if name.lower() == b"x-trailer":
                trailer = value.strip().decode()
        return body, trailer

    def answer(self):
        global count
        if self.path == "/count":
            text = f"{count}\n"
        else:
            count += 1
            body, trailer = b"", ""
            if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                body, trailer = self.read_chunks()
            elif length := int(self.headers.get("Content-Length", "0")):
                body = self.rfile.read(length)
            digest = hashlib.sha256(body).hexdigest()[:16]
            text = (f"{self.command} {self.path} {len(body)} {digest} "
                    f"{trailer}\n")
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"listening {server.server_address[1]}", flush=True)
server.serve_forever()
