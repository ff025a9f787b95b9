#!/usr/bin/env python3
"""Stand-ins for the services nbms-push calls, over TLS: Google's token server and FCM, SNS, a webhook, a mail server.

    push_services.py CERT KEY MODULUS SECRET_KEY WEBHOOK_SECRET LOG PORTS

Checks what it is sent (the JWT's signature and claims, SigV4, the webhook's HMAC, the mail's MIME) and writes a JSON
line for each request to LOG: {"service":..,"to":..,"good":true,...}. What an endpoint is called decides how it is
answered: gone, quota, once500, hang, close, garbage, bad, alien, forbidden. Writes its two ports to PORTS when ready.
"""
import base64, email, email.header, hashlib, hmac, http.server, json, re, socket, ssl, sys, threading, time
import urllib.parse

cert, key, modulus, secret_key, webhook_secret, log_path, ports_path = sys.argv[1:8]
N = int(modulus, 16)
log = open(log_path, "a", buffering=1)
lock = threading.Lock()
seen = {}
tokens = set()


def note(**what):
    with lock:
        log.write(json.dumps(what) + "\n")


def times(name):
    with lock:
        seen[name] = seen.get(name, 0) + 1
        return seen[name]


def unbase64(s):
    return base64.urlsafe_b64decode(s + "=" * (-len(s) % 4))


def rsa_signed(text, signature):
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2.2)."""
    size = (N.bit_length() + 7) // 8
    block = pow(int.from_bytes(signature, "big"), 65537, N).to_bytes(size, "big")
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(text).digest()
    return block == b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest


def sigv4_good(handler, body):
    m = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8})/([\w-]+)/sns/aws4_request, "
                     r"SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})", handler.headers["Authorization"] or "")
    if not m or m[1] != "AKIDEXAMPLE":
        return False
    names = m[4].split(";")
    canonical = "POST\n/\n\n" + "".join(f"{n}:{' '.join(handler.headers[n].split())}\n" for n in names)
    canonical += "\n" + m[4] + "\n" + hashlib.sha256(body).hexdigest()
    stamp = handler.headers["X-Amz-Date"]
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{m[2]}/{m[3]}/sns/aws4_request\n" + hashlib.sha256(canonical.encode()).hexdigest()
    k = ("AWS4" + secret_key).encode()
    for part in (m[2], m[3], "sns", "aws4_request"):
        k = hmac.new(k, part.encode(), hashlib.sha256).digest()
    return (hmac.new(k, text.encode(), hashlib.sha256).hexdigest() == m[5] and stamp.startswith(m[2])
            and "host" in names and "x-amz-date" in names)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body, **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def behave(self, name, n):
        """True: this endpoint was answered, or not, in its own way."""
        if "hang" in name:
            time.sleep(600)
        if "hang" in name or "close" in name:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return True
        if "quota" in name and n == 1:
            self.answer(429, {"error": {"status": "RESOURCE_EXHAUSTED"}}, Retry_After="2")
        elif "once500" in name and n == 1:
            self.answer(500, b"<html>oops</html>")
        elif "bad" in name:
            self.answer(400, {"error": {"details": [{"errorCode": "INVALID_ARGUMENT"}]}})
        elif "garbage" in name:
            self.answer(200, b"\xff\xfenonsense")
        elif "forbidden" in name:
            self.answer(403, {"error": {"status": "PERMISSION_DENIED"}})
        else:
            return False
        return True

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/token":
            self.token(body)
        elif self.path == "/v1/projects/demo/messages:send":
            self.fcm(json.loads(body), len(body))
        elif self.path == "/":
            self.sns(body)
        else:
            self.webhook(body)

    def token(self, body):
        form = urllib.parse.parse_qs(body.decode())
        text, _, signature = form["assertion"][0].rpartition(".")
        claims = json.loads(unbase64(text.split(".")[1]))
        good = (form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
                and json.loads(unbase64(text.split(".")[0])) == {"alg": "RS256", "typ": "JWT"}
                and rsa_signed(text.encode(), unbase64(signature)) and claims["iss"] == "nbms@demo.example"
                and claims["scope"] == "https://www.googleapis.com/auth/firebase.messaging"
                and claims["exp"] - claims["iat"] <= 3600 and claims["aud"].endswith("/token"))
        note(service="token", good=good)
        if not good:
            return self.answer(401, {"error": "invalid_grant"})
        token = f"token-{times('token')}"
        tokens.add(token)
        self.answer(200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

    def fcm(self, message, size):
        m = message["message"]
        n = times("fcm:" + m["token"])
        good = ((self.headers["Authorization"] or "").removeprefix("Bearer ") in tokens and size <= 4096
                and all(isinstance(v, str) for v in m["data"].values()) and m["notification"]["title"] != "")
        note(service="fcm", to=m["token"], n=n, good=good, title=m["notification"]["title"],
             body=m["notification"]["body"], tag=m["android"].get("notification", {}).get("tag"))
        if self.behave(m["token"], n):
            return
        if "gone" in m["token"]:
            return self.answer(404, {"error": {"code": 404, "status": "NOT_FOUND", "details": [
                {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "UNREGISTERED"}]}})
        if "alien" in m["token"]:
            return self.answer(403, {"error": {"details": [{"errorCode": "SENDER_ID_MISMATCH"}]}})
        self.answer(200 if good else 401, {"name": f"projects/demo/messages/{m['token']}-{n}"})

    def sns(self, body):
        form = urllib.parse.parse_qs(body.decode())
        arn = form["TargetArn"][0]
        inner = json.loads(form["Message"][0])
        gcm = json.loads(inner["GCM"])
        good = sigv4_good(self, body) and form["Action"] == ["Publish"] and form["MessageStructure"] == ["json"]
        note(service="sns", to=arn, good=good, title=gcm["notification"]["title"], default=inner["default"])
        if "gone" in arn:
            return self.answer(400, b"<ErrorResponse><Error><Code>EndpointDisabled</Code></Error></ErrorResponse>")
        if not good:
            return self.answer(403, b"<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error></ErrorResponse>")
        self.answer(200, b"<PublishResponse><PublishResult><MessageId>m-17</MessageId></PublishResult></PublishResponse>")

    def webhook(self, body):
        n = times(self.path)
        want = hmac.new(webhook_secret.encode(), self.headers["X-Nbms-Timestamp"].encode() + b"." + body, hashlib.sha256)
        good = self.headers["X-Nbms-Signature"] == "sha256=" + want.hexdigest()
        note(service="webhook", to=self.path, n=n, good=good, key=self.headers["Idempotency-Key"],
             title=json.loads(body)["title"], event=json.loads(body)["event"])
        if not self.behave(self.path, n):
            self.answer(204, b"")


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


web = Server(("127.0.0.1", 0), Handler)
web.socket = context.wrap_socket(web.socket, server_side=True)


def mail_session(s):
    def say(text):
        s.sendall(text.encode() + b"\r\n")

    f = s.makefile("rb")
    tls, user, to = False, None, None
    say("220 mail.example ready")
    while line := f.readline().decode().strip():
        word = line.split(":")[0].split(" ")[0].upper()
        if word == "EHLO":
            say("250-mail.example")
            say("250 AUTH PLAIN" if tls else "250 STARTTLS")
        elif word == "STARTTLS":
            say("220 go ahead")
            f.close()
            s = context.wrap_socket(s, server_side=True)
            f, tls = s.makefile("rb"), True
        elif word == "AUTH":
            plain = line.split(" ")[2] if line.count(" ") > 1 else None
            if plain is None:
                say("334 ")
                plain = f.readline().decode().strip()
            user = base64.b64decode(plain).split(b"\0")[1:]
            say("235 fine" if user == [b"nbms", b"pass word"] else "535 no")
        elif word == "RCPT":
            to = line.split("<")[1].split(">")[0]
            say("550 no such user" if "gone" in to else "451 later" if "later" in to and times(to) == 1 else "250 fine")
        elif word == "DATA":
            say("354 go")
            data = b""
            while (row := f.readline()) not in (b".\r\n", b""):
                data += row[1:] if row.startswith(b"..") else row
            m = email.message_from_bytes(data)
            subject = str(email.header.make_header(email.header.decode_header(m["Subject"])))
            good = (tls and user is not None and m.get_content_type() == "text/plain" and m["To"] == to
                    and m["MIME-Version"] == "1.0" and max(map(len, data.split(b"\r\n"))) <= 998)
            note(service="mail", to=to, good=good, title=subject, text=m.get_payload(decode=True).decode(),
                 id=m["Message-ID"])
            if "hang" in to:
                time.sleep(30)
            say("250 taken")
        elif word == "QUIT":
            say("221 bye")
            break
        else:
            say("250 fine")
    s.close()


def mail_server(listening):
    def one(s):
        try:
            mail_session(s)
        except (OSError, ValueError):
            pass

    while True:
        s, _ = listening.accept()
        threading.Thread(target=one, args=(s,), daemon=True).start()


listening = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=mail_server, args=(listening,), daemon=True).start()
with open(ports_path + ".new", "w") as f:
    f.write(f"{web.server_port} {listening.getsockname()[1]}\n")
import os
os.rename(ports_path + ".new", ports_path)
web.serve_forever()
