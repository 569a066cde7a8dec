# SPDX-License-Identifier: Apache-2.0
"""Asks a peer.go for everything, and prints what came.

client.py urllib|requests <url> [<secret>]
"""
import base64
import hashlib
import sys

LARGE = b"up and up " * 150_000
PLAIN = ["gzip", "empty", "cached", "redirect", "chunks", "large"]


def pieces():
    for begin in range(0, len(LARGE), 100_000):
        yield LARGE[begin:begin + 100_000]


def show(name, status, body, headers):
    digest = hashlib.sha256(body).hexdigest()[:16]
    said = " ".join(f"{key}={headers.get(key)}" for key in
                    ("ETag", "Location", "Content-Encoding", "Content-Length"))
    print(name, status, len(body), digest, said)


def with_urllib(url, secret):
    import urllib.error
    import urllib.request

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    opener = urllib.request.build_opener(
        Stay, urllib.request.ProxyHandler({}))

    def ask(name, method, path, data=None, headers=()):
        request = urllib.request.Request(url + path, data=data, method=method,
                                         headers=dict(headers))
        if secret:
            pair = base64.b64encode(f"app:{secret}".encode()).decode()
            request.add_header("Authorization", f"Basic {pair}")
        try:
            answer = opener.open(request)
        except urllib.error.HTTPError as error:
            answer = error
        show(name, answer.status, answer.read(), answer.headers)

    return ask


def with_requests(url, secret):
    import requests

    session = requests.Session()
    session.trust_env = False
    if secret:
        session.auth = ("app", secret)

    def ask(name, method, path, data=None, headers=()):
        answer = session.request(method, url + path, data=data,
                                 headers=dict(headers), allow_redirects=False)
        show(name, answer.status_code, answer.content, answer.headers)

    return ask


def main():
    makers = {"urllib": with_urllib, "requests": with_requests}
    secret = sys.argv[3] if len(sys.argv) > 3 else ""
    ask = makers[sys.argv[1]](sys.argv[2], secret)
    for _ in range(3):
        ask("get", "GET", "/echo?a=b%20c")
    ask("post", "POST", "/echo", LARGE)
    ask("chunked", "PUT", "/echo", pieces())
    ask("head", "HEAD", "/large")
    for path in PLAIN:
        ask(path, "GET", "/" + path)
    ask("unchanged", "GET", "/cached", headers={"If-None-Match": '"v1"'})
    ask("delete", "DELETE", "/echo")
    ask("options", "OPTIONS", "/echo")


main()
