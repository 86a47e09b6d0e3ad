//! Words that need no declaration: keywords, what the standard library puts in scope, its best known types.

/// Keywords that may start or continue what is typed in a cell.
pub const KEYWORDS: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "false", "fn", "for", "if",
    "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "Self", "static",
    "struct", "super", "trait", "true", "type", "unsafe", "use", "where", "while",
];

/// Macros of the standard library, and what each is for.
pub const MACROS: &[(&str, &str)] = &[
    ("assert", "Panics unless a condition holds."),
    ("assert_eq", "Panics unless two values are equal."),
    ("assert_ne", "Panics unless two values differ."),
    ("concat", "Joins literals into one string."),
    ("dbg", "Prints a value with its place in the source, and returns it."),
    ("env", "An environment variable at compile time."),
    ("eprint", "Prints to the standard error."),
    ("eprintln", "Prints to the standard error, with a newline."),
    ("file", "The name of the source file."),
    ("format", "Makes a `String` from a format string."),
    ("format_args", "The arguments of a format string."),
    ("include_bytes", "The content of a file as bytes."),
    ("include_str", "The content of a file as a string."),
    ("line", "The line number in the source."),
    ("matches", "Whether a value matches a pattern."),
    ("panic", "Stops with a message."),
    ("print", "Prints to the standard output."),
    ("println", "Prints to the standard output, with a newline."),
    ("stringify", "The source of an expression as a string."),
    ("thread_local", "Declares statics of which each thread has its own."),
    ("todo", "Marks what is not written yet."),
    ("unimplemented", "Marks what is not implemented."),
    ("unreachable", "Marks what is never reached."),
    ("vec", "Makes a `Vec` of the given elements."),
    ("write", "Writes formatted text into a buffer."),
    ("writeln", "Writes formatted text into a buffer, with a newline."),
];

/// Types, traits, functions and variants of the standard prelude.
pub const PRELUDE: &[(&str, &str)] = &[
    ("AsMut", "trait"),
    ("AsRef", "trait"),
    ("Box", "struct"),
    ("Clone", "trait"),
    ("Copy", "trait"),
    ("Default", "trait"),
    ("DoubleEndedIterator", "trait"),
    ("Drop", "trait"),
    ("Eq", "trait"),
    ("Err", "variant"),
    ("ExactSizeIterator", "trait"),
    ("Extend", "trait"),
    ("Fn", "trait"),
    ("FnMut", "trait"),
    ("FnOnce", "trait"),
    ("From", "trait"),
    ("FromIterator", "trait"),
    ("Into", "trait"),
    ("IntoIterator", "trait"),
    ("Iterator", "trait"),
    ("None", "variant"),
    ("Ok", "variant"),
    ("Option", "enum"),
    ("Ord", "trait"),
    ("PartialEq", "trait"),
    ("PartialOrd", "trait"),
    ("Result", "enum"),
    ("Send", "trait"),
    ("Sized", "trait"),
    ("Some", "variant"),
    ("String", "struct"),
    ("Sync", "trait"),
    ("ToOwned", "trait"),
    ("ToString", "trait"),
    ("TryFrom", "trait"),
    ("TryInto", "trait"),
    ("Vec", "struct"),
    ("bool", "struct"),
    ("char", "struct"),
    ("drop", "function"),
    ("f32", "struct"),
    ("f64", "struct"),
    ("i128", "struct"),
    ("i16", "struct"),
    ("i32", "struct"),
    ("i64", "struct"),
    ("i8", "struct"),
    ("isize", "struct"),
    ("std", "module"),
    ("str", "struct"),
    ("u128", "struct"),
    ("u16", "struct"),
    ("u32", "struct"),
    ("u64", "struct"),
    ("u8", "struct"),
    ("usize", "struct"),
];

/// Types known by name where their sources are not at hand; `[]` are slices and arrays, `()` tuples.
pub const FOREIGN: &[&str] = &[
    "()", "[]", "Arc", "BTreeMap", "BTreeSet", "Box", "Cow", "HashMap", "HashSet", "Mutex", "Option", "PathBuf",
    "Path", "Range", "Rc", "Ref", "RefCell", "RefMut", "Result", "RwLock", "String", "Vec", "bool", "char", "f32",
    "f64", "i128", "i16", "i32", "i64", "i8", "isize", "str", "u128", "u16", "u32", "u64", "u8", "usize",
];

/// Iterators of slices: the standard library implements `Iterator` for them by a macro.
pub const ITERATORS: &[&str] = &["Chunks", "ChunksExact", "ChunksMut", "Iter", "IterMut", "Windows"];

/// Pointers that pass method calls on to what they hold.
pub const POINTERS: &[&str] = &["Arc", "Box", "Cow", "LazyLock", "MutexGuard", "Rc", "Ref", "RefMut"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_listed_twice() {
        let words: Vec<&str> = KEYWORDS.iter().copied().chain(PRELUDE.iter().map(|(word, _)| *word)).collect();
        let once: std::collections::BTreeSet<&str> = words.iter().copied().collect();
        assert_eq!(words.len(), once.len());
        assert!(MACROS.is_sorted());
    }
}
