"""How the page looks: colours, small screens, light and dark; and what a screen reader gets."""

from support.deadline import until
from support.page import PageCase
from support.scripted import refuse

LIGHT_AND_DARK = (False, True)


class Looks(PageCase):
    def test_a_time_widens_no_bubble(self):
        self.join("Ada")
        for name in ("Bob", "Bob", "a very long name indeed, of many words"):
            self.say("Hi", name)
        self.until_shown(3, "#log .bubble")
        first, second, third = self.browser.run(
            "return [...document.querySelectorAll('#log .bubble')].map(e => e.getBoundingClientRect().width)")
        self.assertEqual((first, second), (second, third))
        self.assertEqual(self.browser.run("return document.querySelectorAll('#log .bubble time').length"), 0)
        widths = "return [...document.querySelectorAll('#log .who')].map(e => e.getBoundingClientRect().width > 1)"
        self.assertEqual(self.browser.run(widths), [True, False, True], "one name and time for what is said together")

    def test_colours_can_be_read(self):
        """All 360 of authors, as computed by the browser, on all grounds that they stand on, in both modes."""
        self.join()
        self.say("Hi")
        self.enter("Bob")
        self.until_shown(1, "#log .message")
        self.browser.click("#here")
        for dark in LIGHT_AND_DARK:
            self.browser.set_dark(dark)
            colours = self.browser.run("""
                const { paintHue } = await import('./chat/colour.js')
                const item = document.querySelector('#log .message')
                const colour = (node, property) => getComputedStyle(node)[property]
                const grounds = ['body', '#log .bubble', '.bar']
                  .map(selector => colour(document.querySelector(selector), 'backgroundColor'))
                const found = []
                for (let hue = 0; hue < 360; hue += 1) {
                  paintHue(item, hue)
                  const [author, avatar] = ['.author', '.avatar'].map(selector => item.querySelector(selector))
                  found.push([colour(author, 'color'), colour(avatar, 'backgroundColor')])
                }
                return { grounds, found, white: colour(item.querySelector('.avatar'), 'color') }""")
            self.assertEqual(len(colours["found"]), 360)
            for hue, (author, avatar) in enumerate(colours["found"]):
                for ground in colours["grounds"]:
                    self.assertGreaterEqual(contrast(author, ground), 4.5, f"hue {hue} on {ground}, dark: {dark}")
                self.assertGreaterEqual(contrast(avatar, colours["white"]), 4.5, f"hue {hue}, dark: {dark}")
            self.assertGreater(len({author for author, _ in colours["found"]}), 300, "they differ")

    def test_all_other_texts_can_be_read(self):
        self.gate.answers["Chat/Handler_Members"] = lambda body: ["Ada"]
        self.fill_in("", "abc")
        pairs = {"#name-error": ".card", ".card .hint": ".card", ".card label": ".card", "#enter": "#enter"}
        for dark in LIGHT_AND_DARK:
            self.assert_readable(pairs, dark)
        self.join()
        until("it says so", lambda: self.is_visible("#alone"))
        self.say("https://example.org/", "Ada")
        self.enter("Bob")
        self.until_shown(1, ".own .link")
        self.until_shown(1, ".event.join")
        pairs = {"#state": ".bar", ".self": ".bar", "#here": ".bar", ".own .link": ".own .bubble",
                 ".own .text": ".own .bubble", ".time": "body", ".event .line": "body", "#local": "body", "#send": "#send"}
        for dark in LIGHT_AND_DARK:
            self.assert_readable(pairs, dark)

    def assert_readable(self, pairs, dark):
        self.browser.set_dark(dark)
        for text, ground in pairs.items():
            colours = self.browser.run(
                "const [text, ground] = [...arguments].map(selector => getComputedStyle(document.querySelector(selector)));"
                "return [text.color, ground.backgroundColor]", text, ground)
            self.assertGreaterEqual(contrast(*colours), 4.5, f"{text} on {ground}, dark: {dark}")

    def test_one_bar_on_low_screens(self):
        self.gate.answers["Chat/Handler_Members"] = lambda body: ["Ada", "Bob"]
        self.join(room="a room with a rather long name")
        self.browser.see("2 here", "#here")
        for width, height in ((740, 340), (360, 340), (320, 256)):
            self.browser.resize(width, height)
            for state in ("joined", "waiting"):
                with self.subTest(width=width, height=height, state=state):
                    if state == "waiting":
                        self.gate.connack = 3
                        self.gate.hang_up()
                        self.browser.see("Reconnecting", "#state")
                    bar = self.box(".bar")
                    self.assertLessEqual(bar["height"], 52)
                    self.assertEqual(self.box("main")["top"], bar["bottom"] if not self.is_visible("#error") else
                                     self.box("#error")["bottom"])
                    self.assertGreater(self.box("#scroller")["height"], 0.5 * height)
                    self.assertLessEqual(self.box("#send")["bottom"], height)
                    self.assert_in_a_row(bar, "#here" if state == "joined" else "#retry", "#leave")
                    self.assert_fits()
            self.gate.connack = 0
            self.browser.run("document.getElementById('retry').click()")
            self.browser.see("Connected", "#state")

    def test_two_bars_fit_on_a_phone(self):
        self.gate.answers["Chat/Handler_Members"] = lambda body: ["Bob"]
        self.browser.resize(360, 640)
        self.join("a name that is rather long as well", "a room with a rather long name")
        self.browser.see("2 here", "#here")
        self.assert_in_a_row(self.box(".bar"), "#title", "#here", "#invite", "#leave")
        self.assert_fits()
        self.gate.connack = 3
        self.gate.hang_up()
        self.browser.see("Reconnecting", "#state")
        self.assert_in_a_row(self.box(".bar"), "#state", "#retry")
        self.assert_in_a_row(self.box(".bar"), "#title", "#here", "#invite", "#leave")
        self.assert_fits()

    def assert_in_a_row(self, bar, *selectors):
        """They stand in the bar, one behind the other."""
        end = bar["left"]
        for selector in selectors:
            box = self.box(selector)
            self.assertGreater(box["width"], 30, selector)
            self.assertTrue(end <= box["left"] and box["right"] <= bar["right"], (selector, end, box))
            self.assertTrue(bar["top"] <= box["top"] and box["bottom"] <= bar["bottom"], (selector, box))
            end = box["right"]

    def test_the_form_on_a_low_screen(self):
        self.browser.resize(360, 256)
        self.gate.answers["Login/Handler_Login"] = refuse("wrong user name or password")
        self.fill_in()
        until("the password is asked for", lambda: self.focused() == "password")
        self.assertLessEqual(self.box("#password-error")["bottom"], 256, "what is wrong can be read")
        self.browser.run("document.getElementById('enter').scrollIntoView()")
        self.assertLessEqual(self.box("#enter")["bottom"], 256, "one can get to the button")
        self.browser.run("document.getElementById('name').scrollIntoView()")
        self.assertGreaterEqual(self.box("#name")["top"], 0)

    def test_for_screen_readers(self):
        self.gate.answers["Chat/Handler_Members"] = lambda body: ["Ada", "Bob"]
        roles = "return ['error', 'told', 'state', 'log'].map(id => document.getElementById(id).role)"
        self.assertEqual(self.browser.run(roles), ["alert", "status", "status", "log"])
        described = ("return ['name', 'room', 'password']"
                     ".map(id => document.getElementById(id).getAttribute('aria-describedby'))")
        self.assertEqual(self.browser.run(described), ["name-error", "room-error", "password-error"])
        self.join()
        self.browser.see("2 here", "#here")
        self.browser.resize(700, 640)
        self.browser.run("document.getElementById('people').hidden || document.getElementById('here').click()")
        self.browser.click("#here")
        labels = {"#say": "Message", "#here": "2 here", "#people": "In this room", "#link": "Invite link", "#scroller": "#abc"}
        self.assertEqual({selector: self.browser.label(selector) for selector in labels}, labels)
        self.say("Hi")
        self.say("and another")
        self.until_shown(2, "#log .message")
        names = ("return [...document.querySelectorAll('#log .who')]"
                 ".map(e => e.checkVisibility() && e.textContent.includes('Bob'))")
        self.assertEqual(self.browser.run(names), [True, True], "each message says whose it is")



def contrast(one, other):
    """WCAG 2.2's contrast ratio of two colours as the browser computes them, rgb(r, g, b)."""
    def luminance(colour):
        assert colour.startswith("rgb("), colour
        channels = [int(part) / 255 for part in colour[4:-1].split(",")]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
