"""The page and what other people can send to it: markup, names and links that deceive, crowds and floods."""

import json

from support import packets
from support.deadline import until
from support.page import ENTER, PageCase


class Hostile(PageCase):
    MARKUP = "<img src=x onerror=\"document.title='evil'\"><script>document.title='evil'</script>"

    def test_names(self):
        self.browser.resize(360, 640)
        self.join()
        for name, shown in (
                (self.MARKUP, self.MARKUP), ("\u202eadA", "\ufffdadA"), ("Ad\u200ba", "Ad\ufffda"),
                ("Ada\u2069\u202e", "Ada\ufffd\ufffd"), ("\u3164", "\ufffd"), ("a\nb\tc", "a\ufffdb\ufffdc"),
                *((name, name) for name in ("שלום", "\U0001f469\u200d\U0001f680", "w" * 120, "Z" + "\u0310" * 60, ""))):
            with self.subTest(name=name[:20]):
                self.enter(name)
                self.say("hello", name)
                until("it says who", lambda: self.browser.run(
                    "return [...document.querySelectorAll('#log .author bdi')].pop()?.textContent === arguments[0]",
                    shown))
                event = ("const event = [...document.querySelectorAll('.event bdi')].pop();"
                         "return [event.textContent, getComputedStyle(event).unicodeBidi]")
                self.assertEqual(self.browser.run(event), [shown, "isolate"])
                self.assert_fits()
        self.gate.answers["Chat/Handler_Members"] = lambda body: [self.MARKUP, "\u202eadA", "w" * 120, 7, None]
        self.browser.click("#here")
        until("they are listed", lambda: set(self.browser.run(
            "return [...document.querySelectorAll('#members bdi')].map(e => e.textContent)")) ==
            {"Ada", self.MARKUP, "\ufffdadA", "w" * 120, "7", "null"})
        self.assert_fits()
        self.assertEqual(self.browser.run("return document.querySelectorAll('main img, main script').length"), 0)
        self.assertEqual(self.browser.run("return document.title"), "#\u2068abc\u2069 – mqant chat")

    def test_what_the_policy_forbids(self):
        """Were there a hole after all: no script in the page, no picture of another host."""
        self.join()
        self.browser.run("""
            const script = document.createElement('script')
            script.textContent = "document.title = 'evil'"
            document.body.append(script)
            document.body.insertAdjacentHTML('beforeend', `<img src="http://127.0.0.2/" onerror="document.title = 'evil'">`)
            """)
        messages = [entry["message"] for entry in self.browser.log("browser")]
        refused = [text for text in messages if "Content Security Policy" in text]
        for directive in ("script-src", "img-src"):
            self.assertTrue(any(directive in text for text in refused), (directive, refused))
        self.assertNotIn("evil", self.browser.run("return document.title"))

    def test_payloads_that_are_none(self):
        self.join()
        for body in (None, 1, "x", [], {}, {"roomName": "abc"}, {"roomName": "abc", "userName": {}, "say": []},
                     {"roomName": "other", "userName": "Bob", "say": "not here"}):
            self.gate.push("Chat/OnSay", body)
        self.gate.push("constructor", {"roomName": "abc", "userName": "Bob"})
        self.gate.send(packets.publish("Chat/OnSay", b"\xff{"))
        self.say("still here")
        self.browser.see("still here")
        self.assertNotIn("not here", self.browser.text("#log"))

    def test_links(self):
        self.join()
        for text, links in (
                ("see https://example.org/a?b=c#d.", ["https://example.org/a?b=c#d"]),
                ("(http://example.org/x_(y)), HTTPS://EXAMPLE.ORG!",
                 ["http://example.org/x_(y)", "https://example.org/"]),
                ("https://аррӏе.example/", ["https://xn--80ak6aa92e.example/"]),
                ("https://example.org/\u202egpj.exe", ["https://example.org/"]),
                ("https://example.org/\"onmouseover=\"document.title='evil'", ["https://example.org/"]),
                ("javascript:document.title='evil' JAVASCRIPT:1 data:text/html,x vbscript:x file:///etc/passwd", []),
                ("<a href=\"javascript:1\">x</a> xhttps://example.org https:// http://[bad https://%zz/", []),
                ("https://bank.example@evil.example/ https://a:b@evil.example/", []),
                ("https://example.org/" + "a" * 2000, []),
                (" ".join(["https://example.org/"] * 50), ["https://example.org/"] * 20),
                (self.MARKUP, [])):
            with self.subTest(text=text[:40]):
                self.say(text)
                until("it is shown as it was written", lambda: self.browser.run(
                    "return [...document.querySelectorAll('#log .text')].pop()?.textContent === arguments[0]", text))
                found = self.browser.run("const last = [...document.querySelectorAll('#log .text')].pop();"
                                         "return [...last.querySelectorAll('a')].map(a => [a.href, a.title, a.rel, a.target])")
                self.assertEqual(found, [[link, link, "noopener noreferrer", "_blank"] for link in links])
        self.assertEqual(self.browser.run("return document.querySelectorAll('main img, main script').length"), 0)
        self.assertNotIn("evil", self.browser.run("return document.title"))

    def test_very_long_messages(self):
        self.browser.resize(360, 640)
        self.join()
        for text in ("w" * 60_000, "\n" * 60_000, "a b " * 15_000, "https://example.org/" + "w" * 1900,
                     "\U0001f600" * 10_000):
            with self.subTest(text=text[:20]):
                shown = self.browser.run("return document.querySelectorAll('#log .text').length")
                self.say(text)
                self.until_shown(shown + 1, "#log .text")
                length, lines = self.browser.run(
                    "const shown = [...document.querySelectorAll('#log .text')].pop().textContent;"
                    "return [shown.length, shown.split('\\n').length]")
                self.assertLessEqual(length, 4010)
                self.assertLessEqual(lines, 60)
                self.assert_fits()

    def test_ten_thousand_messages(self):
        self.join()
        self.gate.send(b"".join(packets.publish("Chat/OnSay", json.dumps(
            {"roomName": "abc", "userName": "Bob", "say": f"message {number}"})) for number in range(10_000)))
        self.browser.see("message 9999")
        self.until_shown(500, "#log > li")
        self.assertLess(self.browser.run("return document.querySelectorAll('*').length"), 6000)
        self.assertTrue(self.browser.run("return !document.querySelector('#log > li').classList.contains('follows')"),
                        "the first one says whose it is")
        self.browser.type("#say", "I am here" + ENTER)
        until("the page works on", lambda: self.gate.said("Chat/Handler_Say"))

    def test_ten_thousand_people(self):
        self.gate.answers["Chat/Handler_Members"] = lambda body: ["Ada"]
        self.join()
        self.browser.see("1 here", "#here")
        for topic, left in (("Chat/OnJoin", "10001 here"), ("Chat/OnLeave", "1 here")):
            self.gate.send(b"".join(packets.publish(topic, json.dumps(
                {"roomName": "abc", "userName": f"user {number}"})) for number in range(10_000)))
            self.browser.see(left, "#here")
            if topic == "Chat/OnJoin":
                self.until_shown(200, "#members > li")
                self.browser.see("and 9801 more", "#more")
        self.until_shown(500, "#log > li")
