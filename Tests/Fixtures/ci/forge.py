"""A made-up forge on loopback: releases, and as much of GitHub's and GitLab's API as a comment needs."""

import http.server
import json
import re
import threading
import urllib.parse

PAGE = 2  # comments; the next page is told by a Link header alone


class Forge:
    def __init__(self, scenario):
        self.archive = b""
        self.calls = []
        self.refuse = scenario.get("refuse", 0)
        self.viewer = scenario.get("viewer", "github-actions[bot]") or None
        self.comments = [
            {"id": 100 + number, "author": author, "body": body}
            for number, (author, body) in enumerate(scenario.get("comments", []))]
        forge = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                forge.answer(self)

            do_GET = do_POST = do_PATCH = do_PUT = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request):
        url = urllib.parse.urlsplit(request.path)
        length = int(request.headers.get("Content-Length") or 0)
        sent = request.rfile.read(length)
        self.calls.append(f"{request.command} {request.path}")
        if url.path.startswith("/releases/"):
            return self.send(request, 200 if self.archive else 404, self.archive)
        tokens = (request.headers.get("Authorization"), request.headers.get("PRIVATE-TOKEN"))
        if tokens not in [("Bearer the token", None), (None, "the token")]:
            return self.send(request, 401, {"message": "Bad credentials"})
        content = json.loads(sent) if sent else {}
        path = f"{request.command} {url.path}"
        if path == "POST /graphql":
            if self.viewer is None:
                return self.send(request, 403, {"message": "Resource not accessible"})
            return self.send(request, 200, {"data": {"viewer": {"login": self.viewer}}})
        if path == "GET /api/v4/user":
            return self.send(request, 200, self.person(self.viewer))
        lists = r"/repos/some/thing/issues/7/comments|/api/v4/projects/12/merge_requests/7/notes"
        if re.fullmatch(f"GET ({lists})", path):
            page = int(urllib.parse.parse_qs(url.query).get("page", ["1"])[0])
            link = f'<{self.address}/elsewhere>; rel="next"' if page * PAGE < len(self.comments) else ""
            shown = self.comments[(page - 1) * PAGE : page * PAGE]
            return self.send(request, 200, [self.shown(comment) for comment in shown], link)
        if self.refuse:
            return self.send(request, self.refuse, {"message": "Resource not accessible"})
        if len(content.get("body", "")) > (1_000_000 if "/api/v4/" in path else 65536):
            return self.send(request, 422, {"message": "body is too long"})
        if re.fullmatch(f"POST ({lists})", path):
            self.comments.append(
                {"id": 100 + len(self.comments), "author": self.viewer or "some-app[bot]", "body": content["body"]})
            return self.send(request, 201, self.shown(self.comments[-1]))
        one = r"PATCH /repos/some/thing/issues/comments/(\d+)|PUT /api/v4/projects/12/merge_requests/7/notes/(\d+)"
        if match := re.fullmatch(one, path):
            number = int(match[1] or match[2]) - 100
            self.comments[number]["body"] = content["body"]
            return self.send(request, 200, self.shown(self.comments[number]))
        return self.send(request, 404, {"message": "Not Found"})

    @staticmethod
    def person(name):
        """As GitHub and as GitLab tell of one."""
        kind = "Bot" if name.endswith("[bot]") else "User"
        return {"login": name, "type": kind, "username": name, "id": sum(name.encode())}

    def shown(self, comment):
        person = self.person(comment["author"])
        # A browser's line endings, as a comment may come back with them.
        body = comment["body"].replace("\n", "\r\n")
        return {"id": comment["id"], "body": body, "user": person, "author": person}

    @staticmethod
    def send(request, status, content, link=""):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(data)))
        if link:
            request.send_header("Link", link)
        request.end_headers()
        request.wfile.write(data)
