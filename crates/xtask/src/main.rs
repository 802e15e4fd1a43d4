//! The repository's own commands: `cargo xtask tidy` checks the rules that ARCHITECTURE.md states and no compiler
//! knows. `cargo test` runs the same check.
mod tidy;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND
  tidy    check the rules of ARCHITECTURE.md; prints the longest files and the state of docs/status.md too
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["tidy"] => tidy::check(root()).map(|report| (report.to_string(), report.is_clean())),
        _ => Ok((USAGE.to_owned(), false)),
    };
    let (text, clean) = outcome.unwrap_or_else(|error| (format!("error: {error:#}\n"), false));
    // A closed pipe (`cargo xtask tidy | head`) is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The repository, two folders above this crate.
fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().and_then(Path::parent).expect("xtask lies in crates/xtask")
}
