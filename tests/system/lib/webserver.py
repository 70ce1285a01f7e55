# SPDX-License-Identifier: ISC
"""Web servers for web seeds: lighttpd, and one that misbehaves on demand."""

import http.server
import os
import shutil
import ssl
import threading
from urllib.parse import unquote

import mimtest
from clients import Client

CONFIG = """
server.document-root = "{root}"
server.bind = "{addr}"
server.port = {port}
server.modules = ( "mod_accesslog" )
accesslog.filename = "{log}"
accesslog.format = "%s %{{Range}}i %U"
mimetype.assign = ( "" => "application/octet-stream" )
server.max-keep-alive-requests = 1000
{more}
"""


class Lighttpd(Client):
    """Serves the files beneath root, ranges included."""

    port = 8080

    def __init__(self, t, root, name="lighttpd", more="", **kw):
        super().__init__(t, name, root=root, **kw)
        self.access = f"{t.root}/{name}.access"
        conf = f"{t.root}/{name}.conf"
        with open(conf, "w") as f:
            f.write(CONFIG.format(root=root, addr=self.addr, port=self.port,
                log=self.access, more=more))
        path = shutil.which("lighttpd", path=os.environ["PATH"] +
            ":/usr/sbin:/sbin")
        self.proc = t.spawn([path, "-D", "-f", conf], f"{t.root}/{name}.log",
            host=self.host)
        self.url = f"http://{self.addr}:{self.port}/"

    def requests(self):
        """(status, range, path) of each, as far as they are logged."""
        return [tuple(line.split(" ", 2)) for line in
            mimtest.read_text(self.access).splitlines()]


class Scripted:
    """
    A web server in the test: answer(handler) does what the test wants, or
    returns False for an honest answer from the files beneath root.
    """

    def __init__(self, t, root, answer=lambda handler: False, addr=None,
        cert=None):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            server_self = outer

            def do_GET(self):
                outer.seen.append((self.path, self.headers.get("Range")))
                try:
                    if not answer(self):
                        outer.honest(self)
                except OSError:
                    self.close_connection = True

            def log_message(self, *args):
                pass

        self.seen = []
        self.root = root
        self.addr = addr or t.addr()
        self.server = http.server.ThreadingHTTPServer((self.addr, 0),
            Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *args: None	# mim hung up
        self.port = self.server.server_address[1]
        if cert is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert + ".pem", cert + ".key")
            # The handshake is made in the connection's own thread.
            self.server.socket = context.wrap_socket(self.server.socket,
                server_side=True, do_handshake_on_connect=False)
        scheme = "https" if cert else "http"
        self.url = f"{scheme}://{self.addr}:{self.port}/"
        t.closers.append(self.server.shutdown)
        threading.Thread(target=self.server.serve_forever,
            daemon=True).start()

    def file(self, handler):
        with open(os.path.join(self.root, unquote(handler.path)
            .lstrip("/")), "rb") as f:
            return f.read()

    def range_of(self, handler):
        first, last = handler.headers["Range"].split("=")[1].split("-")
        return int(first), int(last)

    def honest(self, handler, spoil=lambda data: data):
        data = self.file(handler)
        first, last = self.range_of(handler)
        body = spoil(data[first:last + 1])
        handler.send_response(206)
        handler.send_header("Content-Range",
            f"bytes {first}-{last}/{len(data)}")
        handler.send_header("Content-Length", str(last - first + 1))
        handler.end_headers()
        handler.wfile.write(body)
