#!/usr/bin/env python3
"""Kills a FIX gateway with its venue, again and again, and checks what a drop copy then has.

usage: drop_copy_kill_test.py PROGRAM     (as conformance.py)

The client of kill_test.py trades; COPY listens, and now and then is away. Neither resets its numbers.
In the end COPY has every report of the client exactly once, in the order of the core, each under one
number and with one body.
"""
import sys

from conformance import SOH, Peer, Violation
from kill_test import ROUNDS, Client, keep_body, play, receive, serve


class Copy:
    """The session COPY, as a careful client keeps it."""

    def __init__(self, play):
        self.play = play
        self.next_out = 1
        self.next_in = 1
        self.bodies = {}  # MsgSeqNum -> body.
        self.execs = {}   # MsgSeqNum -> ExecID.

    def log_on(self, port):
        peer = Peer(port, 0)
        peer.send(self.play.complete(
            f"8=FIX.4.4{SOH}35=A{SOH}34={self.next_out}{SOH}49=COPY{SOH}52=<TIME>{SOH}56=ISLD{SOH}"
            f"98=0{SOH}108=30{SOH}789={self.next_in}{SOH}"))
        self.next_out += 1
        return peer

    def take(self, peer):
        """One message; False at the end of the connection."""
        message, fields = receive(peer)
        if message is None:
            return False
        number = int(fields["34"])
        if fields["35"] == "4":
            number = int(fields["36"]) - 1
        elif fields["35"] == "8":
            if fields["20041"] != "KEEP" or fields["1"] != "1":
                raise Violation(f"of another session or account: {message}")
            keep_body(self.bodies, number, message)
            self.execs[number] = int(fields["17"])
        elif fields["35"] != "A":
            raise Violation(message)
        self.next_in = max(self.next_in, number + 1)
        return True


def exec_ids(bodies):
    """The ExecIDs of reports, from their bodies."""
    return [int(body.split(SOH + "17=")[1].split(SOH)[0]) for body in bodies]


def run(program, data):
    client = Client()
    copy = Copy(client.play)
    for round_number in range(ROUNDS):
        venue, port = serve(program, data)
        peer = client.enter(port)
        listener = copy.log_on(port) if round_number % 3 != 2 else None
        client.burst(peer)
        for _ in range(round_number * 5):
            client.take(peer)
        venue.kill()
        venue.wait()
        while client.take(peer):
            pass
        while listener is not None and copy.take(listener):
            pass
        peer.socket.close()
    venue, port = serve(program, data)
    peer = client.log_on(port)
    while len(client.answered) < client.orders:
        if not client.take(peer):
            raise Violation("the connection ended")
    listener = copy.log_on(port)
    expected = exec_ids(body for _, body in sorted(client.bodies.items()))
    while len(copy.execs) < len(expected):
        if not copy.take(listener):
            raise Violation("the connection of the drop copy ended")
    venue.stdin.close()
    venue.wait()
    if [copy.execs[number] for number in sorted(copy.execs)] != expected:
        raise Violation(f"copied {sorted(copy.execs.values())}, reported {expected}")
    return copy


if __name__ == "__main__":
    sys.exit(play(__doc__, run, lambda copy: (
        f"{len(copy.execs)} reports copied once each over {ROUNDS} kills")))
