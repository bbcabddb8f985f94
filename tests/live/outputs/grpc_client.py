#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A gRPC client of the monitor: prints the output of each alert it gets.

usage: grpc_client.py PROTO-MODULES TARGET get|sub|version [COUNT] [key=value...]

get asks until COUNT alerts came (0: once); sub asks in one call, until COUNT. Keys: ca, cert, key (files, TLS),
pause (a file: between the first alert and the next it waits for that), until (a file: sub ends when it is there),
wait (seconds until it gives up). Exit 3: gave up, 4: refused.
"""
import os
import sys
import time

sys.path.insert(0, sys.argv[1])
import grpc
import outputs_pb2
import outputs_pb2_grpc
import version_pb2
import version_pb2_grpc


def channel(target, keys):
    # alerts wait in the monitor rather than here: a slow reader is one that the server notices
    options = [("grpc.max_receive_message_length", 1 << 20), ("grpc.http2.bdp_probe", 0)]
    if "ca" not in keys:
        return grpc.insecure_channel(target, options)

    def content(name):
        return open(keys[name], "rb").read() if name in keys else None

    return grpc.secure_channel(target, grpc.ssl_channel_credentials(content("ca"), content("key"), content("cert")), options)


def show(alert, state):
    assert alert.rule and alert.time.seconds and alert.hostname and alert.source == "syscall", alert
    assert alert.output_fields["fd.name"] in alert.output, alert
    print(alert.output, flush=True)
    state["got"] += 1
    while state["pause"] and not os.path.exists(state["pause"]):
        time.sleep(0.05)
    state["pause"] = None


def ask(state, count, deadline, until):
    while state["got"] < count and time.monotonic() < deadline and not (until and os.path.exists(until)):
        yield outputs_pb2.request()
        time.sleep(0.05)


def main():
    target, what = sys.argv[2:4]
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    keys = dict(pair.split("=", 1) for pair in sys.argv[5:])
    wait = float(keys.get("wait", 60))
    deadline = time.monotonic() + wait
    state = {"got": 0, "pause": keys.get("pause")}
    try:
        with channel(target, keys) as c:
            grpc.channel_ready_future(c).result(wait)
            if what == "version":
                print(version_pb2_grpc.serviceStub(c).version(version_pb2.request(), timeout=wait).version)
                return 0
            stub = outputs_pb2_grpc.serviceStub(c)
            if what == "sub":
                for alert in stub.sub(ask(state, count, deadline, keys.get("until")), timeout=wait + 5):
                    show(alert, state)
            while what == "get" and time.monotonic() < deadline:
                for alert in stub.get(outputs_pb2.request(), timeout=wait):
                    show(alert, state)
                if state["got"] >= count:
                    break
                time.sleep(0.05)
    except (grpc.RpcError, grpc.FutureTimeoutError) as e:
        print(repr(e), file=sys.stderr)
        return 4
    return 0 if state["got"] >= count else 3


sys.exit(main())
