#!/usr/bin/env python3
"""Kills a FIX gateway with its venue, again and again, and checks what its client then sees.

usage: kill_test.py PROGRAM     (as conformance.py)

A client that never resets its numbers sends orders in bursts; the program dies by SIGKILL in the
middle of each. At the next Logon the client gets what it asks for: every answer exactly once under
one number, the bodies it had seen before unchanged, and the orders that were lost are asked for.
"""
import pathlib
import subprocess
import sys
import tempfile
import time

from conformance import HERE, SOH, Peer, Play, Violation, fields_of

ROUNDS = 8
BURST = 40


def receive(peer):
    """One message and its fields by tag; None and None at the end of the connection."""
    try:
        message = peer.receive()
    except OSError:
        message = None
    return (None, None) if message is None else (message, dict(reversed(fields_of(message))))


def keep_body(bodies, number, message):
    """A number has one report for ever."""
    body = message[message.index(SOH + "37="):message.rindex(SOH + "10=")]
    if bodies.setdefault(number, body) != body:
        raise Violation(f"another body under number {number}: {message}")


class Client:
    """The session KEEP, as a careful client keeps it."""

    def __init__(self):
        self.sent = {}      # MsgSeqNum -> ClOrdID of what was sent.
        self.next_out = 1
        self.next_in = 1
        self.bodies = {}    # MsgSeqNum -> body of what came.
        self.answered = {}  # ClOrdID -> MsgSeqNum of its answer.
        self.orders = 0
        self.play = Play(0, 0)

    def message(self, kind, number, body):
        return self.play.complete(
            f"8=FIX.4.4{SOH}35={kind}{SOH}34={number}{SOH}49=KEEP{SOH}52=<TIME>{SOH}56=ISLD{SOH}"
            + body.replace("|", SOH))

    def order(self, cl_ord_id, number, duplicate=False):
        head = "43=Y|122=<TIME>|" if duplicate else ""
        return self.message("D", number, f"{head}11={cl_ord_id}|55=BTC/USD|54=1|60=<TIME>|40=2|"
                                         "38=1|44=100|59=1|")

    def log_on(self, port):
        peer = Peer(port, 0)
        peer.send(self.message("A", self.next_out, f"98=0|108=30|789={self.next_in}|"))
        self.next_out += 1
        return peer

    def enter(self, port):
        """Logs on; a venue at its first start opens its sessions a moment after its port."""
        for _ in range(100):
            peer = self.log_on(port)
            if self.take(peer):
                return peer
            self.next_out -= 1
            time.sleep(0.1)
        raise Violation("no Logon is taken")

    def take(self, peer):
        """One message; False at the end of the connection."""
        message, fields = receive(peer)
        if message is None:
            return False
        number = int(fields["34"])
        if fields["35"] == "A":
            self.resend(peer, int(fields["789"]))
        elif fields["35"] == "4":
            number = int(fields["36"]) - 1
        elif fields["35"] == "8":
            keep_body(self.bodies, number, message)
            if self.answered.setdefault(fields["11"], number) != number:
                raise Violation(f"answered twice: {message}")
        elif fields["35"] in "35j":
            raise Violation(message)
        self.next_in = max(self.next_in, number + 1)
        return True

    def resend(self, peer, first):
        """What the venue lost with its life, as it says in 789."""
        for number in range(first, self.next_out - 1):
            cl_ord_id = self.sent.get(number)
            if cl_ord_id is not None:
                peer.send(self.order(cl_ord_id, number, duplicate=True))
            else:
                peer.send(self.message("4", number, "43=Y|122=<TIME>|123=Y|"
                                                    f"36={number + 1}|"))

    def burst(self, peer):
        for _ in range(BURST):
            self.orders += 1
            cl_ord_id = f"K{self.orders}"
            self.sent[self.next_out] = cl_ord_id
            peer.send(self.order(cl_ord_id, self.next_out))
            self.next_out += 1


def serve(program, data):
    venue = subprocess.Popen([program, HERE / "conformance.toml", data],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return venue, int(venue.stdout.readline())


def run(program, data):
    client = Client()
    for round_number in range(ROUNDS):
        venue, port = serve(program, data)
        peer = client.enter(port)
        client.burst(peer)
        for _ in range(round_number * 5):
            client.take(peer)
        venue.kill()
        venue.wait()
        while client.take(peer):
            pass
        peer.socket.close()
    venue, port = serve(program, data)
    peer = client.log_on(port)
    while len(client.answered) < client.orders:
        if not client.take(peer):
            raise Violation("the connection ended")
    venue.stdin.close()
    venue.wait()
    return client


def play(usage, run_on, summary):
    """Exit status of a program that kills venues in a folder of its own."""
    if len(sys.argv) != 2:
        print(usage, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as data:
        try:
            result = run_on(pathlib.Path(sys.argv[1]).resolve(), data)
        except Violation as violation:
            print(str(violation).replace(SOH, "|"))
            return 1
    print(summary(result))
    return 0


if __name__ == "__main__":
    sys.exit(play(__doc__, run, lambda client: (
        f"{client.orders} orders answered once each over {ROUNDS} kills")))
