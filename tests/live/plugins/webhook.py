#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Posts to an audit webhook: webhook.py URL check | load EVENTS BATCH [SENDERS] | post STATUS ID [CERTIFICATE KEY]. check prints a line for
each answer that is wrong; post fails when the status is another (0: no answer at all)."""
import http.client, json, os, socket, ssl, sys, threading, time, urllib.parse

url = urllib.parse.urlsplit(sys.argv[1])
JSON = "application/json"


certificate = sys.argv[5:7] if sys.argv[2] == "post" else []


def connect():
    if url.scheme == "https":
        context = ssl._create_unverified_context()
        if certificate:
            context.load_cert_chain(*certificate)
        return http.client.HTTPSConnection(url.hostname, url.port, timeout=30, context=context)
    return http.client.HTTPConnection(url.hostname, url.port, timeout=30)


def post(body, path=url.path, kind=JSON, method="POST", connection=None):
    c = connection or connect()
    c.request(method, path, body, {"Content-Type": kind})
    r = c.getresponse()
    r.read()
    return r.status


def event(i):
    return {"kind": "Event", "auditID": f"id{i}", "stage": "ResponseComplete", "verb": "get", "requestURI": "/x",
            "user": {"username": "jane"}, "objectRef": {"resource": "secrets", "namespace": "default", "name": f"s{i}"},
            "responseStatus": {"code": 200}, "stageTimestamp": "2024-05-06T07:08:09.000001Z"}


def events(first, n):
    return json.dumps({"kind": "EventList", "items": [event(i) for i in range(first, first + n)]})


def check():
    wrong = 0
    cases = [("an event", 200, {"body": json.dumps(event(1))}), ("a list", 200, {"body": events(2, 3)}),
             ("malformed", 400, {"body": "{\"items\":["}), ("empty", 400, {"body": ""}), ("another path", 404, {"body": "{}", "path": "/other"}),
             ("GET", 405, {"body": None, "method": "GET"}), ("another type", 415, {"body": "{}", "kind": "text/plain"}),
             ("too large", 413, {"body": "[\"" + "x" * 300000 + "\"]"}), ("deep", 400, {"body": "[" * 100000}),
             ("the last one", 200, {"body": json.dumps(event(99))})]
    for name, want, request in cases:
        got = post(**request)
        if got != want:
            print(f"{name}: {got}, not {want}")
            wrong += 1
    return wrong


def slow(n):
    """Senders that send nothing more hold nobody up."""
    idle = []
    for _ in range(n):
        s = socket.create_connection((url.hostname, url.port))
        s.sendall(f"POST {url.path} HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nContent-Length: 1000\r\n\r\n{{".encode())
        idle.append(s)
    return idle


def load(n, batch, senders=1):
    """Bodies are made before the clock starts; each sender has its share of them."""
    bodies = [events(first, min(batch, n - first)) for first in range(0, n, batch)]
    later, bad = [0] * senders, []

    def send(me):
        c = connect()
        for body in bodies[me::senders]:
            while (status := post(body, connection=c)) == 429:
                later[me] += 1
                time.sleep(0.05)
            if status != 200:
                bad.append(status)
                return

    begin = time.monotonic()
    threads = [threading.Thread(target=send, args=(i,)) for i in range(senders)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    seconds = time.monotonic() - begin
    print(f"{n} events in {seconds:.2f} s, {n / seconds:.0f}/s, told {sum(later)} times to come later")
    if bad:
        sys.exit(f"status {bad}")
    if os.environ.get("LATER") and not sum(later):
        sys.exit("nobody was told to come later")


if sys.argv[2] == "check":
    waiting = slow(20) if url.scheme == "http" else []
    sys.exit(1 if check() else 0)
if sys.argv[2] == "post":
    try:
        got = post(json.dumps(event(int(sys.argv[4]))))
    except (OSError, http.client.HTTPException):
        got = 0
    sys.exit(0 if got == int(sys.argv[3]) else f"status {got}")
load(*map(int, sys.argv[3:]))
