//! The shell alone: `cargo run -p lentic-shell --example sql [SERVER]`.
use std::process::ExitCode;

use lentic_shell::{Error, Options, run};

fn main() -> Result<ExitCode, Error> {
    let mut options = Options::default();
    if let Some(server) = std::env::args().nth(1) {
        options.server = server;
    }
    run(options)
}
