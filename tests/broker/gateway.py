#!/usr/bin/env python3
"""A gateway for tests: one MQTT 3.1.1 connection over TLS with its own certificate, as gateways have it.

    gateway.py THING PORT BUNDLE [--refuse POINT] [--override POINT] [--mute] [--no-result]

Every message it is sent goes to stdout, a line each. It answers a subscribe with the points' values, a control with a
control_result and the value it then has. A line on stdin, `set POINT VALUE`, changes a value, which is reported if it is
subscribed to; a line that begins with `{` is published as it is.
--refuse: controls of it are refused; --override: a better priority holds it; --mute: controls are not answered;
--no-result: controls take effect, and only the value tells.
"""
import argparse
import json
import select
import socket
import ssl
import sys
import time

args = argparse.ArgumentParser()
args.add_argument("thing")
args.add_argument("port", type=int)
args.add_argument("bundle")
args.add_argument("--refuse", action="append", default=[])
args.add_argument("--override", action="append", default=[])
args.add_argument("--mute", action="store_true")
args.add_argument("--no-result", action="store_true")
args = args.parse_args()

values, wanted = {}, set()
packet_id = 0


def connect():
    context = ssl.create_default_context(cafile=args.bundle + "/root-ca.pem")
    context.load_cert_chain(args.bundle + "/certificate.pem", args.bundle + "/private.key")
    raw = socket.create_connection(("localhost", args.port), timeout=10)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(raw, server_hostname="localhost")


def send(kind, body):
    n, length = len(body), b""
    while True:
        length += bytes([n % 128 | (128 if n > 127 else 0)])
        n //= 128
        if n == 0:
            break
    sock.sendall(bytes([kind]) + length + body)


def text(s):
    return len(s.encode()).to_bytes(2, "big") + s.encode()


def next_id():
    global packet_id
    packet_id = packet_id % 65535 + 1
    return packet_id.to_bytes(2, "big")


def publish(line):
    send(0x32, text("nbms/up/" + args.thing) + next_id() + line.encode())


def message(kind, msg_type, **more):
    body = {"msg_type": msg_type, **more, "time": time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + 9 * 3600))}
    publish(json.dumps({"thing": args.thing, "point": kind, "message": body}))


def report(points):
    items = {f"point_{i}": {"point_id": p, "msg": [{"attr_name": "M_Value", "data": values[p]}]} for i, p in enumerate(points)}
    if items:
        message("realtime", "Real_Time", **items, point_count=len(items))


def take(payload):
    print(payload, flush=True)
    record = json.loads(payload)
    body = record["message"]
    points = [v for k, v in body.items() if k.startswith("point_") and isinstance(v, dict)]
    if record["point"] == "subscribe":
        wanted.update(p["point_id"] for p in points)
        report([p["point_id"] for p in points if p["point_id"] in values])
    elif record["point"] == "unsubscribe":
        wanted.difference_update(p["point_id"] for p in points)
    elif record["point"] == "control" and not args.mute:
        point = points[0]["point_id"]
        status = "refused" if point in args.refuse else "overridden" if point in args.override else "ok"
        if status == "ok" and points[0]["value"] is not None:
            values[point] = points[0]["value"]
        answer = {"point_id": point, "status": status, "priority": 1 if status == "overridden" else points[0]["priority"]}
        if point in values:
            answer["value"] = values[point]
        if not args.no_result:
            message("control_result", "Control_Result", request_id=body["request_id"], point_0=answer, point_count=1)
        if point in wanted and point in values:
            report([point])


def packets(data):
    """Whole packets off the front of what has come: (kind, body) and the rest."""
    found = []
    while len(data) >= 2:
        n, shift, at = 0, 0, 1
        while at < len(data):
            n |= (data[at] & 127) << shift
            shift += 7
            at += 1
            if data[at - 1] < 128:
                break
        else:
            break
        if len(data) < at + n:
            break
        found.append((data[0], data[at:at + n]))
        data = data[at + n:]
    return found, data


def on_packet(kind, body):
    if kind >> 4 != 3:
        return
    n = int.from_bytes(body[:2], "big")
    rest = body[2 + n:]
    if kind & 6:
        send(0x40, rest[:2])
        rest = rest[2:]
    take(rest.decode())


def on_line(line):
    if line.startswith("{"):
        publish(line)
    elif line.startswith("set "):
        _, point, value = line.split(" ", 2)
        values[point] = json.loads(value)
        if point in wanted:
            report([point])


def run():
    global sock
    sock = connect()
    send(0x10, text("MQTT") + bytes([4, 0]) + (60).to_bytes(2, "big") + text(args.thing))
    send(0x82, next_id() + text(args.thing) + b"\1")
    data, lines, open_in = b"", b"", True
    while True:
        if not sock.pending():
            ready = select.select([sock] + ([sys.stdin.buffer] if open_in else []), [], [], 20)[0]
            if not ready:
                send(0xC0, b"")
                continue
            if sys.stdin.buffer in ready:
                got = sys.stdin.buffer.raw.read(65536)
                open_in = bool(got)
                lines += got
                while b"\n" in lines:
                    line, lines = lines.split(b"\n", 1)
                    on_line(line.decode())
            if sock not in ready:
                continue
        got = sock.recv(1 << 20)
        if not got:
            return
        found, data = packets(data + got)
        for kind, body in found:
            on_packet(kind, body)


while True:
    try:
        run()
    except (OSError, ssl.SSLError):
        pass
    time.sleep(0.2)
