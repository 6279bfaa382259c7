#!/usr/bin/env python3
"""Plays the FIX 4.4 acceptance definitions against a FIX gateway and says which ones hold.

usage: conformance.py [--chunk N] PROGRAM [DEFINITION...]

PROGRAM is started with a configuration and a data directory, prints its port and serves until its
standard input ends. --chunk N sends every message N bytes at a time. What is compared is what FIX
asks of any engine: each expected field must be there with its value, but for times, lengths, sums,
texts and, in an answer to an order, whatever an ExecutionReport says in its own words.
"""
import argparse
import datetime
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

SOH = "\x01"
HERE = pathlib.Path(__file__).resolve().parent
SESSION_TYPES = set("012345A")
TIMES = {"42", "52", "60", "122"}
REPORT_FIELDS = ("6", "14", "17", "37", "39", "54", "55", "150", "151")
PATIENCE_S = 15.0


class Violation(Exception):
    """What the gateway did instead."""


def fields_of(message):
    return [tuple(field.split("=", 1)) for field in message.split(SOH) if "=" in field]


def checksum(data):
    return sum(data) % 256


class Peer:
    """One connection to the gateway."""

    def __init__(self, port, chunk):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.chunk = chunk
        self.data = b""

    def send(self, message):
        data = message.encode("latin-1")
        step = self.chunk or len(data)
        for begin in range(0, len(data), step):
            self.socket.sendall(data[begin:begin + step])
            if self.chunk:
                time.sleep(0.0005)

    def receive(self):
        """The next message; None once the gateway has closed."""
        while True:
            head = re.match(rb"8=[^\x01]*\x019=(\d+)\x01", self.data)
            end = head.end() + int(head.group(1)) if head else 0
            if head and len(self.data) >= end + 7:
                message, self.data = self.data[:end + 7], self.data[end + 7:]
                if not re.fullmatch(rb"10=\d{3}\x01", message[end:]):
                    raise Violation(f"wrong BodyLength: {message!r}")
                if int(message[end + 3:end + 6]) != checksum(message[:end]):
                    raise Violation(f"wrong CheckSum: {message!r}")
                return message.decode("latin-1")
            try:
                more = self.socket.recv(65536)
            except socket.timeout:
                raise Violation("nothing came") from None
            except ConnectionError:
                more = b""
            if not more:
                return None
            self.data += more


class Play:
    """One definition."""

    def __init__(self, port, chunk):
        self.port, self.chunk, self.peers, self.test_request = port, chunk, {}, None

    def run(self, path):
        try:
            for number, line in enumerate(path.read_text("latin-1").split("\n"), 1):
                line = line.rstrip("\r")
                if line and line[0] in "iIeE":
                    try:
                        self.step(line[0], line[1:])
                    except (Violation, OSError) as error:
                        return f"line {number}: {error}".replace(SOH, "|")
            return None
        finally:
            for peer in self.peers.values():
                peer.socket.close()

    def step(self, kind, rest):
        name, rest = (rest[0], rest[2:]) if re.match(r"\d,", rest) else ("1", rest)
        if kind == "i" and rest == "CONNECT":
            self.peers[name] = Peer(self.port, self.chunk)
        elif kind == "i":
            self.peers.pop(name).socket.close()
        elif kind == "I":
            self.peers[name].send(self.complete(rest))
        elif kind == "E":
            self.expect(self.peers[name].receive(), dict(fields_of(rest)))
        else:
            self.expect_close(self.peers.pop(name))

    def complete(self, text):
        """Times, BodyLength and CheckSum of a message to send."""
        def at(match):
            offset = datetime.timedelta(seconds=int(match.group(1) or 0))
            now = datetime.datetime.now(datetime.timezone.utc) + offset
            return now.strftime("%Y%m%d-%H:%M:%S")
        text = re.sub(r"<TIME([+-]\d+)?>", at, text)
        if self.test_request is not None:
            text = text.replace("112=TEST" + SOH, f"112={self.test_request}{SOH}")
        begin = re.match(r"8=[^\x01]*\x01", text)
        if not begin:
            return text
        body = text[begin.end():]
        trailer = re.search(r"(?<=\x01)10=[^\x01]*\x01$", body)
        end = trailer.group(0) if trailer else ""
        body = body[:len(body) - len(end)]
        if not body.startswith("9="):
            body = f"9={len(body)}{SOH}{body}"
        whole = begin.group(0) + body
        return whole + (end or f"10={checksum(whole.encode('latin-1')):03}{SOH}")

    def expect(self, message, wanted):
        if message is None:
            raise Violation(f"closed instead of 35={wanted.get('35')}")
        pairs = fields_of(message)
        got = dict(reversed(pairs))
        if [tag for tag, _ in pairs[:3]] != ["8", "9", "35"]:
            raise Violation(f"begins with other fields: {message}")
        if got["35"] == "1":
            self.test_request = got.get("112")
        if wanted["35"] not in SESSION_TYPES | {"j"}:
            # The definitions expect an echo; a venue answers in its own way.
            if got["35"] != ("8" if wanted["35"] == "D" else "j"):
                raise Violation(f"no answer to an application message: {message}")
            for tag in REPORT_FIELDS if got["35"] == "8" else ():
                if tag not in got:
                    raise Violation(f"ExecutionReport without {tag}: {message}")
            wanted = {tag: wanted[tag] for tag in ("8", "34", "43", "49", "56") if tag in wanted}
        for tag, value in wanted.items():
            free = tag in ("9", "10", "58") or (tag == "112" and wanted["35"] == "1")
            if not free and tag not in got:
                raise Violation(f"{tag} is missing: {message}")
            if tag in TIMES:
                if not re.fullmatch(r"\d{8}-\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?", got[tag]):
                    raise Violation(f"{tag} is no time: {message}")
            elif not free and got[tag] != value:
                raise Violation(f"{tag} is not {value}: {message}")
        for tag in ("43", "97", "123", "141"):
            if got.get(tag) == "Y" and tag not in wanted:
                raise Violation(f"{tag}=Y was not expected: {message}")

    def expect_close(self, peer):
        # A Logout or Reject that says why may come first.
        while (message := peer.receive()) is not None:
            if dict(fields_of(message))["35"] not in "35":
                raise Violation(f"not closed but {message}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--chunk", type=int, default=0)
    parser.add_argument("program")
    parser.add_argument("definitions", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    paths = arguments.definitions or sorted((HERE / "definitions").glob("*.def"))
    failures = 0
    with tempfile.TemporaryDirectory() as data:
        with subprocess.Popen([arguments.program, HERE / "conformance.toml", data],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as venue:
            port = int(venue.stdout.readline())
            for path in paths:
                why = Play(port, arguments.chunk).run(path)
                failures += why is not None
                print(f"{'ok  ' if why is None else 'FAIL'} {path.name} {why or ''}", flush=True)
                time.sleep(0.1)  # The gateway sees the end of the connection.
            venue.stdin.close()
            if venue.wait() != 0:
                failures += 1
                print("FAIL the venue ended with an error")
    print(f"{len(paths) - failures} of {len(paths)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
