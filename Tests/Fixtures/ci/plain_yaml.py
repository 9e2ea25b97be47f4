"""Reads the part of YAML that Docs/ci is written in: mappings, lists, one-line values and | blocks."""

import re


def read(text):
    reader = Reader(text)
    value = reader.node(0)
    if reader.peek() is not None:
        raise ValueError(f"line {reader.at + 1}: cannot be read: {reader.lines[reader.at]}")
    return value


class Reader:
    def __init__(self, text):
        self.lines = text.split("\n")
        self.at = 0

    def peek(self):
        """Indent and content of the next line that says something."""
        while self.at < len(self.lines):
            content = self.lines[self.at].strip()
            if content and not content.startswith("#"):
                return len(self.lines[self.at]) - len(self.lines[self.at].lstrip()), content
            self.at += 1
        return None

    def node(self, indent):
        return self.list(indent) if self.peek()[1].startswith("- ") else self.mapping(indent)

    def mapping(self, indent):
        result = {}
        while (line := self.peek()) and line[0] == indent and not line[1].startswith("- "):
            match = re.fullmatch(r"([\w-]+):(?: +(.*))?", line[1])
            if match is None or match[1] in result:
                raise ValueError(f"line {self.at + 1}: expected a new key: {line[1]}")
            self.at += 1
            result[match[1]] = self.value(match[2] or "", indent)
        return result

    def list(self, indent):
        result = []
        while (line := self.peek()) and line[0] == indent and line[1].startswith("- "):
            item = line[1][2:].strip()
            if re.match(r"[\w-]+:( |$)", item):
                self.lines[self.at] = " " * (indent + 2) + item
                result.append(self.mapping(indent + 2))
            else:
                self.at += 1
                result.append(self.value(item, indent))
        return result

    def value(self, text, indent):
        if text == "|":
            return self.block(indent)
        if text.startswith("'"):
            return re.match(r"'((?:[^']|'')*)'", text)[1].replace("''", "'")
        text = re.sub(r"(^| +)#.*", "", text)
        if text:
            return text
        line = self.peek()
        if line and (line[0] > indent or line[0] == indent and line[1].startswith("- ")):
            return self.node(line[0])
        return ""

    def block(self, indent):
        lines = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.strip() and len(line) - len(line.lstrip()) <= indent:
                break
            lines.append(line)
            self.at += 1
        width = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
        return "\n".join(line[width:] for line in lines).rstrip("\n") + "\n"
