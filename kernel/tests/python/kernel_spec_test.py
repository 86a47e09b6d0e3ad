"""The message-spec test suite of the Jupyter project (jupyter_kernel_test) with samples in Rust."""

import unittest

import jupyter_kernel_test


class PerturbookTests(jupyter_kernel_test.KernelTests):
    kernel_name = "perturbook"
    language_name = "rust"
    file_extension = ".rs"

    code_hello_world = 'println!("hello, world");'
    code_stderr = 'eprintln!("oops");'

    completion_samples = [
        {"text": "perturbook::evaluate::recall_a", "matches": ["recall_at"]},
        {"text": "println!(\"{}\", recall_a", "matches": ["recall_at"]},
        {"text": "zzz_nothing_of_the_kind", "matches": []},
    ]

    complete_code_samples = ["let x = 1;", "6 * 7", "fn f() -> u8 {\n    1\n}", "// a comment"]
    incomplete_code_samples = ["fn f() {", "let v = vec![1,", 'let s = "abc', "/* not yet"]
    invalid_code_samples = ["let = 5;", "fn f() }"]

    code_page_something = "recall?"
    code_generate_error = 'panic!("boom")'

    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": '"a".repeat(3)', "result": '"aaa"'},
    ]
    code_display_data = [
        {"code": "display(&ndarray::array![1.0, 2.0]);", "mime": "text/plain"},
        {"code": 'display(&Table::new("T").number("x", &[1.5], 1).figure()?);', "mime": "text/html"},
    ]

    code_history_pattern = "6*"
    supported_history_operations = ("tail", "range", "search")

    code_inspect_sample = "recall"
    code_clear_output = "clear_output(false);"


if __name__ == "__main__":
    unittest.main(verbosity=2)
