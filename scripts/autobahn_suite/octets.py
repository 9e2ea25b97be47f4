"""What the ported modules of the Autobahn test suite see in place of Python 2's strings of octets.

In them a string is text in Latin-1, one character an octet; here it becomes bytes and is made of bytes.
"""

import binascii

from autobahn.websocket.utf8validator import Utf8Validator as _Validator


def to_bytes(octets):
    return octets.encode("latin-1") if isinstance(octets, str) else bytes(octets)


def to_text(octets):
    return octets if isinstance(octets, str) else bytes(octets).decode("latin-1")


def b2a_hex(octets):
    return binascii.b2a_hex(to_bytes(octets)).decode("ascii")


class Utf8Validator(_Validator):
    def validate(self, octets):
        return super().validate(to_bytes(octets))


class Edge:
    """Between a case, which speaks of text, and autobahn's protocol, which speaks of bytes.

    Stands before the protocol among the bases of a class.
    """

    debug = False

    def failConnection(self):
        self._fail_connection()

    def sendFrame(self, opcode, payload=b"", **options):
        super().sendFrame(opcode, to_bytes(payload), **options)

    def sendMessage(self, payload, *options, **named):
        super().sendMessage(to_bytes(payload), *options, **named)

    def sendMessageFrameData(self, payload, *options, **named):
        return super().sendMessageFrameData(to_bytes(payload), *options, **named)

    def sendCloseFrame(self, code=None, reasonUtf8=None, isReply=False):
        reason = None if reasonUtf8 is None else to_bytes(reasonUtf8)
        super().sendCloseFrame(code, reason, isReply)
