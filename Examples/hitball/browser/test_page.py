"""The page in headless chromium: two play, one watches, a player goes."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import unittest
import urllib.parse

from support.deadline import until
from support.ports import free_port
from support.webdriver import Browser, Driver

HOST = "127.0.0.1"
WEB = pathlib.Path(__file__).resolve().parents[1] / "web"
ARROW_DOWN = "\ue015"  # W3C WebDriver §17.4.2


class Server:
    """hitball-server with a configuration and ports of its own, from construction until `stop`."""

    def __init__(self, tcp=None, ws=None, http=None):
        self.tcp, self.ws, self.http = tcp or free_port(), ws or free_port(), http or free_port()

        def entry(name, **settings):
            return [{"Id": f"{HOST}:{name}", "Host": HOST, "Settings": settings}]

        self.folder = tempfile.TemporaryDirectory(prefix="hitball-")
        conf = pathlib.Path(self.folder.name) / "server.conf"
        conf.write_text(json.dumps({"Module": {
            "Hitball": entry("Hitball", Points=2),
            "Web": entry("Web", Addr=f"{HOST}:{self.http}", Root=str(WEB), Path="/hitball/"),
            "Gate": entry("Gate", TCPAddr=f"{HOST}:{self.tcp}", WSAddr=f"{HOST}:{self.ws}")}}))
        self.log = pathlib.Path(self.folder.name) / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [os.environ["HITBALL_SERVER"], "--conf", str(conf)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            until("the server listens", self._listens, 30)
        except BaseException:
            print(self.log.read_text(errors="replace"))
            self.process.kill()
            self.process.wait()
            self.folder.cleanup()
            raise

    def _listens(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with status {self.process.returncode}")
        try:
            for port in (self.ws, self.http):
                socket.create_connection((HOST, port), 1).close()
        except OSError:
            return False
        return True

    def page(self):
        return f"http://{HOST}:{self.http}/hitball/?ws=ws://{HOST}:{self.ws}/"

    def stop(self):
        if not self.folder:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(20)
            assert status == 0, f"status {status}:\n{self.log.read_text(errors='replace')[-4000:]}"
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.folder.cleanup()
            self.folder = None


def setUpModule():
    global server, driver
    server = Server()
    unittest.addModuleCleanup(server.stop)
    driver = Driver()
    unittest.addModuleCleanup(driver.stop)


class Page(unittest.TestCase):
    def person(self, name, table, button="#play", at=None, **options):
        """A browser whose person plays, or watches."""
        browser = Browser(driver, **options)
        self.addCleanup(browser.close)
        browser.open((at or server).page())
        if button == "#play":
            browser.type("#name", name)
        browser.type("#table", table)
        browser.click(button)
        until(f"{name} sees the court", lambda: browser.run("return !document.getElementById('game').hidden"), 20)
        return browser

    def state(self, browser):
        return json.loads(browser.run("return document.getElementById('court').dataset.state ?? '{}'"))

    def until_state(self, browser, what, condition, seconds=30):
        """Waits until the last state is so, and returns it."""
        def look():
            state = self.state(browser)
            return state if state and condition(state) else None
        return until(what, look, seconds)

    def pixel(self, browser, x, y):
        """Red, green, blue and alpha of a place on the court."""
        return browser.run(
            "return [...document.getElementById('court').getContext('2d').getImageData(arguments[0], arguments[1], 1, 1).data]",
            x, y)

    def point(self, browser, y):
        """Moves the mouse over the court, to a height of 0 to 600."""
        box = browser.run("const b = document.getElementById('court').getBoundingClientRect();"
                          "return [b.left, b.top, b.width, b.height]")
        browser.point(box[0] + box[2] / 2, box[1] + box[3] * y / 600)

    def assert_quiet(self, browser):
        """No error on the console, and no request but to this server."""
        errors = [entry["message"] for entry in browser.log("browser") if entry["level"] == "SEVERE"]
        self.assertEqual(errors, [])
        asked = {urllib.parse.urlsplit(url) for url in browser.requested_urls()}
        hosts = {url.netloc for url in asked if url.scheme in ("http", "https", "ws", "wss")}
        self.assertEqual(hosts, {f"{HOST}:{server.http}", f"{HOST}:{server.ws}"})

    def test_two_play_and_one_watches(self):
        ada = self.person("Ada", "abc")
        ada.see("Waiting for a player", "#spectators")
        ada.see("free seat", "#right")
        bob = self.person("Bob", "abc")
        carl = self.person("Carl", "abc", "#watch")
        for page in (ada, bob, carl):
            page.see("Ada", "#left")
            page.see("Bob", "#right")
            page.see("1 spectator", "#spectators")

        # By the mouse, and by the keys.
        self.point(ada, 150)
        self.until_state(carl, "Ada's paddle is up", lambda state: state["paddles"]["left"] == 150)
        bob.hold(ARROW_DOWN)
        self.until_state(carl, "Bob's paddle goes down", lambda state: state["paddles"]["right"] > 400)
        bob.release(ARROW_DOWN)
        # It stands where it is drawn, in the browser of each; a paddle is 14 wide and 120 high.
        for page in (ada, bob, carl):
            until("the left paddle is drawn", lambda: self.pixel(page, 33, 150)[3] == 255)
            self.assertEqual(self.pixel(page, 33, 300)[3], 0)
        # A spectator moves nothing.
        self.point(carl, 500)

        ball = self.until_state(carl, "a rally", lambda state: state["phase"] == "rally")["ball"]
        self.until_state(carl, "the ball flies", lambda state: state["ball"] != ball)
        self.assertEqual(self.state(carl)["paddles"]["left"], 150)
        # Nobody moves any more: after two points the game is over, and another begins.
        for page in (ada, bob, carl):
            page.see("Game over", "#spectators", 60)
            self.assertIn("2", page.text("#score"))
        if folder := os.environ.get("HITBALL_SCREENSHOTS"):
            carl.screenshot(pathlib.Path(folder) / "hitball.png")
        self.until_state(carl, "the next game", lambda state: state["score"] == {"left": 0, "right": 0}, 60)
        for page in (ada, bob, carl):
            self.assert_quiet(page)

    def test_a_player_goes_and_another_comes(self):
        ada, bob = self.person("Ada", "7"), self.person("Bob", "7")
        carl = self.person("Carl", "7", "#watch")
        carl.see("Bob", "#right")
        bob.close()
        for page in (ada, carl):
            page.see("Waiting for a player", "#spectators")
            page.see("free seat", "#right")
        carl.click("#leave")
        until("Carl sees the form", lambda: carl.run("return !document.getElementById('enter').hidden"))
        carl.type("#name", "Carl")
        carl.click("#play")
        for page in (ada, carl):
            page.see("Carl", "#right")
            page.see("0 : 0", "#score")
            page.see("0 spectators", "#spectators")
        ada.click("#leave")
        carl.see("free seat", "#left")
        self.assert_quiet(carl)

    def test_both_seats_are_taken(self):
        self.person("Ada", "full"), self.person("Bob", "full")
        carl = Browser(driver)
        self.addCleanup(carl.close)
        carl.open(server.page())
        carl.type("#name", "Carl")
        carl.type("#table", "full")
        carl.click("#play")
        carl.see("both seats are taken", "#notice")
        self.assertFalse(carl.run("return document.getElementById('enter').hidden"), "he may watch")

    def test_the_server_comes_back_and_they_sit_again(self):
        first = Server()
        self.addCleanup(first.stop)
        ada, bob = self.person("Ada", "1", at=first), self.person("Bob", "1", at=first)
        ada.see("Bob", "#right")
        first.stop()
        ada.see("No connection", "#notice")
        second = Server(first.tcp, first.ws, first.http)
        self.addCleanup(second.stop)
        for page in (ada, bob):
            self.until_state(page, "both sit", lambda state: set(state["players"].values()) == {"Ada", "Bob"})
            until("no more complaint", lambda: page.text("#notice") == "")

    def test_remote_text_is_never_markup(self):
        evil = "<img src=x>"
        self.person(evil, "evil")
        carl = self.person("Carl", "evil", "#watch")
        carl.see(evil, "#left")
        self.assertEqual(carl.run("return document.querySelectorAll('main img').length"), 0)

    def test_on_a_phone(self):
        ada = self.person("Ada", "phone", width=360, height=740, phone=True)
        ada.see("free seat", "#right")
        wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
        self.assertFalse(ada.run(wide))
        for selector in ("#court", "#leave"):
            bottom = ada.run("return document.querySelector(arguments[0]).getBoundingClientRect().bottom", selector)
            self.assertLessEqual(bottom, 740)


if __name__ == "__main__":
    unittest.main()
