"""JupyterLab with this kernel in a headless browser: what a user sees while cells run and afterwards.

With PERTURBOOK_SCREENSHOTS set to a folder, pictures are left there, in the light and in the dark theme.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from contextlib import ExitStack
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import TimeoutError as Late
from playwright.sync_api import sync_playwright

TOUR = Path(__file__).parents[3] / "notebooks/00_tour.ipynb"

BAR = """for i in progress("steps", 0..40) {
    std::thread::sleep(std::time::Duration::from_millis(100));
}"""
CURVE = """let mut loss = Live::new(Trace::new("Training", "epoch", "loss"));
for epoch in progress("epochs", 1..=30) {
    loss.change(|t| t.push("train", f64::from(epoch), 1.0 / f64::from(epoch)));
    std::thread::sleep(std::time::Duration::from_millis(100));
}"""
KEPT = """let mut bar = perturbook::live::Bar::new("batches", Some(20));
for _ in 0..15 {
    bar.advance(1);
}"""
PANIC = 'let missing: Option<u8> = None;\nmissing.expect("a gene of this name");'
NEVER = 'println!("never");'

# Milliseconds that a page, a kernel or a cell may take.
PATIENCE = 180_000

# What the page says about the notebook on it; `i` counts the code cells.
BOOK = """
window.book = {
    panel: () => jupyterapp.shell.currentWidget,
    idle: () => book.panel()?.sessionContext?.session?.kernel?.status === "idle",
    scroller: () => book.panel().node.querySelector(".jp-WindowedPanel-outer"),
    cells: () => [...book.panel().node.querySelectorAll(".jp-CodeCell")],
    prompt: (i) => book.cells()[i].querySelector(".jp-InputPrompt").textContent,
    runs: (i) => book.prompt(i) === "[*]:",
    counted: (i) => /^\\[\\d+\\]:$/.test(book.prompt(i)),
    outputs: (i) => book.panel().content.widgets.filter((w) => w.model.type === "code")[i].model.outputs.toJSON(),
    failed: (i) => book.outputs(i).some((output) => output.output_type === "error"),
    bar: (i) => book.cells()[i].querySelector("progress"),
    tables: (i) => book.cells()[i].querySelectorAll(".jp-RenderedHTMLCommon table"),
    figures: (i) => [...book.cells()[i].querySelectorAll(".jp-RenderedSVG img")],
    drawn: (figure) => figure.complete && figure.naturalWidth > 0,
};
// What is on show at every frame of the page, while cells run.
window.film = [];
window.record = () => {
    const frame = () => {
        film.push(book.cells().map((cell, i) => ({
            runs: book.runs(i),
            bar: book.bar(i) && book.bar(i).value / book.bar(i).max,
            figure: book.figures(i)[0]?.src,
            height: cell.offsetHeight,
        })));
        requestAnimationFrame(frame);
    };
    frame();
};
"""


class Lab:
    """A server of its own, without the user's settings, workspaces, extensions and notebooks."""

    def __init__(self, folder):
        self.folder = folder
        self.log = folder / "lab.log"
        self.notebooks = folder / "notebooks"
        self.notebooks.mkdir()
        overrides = folder / "config/labconfig/default_setting_overrides.json"
        overrides.parent.mkdir(parents=True)
        quiet = {"checkForUpdates": False, "fetchNews": "false"}
        overrides.write_text(json.dumps({"@jupyterlab/apputils-extension:notification": quiet}))
        own = {f"JUPYTER_{name.upper()}_DIR": str(folder / name) for name in ("config", "data", "runtime")}
        kept = {k: v for k, v in os.environ.items() if k == "JUPYTER_PATH" or not k.startswith("JUPYTER")}
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": 0,
            "ServerApp.root_dir": self.notebooks,
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": True,
            "LabApp.core_mode": True,
            "LabApp.expose_app_in_browser": True,
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())],
                env=kept | own | {"PERTURBOOK_OFFLINE": "1"},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def address(self):
        """Where it listens and its token, as soon as it says so."""
        deadline = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < deadline and self.process.poll() is None:
            for path in (self.folder / "runtime").glob("jpserver-*.json"):
                try:
                    server = json.loads(path.read_text())
                    return server["url"], server["token"]
                except ValueError:
                    pass  # half written
            time.sleep(0.1)
        raise AssertionError(f"JupyterLab did not start: {self.log.read_text(errors='replace')}")

    def stop(self):
        """Ends the server, and the kernels with it."""
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Browsed(unittest.TestCase):
    """A notebook open in a browser."""

    @classmethod
    def open(cls, name):
        """Opens the notebook of this name, which `cls.write` makes, and waits for its kernel."""
        with ExitStack() as stack:
            lab = Lab(Path(stack.enter_context(tempfile.TemporaryDirectory())))
            stack.callback(lab.stop)
            cls.path = lab.notebooks / name
            cls.write(cls.path)
            browser = stack.enter_context(sync_playwright()).chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            stack.callback(browser.close)
            cls.page = browser.new_page(viewport={"width": 1280, "height": 900})
            cls.page.set_default_timeout(PATIENCE)
            cls.complaints = []
            cls.page.on("pageerror", lambda error: cls.complaints.append(str(error)))
            cls.page.on("console", lambda m: cls.complaints.append(m.text) if m.type == "error" else None)
            cls.page.add_init_script(BOOK)
            url, token = lab.address()
            cls.page.goto(f"{url}lab/tree/{name}?token={token}")
            cls.until("window.jupyterapp && book.idle()")
            cls.addClassCleanup(stack.pop_all().close)

    @classmethod
    def until(cls, condition):
        cls.page.wait_for_function(condition)

    @classmethod
    def command(cls, name, **arguments):
        """Executes a command of JupyterLab, and waits for its end."""
        cls.page.evaluate("([name, args]) => jupyterapp.commands.execute(name, args).then(() => {})", [name, arguments])

    @classmethod
    def shoot(cls, name):
        folder = os.environ.get("PERTURBOOK_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            cls.page.screenshot(path=Path(folder) / f"{name}.png")

    @classmethod
    def shoot_whole(cls, name):
        """The notebook from top to bottom, a picture for each screen of it, in both themes."""
        for theme in ("Dark", "Light") if os.environ.get("PERTURBOOK_SCREENSHOTS") else ():
            cls.command("apputils:change-theme", theme=f"JupyterLab {theme}")
            cls.until(f"document.body.dataset.jpThemeName === 'JupyterLab {theme}'")
            cls.until("!document.querySelector('#jupyterlab-splash')")
            height, screen = cls.page.evaluate("[book.scroller().scrollHeight, book.scroller().clientHeight]")
            for i, top in enumerate(range(0, height, screen - 40)):
                cls.page.evaluate("(top) => { book.scroller().scrollTop = top; }", top)
                cls.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
                cls.shoot(f"{name}_{theme.lower()}_{i:02}")

    def stored(self):
        """The code cells of the notebook as JupyterLab saves it."""
        self.command("docmanager:save")
        notebook = nbformat.read(self.path, as_version=4)
        nbformat.validate(notebook)
        return [cell for cell in notebook.cells if cell.cell_type == "code"]


class Tour(Browsed):
    @classmethod
    def write(cls, path):
        # Without the outputs it is stored with: those here come from the kernel.
        tour = nbformat.read(TOUR, as_version=4)
        for cell in tour.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(tour, path)

    @classmethod
    def setUpClass(cls):
        cls.open(TOUR.name)
        begun = time.monotonic()
        cls.command("runmenu:run-all")
        cls.until("book.cells().every((_, i) => book.counted(i) || book.failed(i))")
        print(f"the tour takes {time.monotonic() - begun:.1f} s", file=sys.stderr)
        cls.shoot_whole("tour")

    def shown(self):
        """For each code cell the numbers of figures and tables that the kernel sent, and those on the page."""
        sent = []
        for cell in self.stored():
            bundles = [output.get("data", {}) for output in cell.outputs]
            figures = [bundle for bundle in bundles if "image/svg+xml" in bundle]
            tables = [bundle for bundle in bundles if "<table" in bundle.get("text/html", "")]
            sent.append([len(figures), len(tables)])
        # On a busy machine the last cells come onto the page after the others.
        self.until(f"book.cells().length === {len(sent)}")
        self.until("book.cells().every((_, i) => book.figures(i).every(book.drawn))")
        count = "book.cells().map((_, i) => [book.figures(i).filter(book.drawn).length, book.tables(i).length])"
        return sent, self.page.evaluate(count)

    def test_every_cell_runs_without_an_error(self):
        cells = self.stored()
        self.assertEqual([cell.execution_count for cell in cells], list(range(1, len(cells) + 1)))
        failed = [o.evalue for cell in cells for o in cell.outputs if o.output_type == "error"]
        self.assertEqual(failed, [])

    def test_figures_are_drawn_and_tables_are_tables(self):
        sent, shown = self.shown()
        self.assertEqual(sent, shown)
        figures, tables = (sum(column) for column in zip(*sent))
        self.assertGreaterEqual(figures, 4)
        self.assertGreaterEqual(tables, 4)

    def test_no_output_is_wider_than_its_place(self):
        boxes = ".jp-OutputArea-output, .jp-OutputArea-output div"
        wide = f"""book.cells().flatMap((cell) => [...cell.querySelectorAll("{boxes}")])
                   .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.innerText)"""
        self.assertEqual(self.page.evaluate(wide), [])

    def test_opened_again_the_notebook_shows_the_same(self):
        sent, shown = self.shown()
        self.page.reload()
        self.until("window.jupyterapp && book.idle()")
        self.assertEqual(self.shown(), (sent, shown))

    def test_the_page_has_no_complaints(self):
        self.assertEqual(self.complaints, [])


class Live(Browsed):
    @classmethod
    def write(cls, path):
        cells = [new_code_cell(source) for source in (BAR, CURVE, KEPT, PANIC, NEVER, "")]
        spec = {"name": "perturbook", "display_name": "Rust (perturbook)", "language": "rust"}
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": spec}), path)

    @classmethod
    def setUpClass(cls):
        cls.open("live.ipynb")
        cls.page.evaluate("() => { record(); jupyterapp.commands.execute('runmenu:run-all'); }")
        for i, name in enumerate(["bar", "curve"]):
            cls.until(f"book.runs({i}) && book.bar({i})?.value > 10")
            cls.shoot(f"{name}_running")
        cls.until("book.failed(3) && book.idle()")
        frames = cls.page.evaluate("film")
        cls.bar, cls.curve = ([frame[i] for frame in frames if frame[i]["runs"]] for i in (0, 1))
        cls.shoot_whole("live")

    def type(self, text):
        """Writes into the last cell, in place of what is there."""
        self.page.locator(".jp-CodeCell .cm-content").last.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def ask(self, key, answer):
        """Presses the key until the answer shows: on a busy machine the first may come too late."""
        for _ in range(5):
            self.page.keyboard.press(key)
            try:
                return answer.wait_for(timeout=10_000)
            except Late:
                pass
        self.fail(f"no answer to {key}")

    def written(self):
        return self.page.evaluate("book.panel().content.widgets.at(-1).model.sharedModel.getSource()")

    def test_a_bar_moves_while_its_cell_runs(self):
        between = {frame["bar"] for frame in self.bar if frame["bar"] and frame["bar"] < 1}
        self.assertGreater(len(between), 20)

    def test_a_curve_grows_while_its_cell_runs(self):
        self.assertGreater(len({frame["figure"] for frame in self.curve}), 15)

    def test_nothing_flickers_or_jumps(self):
        for cell in (self.bar, self.curve):
            heights = [frame["height"] for frame in cell]
            self.assertEqual(heights, sorted(heights))

    def test_each_is_stored_once_in_its_final_state(self):
        bar, curve, *_ = self.stored()
        (steps,) = bar.outputs
        self.assertRegex(steps.data["text/plain"], r"^steps: 40 of 40, \d+\.\d s$")
        self.assertIn('value="40" max="40"', steps.data["text/html"])
        training, epochs = curve.outputs
        self.assertIn("train: 30 points from (1, 1)", training.data["text/plain"])
        self.assertIn("image/svg+xml", training.data)
        self.assertIn("30 of 30", epochs.data["text/plain"])

    def test_a_bar_that_outlives_its_cell_stands_where_it_is(self):
        (batches,) = self.stored()[2].outputs
        self.assertRegex(batches.data["text/plain"], r"^batches: 15 of 20, 0\.\d s$")

    def test_a_panic_says_what_and_where_and_stops_the_run(self):
        shown = self.page.locator(".jp-CodeCell").nth(3).locator(".jp-OutputArea-output").inner_text()
        self.assertIn("Panic: a gene of this name", shown)
        self.assertIn("-->   2 | missing.expect", shown)
        never = self.stored()[4]
        self.assertEqual((never.execution_count, never.outputs), (None, []))

    def test_tab_completes(self):
        self.type("perturbook::evaluate::rec")
        items = self.page.locator(".jp-Completer .jp-Completer-match")
        self.ask("Tab", items.first)
        self.shoot("completer")
        self.assertIn("recall", items.all_inner_texts())
        self.page.keyboard.press("Enter")
        items.first.wait_for(state="hidden")
        self.assertEqual(self.written(), "perturbook::evaluate::recall")

    def test_shift_tab_shows_the_signature_and_the_documentation(self):
        self.type("recall")
        # Its text comes a moment after its frame.
        tooltip = self.page.locator(".jp-Tooltip", has_text="pub fn recall(")
        self.ask("Shift+Tab", tooltip)
        self.shoot("tooltip")
        self.assertIn("Precision and recall of the known", tooltip.inner_text())
        self.page.keyboard.press("Escape")
        tooltip.wait_for(state="hidden")

    def test_the_page_has_no_complaints(self):
        self.assertEqual(self.complaints, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
