# SPDX-License-Identifier: Apache-2.0
"""As much of S3 as a test needs: objects in memory, behind signatures.

s3.py <access key id> <secret access key> [<session token>]

Serves on a free port of 127.0.0.1 and says which. Each request's signature
(AWS Signature Version 4) is made again from what arrived, with Python's own
hmac and urllib; what does not fit is answered 403 and says why.
"""
import hashlib
import hmac
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit

KEY, SECRET = sys.argv[1:3]
SESSION = sys.argv[3] if len(sys.argv) > 3 else None
objects = {}


def signature(parts, path, query, headers, method):
    """What it has to be. `parts` are those of the Authorization header."""
    scope = parts["Credential"].split("/", 1)[1]
    day, region, service, _ = scope.split("/")
    pairs = sorted((quote(k, "-_.~"), quote(v, "-_.~"))
                   for k, v in parse_qsl(query, keep_blank_values=True))
    names = parts["SignedHeaders"].split(";")
    canonical = "\n".join(
        [method, quote(unquote(path), "/-_.~"),
         "&".join(f"{k}={v}" for k, v in pairs)]
        + [f"{name}:{' '.join(headers[name].split())}" for name in names]
        + ["", ";".join(names), headers["x-amz-content-sha256"]])
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + SECRET).encode()
    for part in (day, region, service, "aws4_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def why_not(self, body):
        headers = {k.lower(): v for k, v in self.headers.items()}
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        if scheme != "AWS4-HMAC-SHA256":
            return "unsigned"
        parts = dict(p.strip().split("=", 1) for p in rest.split(","))
        if parts["Credential"].split("/")[0] != KEY:
            return "unknown key"
        if headers.get("x-amz-security-token") != SESSION:
            return "wrong session"
        signed = parts["SignedHeaders"].split(";")
        if any(h.startswith("x-amz-") and h not in signed for h in headers):
            return "a header is not signed"
        told = headers["x-amz-content-sha256"]
        digest = hashlib.sha256(body).hexdigest()
        if told not in ("UNSIGNED-PAYLOAD", digest):
            return "another body"
        url = urlsplit(self.path)
        made = signature(parts, url.path, url.query, headers, self.command)
        return None if made == parts["Signature"] else "wrong signature"

    def say(self, status, text=b"", **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self):
        body = self.read_body()
        if why := self.why_not(body):
            return self.say(403, why.encode())
        url = urlsplit(self.path)
        key = unquote(url.path)
        meta = self.headers.get("x-amz-meta-note", "")
        if self.command == "PUT":
            objects[key] = (body, meta)
            return self.say(200)
        if self.command == "DELETE":
            objects.pop(key, None)
            return self.say(204)
        if url.query:
            prefix = dict(parse_qsl(url.query)).get("prefix", "")
            names = [n for n in sorted(objects) if n.startswith(key + prefix)]
            return self.say(200, "\n".join(names).encode())
        if key not in objects:
            return self.say(404)
        return self.say(200, objects[key][0], x_amz_meta_note=objects[key][1])

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = answer

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"listening {server.server_address[1]}", flush=True)
server.serve_forever()
