//! What the kernel says of itself.

use serde_json::{Value, json};

/// The answer to `kernel_info_request`; `rustc` is the compiler's version.
pub fn kernel_info(rustc: &str) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    json!({
        "status": "ok",
        "protocol_version": super::PROTOCOL,
        "implementation": "perturbook",
        "implementation_version": version,
        "language_info": language(rustc),
        "banner": format!(
            "perturbook {version}: genetic perturbation screens in Rust {rustc}\n\
             The library is loaded. `:vars` lists variables, `name?` shows help, `:help` all commands."
        ),
        "debugger": false,
        "supported_features": [],
        "help_links": [
            { "text": "Rust", "url": "https://doc.rust-lang.org/std/" },
            { "text": "polars", "url": "https://docs.rs/polars/" },
            { "text": "burn", "url": "https://burn.dev/docs/burn/" },
        ],
    })
}

/// The language of the notebook, as front ends and notebook files state it.
pub fn language(rustc: &str) -> Value {
    json!({
        "codemirror_mode": "rust",
        "file_extension": ".rs",
        "mimetype": "text/rust",
        "name": "rust",
        "pygments_lexer": "rust",
        "version": rustc,
    })
}
