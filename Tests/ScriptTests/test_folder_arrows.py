"""scripts/folder-arrows, with targets made for it."""

import pathlib
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/folder-arrows"

LAYERS = {
    "Low/Stone.swift": "package struct Stone {}\n",
    "High/Wall.swift": "package final class Wall {\n    var stones: [Stone] = []\n}\n",
    "Castle.swift": "@MainActor\npublic struct Castle {\n    let wall: Wall\n}\n",
}


class FolderArrows(unittest.TestCase):
    def run_with(self, files, *options):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return subprocess.run([SCRIPT, *options, folder], capture_output=True, text=True, check=False)

    def assert_circle(self, files, *lines):
        result = self.run_with({**LAYERS, **files})
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("a circle of", result.stdout)
        for line in lines:
            self.assertIn(line, result.stdout)

    def assert_layers(self, files):
        result = self.run_with({**LAYERS, **files})
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_layers_are_shown_lowest_first(self):
        result = self.run_with(LAYERS)
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stdout.splitlines()[1:], ["  Low", "  High -> Low", "  . -> High"])
        self.assertIn("  High -> Low: Stone\n", self.run_with(LAYERS, "-v").stdout)

    def test_a_planted_circle_is_found(self):
        self.assert_circle(
            {"Low/Mason.swift": "func build(_ wall: Wall) {}\n"}, "circle of High, Low\n", "  High -> Low: Stone", "  Low -> High: Wall")

    def test_a_circle_by_way_of_files_beside_the_folders(self):
        self.assert_circle({"Low/King.swift": "let home: Castle? = nil\n"}, "circle of ., High, Low", "  Low -> .: Castle")

    def test_an_extension_names_its_type(self):
        self.assert_circle({"Low/Wall+Stones.swift": "extension Wall {\n    var count: Int { 1 }\n}\n"})

    def test_an_interpolation_is_code(self):
        self.assert_circle({"Low/Text.swift": 'let text = "a \\(f(")", Wall()) + "b")"\n'})

    def test_comments_and_strings_are_no_code(self):
        self.assert_layers({"Low/Text.swift": (
            "/// Part of a Wall.\n/* Wall /* Wall */ Wall */\nlet url = \"https://Wall\\\" Wall\"\n"
            "let raw = #\"a \" Wall \\(Wall)\"#\nlet long = \"\"\"\n    a \"Wall\" Wall\n    \"\"\"\n")})

    def test_members_and_private_types_are_of_their_file(self):
        self.assert_layers({
            "Low/Brick.swift": "struct Brick {\n    let kind = Kind.Wall\n}\n",
            "High/Own.swift": "private struct Helper {}\nfileprivate enum Other {}\n",
            "Low/Own.swift": "private struct Helper {}\nlet helper = Helper()\n"})

    def test_a_folder_without_swift_is_an_error(self):
        result = self.run_with({"README.md": "Stone"})
        self.assertEqual(result.returncode, 1)
        self.assertIn("no Swift files", result.stderr)

    def test_the_targets_of_the_repository_are_layers(self):
        result = subprocess.run([SCRIPT], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("Sources/RabbitMQ: layers", result.stdout)


if __name__ == "__main__":
    unittest.main()
