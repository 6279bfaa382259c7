#!/usr/bin/env python3
"""Trades with the FIX gateway through an unmodified QuickFIX.

usage: interop_test.py VENUE INITIATOR     (fix_venue, quickfix_initiator)

QuickFIX validates what it gets against schemas/fix44.xml. Between it and the venue there is a relay
for each session that loses what it is told to lose and cuts the connection. Neither side may ever
reject a message of the other, and every report has to come once.
"""
import collections
import pathlib
import queue
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
DICTIONARY = HERE.parents[2] / "schemas/fix44.xml"
PATIENCE_S = 30.0
MONEY_QUANTA = 10**15
SEED = bytes(range(1, 33)).hex()

SETTINGS = """[DEFAULT]
ConnectionType=initiator
BeginString=FIX.4.4
TargetCompID=VENUE
StartTime=00:00:00
EndTime=00:00:00
HeartBtInt=30
ReconnectInterval=1
TimestampPrecision=6
SocketConnectHost=127.0.0.1
FileStorePath={store}
UseDataDictionary=Y
DataDictionary={dictionary}
[SESSION]
SenderCompID=MAKER
SocketConnectPort={maker}
Username=maker
Password=maker-pass
[SESSION]
SenderCompID=TAKER
SocketConnectPort={taker}
SigningSeed={seed}
[SESSION]
SenderCompID=DATA
SocketConnectPort={data}
ResetOnLogon=Y
Username=maker
Password=maker-pass
"""


class Violation(Exception):
    """What happened instead."""


class Relay:
    """A port on loopback that passes bytes to `target` and back, one connection at a time."""

    def __init__(self):
        self.target = 0
        self.lose_up = self.lose_down = False
        self.pair = ()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            try:
                venue = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            self.lose_up = self.lose_down = False
            self.pair = (client, venue)
            down = threading.Thread(target=self.copy, args=(venue, client, "lose_down"))
            down.start()
            self.copy(client, venue, "lose_up")
            down.join()
            client.close()
            venue.close()

    def copy(self, source, sink, lose):
        try:
            while data := source.recv(65536):
                if not getattr(self, lose):
                    sink.sendall(data)
        except OSError:
            pass
        self.end()

    def end(self):
        """Wakes both directions; the sockets are closed when neither uses them."""
        for side in self.pair:
            try:
                side.shutdown(socket.SHUT_RD)
            except OSError:
                pass

    def cut(self):
        """Resets both connections. The next one loses nothing."""
        for side in self.pair:
            side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.end()


class Venue:
    def __init__(self, program, data):
        self.process = subprocess.Popen(
            [program, HERE / "interop.toml", data, str(MONEY_QUANTA)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise Violation("the venue ended with an error")


class Message(dict):
    """The first value of every tag, by number."""

    def __init__(self, text):
        self.pairs = [field.split("=", 1) for field in text.split("|") if "=" in field]
        super().__init__({int(tag): value for tag, value in reversed(self.pairs)})
        self.text = text


class Initiator:
    """QuickFIX, and what it said that nobody has waited for."""

    def __init__(self, program, settings):
        self.process = subprocess.Popen([program, settings], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        self.pending = collections.defaultdict(list)
        self.order_count = 0
        self.reports = collections.defaultdict(dict)  # comp id -> ExecID -> ExecutionReport
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put("")

    def say(self, verb, comp_id, text=""):
        self.process.stdin.write(f"{verb} {comp_id} {text}\n")
        self.process.stdin.flush()

    def take(self, timeout_s):
        """One line of the program into `pending`; False at its end."""
        try:
            line = self.lines.get(timeout=timeout_s)
        except queue.Empty:
            raise Violation("nothing came") from None
        if not line:
            return False
        what, comp_id, text = line.rstrip("\n").split(" ", 2)
        message = Message(text)
        if message.get(35) in ("3", "j"):
            raise Violation(f"{what} {comp_id} {text}")
        if what == "in" and message[35] == "8":
            if message[17] in self.reports[comp_id]:
                raise Violation(f"a second time: {text}")
            self.reports[comp_id][message[17]] = message
        self.pending[what, comp_id].append(message)
        return True

    def wait(self, what, comp_id, has=(), **fields):
        """The first such message, `fields` being t35="8" and the like, `has` what its text has;
        what came before it goes."""
        wanted = {int(tag[1:]): value for tag, value in fields.items()}
        deadline = time.monotonic() + PATIENCE_S
        while True:
            while self.pending[what, comp_id]:
                message = self.pending[what, comp_id].pop(0)
                if (all(message.get(tag) == value for tag, value in wanted.items())
                        and all(text in message.text for text in has)):
                    return message
            try:
                alive = self.take(deadline - time.monotonic())
            except Violation as violation:
                raise Violation(f"waiting for {what} {comp_id} {wanted} {has}: {violation}") from None
            if not alive:
                raise Violation(f"ended before {what} {comp_id} {wanted}")

    def order(self, comp_id, side, quantity, price, more=""):
        self.order_count += 1
        name = f"{comp_id}-{self.order_count}"
        self.say("send", comp_id, f"35=D|11={name}|55=BTC/USD|54={side}|60={now()}|40=2|"
                                  f"38={quantity}|44={price}|{more}")
        return name

    def stop(self):
        self.process.stdin.close()
        while self.take(PATIENCE_S):
            pass
        if self.process.wait() != 0:
            raise Violation("the initiator ended with an error")


def now():
    return time.strftime("%Y%m%d-%H:%M:%S", time.gmtime())


class Story:
    def __init__(self, programs, directory):
        self.program, self.data = programs[0], directory / "data"
        self.relays = {name: Relay() for name in ("MAKER", "TAKER", "DATA")}
        self.start_venue()
        settings = directory / "settings"
        settings.write_text(SETTINGS.format(
            store=directory / "store", dictionary=DICTIONARY, seed=SEED,
            maker=self.relays["MAKER"].port, taker=self.relays["TAKER"].port,
            data=self.relays["DATA"].port))
        self.fix = Initiator(programs[1], settings)

    def start_venue(self):
        self.venue = Venue(self.program, self.data)
        for relay in self.relays.values():
            relay.target = self.venue.port

    def log_on(self):
        for comp_id in self.relays:
            self.fix.wait("logon", comp_id)

    def trade(self):
        """Rests, fills both sides in two parts, replaces, cancels, asks."""
        fix = self.fix
        ask = fix.order("MAKER", "2", "2", "100", "59=1|18=6|")
        fix.wait("in", "MAKER", t35="8", t11=ask, t150="0", t39="0", t151="2.0000")
        for done, status in (("1.0000", "1"), ("2.0000", "2")):
            bid = fix.order("TAKER", "1", "1", "101", "59=3|")
            fix.wait("in", "TAKER", t11=bid, t150="0")
            taken = fix.wait("in", "TAKER", t11=bid, t150="F", t39="2", t31="100.00", t851="2")
            given = fix.wait("in", "MAKER", t11=ask, t150="F", t39=status, t14=done, t851="1")
            if taken[1003] != given[1003] or taken[32] != "1.0000" != given[32]:
                raise Violation(f"two stories of a trade: {taken.text} and {given.text}")
        bid = fix.order("MAKER", "1", "3", "90")
        fix.wait("in", "MAKER", t11=bid, t150="0")
        fix.say("send", "MAKER", f"35=G|11=R1|41={bid}|55=BTC/USD|54=1|60={now()}|38=2|40=2|44=91|")
        fix.wait("in", "MAKER", t11="R1", t41=bid, t150="5", t38="2.0000")
        fix.say("send", "MAKER", "35=H|11=R1|55=BTC/USD|54=1|")
        fix.wait("in", "MAKER", t11="R1", t150="I", t39="0")
        fix.say("send", "MAKER", f"35=F|11=C1|41=R1|55=BTC/USD|54=1|60={now()}|")
        fix.wait("in", "MAKER", t11="C1", t41="R1", t150="4")
        fix.say("send", "MAKER", f"35=F|11=C2|41=R1|55=BTC/USD|54=1|60={now()}|")
        fix.wait("in", "MAKER", t35="9", t11="C2", t41="R1", t434="1")
        bid = fix.order("MAKER", "1", "3", "90")
        fix.wait("in", "MAKER", t11=bid, t150="0")
        fix.say("send", "MAKER", "35=AF|584=S1|585=7|")
        fix.wait("in", "MAKER", t11=bid, t150="I", t584="S1")
        fix.say("send", "MAKER", f"35=q|11=M1|530=7|60={now()}|")
        fix.wait("in", "MAKER", t35="r", t11="M1", t531="7", t533="1")

    def quote_and_watch(self):
        """A ladder of quotes trades and is withdrawn while another session follows the book."""
        fix = self.fix
        fix.say("send", "DATA", "35=V|262=BOOK|263=1|264=0|265=1|267=3|269=0|269=1|269=2|146=1|"
                                "55=BTC/USD|")
        fix.wait("in", "DATA", t35="W", t262="BOOK", t55="BTC/USD")
        fix.say("send", "MAKER", "35=i|117=Q1|20010=7|296=1|302=S1|304=2|295=2|"
                                 "299=0|55=BTC/USD|132=99|133=101|134=1|135=1|"
                                 "299=1|55=BTC/USD|132=98|133=102|134=2|135=2|")
        fix.wait("in", "MAKER", t35="b", t117="Q1", t297="0",
                 has=("295=2|", "299=1|55=BTC/USD|134=2.0000|135=2.0000|"))
        fix.wait("in", "DATA", t35="X", has=("279=0|269=1|", "270=102.00|271=2.0000|"))
        bid = fix.order("TAKER", "1", "0.5", "101", "59=3|")
        fix.wait("in", "TAKER", t11=bid, t150="F", t39="2", t31="101.00")
        fix.wait("in", "MAKER", t35="8", t117="Q1", t302="S1", t299="0", t150="F", t32="0.5000")
        fix.wait("in", "DATA", t35="X", has=("269=2|", "270=101.00|271=0.5000|5797=1|"))
        fix.say("send", "MAKER", "35=Z|117=C1|298=4|")
        fix.wait("in", "MAKER", t35="b", t117="C1", t297="4", t533="4")
        fix.wait("in", "DATA", t35="X", has=("279=2|269=1|", "270=102.00|"))
        fix.say("send", "DATA", "35=V|262=NONE|263=1|264=0|267=1|269=0|146=1|55=DOGE/USD|")
        fix.wait("in", "DATA", t35="Y", t262="NONE", t281="0")
        fix.say("send", "DATA", "35=x|320=LIST|559=4|")
        fix.wait("in", "DATA", t35="y", t320="LIST", t55="BTC/USD", t969="0.01")
        fix.say("send", "DATA", "35=e|324=PHASE|55=BTC/USD|263=0|")
        fix.wait("in", "DATA", t35="f", t324="PHASE", t326="17")

    def lose_both_ways(self):
        """What is lost on the way is asked for after the next Logon, by either side."""
        fix, maker = self.fix, self.relays["MAKER"]
        ask = fix.order("MAKER", "2", "1", "100")
        fix.wait("in", "MAKER", t11=ask, t150="0")
        maker.lose_down = True
        bid = fix.order("TAKER", "1", "1", "100")
        fix.wait("in", "TAKER", t11=bid, t150="F")
        maker.lose_up = True
        lost = [fix.order("MAKER", "2", "1", str(200 + i)) for i in range(3)]
        for name in lost:
            fix.wait("out", "MAKER", t11=name)
        maker.cut()
        fix.wait("logout", "MAKER")
        fix.wait("logon", "MAKER")
        fix.wait("in", "MAKER", t11=ask, t150="F", t39="2", t43="Y")
        for name in lost:
            fix.wait("in", "MAKER", t11=name, t150="0")
        sent = fix.pending["out", "MAKER"]
        resent = [message.get(11) for message in sent if message.get(43) == "Y" and 11 in message]
        if "2" not in [message[35] for message in sent] or resent != lost:
            raise Violation(f"sent {[message.text for message in sent]}")

    def close_abruptly(self):
        """QuickFIX ends the connection without a Logout, with an order just sent."""
        fix = self.fix
        bid = fix.order("TAKER", "1", "1", "50")
        fix.say("disconnect", "TAKER")
        fix.wait("logout", "TAKER")
        fix.wait("logon", "TAKER")
        fix.wait("in", "TAKER", t11=bid, t150="0")

    def kill_venue(self):
        """The venue dies and comes back with everything it said."""
        fix = self.fix
        self.venue.kill()
        for comp_id in self.relays:
            fix.wait("logout", comp_id)
        names = [fix.order("TAKER", "1", "1", str(60 + i)) for i in range(3)]
        self.start_venue()
        self.log_on()
        for name in names:
            fix.wait("in", "TAKER", t11=name, t150="0")
        fix.say("send", "TAKER", f"35=q|11=M2|530=7|60={now()}|")
        fix.wait("in", "TAKER", t35="r", t11="M2", t533="4")

    def check_sums(self):
        """What was bought was sold, over all reports that came."""
        traded = {}
        for comp_id in ("MAKER", "TAKER"):
            fills = [m for m in self.fix.reports[comp_id].values() if m[150] == "F"]
            traded[comp_id] = sum(float(m[32]) for m in fills)
        if traded != {"MAKER": 3.5, "TAKER": 3.5}:
            raise Violation(f"traded {traded}")

    def run(self):
        self.log_on()
        self.trade()
        self.quote_and_watch()
        self.lose_both_ways()
        self.close_abruptly()
        self.kill_venue()
        self.check_sums()
        self.fix.stop()
        for comp_id in self.relays:
            self.fix.wait("in", comp_id, t35="5")
        self.venue.stop()


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    programs = [pathlib.Path(name).resolve() for name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as directory:
        story = Story(programs, pathlib.Path(directory))
        try:
            story.run()
        except Violation as violation:
            print(violation)
            return 1
        finally:
            for process in (story.venue.process, story.fix.process):
                process.kill()
                process.wait()
    print(f"{sum(map(len, story.fix.reports.values()))} reports, each once")
    return 0


if __name__ == "__main__":
    sys.exit(main())
