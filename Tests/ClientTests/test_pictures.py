"""Takes the pictures of the page that stand in the documents.

    MQANT_SCREENSHOTS=docs/images Tests/ClientTests/run.sh BINARY test_pictures

writes them anew. Without that they go to a temporary folder, and the test only shows that they can be taken.
"""

import os
import pathlib
import tempfile
import unittest

from support.deadline import until
from support.player import Player
from support.png import smaller
from support.server import ROOT, Server
from support.webdriver import Browser, Driver

LARGEST = 60 * 1024  # bytes


class Pictures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = os.environ.get("MQANT_SCREENSHOTS")
        if folder:
            cls.folder = ROOT / folder
        else:
            temporary = tempfile.TemporaryDirectory(prefix="client-tests-pictures-")
            cls.addClassCleanup(temporary.cleanup)
            cls.folder = pathlib.Path(temporary.name)
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        driver = Driver()
        cls.addClassCleanup(driver.stop)
        cls.browser = Browser(driver)
        cls.addClassCleanup(cls.browser.close)

    def take(self, name, width, height, dark=False, ratio=1.0):
        self.browser.resize(width, height, ratio)
        self.browser.set_dark(dark)
        # The same time in all of them, and no cursor that blinks: a picture changes when the page does.
        self.browser.run("for (const time of document.querySelectorAll('time')) time.textContent = '12:25';"
                         "document.activeElement.blur(); scroller.scrollTop = scroller.scrollHeight;"
                         "await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        path = self.folder / name
        self.browser.screenshot(path)
        path.write_bytes(smaller(path.read_bytes()))
        self.assertLessEqual(path.stat().st_size, LARGEST, name)
        self.assertTrue((ROOT / "docs/images" / name).exists(), f"{name} is not among the documents' pictures")

    def test_pictures(self):
        page = self.browser
        page.open(self.server.page())
        page.type("#name", "Ada")
        page.click("#enter")
        until("Ada is alone", lambda: page.run("return document.getElementById('alone').checkVisibility()"))
        self.take("chat-alone.png", 360, 640, ratio=1.5)
        bob, carl = (Player(self.server.tcp, name) for name in ("Bob", "Carl"))
        for player in (bob, carl):
            self.addCleanup(player.close)
        bob.join("abc")
        page.see("Bob joined")
        page.run("const say = document.getElementById('say'); say.value = 'Hello! Is anybody here?';"
                 "document.getElementById('composer').requestSubmit()")
        page.see("Is anybody here?")
        bob.say("abc", "Yes, in the other window.")
        page.see("Yes, in the other window.")
        carl.join("abc")
        page.see("Carl joined")
        carl.say("abc", "And I am in a terminal.")
        page.see("And I am in a terminal.")
        bob.say("abc", "Three clients, one room:\n– two WebSockets\n– one TCP connection")
        bob.say("abc", "How it works: https://mqtt.org/")
        page.see("How it works")
        page.run("document.getElementById('say').value = 'Good. Close your window, and I shall see you leave.';"
                 "document.getElementById('composer').requestSubmit()")
        page.see("I shall see you leave.")
        page.see("3 here", "#here")
        self.take("chat.png", 1100, 690)
        page.run("document.getElementById('here').click()")
        self.take("chat-dark.png", 360, 640, dark=True, ratio=1.5)
