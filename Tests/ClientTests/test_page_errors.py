"""The page's errors and passwords: the person reads a sentence, at the field that it is about."""

from support.deadline import until
from support.page import ENTER, PageCase
from support.scripted import refuse


class Errors(PageCase):
    def test_the_servers_errors_lead_to_their_field(self):
        for route, text, field, shown in (
                ("Login/Handler_Login", "userName is longer than 128 bytes", "name", "This name is too long."),
                ("Login/Handler_Login", "userName holds a control character", "name", "This name cannot be used here."),
                ("Login/Handler_Login", "Ada is logged in elsewhere", "name", "Somebody with this name is here"),
                ("Chat/Handler_JoinChat", "roomName is longer than 128 bytes", "room", "The name of this room is too"),
                ("Chat/Handler_JoinChat", "roomName cannot be nil", "room", "This room cannot be used.")):
            with self.subTest(text):
                working = self.gate.answers[route]
                self.gate.answers[route] = refuse(text)
                self.fill_in()
                self.browser.see(shown, f"#{field}-error")
                until("its field has the focus", lambda: self.focused() == field)
                invalid = self.browser.run("return document.getElementById(arguments[0]).ariaInvalid", field)
                self.assertEqual(invalid, "true")
                self.assertFalse(self.is_visible("#error"))
                self.assertFalse(self.is_visible("#password-row"), "it is not about a password")
                self.browser.type(f"#{field}", "x")
                self.assertFalse(self.is_visible(f"#{field}-error"), "it goes as soon as one types")
                self.gate.answers[route] = working

    def test_errors_about_no_field(self):
        for route, text, shown in (
                ("Login/Handler_Login", "Service(type:Login) not found", "A part of the server is not running (Login)"),
                ("Login/Handler_Login", "Login is overloaded", "The server is busy."),
                ("Login/Handler_Login", "too many requests", "That was too much at once."),
                ("Login/Handler_Login", "too many failed logins, try again in 7 s", "Please try again in 7 s."),
                ("Login/Handler_Login", "accounts are not available, try again later", "cannot let anybody in now."),
                ("Chat/Handler_JoinChat", "Chat did not answer in time", "The server is busy."),
                ("Chat/Handler_JoinChat", "this node is shutting down", "The server is shutting down."),
                ("Chat/Handler_JoinChat", "<b>closed</b> on Mondays", "The server answered: <b>closed</b> on Mondays")):
            with self.subTest(text):
                working = self.gate.answers[route]
                self.gate.answers[route] = refuse(text)
                self.fill_in()
                self.browser.see(shown, "#error")
                until("one can try again", lambda: self.focused() == "enter")
                self.assertFalse(self.is_visible("#password-row"))
                self.gate.answers[route] = working

    def test_what_cannot_be_sent_is_told_at_once(self):
        for name, room, field, shown in (
                ("", "abc", "name", "Please type your name."), ("  ", "abc", "name", "Please type your name."),
                ("Ada", " ", "room", "Please type the name of a room."),
                ("\u202eadA", "abc", "name", "characters that nobody sees"),
                ("é" * 65, "abc", "name", "This name is too long."), ("Ada", "é" * 65, "room", "is too long.")):
            with self.subTest(name + room):
                # Not typed: the page's own fields take 40 characters.
                self.browser.run("document.getElementById('name').value = arguments[0];"
                            "document.getElementById('room').value = arguments[1]", name, room)
                self.browser.click("#enter")
                self.browser.see(shown, f"#{field}-error")
                self.assertEqual(self.focused(), field)
                self.assertEqual(self.gate.calls, [])

    def test_a_message_that_is_refused_comes_back(self):
        self.join()
        self.gate.answers["Chat/Handler_Say"] = refuse("too many requests")
        self.browser.type("#say", "hello" + ENTER)
        self.browser.see("Not sent: That was too much at once.", "#error")
        self.assertEqual(self.value("#say"), "hello")

    def test_a_server_that_forgot_the_session(self):
        self.join()
        joins = len(self.gate.said("Chat/Handler_JoinChat"))
        self.gate.answers["Chat/Handler_Say"] = refuse("You haven't been in the room yet")
        self.browser.type("#say", "hello" + ENTER)
        self.browser.see("Not sent:", "#error")
        until("the page joins again", lambda: len(self.gate.said("Chat/Handler_JoinChat")) > joins)

    def test_the_connection_is_refused(self):
        self.gate.connack = 5
        self.fill_in()
        self.browser.see("The server accepts no connection from this page.", "#error")
        self.browser.see("Not connected", "#state")
        self.gate.connack = 3
        self.fill_in()
        self.browser.see("The server is not ready yet", "#error")
        self.browser.see("Reconnecting", "#state")
        self.gate.connack = 0
        self.browser.click("#retry")
        self.browser.see("Connected", "#state")

    def test_the_end_has_a_reason(self):
        for reason, shown in (("the user logged in elsewhere", "You logged in somewhere else"),
                              ("<b>maintenance</b>", "The server signed you out: <b>maintenance</b>.")):
            with self.subTest(reason):
                self.join()
                self.gate.push("Gate/OnKick", {"reason": reason})
                self.browser.see(shown, "#error")
                self.browser.see("Not connected", "#state")



class Passwords(PageCase):
    def ask(self, text="wrong user name or password"):
        def login(body):
            return "login success" if body["passWord"] == "secret" else refuse(text)(body)
        self.gate.answers["Login/Handler_Login"] = login

    def test_it_is_asked_for_where_the_server_asks(self):
        self.assertFalse(self.is_visible("#password-row"))
        self.ask()
        self.fill_in()
        self.browser.see("This server asks for a password.", "#password-error")
        until("one can type it", lambda: self.focused() == "password")
        self.assertEqual(self.gate.said("Login/Handler_Login"), [{"userName": "Ada", "passWord": ""}])
        self.browser.click("#enter")
        self.browser.see("Please type your password.", "#password-error")
        self.browser.type("#password", "guess" + ENTER)
        self.browser.see("Name or password is wrong.", "#password-error")
        until("the field has the focus", lambda: self.focused() == "password")
        self.browser.type("#password", "secret" + ENTER)
        self.browser.see("Connected", "#state")
        self.assertEqual([body["passWord"] for body in self.gate.said("Login/Handler_Login")], ["", "guess", "secret"])

        # It logs in by itself after the connection was lost, and is kept nowhere.
        self.gate.hang_up()
        until("the page logs in again", lambda: len(self.gate.said("Login/Handler_Login")) == 4)
        self.assertEqual(self.gate.said("Login/Handler_Login")[3]["passWord"], "secret")
        self.browser.see("Connected", "#state")
        self.assertNotIn("secret", self.browser.run("return JSON.stringify({...localStorage}) + location.href"))
        self.open()
        self.assertTrue(self.is_visible("#password-row"), "the next visit asks at once")
        self.assertEqual((self.value("#password"), self.focused()), ("", "password"))
        del self.gate.answers["Login/Handler_Login"]
        self.gate.answers["Login/Handler_Login"] = lambda body: "login success"
        self.browser.click("#enter")
        self.browser.see("Connected", "#state")
        self.open()
        self.assertFalse(self.is_visible("#password-row"), "this server asks no more")

    def test_whatever_the_servers_words_are(self):
        for text in ("userName or passWord cannot be nil", "Wrong user name or password", "access denied", "no"):
            with self.subTest(text):
                self.open()
                self.browser.run("localStorage.clear()")
                self.open()
                self.ask(text)
                self.fill_in()
                self.browser.see("This server asks for a password.", "#password-error")

    def test_other_answers(self):
        self.ask("this account is <b>locked</b>")
        self.fill_in()
        until("one can type it", lambda: self.focused() == "password")
        self.browser.type("#password", "guess" + ENTER)
        self.browser.see("You were not let in. The server answered: this account is <b>locked</b>", "#password-error")

    def test_a_password_that_cannot_be_one(self):
        self.ask("passWord is longer than 1024 bytes")
        self.fill_in()
        self.browser.see("This password is too long.", "#password-error")

    def test_it_changed_while_the_connection_was_lost(self):
        self.ask()
        self.fill_in()
        until("one can type it", lambda: self.focused() == "password")
        self.browser.type("#password", "secret" + ENTER)
        self.browser.see("Connected", "#state")
        self.gate.answers["Login/Handler_Login"] = refuse("wrong user name or password")
        before = len(self.gate.said("Login/Handler_Login"))
        self.gate.hang_up()
        self.browser.see("Name or password is wrong.", "#password-error")
        self.browser.see("Not connected", "#state")
        self.assertEqual(len(self.gate.said("Login/Handler_Login")), before + 1, "it does not guess on")

    def test_to_see_it(self):
        self.ask()
        self.fill_in()
        until("one can type it", lambda: self.focused() == "password")
        kind = "return document.getElementById('password').type"
        self.browser.type("#password", "secret")
        self.assertEqual((self.browser.label("#password"), self.browser.label("#show")), ("Password", "Show password"))
        self.assertEqual(self.browser.run(kind), "password")
        self.browser.click("#show")
        self.assertEqual((self.browser.run(kind), self.browser.label("#show")), ("text", "Hide password"))
        self.browser.click("#enter")
        self.browser.see("Connected", "#state")
        self.assertEqual(self.browser.run(kind), "password", "it is hidden before it is sent")

    def test_password_managers(self):
        kinds = "return ['name', 'room', 'password'].map(id => document.getElementById(id).autocomplete)"
        self.assertEqual(self.browser.run(kinds), ["username", "off", "current-password"])
