"""--report-html and the command report: the page of a run, as a file and as a browser shows it.

The browser is Debian's Chromium, driven by selenium; scripts/setup.sh --browser installs both. Where they are missing its tests
are skipped.
"""

import json
import pathlib
import re
import shutil
import unittest

import h5py
import numpy as np

import support

try:
    from selenium import webdriver
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    MISSING = next((f"{name} is not installed" for name in ("chromium", "chromedriver") if not shutil.which(name)), "")
except ImportError:
    MISSING = "python3-selenium is not installed"

HOSTILE = [b"</script><img src=x onerror=alert(1)>.weight", b"<!--<script>.weight", b"\"'&{{data}}\\.weight",
           b"\xff\xfe bytes.weight", "\u202egnp\n.weight".encode()]
SHOWN = ["/</script><img src=x onerror=alert(1)>.weight", "/<!--<script>.weight", "/\"'&{{data}}\\.weight",
         "/\\xff\\xfe bytes.weight", "/\\u{202e}gnp\\u{a}.weight"]
SMALL = ("--n-bits", "2", "--granularity", "per_grouped_channel", "--group-size", "4")


def write_checkpoint(path):
    """Hostile names, 40 groups of which number 33 is the worst, a bias."""
    with h5py.File(path, "w") as file:
        for number, name in enumerate(HOSTILE):
            file[name] = support.rng(number).standard_normal((32 + 16 * number, 16)).astype("f4")
        values = support.rng(9).standard_normal((160, 64)).astype("f4")
        values[132:136] *= 20
        file["large.weight"] = values
        file["bias"] = support.rng(10).standard_normal(64).astype("f4")


def data_of(page):
    """The report in a page."""
    text = pathlib.Path(page).read_text()
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])


class Page(support.Case):
    def checkpoint(self):
        write_checkpoint(self.path("in.h5"))
        return self.path("in.h5")

    def detailed_report(self, *options):
        """The tensors of a report with details."""
        self.program("run", self.checkpoint(), self.path("out.h5"), *SMALL, "--report", self.path("r.json"),
                     "--report-detail", "--force", *options)
        return {tensor["path"]: tensor for tensor in json.loads(pathlib.Path(self.path("r.json")).read_text())["tensors"]}

    def test_a_page_needs_nothing_else(self):
        self.program("run", self.checkpoint(), self.path("out.h5"), *SMALL, "--report-html", self.path("p.html"))
        page = pathlib.Path(self.path("p.html")).read_text()
        markup = re.sub(r"<(script|style)\b[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
        self.assertEqual(re.findall(r"\b(?:src|href)\s*=\s*(\S+)", markup), ['"data:,">'])
        self.assertEqual(re.findall(r"@import|url\(", page), [])
        self.assertIn("default-src 'none'", markup)
        self.assertIn("Leon Sorokin", page)  # the library's licence

    def test_the_command_makes_the_same_page_of_the_report(self):
        self.program("run", self.checkpoint(), self.path("out.h5"), *SMALL, "--report-html", self.path("a.html"), "--report",
                     self.path("r.json"))
        self.program("report", self.path("r.json"), self.path("b.html"))
        self.assertEqual(support.sha256(self.path("a.html")), support.sha256(self.path("b.html")))
        data = data_of(self.path("a.html"))
        self.assertEqual((data["file_bytes_in"], data["file_bytes_out"]),
                         tuple(pathlib.Path(self.path(name)).stat().st_size for name in ("in.h5", "out.h5")))
        self.assertIn("describe", [stage["name"] for stage in data["profile"]["stages"]])

    def test_details_are_those_of_weights_and_palettes(self):
        tensor = self.detailed_report()["/large.weight"]
        detail = tensor["detail"]
        with h5py.File(self.path("in.h5")) as original, h5py.File(self.path("out.h5")) as palettized:
            weights = original["large.weight"][()].astype("f8")
            group = palettized["large.weight"]
            error = (weights - support.decode(group)) ** 2
            lut = group["lut"][()].astype("f8").reshape(40, 4)
        counts, _ = np.histogram(weights, 64)
        np.testing.assert_allclose(np.cumsum(detail["histogram"]), np.cumsum(counts), atol=2)
        self.assertEqual(sum(detail["histogram"]), weights.size)
        np.testing.assert_allclose([detail["low"], detail["high"]], [weights.min(), weights.max()], rtol=1e-6)
        by_group = error.reshape(40, -1).mean(axis=1)
        np.testing.assert_allclose(np.multiply(detail["strip_mse"], detail["mse_unit"]), by_group, atol=by_group.max() * 1e-4)
        groups = [group["group"] for group in detail["groups"]]
        self.assertIn(33, groups)
        self.assertEqual(groups[:16], list(range(16)))
        for group in detail["groups"]:
            np.testing.assert_allclose(np.multiply(group["lut"], detail["lut_unit"]), lut[group["group"]],
                                       atol=np.abs(lut).max() * 1e-5)

    def test_details_do_not_depend_on_threads(self):
        one, four = (self.detailed_report("--threads", threads) for threads in ("1", "4"))
        for path, tensor in one.items():
            self.assertEqual(tensor.get("detail"), four[path].get("detail"))

    def test_a_report_without_details_makes_a_page_too(self):
        for command in (("run", self.checkpoint(), self.path("out.h5")), ("plan", self.path("in.h5"))):
            self.program(*command, *SMALL, "--report", self.path("r.json"), "--force")
            self.program("report", self.path("r.json"), self.path("p.html"), "--force")
            tensors = data_of(self.path("p.html"))["tensors"]
            self.assertEqual(len(tensors), 7)
            self.assertFalse(any("detail" in tensor for tensor in tensors))

    def test_a_resumed_run_says_which_details_are_missing(self):
        run = ("run", self.checkpoint(), self.path("out.h5"), *SMALL, "--resume")
        self.refused(support.OUTPUT, ["No space"], *run, "--report", "/dev/full")
        self.program(*run, "--report-html", self.path("p.html"))
        for tensor in data_of(self.path("p.html"))["tensors"]:
            if tensor["action"] == "palettized":
                self.assertIsNone(tensor["detail"])
                self.assertIn("earlier run", tensor["detail_reason"])

    def test_files_are_replaced_with_force_only_and_never_others_of_the_command_line(self):
        path = self.checkpoint()
        page = self.write_text("p.html", "precious")
        run = ("run", path, self.path("out.h5"), *SMALL)
        self.refused(support.USAGE, [r"p\.html: exists", "force"], *run, "--report-html", page)
        for option in ("--report", "--trace"):
            self.refused(support.USAGE, [r"(--report-html|--trace) .*: is the file of --"], *run, option, self.path("x"), "--report-html",
                         self.path("x"), "--force")
        self.refused(support.USAGE, ["--report-html .*: is the input"], *run, "--report-html", path, "--force")
        self.refused(support.USAGE, ["--report-detail.*--report FILE"], *run, "--report-detail")
        self.assertEqual(pathlib.Path(page).read_text(), "precious")
        self.assert_folder_holds("in.h5", "p.html")
        self.program(*run, "--report-html", page, "--force", "--report", self.path("r.json"))
        self.refused(support.USAGE, [r"p\.html: exists", "force"], "report", self.path("r.json"), page)
        self.refused(support.USAGE, ["is the input"], "report", self.path("r.json"), self.path("r.json"), "--force")

    def test_where_the_page_fails_there_is_nothing(self):
        self.refused(support.OUTPUT, ["/dev/full", "No space"], "run", self.checkpoint(), self.path("out.h5"), *SMALL, "--report",
                     self.path("r.json"), "--report-html", "/dev/full")
        self.assert_folder_holds("in.h5")

    def test_what_is_no_report_is_refused(self):
        for text in ("", "{", "[]", '{"totals": {}, "tensors": [1]}'):
            path = self.write_text("r.json", text)
            self.refused(support.INPUT, [r"r\.json: no report"], "report", path, self.path("p.html"))
        self.refused(support.INPUT, ["absent.json: cannot be read: No such file"], "report", self.path("absent.json"),
                     self.path("p.html"))
        self.refused(support.INPUT, ["cannot be read"], "report", str(self.folder), self.path("p.html"))
        self.assert_folder_holds("r.json")

    def test_a_page_of_a_thousand_tensors_is_below_3_mb(self):
        with h5py.File(self.path("in.h5"), "w") as file:
            for number in range(1000):
                values = support.rng(number).standard_normal((130, 16)).astype("f4")
                file[f"model.decoder.layers.{number // 10}.self_attention.projection_{number % 10}.weight"] = values
        self.program("run", self.path("in.h5"), self.path("out.h5"), "--n-bits", "4", "--granularity", "per_grouped_channel",
                     "--group-size", "1", "--report-html", self.path("p.html"), "--quiet")
        self.assertLess(pathlib.Path(self.path("p.html")).stat().st_size, 3_000_000)


@unittest.skipIf(MISSING, MISSING + "; scripts/setup.sh --browser installs it")
class Browser(support.Case):
    @classmethod
    def setUpClass(cls):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for word in ("headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
                     "disable-component-update", "disable-sync", "disable-dev-shm-usage", "window-size=1400,1000"):
            options.add_argument("--" + word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        # Not the driver that selenium would fetch.
        cls.browser = webdriver.Chrome(options=options, service=webdriver.chrome.service.Service(shutil.which("chromedriver")))
        cls.addClassCleanup(cls.browser.quit)

    def open(self, page, theme="light"):
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                     {"features": [{"name": "prefers-color-scheme", "value": theme}]})
        self.browser.get(pathlib.Path(page).as_uri())
        self.addCleanup(lambda: self.assertEqual(self.browser.get_log("browser"), []))

    def page(self):
        write_checkpoint(self.path("in.h5"))
        self.program("run", self.path("in.h5"), self.path("out.h5"), *SMALL, "--report-html", self.path("p.html"))
        return self.path("p.html")

    def script(self, text, *arguments):
        return self.browser.execute_script(text, *arguments)

    def column(self, number):
        return self.script("return [...document.querySelectorAll('#rows tr')].map(row => row.cells[arguments[0]].textContent)",
                           number)

    def paths(self):
        return self.script("return [...document.querySelectorAll('#rows .path')].map(path => path.textContent)")

    def click_row(self, name):
        self.script("[...document.querySelectorAll('#rows tr')].find(row => row.textContent.includes(arguments[0])).click()", name)

    def selected(self):
        return self.script("return document.querySelector('#rows [aria-selected=true] .path').textContent")

    def colours(self, chart):
        """Of the pixels of a chart's canvas, each with where it is on average, in CSS pixels from the canvas' corner."""
        return self.script("""
            const canvas = document.querySelector(`#${arguments[0]} canvas`);
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const found = {};
            for (let at = 0; at < data.length; at += 4) {
                if (data[at + 3] < 250) continue;
                const all = found[`${data[at]},${data[at + 1]},${data[at + 2]}`] ??= [0, 0, 0];
                ++all[0];
                all[1] += at / 4 % canvas.width / devicePixelRatio;
                all[2] += Math.floor(at / 4 / canvas.width) / devicePixelRatio;
            }
            for (const all of Object.values(found)) { all[1] /= all[0]; all[2] /= all[0]; }
            return found;""", chart)

    def test_names_are_text(self):
        self.open(self.page())
        self.assertEqual(sorted(self.paths()), sorted([*SHOWN, "/large.weight", "/bias"]))
        self.assertEqual(self.script("return document.images.length"), 0)
        self.assertEqual(self.script("return document.scripts.length"), 3)
        for name in SHOWN:
            self.click_row(name)
            self.assertEqual(self.script("return document.querySelector('#detail h2').textContent"), name)
        self.assertEqual(self.script("return document.images.length"), 0)

    def test_every_column_sorts_both_ways(self):
        self.open(self.page())
        heads = self.browser.find_elements(By.CSS_SELECTOR, "#head button")
        units = {"B": 1, "KiB": 1024}

        def number(text):
            value, *unit = text.replace("\u2212", "-").split()
            return float(value) * units[unit[0]] if unit else float(value)

        for place, head in enumerate(heads):
            key = number if place else str
            for direction in ("ascending", "descending"):
                if self.script("return arguments[0].parentElement.getAttribute('aria-sort')", head) != direction:
                    head.click()
                self.assertEqual(self.script("return arguments[0].parentElement.getAttribute('aria-sort')", head), direction)
                shown = self.column(place) if place else self.paths()
                self.assertTrue(all(text == "\u2013" for text in shown[6:]) if place > 3 else len(shown) == 7)
                values = [key(text) for text in shown if text != "\u2013"]
                self.assertEqual(values, sorted(values, reverse=direction == "descending"), head.text)

    def test_the_filter_filters(self):
        self.open(self.page())
        field = self.browser.find_element(By.ID, "filter")
        for words, expected in (("LARGE", ["/large.weight"]), ("dense", ["/bias"]), ("float32 160", ["/large.weight"]),
                                ("nothing", [])):
            field.clear()
            field.send_keys(words)
            self.assertEqual(self.paths(), expected, words)
        self.assertEqual(self.script("return document.getElementById('count').textContent"), "0 of 7")

    def test_charts_are_drawn_in_both_themes(self):
        page = self.page()
        backs = {}
        for theme, bars in (("light", "157,180,211"), ("dark", "77,106,146")):
            self.open(page, theme)
            self.click_row("/large")
            self.browser.execute_async_script("setTimeout(arguments[0], 50)")
            for chart in ("histogram", "group-errors"):
                self.assertGreater(self.colours(chart).get(bars, [0])[0], 300, (theme, chart))
            backs[theme] = self.script("return getComputedStyle(document.body).backgroundColor")
        self.assertEqual(set(backs.values()), {"rgb(246, 247, 249)", "rgb(20, 23, 28)"})
        self.browser.find_element(By.ID, "theme").click()
        self.assertEqual(self.script("return getComputedStyle(document.body).backgroundColor"), backs["light"])
        self.browser.execute_async_script("setTimeout(arguments[0], 50)")
        self.assertGreater(self.colours("histogram").get("157,180,211", [0])[0], 300)
        stages = self.script("return document.getElementById('times').textContent")
        self.assertIn("describe", stages)

    def test_lut_entries_of_a_group_or_of_all(self):
        self.open(self.page())
        self.click_row("/large")
        choice = self.browser.find_element(By.CSS_SELECTOR, "#detail select")
        names = [option.text for option in choice.find_elements(By.TAG_NAME, "option")]
        self.assertEqual(names[:2], ["these 20 of 40 groups", "group 0"])
        self.assertIn("group 33, the worst", names)
        self.assertEqual(self.script("return arguments[0].selectedOptions[0].text", choice), "group 33, the worst")
        self.assertIn("the 4 values of the LUT", self.script("return document.getElementById('detail').textContent"))
        self.script("arguments[0].value = 'all'; arguments[0].dispatchEvent(new Event('change'))", choice)
        self.assertIn("the LUT entries of 20 groups", self.script("return document.getElementById('detail').textContent"))

    def test_a_click_on_a_point_selects_its_tensor(self):
        self.open(self.page())
        self.click_row("/\\xff")
        first = self.selected()
        self.browser.execute_async_script("setTimeout(arguments[0], 50)")
        ring = self.colours("map")["180,68,11"]
        self.assertGreater(ring[0], 20)
        self.click_row("/large")
        self.assertEqual(self.selected(), "/large.weight")
        canvas = self.browser.find_element(By.CSS_SELECTOR, "#map canvas")
        size = canvas.size
        ActionChains(self.browser).move_to_element_with_offset(
            canvas, round(ring[1] - size["width"] / 2), round(ring[2] - size["height"] / 2)).click().perform()
        self.assertEqual(self.selected(), first)

    def test_pages_with_little_in_them(self):
        write_checkpoint(self.path("in.h5"))
        self.program("plan", self.path("in.h5"), "--report", self.path("r.json"))
        self.program("report", self.path("r.json"), self.path("plan.html"))
        self.open(self.path("plan.html"))
        self.assertEqual(len(self.paths()), 7)
        self.click_row("/large")
        self.assertIn("--report-detail", self.script("return document.getElementById('detail').textContent"))
        for text in ('{"totals": {}, "tensors": []}',
                     '{"totals": 1, "profile": [], "threads": {}, "tensors": [{"path": "/a", "action": "palettized", "spec": [],'
                     ' "shape": 1, "mse": "x", "detail": {"histogram": 3}}], "warnings": 7}'.replace('"totals": 1', '"totals": {}')):
            self.program("report", self.write_text("r.json", text), self.path("odd.html"), "--force")
            self.open(self.path("odd.html"))
            self.assertIn(self.script("return document.getElementById('count').textContent"), ("0", "1"))


if __name__ == "__main__":
    if MISSING:
        print(f"the tests in a browser are skipped: {MISSING}; scripts/setup.sh --browser installs it")
    unittest.main()
