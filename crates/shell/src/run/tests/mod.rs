//! Sessions with a server that answers what a test tells it to.
mod server;
mod session;
mod stream;
mod tls;

use std::sync::Arc;

use crate::interrupt::Interrupt;
use crate::options::Options;
use crate::output::{Captured, Output};
use crate::run::{Outcome, Shell};
use server::{Asked, Reply, Server};

/// A session, and what it shows.
struct Session {
    shell: Shell,
    shown: Captured,
    interrupt: Interrupt,
    server: Arc<Server>,
}

impl Session {
    fn start(options: Options, answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::with(Server::start(None, answer), options)
    }

    fn with(server: Arc<Server>, options: Options) -> Self {
        let (output, shown) = Output::captured();
        let interrupt = Interrupt::default();
        let options = Options { server: server.address(), ..options };
        let shell = Shell::new(&options, interrupt.clone(), output).expect("a shell");
        Self { shell, shown, interrupt, server }
    }

    /// What is shown when `text` is executed, and what becomes of it.
    fn execute(&mut self, text: &str) -> (Outcome, String) {
        let outcome = self.shell.execute(text).expect("somebody looks");
        (outcome, self.shown.take())
    }
}

/// Checks what one text shows, with the default options.
fn check(text: &str, answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static, expected: (Outcome, &str)) {
    let mut session = Session::start(Options::default(), answer);
    let (outcome, shown) = session.execute(text);
    assert_eq!((outcome, shown.trim_end()), (expected.0, expected.1.trim_matches('\n')), "{text}\n{shown}");
}
