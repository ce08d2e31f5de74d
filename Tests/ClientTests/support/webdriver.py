"""As much of W3C WebDriver as the tests need, over urllib, driving Debian's headless chromium."""

import base64
import json
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

from .deadline import until
from .ports import free_port

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # W3C WebDriver §12.1: the key of an element reference


class WebDriverError(Exception):
    pass


def request(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    call = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(call, timeout=60) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise WebDriverError(json.load(error)["value"]["message"].splitlines()[0]) from None


class Driver:
    """One chromedriver process; browsers are opened from it."""

    def __init__(self):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.process = subprocess.Popen(
            ["chromedriver", "--port=" + self.url.rsplit(":", 1)[1]],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until("chromedriver answers", self._ready, 30)
        except BaseException:
            self.stop()
            raise

    def _ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"chromedriver ended with status {self.process.returncode}")
        try:
            return request("GET", self.url + "/status")["ready"]
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Browser:
    """One chromium with a fresh profile and one page."""

    def __init__(self, driver, width=1100, height=760, phone=False, dark=False):
        self.profile = tempfile.mkdtemp(prefix="client-tests-chromium-")
        options = {
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--disable-background-networking", "--disable-component-update", "--no-first-run",
                f"--user-data-dir={self.profile}", f"--window-size={width},{height}",
            ] + (["--force-dark-mode"] if dark else []),
        }
        if phone:
            options["mobileEmulation"] = {
                "deviceMetrics": {"width": width, "height": height, "pixelRatio": 2.0, "touch": True, "mobile": True}}
        self.session = None
        try:
            made = request("POST", driver.url + "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
            self.session = f"{driver.url}/session/{made['sessionId']}"
        except BaseException:
            self.close()
            raise

    def close(self):
        """May be called twice."""
        session, self.session = self.session, None
        try:
            if session:
                request("DELETE", session)
        finally:
            shutil.rmtree(self.profile, ignore_errors=True)

    def open(self, url):
        request("POST", self.session + "/url", {"url": url})

    def run(self, script, *arguments):
        """Runs JavaScript in the page; `return` gives its value back."""
        return request("POST", self.session + "/execute/sync", {"script": script, "args": list(arguments)})

    def _element(self, selector):
        found = request("POST", self.session + "/element", {"using": "css selector", "value": selector})
        return f"{self.session}/element/{found[ELEMENT]}"

    def type(self, selector, text):
        element = self._element(selector)
        request("POST", element + "/clear", {})
        request("POST", element + "/value", {"text": text})

    def click(self, selector):
        request("POST", self._element(selector) + "/click", {})

    def _act(self, source, kind, **action):
        request("POST", self.session + "/actions", {"actions": [{"id": source, "type": kind, "actions": [action]}]})

    def point(self, x, y):
        """Moves the mouse to a place of the view."""
        self._act("mouse", "pointer", type="pointerMove", duration=0, x=int(x), y=round(y), origin="viewport")

    def hold(self, key):
        """Presses a key, for the element that has the focus."""
        self._act("keyboard", "key", type="keyDown", value=key)

    def release(self, key):
        self._act("keyboard", "key", type="keyUp", value=key)

    def devtools(self, command, **parameters):
        """Runs a command of the Chrome DevTools Protocol."""
        return request("POST", self.session + "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def set_dark(self, is_dark):
        """What the page is told that the person prefers."""
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}])

    def resize(self, width, height, ratio=1.0):
        """Makes the view as large, in CSS pixels; `ratio`: dots for each."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=ratio,
                      mobile=False)

    def label(self, selector):
        """The name that a screen reader would read out."""
        return request("GET", self._element(selector) + "/computedlabel")

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.textContent ?? ''", selector)

    def see(self, text, selector="#log", seconds=20.0):
        """Waits until `text` stands in the element."""
        try:
            until(f"{text!r} in {selector}", lambda: text in self.text(selector), seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; it holds {self.text(selector)!r}") from None

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(request("GET", self.session + "/screenshot")))

    def log(self, kind):
        """What came into the log since the last reading: kind is `browser` (console) or `performance` (DevTools)."""
        return request("POST", self.session + "/se/log", {"type": kind})

    def requested_urls(self):
        """Every URL requested since the last reading, WebSockets included."""
        urls = []
        for entry in self.log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                urls.append(message["params"]["request"]["url"])
            elif message["method"] == "Network.webSocketCreated":
                urls.append(message["params"]["url"])
        return urls
