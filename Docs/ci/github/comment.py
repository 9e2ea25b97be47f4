"""Keeps one comment of a pull request (GitHub) or merge request (GitLab) up to date.

The first line of $COMMENT_FILE is the marker by which the comment is found again. Only a comment of the token's own user is
ever changed: anybody may write the same marker. What was done is one line on stdout; a failure is one on stderr, and exit
code 1. Python's own library is enough.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

REQUEST_TIMEOUT_SECONDS = 20
# Beyond so many the answer is a failure, and not a second comment.
MOST_PAGES = 200


class Failure(Exception):
    """One sentence for the person who reads the log."""


class NothingToDo(Exception):
    """There is no place for a comment, and that is as it should be."""


def setting(name):
    value = os.environ.get(name, "")
    if not value:
        raise Failure(f"{name} is not set")
    return value


class Staying(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would take the token along."""

    def redirect_request(self, *_):
        return None


opener = urllib.request.build_opener(Staying())


class GitHub:
    most_characters = 65536
    update_method = "PATCH"
    hint = "; the job needs pull-requests: write, and the token of a pull request from a fork only reads"

    def __init__(self):
        number = os.environ.get("PULL_REQUEST", "")
        if not number:
            raise NothingToDo("no comment: this is no pull request")
        repository = f"{setting('GITHUB_API_URL')}/repos/{setting('GITHUB_REPOSITORY')}"
        self.list = f"{repository}/issues/{int(number)}/comments"
        self.one = f"{repository}/issues/comments"
        self.headers = {
            "Authorization": f"Bearer {setting('GITHUB_TOKEN')}",
            "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        # REST's GET /user is closed to the token of a job; this is not.
        try:
            question = {"query": "{viewer{login}}"}
            answer, _ = call(self, "POST", setting("GITHUB_GRAPHQL_URL"), question)
            self.login = answer["data"]["viewer"]["login"]
        except (Failure, KeyError, TypeError):
            self.login = None

    def is_own(self, comment):
        user = comment.get("user") or {}
        # A token that may not ask who it is belongs to an app, and an app writes as a bot.
        if self.login is None:
            return user.get("type") == "Bot"
        return user.get("login") == self.login


class GitLab:
    most_characters = 1_000_000
    update_method = "PUT"
    hint = "; the token needs the scope api and the role Reporter"

    def __init__(self):
        if not os.environ.get("TOKENMETER_GITLAB_TOKEN"):
            raise NothingToDo("no note: TOKENMETER_GITLAB_TOKEN is not set")
        if not os.environ.get("CI_MERGE_REQUEST_IID"):
            raise NothingToDo("no note: this is no merge request")
        project = urllib.parse.quote(setting("CI_MERGE_REQUEST_PROJECT_ID"), safe="")
        request = int(setting("CI_MERGE_REQUEST_IID"))
        self.list = self.one = f"{setting('CI_API_V4_URL')}/projects/{project}/merge_requests/{request}/notes"
        self.headers = {"PRIVATE-TOKEN": setting("TOKENMETER_GITLAB_TOKEN")}
        self.id = call(self, "GET", f"{setting('CI_API_V4_URL')}/user")[0]["id"]

    def is_own(self, note):
        return (note.get("author") or {}).get("id") == self.id


def call(forge, method, url, content=None):
    """The answer's JSON and headers."""
    data = None if content is None else json.dumps(content).encode()
    headers = {**forge.headers, "Content-Type": "application/json", "User-Agent": "tokenmeter"}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    place = f"{method} {url}"
    try:
        with opener.open(request, timeout=REQUEST_TIMEOUT_SECONDS) as answer:
            return json.load(answer), answer.headers
    except urllib.error.HTTPError as error:
        hint = forge.hint if error.code in (401, 403, 404) else ""
        raise Failure(f"{place}: {error.code} {error.reason}{hint}") from None
    except (OSError, ValueError) as error:
        raise Failure(f"{place}: {error}") from None


def comments(forge):
    """All of them, page by page."""
    for page in range(1, MOST_PAGES + 1):
        found, headers = call(forge, "GET", f"{forge.list}?per_page=100&page={page}")
        yield from found
        # The link itself is not followed: it is somebody else's text, and the token would go along.
        if not re.search(r'rel="?next', headers.get("Link") or ""):
            return
    raise Failure(f"{forge.list} has more than {MOST_PAGES} pages")


def fitted(body, most):
    """The body, cut at a line where the forge would refuse all of it."""
    if len(body) <= most:
        return body
    ending = "\n\nThe rest is too long for a comment: the job has all of it.\n"
    return body[: most - len(ending)].rsplit("\n", 1)[0] + ending


def first_line(text):
    return (text or "").split("\n", 1)[0].rstrip()


def main():
    with open(setting("COMMENT_FILE"), encoding="utf-8") as file:
        body = file.read()
    marker = first_line(body)
    if not re.fullmatch(r"<!-- tokenmeter-check: [A-Za-z0-9._-]+ -->", marker):
        raise Failure(f"{setting('COMMENT_FILE')} does not open with the marker of a comment")
    forge = GitHub() if os.environ.get("GITHUB_ACTIONS") == "true" else GitLab()
    content = {"body": fitted(body, forge.most_characters)}
    for comment in comments(forge):
        if forge.is_own(comment) and first_line(comment.get("body")) == marker:
            call(forge, forge.update_method, f"{forge.one}/{comment['id']}", content)
            return f"updated comment {comment['id']}"
    return f"wrote comment {call(forge, 'POST', forge.list, content)[0]['id']}"


try:
    print(main())
except NothingToDo as reason:
    print(reason)
except Failure as failure:
    sys.exit(str(failure))
