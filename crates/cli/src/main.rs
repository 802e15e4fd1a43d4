//! The `lentic` binary: a node, and the commands that speak to one.
#![expect(
    clippy::disallowed_methods,
    reason = "the command line is an edge: it reads the environment and waits"
)]

mod client;
mod command;
mod failure;
mod key;
mod load;
mod output;
mod settings;

use std::process::ExitCode;

use clap::Parser;

// librdkafka and RocksDB allocate through it too: resident memory stays near what is in use.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let arguments = command::Arguments::parse();
    let mut out = output::Output::new();
    match arguments.command.run(&mut out).and_then(|code| out.finish().map(|()| code)) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
