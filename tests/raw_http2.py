"""HTTP/2 frame by frame over a socket, for what a well-behaved client never sends."""
import select
import socket
import ssl
import struct
from urllib.parse import urlsplit

import hpack

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, \
    CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = \
    0, 1, 2, 7, 8, 11
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
TIMEOUT = 30  # of a call that should have been answered at once


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def number(value):
    return struct.pack(">I", value)


def setting(name, value):
    return struct.pack(">HI", name, value)


class Stream:
    """What came for one stream."""

    def __init__(self):
        self.fields, self.body, self.ended, self.reset, self.interim = {}, b"", False, None, []

    @property
    def status(self):
        return int(self.fields[":status"])

    @property
    def done(self):
        return self.ended or self.reset is not None


class Raw2:
    """One connection, its preface and settings sent. `tls` is an SSLContext, or None.

    Without a preface it also leaves it to the test to confirm the server's settings."""

    def __init__(self, url, tls=None, settings=b"", preface=PREFACE):
        parts = urlsplit(url)
        self.authority, self.scheme = parts.netloc, parts.scheme
        self.socket = socket.create_connection((parts.hostname, parts.port), TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=parts.hostname)
            assert self.socket.selected_alpn_protocol() == "h2"
        self.buffer, self.streams, self.goaway, self.frames = b"", {}, None, []
        self.goaways = []
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.next, self.ended, self.confirms = 1, False, preface is not None
        if preface:
            self.send(preface + frame(SETTINGS, payload=settings))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def try_send(self, data):
        """False when the server does not want any more."""
        try:
            self.socket.sendall(data)
        except (OSError, ssl.SSLError):
            self.ended = True
        return not self.ended

    # --- requests -----------------------------------------------------------------------------

    def head(self, method, path, **fields):
        """A header block; field names are written with '_' for '-', None leaves one out."""
        block = {":method": method, ":scheme": self.scheme, ":authority": self.authority,
                 ":path": path}
        block.update((name.replace("_", "-"), value) for name, value in fields.items())
        return self.encoder.encode([(k, v) for k, v in block.items() if v is not None])

    def ask(self, method, path, body=None, **fields):
        """Sends a request; returns the number of its stream."""
        number_of, self.next = self.next, self.next + 2
        if body is not None:
            fields.setdefault("content_type", "application/json")
        block = self.head(method, path, **fields)
        out = frame(HEADERS, END_HEADERS | (END_STREAM if body is None else 0), number_of, block)
        if body is not None:
            pieces = [body[at:at + 16384] for at in range(0, len(body), 16384)] or [b""]
            for piece in pieces:
                out += frame(DATA, END_STREAM if piece is pieces[-1] else 0, number_of, piece)
        self.send(out)
        return number_of

    # --- answers ------------------------------------------------------------------------------

    def more(self):
        """Reads once; False at the end, however it came."""
        try:
            data = self.socket.recv(65536)
        except (ConnectionError, ssl.SSLError):
            data = b""
        self.buffer += data
        while len(self.buffer) >= 9:
            length = int.from_bytes(self.buffer[:3], "big")
            if len(self.buffer) < 9 + length:
                break
            kind, flags, stream = struct.unpack(">BBI", self.buffer[3:9])
            self.take(kind, flags, stream, self.buffer[9:9 + length])
            self.buffer = self.buffer[9 + length:]
        self.ended = self.ended or not data
        return bool(data)

    def settle(self):
        """Waits for the server's settings, which open the windows of streams to 256 KiB."""
        self.until(lambda: (SETTINGS, 0, 0) in self.frames)

    def look(self):
        """Reads what is there."""
        while select.select([self.socket], [], [], 0)[0] and self.more():
            pass

    def take(self, kind, flags, number_of, payload):
        self.frames.append((kind, flags, number_of))
        stream = self.streams.setdefault(number_of, Stream())
        if kind == HEADERS:
            fields = dict(self.decoder.decode(payload))
            if fields[":status"].startswith("1"):
                stream.interim.append(int(fields[":status"]))
            else:
                stream.fields = fields
        elif kind == DATA:
            stream.body += payload
        elif kind == RST_STREAM:
            stream.reset = int.from_bytes(payload, "big")
        elif kind == SETTINGS and not flags & ACK and self.confirms:
            self.try_send(frame(SETTINGS, ACK))
        elif kind == GOAWAY:
            self.goaway = struct.unpack(">II", payload[:8])  # last stream, code
            self.goaways.append(self.goaway)
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            stream.ended = True

    def answer(self, number_of):
        """The stream's answer, or its reset. Fails when the connection ends before."""
        while number_of not in self.streams or not self.streams[number_of].done:
            assert self.more(), f"the connection ended: {self.goaway}"
        return self.streams[number_of]

    def until(self, happened):
        while not happened():
            assert self.more(), f"the connection ended: {self.goaway}"

    def everything(self):
        """Reads to the end."""
        while self.more():
            pass
        return self
