"""The page in headless chromium: people at two pages and one in a terminal."""

import os
import pathlib
import tempfile
import unittest
import urllib.parse

from support.deadline import until
from support.player import Player, numbers
from support.ports import free_port
from support.proxy import Proxy
from support.server import HOST, Server
from support.terminal import Terminal
from support.webdriver import Browser, Driver

ENTER = "\ue007"  # W3C WebDriver §17.4.2


def setUpModule():
    global server, driver, screenshots
    folder = os.environ.get("CLIENT_TESTS_SCREENSHOTS")
    if not folder:
        temporary = tempfile.TemporaryDirectory(prefix="client-tests-screenshots-")
        unittest.addModuleCleanup(temporary.cleanup)
        folder = temporary.name
    screenshots = pathlib.Path(folder)
    screenshots.mkdir(parents=True, exist_ok=True)
    server = Server()
    unittest.addModuleCleanup(server.stop)
    driver = Driver()
    unittest.addModuleCleanup(driver.stop)


class Page(unittest.TestCase):
    def browser(self, **options):
        browser = Browser(driver, **options)
        self.addCleanup(browser.close)
        return browser

    def join(self, browser, name, room, port=None):
        browser.open(server.page(port))
        browser.type("#name", name)
        browser.type("#room", room)
        browser.click("#enter")
        browser.see("You joined")
        browser.see("Connected", "#state")

    def say(self, browser, text):
        browser.type("#say", text + ENTER)

    def player(self, name, room):
        player = Player(server.tcp, name)
        self.addCleanup(player.close)
        player.join(room)
        return player

    def shown_at_the_end(self, browser):
        """What the page holds after the last loss of its connection."""
        return browser.text("#log").rsplit("Connection lost", 1)[-1]

    def assert_quiet(self, browser, *ports, lost=None):
        """No error on the console and no request but to these ports; the browser may report the cut link `lost`."""
        errors = [entry["message"] for entry in browser.log("browser") if entry["level"] == "SEVERE"]
        broken = f"WebSocket connection to 'ws://{HOST}:{lost}/' failed"
        self.assertEqual([text for text in errors if broken not in text], [])
        asked = {urllib.parse.urlsplit(url) for url in browser.requested_urls()}
        hosts = {url.netloc for url in asked if url.scheme in ("http", "https", "ws", "wss")}
        self.assertEqual(hosts, {f"{HOST}:{port}" for port in ports})

    def test_two_pages_and_a_python_client(self):
        link = Proxy(server.ws)
        self.addCleanup(link.close)
        ada, bob = self.browser(), self.browser()
        self.join(ada, "Ada", "abc")
        self.join(bob, "Bob", "abc", port=link.port)
        ada.see("Bob joined")
        carl = Terminal(server.tcp, "--room", "abc", "--name", "Carl")
        self.addCleanup(carl.close)
        carl.type("join")
        carl.see("* join success")
        for page in (ada, bob):
            page.see("Carl joined")

        self.say(ada, "Hello, is anybody here?")
        bob.see("Hello, is anybody here?")
        carl.see("Ada: Hello, is anybody here?")
        self.say(bob, "Yes, hello Ada!")
        ada.see("Yes, hello Ada!")
        carl.see("Bob: Yes, hello Ada!")
        carl.type("I am here too, in a terminal.")
        for page in (ada, bob):
            page.see("I am here too, in a terminal.")

        link.cut()
        bob.see("Connection lost")
        bob.see("Reconnecting in", "#state")
        self.assertTrue(bob.run("return document.getElementById('send').disabled"), "nothing can be sent meanwhile")
        ada.see("Bob left")
        carl.see("* Bob left abc")
        carl.type("Bob cannot hear this.")
        ada.see("Bob cannot hear this.")
        link.mend()
        bob.see("Connected", "#state")
        until("Bob is in again", lambda: "You joined" in self.shown_at_the_end(bob))
        until("Ada sees Bob come back", lambda: "Bob joined" in ada.text("#log").rsplit("Bob left", 1)[1])
        carl.see("* Bob joined abc")
        carl.type("Welcome back, Bob.")
        until("Bob hears the next message", lambda: "Welcome back, Bob." in self.shown_at_the_end(bob))
        self.say(bob, "It is good to be back.")
        ada.see("It is good to be back.")
        self.assertNotIn("Bob cannot hear this.", bob.text("#log"))
        ada.screenshot(screenshots / "desktop.png")
        bob.screenshot(screenshots / "desktop-reconnected.png")

        bob.click("#leave")
        until("Ada sees Bob leave", lambda: "Bob left" in ada.text("#log").rsplit("It is good", 1)[1])
        carl.see("* Bob left abc", count=2)
        until("Bob sees the form", lambda: bob.run("return !document.getElementById('join').hidden"))
        bob.see("Not connected", "#state")
        carl.end_input()
        self.assertEqual(carl.wait()[0], 0)
        ada.see("Carl left")
        self.assert_quiet(ada, server.http, server.ws)
        self.assert_quiet(bob, server.http, link.port, lost=link.port)

    def test_on_a_phone(self):
        room = f"room-{next(numbers)}"
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        for name, options in (("phone", {}), ("phone-dark", {"dark": True})):
            with self.subTest(name):
                phone = self.browser(width=360, height=740, phone=True, **options)
                phone.open(server.page())
                self.assertEqual(phone.run("return document.documentElement.clientWidth"), 360)
                self.assertFalse(phone.run(f"return {wide}"), "the form is too wide")
                phone.screenshot(screenshots / f"{name}-form.png")
                link = Proxy(server.ws)
                self.addCleanup(link.close)
                self.join(phone, "Ada", room, port=link.port)
                friend = self.player("a-friend-with-a-long-name-" + "n" * 80, room)
                for text in ("Hello!", "This is a longer message, which needs more than one line here.", "w" * 400):
                    friend.say(room, text)
                    phone.see(text)
                self.say(phone, "Thank you.")
                friend.expect("Chat/OnSay", roomName=room, userName="Ada", say="Thank you.")
                phone.see("Thank you.")
                self.assertFalse(phone.run(f"return {wide}"), "the room is too wide")
                self.assertFalse(phone.run("const s = document.getElementById('scroller');"
                                           "return s.scrollWidth > s.clientWidth"), "the messages are too wide")
                bottom = phone.run("return document.getElementById('send').getBoundingClientRect().bottom")
                self.assertLessEqual(bottom, 740, "the button is in view")
                phone.screenshot(screenshots / f"{name}.png")
                link.cut()
                phone.see("Reconnecting in", "#state")
                self.assertFalse(phone.run(f"return {wide}"), "the bar is too wide")
                phone.screenshot(screenshots / f"{name}-reconnecting.png")
                self.assert_quiet(phone, server.http, link.port, lost=link.port)

    def test_remote_text_is_never_markup(self):
        room = f"room-{next(numbers)}"
        ada = self.browser()
        self.join(ada, "Ada", room)
        evil = "<img src=x onerror=\"document.title='evil'\"><script>document.title='evil'</script>"
        mallory = self.player(evil, room)
        mallory.say(room, evil)
        ada.see(f"{evil} joined")
        until("the message stands there as text", lambda: ada.run(
            "return [...document.querySelectorAll('#log .text')].some(e => e.textContent === arguments[0])", evil))
        self.assertEqual(ada.run("return document.querySelectorAll('#log img, #log script').length"), 0)
        self.assertNotIn("evil", ada.run("return document.title"))
        self.assert_quiet(ada, server.http, server.ws)

    def test_who_and_when(self):
        room = f"room-{next(numbers)}"
        ada = self.browser()
        self.join(ada, "Ada", room)
        before = ada.run("return Date.now()")
        self.player("Bob", room).say(room, "what is the time?")
        ada.see("what is the time?")
        author, time = ada.run("const m = document.querySelector('#log .message');"
                               "return [m.querySelector('.author').textContent, Date.parse(m.querySelector('time').dateTime)]")
        self.assertEqual(author, "Bob")
        self.assertTrue(before <= time <= ada.run("return Date.now()"))

    def test_errors_are_shown_as_text(self):
        page = self.browser()
        page.open(server.page().split("?")[0] + "?ws=" + urllib.parse.quote("http://<b>x</b>/"))
        page.see("<b>", "#error")
        self.assertTrue(page.run("return document.getElementById('enter').disabled"))

        nobody = free_port()
        page.open(server.page(nobody))
        page.type("#name", "Ada")
        page.click("#enter")
        page.see(f"The server at ws://{HOST}:{nobody}/ cannot be reached", "#error")
        page.see("Reconnecting in", "#state")
        page.see("Cancel", "#enter")
        page.click("#enter")
        page.see("Not connected", "#state")
        page.see("Join", "#enter")

        chatless = Server(without=["Chat"])
        self.addCleanup(chatless.stop)
        page.open(chatless.page())
        page.type("#name", "Ada")
        page.click("#enter")
        page.see("A part of the server is not running (Chat).", "#error")
        page.see("Not connected", "#state")
        self.assertFalse(page.run("return document.getElementById('join').hidden"), "one can try again")

    def test_who_is_here_and_the_invite_link(self):
        room = f"room-{next(numbers)} é"
        ada, bob = self.browser(), self.browser()
        self.join(ada, "Ada", room)
        ada.see("1 here", "#here")
        until("she is alone", lambda: ada.run("return document.getElementById('alone').checkVisibility()"))
        bob.open(ada.run("return location.href"))
        bob.type("#name", "Bob" + ENTER)
        for page in (ada, bob):
            page.see("2 here", "#here")
            names = "return [...document.querySelectorAll('#members bdi')].map(e => e.textContent)"
            until("both are named", lambda: page.run(names) == ["Ada", "Bob"])
        self.assertFalse(ada.run("return document.getElementById('alone').checkVisibility()"))
        self.player("Carl", room).close()
        ada.see("Carl left")
        bob.click("#leave")
        ada.see("1 here", "#here")
        self.assert_quiet(ada, server.http, server.ws)

    def test_a_login_elsewhere_signs_the_page_out(self):
        room = f"room-{next(numbers)}"
        page = self.browser()
        self.join(page, "Zoe", room)
        friend = self.player("Bob", room)
        self.player("Zoe", room)
        page.see("You logged in somewhere else", "#error")
        page.see("Not connected", "#state")
        # She is there in her other session, which her page does not fight for.
        friend.say(room, "still here?")
        friend.expect("Chat/OnSay", roomName=room, userName="Bob", say="still here?")
        self.assertEqual(friend.last_of("Zoe", room), "Chat/OnJoin")

    def test_for_everybody(self):
        page = self.browser()
        page.open(server.page())
        labels = {selector: page.label(selector) for selector in ("#name", "#room", "#enter")}
        self.assertEqual(labels, {"#name": "Your name", "#room": "Room", "#enter": "Join"})
        self.join(page, "Ada", f"room-{next(numbers)}")
        labels = {selector: page.label(selector) for selector in ("#say", "#send", "#leave", "#log")}
        self.assertEqual(labels, {"#say": "Message", "#send": "Send", "#leave": "Leave", "#log": "Messages"})
        self.assertEqual(page.run("return document.getElementById('log').ariaLive"), "polite")
        self.assertEqual(page.run("return document.activeElement.id"), "say", "one can write at once")
