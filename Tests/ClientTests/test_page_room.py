"""The page's room: who is here, the invite link, messages of several lines."""

from support.deadline import until
from support.page import ENTER, ESCAPE, SHIFT, PageCase
from support.scripted import refuse


class Room(PageCase):
    def names(self):
        return self.browser.run("return [...document.querySelectorAll('#members > li')].map(e => e.textContent)")

    def test_who_is_here(self):
        self.browser.resize(700, 640)
        self.gate.answers["Chat/Handler_Members"] = lambda body: ["Ada", "Bob", "Zoë"]
        self.join()
        self.browser.see("3 here", "#here")
        self.assertFalse(self.is_visible("#people"))
        self.browser.click("#here")
        until("they are named", lambda: self.names() == ["Ada (you)", "Bob", "Zoë"])
        self.assertEqual(self.browser.run("return document.getElementById('here').ariaExpanded"), "true")
        self.enter("Carl")
        self.browser.see("4 here", "#here")
        self.go("Zoë", "nobody")
        until("they are named", lambda: self.names() == ["Ada (you)", "Bob", "Carl"])
        self.browser.hold(ESCAPE)
        self.browser.release(ESCAPE)
        self.assertFalse(self.is_visible("#people"))
        self.assertEqual(self.focused(), "here")

    def test_what_happens_while_the_list_is_on_its_way(self):
        def members(body):
            self.enter("Carl", "Dora")
            self.go("Bob", "Dora")
            return ["Ada", "Bob", "Dora"]
        self.gate.answers["Chat/Handler_Members"] = members
        self.join()
        until("the list has come", lambda: self.is_visible("#here"))
        self.assertEqual(self.names(), ["Ada (you)", "Carl"])
        self.assertEqual(self.browser.text("#here"), "2 here")

    def test_a_server_that_does_not_tell(self):
        missing = refuse("Remote function(Handler_Members) not found")
        for answer in (missing, lambda body: None, lambda body: {"0": "Bob"}):
            self.gate.answers["Chat/Handler_Members"] = answer
            self.open()
            self.join()
            until("it was asked", lambda: self.gate.said("Chat/Handler_Members"))
            self.say("hello")
            self.browser.see("hello")
            self.assertFalse(self.is_visible("#here"))
            self.assertFalse(self.is_visible("#alone"))

    def test_alone(self):
        self.gate.answers["Chat/Handler_Members"] = lambda body: ["Ada"]
        self.join()
        until("it says so", lambda: self.is_visible("#alone"))
        self.browser.see("You are alone here.", "#told")
        self.enter("Bob")
        until("somebody came", lambda: not self.is_visible("#alone"))
        self.go("Bob")
        until("he went", lambda: self.is_visible("#alone"))
        self.say("a message", "Ada")
        until("there is something to read", lambda: not self.is_visible("#alone"))

    def test_the_invite_link(self):
        self.browser.devtools("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        self.gate.answers["Chat/Handler_Members"] = lambda body: ["Ada"]
        room = "a b/ü#?&"
        self.join(room=room)
        until("it is offered", lambda: self.is_visible("#copy-first"))
        self.browser.click("#copy-first")
        self.browser.see("Link copied", "#copy-first")
        self.browser.see("Link copied", "#told")
        link = self.browser.run("return navigator.clipboard.readText()")
        self.assertEqual(link, self.value("#link"))
        self.assertEqual(self.browser.run("return location.hash"), "#" + link.split("#")[1])
        for button in ("#invite", "#copy"):
            self.browser.click(button)
            self.browser.see("Link copied", button)
        self.browser.see("Copy the link", "#copy-first")
        self.assertIn("#a%20b%2F%C3%BC%23%3F%26", link)
        self.browser.run("localStorage.clear()")
        self.browser.open("about:blank")
        self.browser.open(link)
        self.assertEqual((self.value("#room"), self.value("#name"), self.focused()), (room, "", "name"))

    def test_no_clipboard(self):
        self.join()
        self.browser.run("Object.defineProperty(navigator, 'clipboard', { value: undefined });"
                    "document.execCommand = () => false")
        self.browser.click("#invite")
        self.browser.see("Please copy the link", "#told")
        self.assertEqual(self.focused(), "link")
        self.assertEqual(self.browser.run("return getSelection().toString()"), self.value("#link"))

    def test_other_fragments(self):
        self.open("#%E0%A4%A")
        self.assertEqual(self.value("#room"), "%E0%A4%A")
        self.open("#<img src=x onerror=\"document.title='evil'\">")
        self.assertEqual(self.value("#room"), "<img src=x onerror=\"document.title='evil'\">")
        self.browser.run("location.hash = '#lobby'")
        until("the form follows", lambda: self.value("#room") == "lobby")
        self.join(room="lobby")
        self.browser.run("location.hash = '#kitchen'")
        until("it leaves for the other room", lambda: self.value("#room") == "kitchen" and self.is_visible("#join"))

    def test_one_spelling(self):
        self.fill_in("Zoe\u0308", "cafe\u0301")
        self.browser.see("Connected", "#state")
        self.assertEqual(self.gate.said("Login/Handler_Login")[0]["userName"], "Zoë")
        self.assertEqual(self.gate.said("Chat/Handler_JoinChat"), [{"roomName": "café"}])
        self.say("it is me", "Zoë", "café")
        self.browser.see("Zoë (you)")

    def test_several_lines(self):
        self.join()
        low = self.box("#say")["height"]
        self.browser.type("#say", f"one{SHIFT}{ENTER}{SHIFT}  two{SHIFT}{ENTER}{SHIFT}three")
        self.assertEqual(self.gate.said("Chat/Handler_Say"), [])
        self.assertGreater(self.box("#say")["height"], low + 30)
        self.browser.run("document.getElementById('say').value += '\\0\\x07\\ud800'")
        self.assertEqual(self.focused(), "say")
        self.browser.hold(ENTER)
        self.browser.release(ENTER)
        until("it is said", lambda: self.gate.said("Chat/Handler_Say"))
        self.assertEqual(self.gate.said("Chat/Handler_Say"), [{"roomName": "abc", "say": "one\n  two\nthree\ufffd"}])
        self.assertEqual(self.value("#say"), "")
        self.assertAlmostEqual(self.box("#say")["height"], low, delta=1)
        self.say("one\n  two\nthree")
        self.browser.see("three")
        self.say("one")
        self.until_shown(2, "#log .text")
        high, low = self.browser.run("return [...document.querySelectorAll('#log .text')].map(e => e.clientHeight)")
        self.assertAlmostEqual(high, 3 * low, delta=3)

    def test_blank_messages(self):
        self.join()
        self.browser.type("#say", f"  {SHIFT}{ENTER}{SHIFT} {ENTER}")
        self.browser.type("#say", "x" + ENTER)
        until("it is said", lambda: self.gate.said("Chat/Handler_Say"))
        self.assertEqual(self.gate.said("Chat/Handler_Say"), [{"roomName": "abc", "say": "x"}])
