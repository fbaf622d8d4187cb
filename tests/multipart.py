"""Multipart batches: put together, and their answers taken apart by Python's own reader of MIME."""
import email
import email.policy
import http.client
import io
import json

CRLF = "\r\n"


def lines(*each):
    return CRLF.join(each)


def part(method, url, body=None, content_id=None, **fields):
    """One request; `body` is written as JSON."""
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        head.append(f"Content-ID: {content_id}")
    if body is not None:
        fields = {"Content-Type": "application/json", **fields}
    return lines(*head, "", f"{method} {url} HTTP/1.1",
                 *(f"{name}: {value}" for name, value in fields.items()), "",
                 "" if body is None else json.dumps(body))


def together(boundary, parts):
    return lines(*(f"--{boundary}{CRLF}{each}" for each in parts), f"--{boundary}--", "")


def change_set(*parts, boundary="set"):
    return lines(f"Content-Type: multipart/mixed; boundary={boundary}", "",
                 together(boundary, parts))


class Answer:
    def __init__(self, message):
        assert message.get_content_type() == "application/http"
        assert message["Content-Transfer-Encoding"] == "binary"
        self.id = message["Content-ID"]
        head, _, body = message.get_payload(decode=True).partition(b"\r\n\r\n")
        line, _, fields = head.partition(b"\r\n")
        version, status, _ = line.decode().split(" ", 2)
        assert version == "HTTP/1.1"
        self.status = int(status)
        self.fields = http.client.parse_headers(io.BytesIO(fields + b"\r\n\r\n"))
        self.body = body
        if self.status != 204:
            assert int(self.fields["Content-Length"]) == len(body)

    def json(self):
        return json.loads(self.body)


def answers(content_type, content):
    """An Answer for each request, a list of them for each change set that was executed."""
    whole = email.message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + content,
                                     policy=email.policy.HTTP)
    assert whole.get_content_type() == "multipart/mixed" and not whole.defects
    return [[Answer(inner) for inner in each.iter_parts()]
            if each.get_content_type() == "multipart/mixed" else Answer(each)
            for each in whole.iter_parts()]


def statuses(told):
    return [statuses(each) if isinstance(each, list) else each.status for each in told]
