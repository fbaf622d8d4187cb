"""HTTP/1.1 spoken byte by byte over a socket, for what a well-behaved client never sends."""
import json
import random
import socket
import ssl
from urllib.parse import urlsplit

TIMEOUT = 30  # of a call that should have been answered at once


class Reply:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.fields} {self.body[:300]!r}>"


def context(ca_file):
    made = ssl.create_default_context(cafile=str(ca_file))
    return made


class Raw:
    """One connection. `tls` is an SSLContext, or None for a plain one."""

    def __init__(self, url, tls=None):
        parts = urlsplit(url)
        self.authority = parts.netloc
        self.socket = socket.create_connection((parts.hostname, parts.port), TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=parts.hostname)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_in_pieces(self, data, seed, most=400):
        """The same bytes, cut in places that the seed decides."""
        draw = random.Random(seed)
        while data:
            size = draw.randint(1, most)
            self.socket.sendall(data[:size])
            data = data[size:]

    def end_writing(self):
        self.socket.shutdown(socket.SHUT_WR)

    def more(self):
        """Reads once; False at the end, however it came."""
        try:
            data = self.socket.recv(65536)
        except (ConnectionError, ssl.SSLError):
            return False
        self.buffer += data
        return bool(data)

    def reply(self, method="GET"):
        """The next reply. Fails when the connection ends before it is complete."""
        while b"\r\n\r\n" not in self.buffer:
            assert self.more(), f"the connection ended; what came: {self.buffer!r}"
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        version, status, _ = (lines[0] + " ").split(" ", 2)
        assert version == "HTTP/1.1", lines[0]
        fields = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            assert colon and name.lower() not in fields, f"{name} twice, or no field: {line!r}"
            fields[name.lower()] = value.strip()
        status = int(status)
        assert "transfer-encoding" not in fields
        if method == "HEAD" or status < 200 or status in (204, 304):
            length = 0
        else:
            length = int(fields["content-length"])
        while len(self.buffer) < length:
            assert self.more(), f"the connection ended inside a body of {length} bytes"
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return Reply(status, fields, body)

    def ends(self):
        """True when the server closes without another byte; waits for it."""
        while not self.buffer:
            if not self.more():
                return True
        return False

    def everything(self):
        """All that comes until the end."""
        while self.more():
            pass
        return self.buffer


def request(method, target, authority, body=None, **fields):
    """The bytes of a request; field names are written with '_' for '-', None leaves one out."""
    all_fields = {"Host": authority}
    if body is not None:
        all_fields["Content-Type"] = "application/json"
        all_fields["Content-Length"] = str(len(body))
    all_fields.update((name.replace("_", "-"), value) for name, value in fields.items())
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in all_fields.items() if value is not None]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


def chunked(body, sizes, extension="", trailer=""):
    """`body` in chunks of these sizes, over and over."""
    out, at, turn = b"", 0, 0
    while at < len(body):
        piece = body[at:at + sizes[turn % len(sizes)]]
        out += f"{len(piece):x}{extension}\r\n".encode() + piece + b"\r\n"
        at += len(piece)
        turn += 1
    return out + b"0\r\n" + trailer.encode() + b"\r\n"
