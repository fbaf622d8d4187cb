"""A page in a real browser: a script of its own origin that says what it could do and read.

The browser is Debian's chromium, or what CHROMIUM names. It is shown a page of a server of ours, whose script sends what it
found out back to it, so nothing has to be guessed about when a page is ready."""
import contextlib
import http.server
import json
import os
import queue
import shutil
import subprocess
import threading

BROWSER = os.environ.get("CHROMIUM") or shutil.which("chromium")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--no-proxy-server", "--ignore-certificate-errors")
SECONDS = 60

# What a page's script can see of an answer: all headers that it may read, and the text.
PAGE = """<!doctype html><title>a page</title><script type="module">
async function ask(url, options) {
  try {
    const answer = await fetch(url, options);
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
  } catch (error) {
    return { error: error.name };
  }
}
const told = [];
try {
%s
} catch (error) {
  told.push(String(error));
}
await fetch("/told", { method: "POST", body: JSON.stringify(told) });
</script>"""


class Pages(http.server.ThreadingHTTPServer):
    """Shows the page at whatever address, and has what its script told."""
    daemon_threads = True

    def __init__(self, script):
        self.told = queue.Queue()
        page = (PAGE % script).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(200 if self.path == "/" else 404, page if self.path == "/" else b"")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(200, b"")
                self.server.told.put(json.loads(body))

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    def origin(self, host):
        return f"http://{host}:{self.server_port}"


@contextlib.contextmanager
def serving(script):
    with Pages(script) as pages:
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        try:
            yield pages
        finally:
            pages.shutdown()


def told_by(folder, script, host="127.0.0.1", resolve=None):
    """What `script`, with ask() and told.push(), tells in a page of http://host. The name `resolve` is loopback's."""
    with serving(script) as pages:
        flags = [f"--host-resolver-rules=MAP {resolve} 127.0.0.1"] if resolve else []
        browser = subprocess.Popen([BROWSER, *FLAGS, *flags, "--remote-debugging-port=0", f"--user-data-dir={folder}",
                                    pages.origin(host) + "/"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return pages.told.get(timeout=SECONDS)
        finally:
            browser.terminate()
            browser.wait(timeout=SECONDS)
