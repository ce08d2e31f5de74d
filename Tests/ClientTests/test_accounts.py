"""Logins with accounts and passwords, and the command that keeps them."""

import json
import os
import pathlib
import subprocess
import tempfile
import termios
import unittest

from support.deadline import until
from support.packets import publish
from support.player import Player, numbers
from support.raw import RawTCP
from support.server import Server

LOGIN, REGISTER = "Login/Handler_Login", "Login/Handler_Register"
WRONG = "wrong user name or password"
PASSWORD = "correct horse"


def account(*arguments, password=None):
    """Runs `mqantserver account`; returns what it printed."""
    ran = subprocess.run([os.environ["MQANTSERVER"], "account", *arguments], input=password, capture_output=True,
                         text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def setUpModule():
    global folder, file, server
    folder = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="client-tests-accounts-")))
    file = folder / "accounts.sqlite"
    account("add", "ada", "--file", str(file), password=PASSWORD)
    server = Server(gate={"MaxMsgLen": 2 << 20}, login={"Accounts": {"File": str(file), "Register": True, "FailureInterval": 600}})
    unittest.addModuleCleanup(server.stop)


class Accounts(unittest.TestCase):
    def player(self, at=None):
        player = Player((at or server).tcp)
        self.addCleanup(player.close)
        return player

    def login(self, player, name, password=PASSWORD, route=LOGIN):
        return player.call(route, userName=name, passWord=password)

    def added(self):
        name = f"user-{next(numbers)}"
        account("add", name, "--file", str(file), password=PASSWORD)
        return name

    def test_the_password_lets_in(self):
        player = self.player()
        self.assertEqual(self.login(player, "ada", "wrong"), (None, WRONG))
        self.assertEqual(self.login(player, "nobody"), (None, WRONG))
        self.assertEqual(player.call("Chat/Handler_JoinChat", roomName="abc"), (None, "Not Logined"))
        self.assertEqual(self.login(player, "ada"), ("login success ada", ""))
        player.join("abc")

    def test_it_takes_notice_of_the_command(self):
        name, player = self.added(), self.player()
        self.assertEqual(self.login(player, name), (f"login success {name}", ""))
        account("disable", name, "--file", str(file))
        self.assertEqual(self.login(player, name), (None, WRONG))
        account("enable", name, "--file", str(file))
        account("password", name, "--file", str(file), password="battery staple")
        self.assertEqual(self.login(player, name), (None, WRONG))
        self.assertEqual(self.login(player, name, "battery staple"), (f"login success {name}", ""))
        account("remove", name, "--file", str(file))
        self.assertEqual(self.login(player, name, "battery staple"), (None, WRONG))

    def test_people_register(self):
        name, player = f"new-{next(numbers)}", self.player()
        self.assertEqual(self.login(player, name), (None, WRONG))
        self.assertEqual(self.login(player, name, "short", REGISTER), (None, "passWord is shorter than 8 characters"))
        self.assertEqual(self.login(player, name, route=REGISTER), (f"register success {name}", ""))
        self.assertEqual(self.login(player, name, route=REGISTER), (None, "this user name is taken"))
        self.assertEqual(self.login(player, name), (f"login success {name}", ""))
        self.assertIn(name, [entry["name"] for entry in json.loads(account("list", "--json", "--file", str(file)))])

    def test_what_is_no_name_and_no_password(self):
        player = self.player()
        for name, password, error in [
            ("", PASSWORD, "userName or passWord cannot be nil"), ("ada", None, "userName or passWord cannot be nil"),
            ("ada\0", PASSWORD, "userName has a character that names must not have"),
            ("\u202eada", PASSWORD, "userName has a character that names must not have"),
            (" ", PASSWORD, "userName is blank"), ("ada ", PASSWORD, "userName begins or ends with a blank"),
            ("a" * 129, PASSWORD, "userName is longer than 128 bytes"),
            ("ada", "x" * 1025, "passWord is longer than 1024 bytes"),
            ("ada", "x" * (1 << 20), "passWord is longer than 1024 bytes"),
            ("ada", PASSWORD + "\0", "passWord has a zero byte"), ("ada", "", WRONG), ("ada'--", PASSWORD, WRONG),
        ]:
            for route in (LOGIN, REGISTER) if error != WRONG else (LOGIN,):
                with self.subTest(name=name[:20], route=route, error=error):
                    self.assertEqual(self.login(player, name, password, route), (None, error))
        # None of them was tried, so none counts as a failure, but for those that were wrong.
        self.assertEqual(self.login(player, "ada"), ("login success ada", ""))

    def test_failures_slow_down_their_user_alone(self):
        victim, others = self.added(), [self.added() for _ in range(5)]
        raws = [RawTCP(server.tcp) for _ in range(200)]
        self.addCleanup(lambda: [raw.close() for raw in raws])
        body = json.dumps({"userName": victim, "passWord": "guess"})
        for raw in raws:
            raw.connected()
        for raw in raws:
            raw.send(publish(f"{LOGIN}/1", body))
        for name in others:
            self.assertEqual(self.login(self.player(), name), (f"login success {name}", ""))
        errors = [raw.reply(f"{LOGIN}/1")["Error"] for raw in raws]
        self.assertEqual(errors.count(WRONG), 5)
        slowed = [error for error in errors if error.startswith("too many failed logins, try again in ")]
        self.assertEqual(len(slowed), 195)
        self.assertRegex(self.login(self.player(), victim)[1], r"^too many failed logins, try again in \d+ s$")
        self.assertEqual(self.login(self.player(), "ada"), ("login success ada", ""))

    def test_more_logins_than_it_can_check(self):
        path = folder / "few.sqlite"
        account("add", "ada", "--file", str(path), password=PASSWORD)
        few = Server(login={"Accounts": {"File": str(path), "Threads": 1, "MaxWaiting": 4}})
        self.addCleanup(few.stop)
        raws = [RawTCP(few.tcp) for _ in range(50)]
        self.addCleanup(lambda: [raw.close() for raw in raws])
        for raw in raws:
            raw.connected()
        for number, raw in enumerate(raws):
            raw.send(publish(f"{LOGIN}/1", json.dumps({"userName": f"guest-{number}", "passWord": "guess"})))
        errors = {raw.reply(f"{LOGIN}/1")["Error"] for raw in raws}
        self.assertEqual(errors, {WRONG, "too many logins, try again"})
        self.assertEqual(self.login(self.player(few), "ada"), ("login success ada", ""))

    @unittest.skipUnless(os.geteuid() == 0, "a full disk is made by root")
    def test_a_full_disk(self):
        disk = folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)], check=True)
        path = disk / "accounts.sqlite"
        account("add", "ada", "--file", str(path), password=PASSWORD)
        full = Server(login={"Accounts": {"File": str(path), "Register": True, "Cost": 10}})
        self.addCleanup(full.stop)
        (disk / "rubbish").write_bytes(b"\0" * (48 << 10))
        player = self.player(full)
        errors = []
        while not errors and next(numbers) < 10_000:
            result, error = self.login(player, f"{'long' * 25}-{next(numbers)}", route=REGISTER)
            errors += [error] if error else []
        self.assertEqual(errors, ["accounts are not available, try again later"])
        self.assertIn("accounts cannot be used", full.log.read_text())
        self.assertRegex(full.log.read_text(), "the disk is full|disk does not do what it should")
        self.assertEqual(self.login(player, "ada"), ("login success ada", ""))
        (disk / "rubbish").unlink()
        self.assertEqual(self.login(player, "bob", route=REGISTER), ("register success bob", ""))

    def test_a_file_that_breaks_meanwhile(self):
        path = folder / "broken.sqlite"
        account("add", "ada", "--file", str(path), password=PASSWORD)
        broken = Server(login={"Accounts": {"File": str(path)}})
        self.addCleanup(broken.stop)
        player = self.player(broken)
        self.assertEqual(self.login(player, "ada"), ("login success ada", ""))
        size = path.stat().st_size
        # The change counter in the header tells SQLite to read anew; all else is rubbish.
        path.write_bytes(os.urandom(size))
        self.assertEqual(self.login(player, "ada"), (None, "accounts are not available, try again later"))
        os.truncate(path, 10)
        self.assertEqual(self.login(player, "ada"), (None, "accounts are not available, try again later"))
        player.join("abc")


class AtATerminal(unittest.TestCase):
    def start(self, *arguments):
        self.keyboard, ours = os.openpty()
        self.addCleanup(os.close, self.keyboard)
        process = subprocess.Popen(
            [os.environ["MQANTSERVER"], "account", *arguments, "--file", str(file)], stdin=ours,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, text=True)
        os.close(ours)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def shows_what_is_typed(self):
        return bool(termios.tcgetattr(self.keyboard)[3] & termios.ECHO)

    def answer(self, process, prompt, text):
        for character in prompt:
            self.assertEqual(process.stderr.read(1), character)
        until("the terminal is silent", lambda: not self.shows_what_is_typed())
        os.write(self.keyboard, (text + "\n").encode())
        self.assertEqual(process.stderr.read(1), "\n")

    def test_a_password_is_asked_for_twice_and_not_shown(self):
        name = f"typed-{next(numbers)}"
        process = self.start("add", name)
        self.answer(process, f"Password for {name}: ", PASSWORD)
        self.answer(process, "Again: ", PASSWORD)
        self.assertEqual(process.stdout.read(), f"account {name} added\n")
        self.assertEqual(process.wait(20), 0)
        self.assertTrue(self.shows_what_is_typed())
        player = Player(server.tcp)
        self.addCleanup(player.close)
        self.assertEqual(player.call(LOGIN, userName=name, passWord=PASSWORD), (f"login success {name}", ""))

    def test_two_that_differ(self):
        name = f"typed-{next(numbers)}"
        process = self.start("add", name)
        self.answer(process, f"Password for {name}: ", PASSWORD)
        self.answer(process, "Again: ", "battery staple")
        self.assertEqual(process.stderr.read(), "mqantserver account: the two passwords differ\n")
        self.assertEqual(process.wait(20), 1)
        self.assertTrue(self.shows_what_is_typed())

    def test_a_signal_gives_the_terminal_back(self):
        for signal in (2, 15, 1):
            name = f"typed-{next(numbers)}"
            process = self.start("add", name)
            prompt = f"Password for {name}: "
            self.assertEqual(process.stderr.read(len(prompt)), prompt)
            until("the terminal is silent", lambda: not self.shows_what_is_typed())
            process.send_signal(signal)
            self.assertEqual(process.wait(20), -signal)
            self.assertTrue(self.shows_what_is_typed())
