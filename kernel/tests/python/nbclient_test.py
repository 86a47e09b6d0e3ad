"""Notebooks executed by Jupyter's own tools: good ones pass as they are meant, broken ones fail."""

import importlib.util
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import nbformat
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

KERNEL = "perturbook"

GOOD = [
    "let genes = vec![\"A\", \"B\"];\nprintln!(\"{} genes\", genes.len());",
    'Curves::new("Loss", "epoch", "loss").points("train", &[1.0, 2.0], &[3.0, 1.0]).figure()?',
    'display(&ndarray::array![1.0, 2.0]);\nprintln!("between");\ndisplay(&ndarray::array![3.0, 4.0]);',
    "genes.len() * 21",
    'for _ in progress("steps", 0..20) {\n    std::thread::sleep(std::time::Duration::from_millis(20));\n}',
]

# What is wrong, its name in the error, and a word of the message.
BROKEN = [
    ('panic!("boom")', "Panic", "boom"),
    ('let n: u8 = "300".parse()?;', "Err", "number too large"),
    ("let s: String = 5;", "CompileError", "mismatched types"),
]


def notebook(sources):
    cells = [new_markdown_cell("# A notebook")] + [new_code_cell(source) for source in sources]
    metadata = {"kernelspec": {"name": KERNEL, "display_name": "Rust (perturbook)", "language": "rust"}}
    return new_notebook(cells=cells, metadata=metadata)


def code_cells(executed):
    return [cell for cell in executed.cells if cell.cell_type == "code"]


def run(*command):
    return subprocess.run([sys.executable, "-m", *map(str, command)], capture_output=True, text=True, timeout=300)


class GoodNotebook(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.notebook = notebook(GOOD)
        NotebookClient(cls.notebook, timeout=120, kernel_name=KERNEL).execute()
        cls.cells = code_cells(cls.notebook)

    def test_the_executed_notebook_is_valid(self):
        nbformat.validate(self.notebook)

    def test_cells_are_counted_from_one(self):
        self.assertEqual([cell.execution_count for cell in self.cells], [1, 2, 3, 4, 5])

    def test_prints_are_streams(self):
        (output,) = self.cells[0].outputs
        self.assertEqual((output.output_type, output.name, output.text), ("stream", "stdout", "2 genes\n"))

    def test_a_figure_has_an_interactive_a_static_and_a_plain_form(self):
        (output,) = self.cells[1].outputs
        for mime in ("application/vnd.plotly.v1+json", "image/svg+xml", "text/plain"):
            self.assertIn(mime, output.data)
        self.assertIn("data", output.data["application/vnd.plotly.v1+json"])

    def test_outputs_keep_their_order(self):
        kinds = [output.output_type for output in self.cells[2].outputs]
        self.assertEqual(kinds, ["display_data", "stream", "display_data"])

    def test_a_value_is_a_result_with_the_count_of_its_cell(self):
        (output,) = self.cells[3].outputs
        self.assertEqual((output.output_type, output.execution_count), ("execute_result", 4))
        self.assertEqual(output.data["text/plain"], "42")

    def test_a_progress_bar_is_stored_in_its_final_state(self):
        (output,) = self.cells[4].outputs
        self.assertIn("20 of 20", output.data["text/plain"])


class BrokenNotebooks(unittest.TestCase):
    def test_a_failing_cell_stops_nbclient(self):
        for source, name, word in BROKEN:
            with self.subTest(name):
                broken = notebook(['println!("first");', source, 'println!("never");'])
                with self.assertRaises(CellExecutionError) as caught:
                    NotebookClient(broken, timeout=120, kernel_name=KERNEL).execute()
                self.assertEqual(caught.exception.ename, name)
                self.assertIn(word, str(caught.exception))
                self.assertEqual(code_cells(broken)[2].outputs, [])
                nbformat.validate(broken)

    def test_a_cell_that_may_raise_does_not(self):
        tolerant = notebook(['panic!("boom")', "6 * 7"])
        tolerant.cells[1].metadata["tags"] = ["raises-exception"]
        NotebookClient(tolerant, timeout=120, kernel_name=KERNEL).execute()
        self.assertEqual(code_cells(tolerant)[1].outputs[0].data["text/plain"], "42")

    def test_a_failing_cell_fails_nbconvert(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, sources, passes in (("good", GOOD, True), ("broken", ['panic!("boom")'], False)):
                path = Path(folder) / f"{name}.ipynb"
                nbformat.write(notebook(sources), path)
                done = run("nbconvert", "--to", "notebook", "--execute", "--output", f"{name}_done", path)
                self.assertEqual(done.returncode == 0, passes, done.stderr)
                self.assertEqual("boom" in done.stderr, not passes, done.stderr)

    @unittest.skipUnless(importlib.util.find_spec("papermill"), "papermill is not installed")
    def test_a_failing_cell_fails_papermill(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "broken.ipynb"
            nbformat.write(notebook(['panic!("boom")']), path)
            done = run("papermill", path, Path(folder) / "done.ipynb")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("boom", done.stderr)


class Interrupts(unittest.TestCase):
    def test_an_interrupt_of_a_library_loop_keeps_the_variables(self):
        manager, client = start_new_kernel(kernel_name=KERNEL)
        try:
            client.execute("let mut n = 0;", reply=True, timeout=60)
            client.execute(
                'println!("begun");\nfor _ in progress("steps", 0..1000) {\n'
                "    std::thread::sleep(std::time::Duration::from_millis(100));\n    n += 1;\n}"
            )
            while "begun" not in client.get_iopub_msg(timeout=60)["content"].get("text", ""):
                pass
            time.sleep(1)
            manager.interrupt_kernel()
            reply = client.get_shell_msg(timeout=10)
            self.assertEqual(reply["content"]["status"], "ok")
            shown = []
            reply = client.execute_interactive("n", output_hook=shown.append, timeout=60)
            self.assertEqual(reply["content"]["status"], "ok")
            results = [m["content"]["data"]["text/plain"] for m in shown if m["msg_type"] == "execute_result"]
            self.assertTrue(0 < int(results[0]) < 1000, results)
        finally:
            client.stop_channels()
            manager.shutdown_kernel()
        self.assertFalse(manager.has_kernel)


if __name__ == "__main__":
    unittest.main(verbosity=2)
