"""The page before a Gate that a test plays."""

import unittest

from .deadline import until
from .scripted import ScriptedGate
from .server import Server
from .webdriver import Browser, Driver

ENTER, SHIFT, ESCAPE = "\ue007", "\ue008", "\ue00c"  # W3C WebDriver §17.4.2


class PageCase(unittest.TestCase):
    """One browser for all tests of a class, and a Gate for each."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(without=("Gate", "Login", "Chat"))
        cls.addClassCleanup(cls.server.stop)
        driver = Driver()
        cls.addClassCleanup(driver.stop)
        cls.browser = Browser(driver)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.gate = ScriptedGate()
        self.addCleanup(self.gate.close)
        self.browser.resize(1100, 760)
        self.browser.set_dark(False)
        self.open()
        self.browser.run("localStorage.clear()")
        self.open()
        self.addCleanup(self.assert_policy_was_kept)
        self.addCleanup(self.browser.open, "about:blank")

    def open(self, fragment=""):
        self.browser.open("about:blank")  # else another fragment opens nothing
        self.browser.open(self.server.page(self.gate.port) + fragment)

    def assert_policy_was_kept(self):
        """The page asked for nothing that its Content-Security-Policy forbids."""
        entries = [entry["message"] for entry in self.browser.log("browser")]
        self.assertEqual([text for text in entries if "Content Security Policy" in text], [])

    def fill_in(self, name="Ada", room="abc"):
        self.browser.type("#name", name)
        self.browser.type("#room", room)
        self.browser.click("#enter")

    def join(self, name="Ada", room="abc"):
        self.fill_in(name, room)
        self.browser.see("Connected", "#state")

    def say(self, text, name="Bob", room="abc"):
        self.gate.push("Chat/OnSay", {"roomName": room, "userName": name, "say": text})

    def enter(self, *names):
        for name in names:
            self.gate.push("Chat/OnJoin", {"roomName": "abc", "userName": name})

    def go(self, *names):
        for name in names:
            self.gate.push("Chat/OnLeave", {"roomName": "abc", "userName": name})

    def until_shown(self, number, selector):
        until(f"{number} of {selector}", lambda: self.browser.run(
            "return document.querySelectorAll(arguments[0]).length === arguments[1]", selector, number))

    def is_visible(self, selector):
        return self.browser.run("return document.querySelector(arguments[0]).checkVisibility()", selector)

    def focused(self):
        return self.browser.run("return document.activeElement.id")

    def value(self, selector):
        return self.browser.run("return document.querySelector(arguments[0]).value", selector)

    def box(self, selector):
        script = "return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()"
        return self.browser.run(script, selector)

    def assert_fits(self):
        """Nothing makes the page, the messages or the list scroll sideways."""
        for selector in ("html", "#scroller", "#people"):
            self.assertFalse(self.browser.run("const e = document.querySelector(arguments[0]);"
                                         "return e.scrollWidth > e.clientWidth", selector), selector)
