//! `lentic completions`
use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use super::Arguments;
use crate::failure::Failure;
use crate::output::Output;

/// Print the completion script of a shell
///
/// bash: source <(lentic completions bash). zsh: lentic completions zsh > "${fpath[1]}/_lentic".
/// fish: lentic completions fish > ~/.config/fish/completions/lentic.fish.
#[derive(Args, Debug)]
pub struct Completions {
    /// Which shell
    shell: Shell,
}

impl Completions {
    pub fn run(self, out: &mut Output) -> Result<(), Failure> {
        let mut script = Vec::new();
        generate(self.shell, &mut Arguments::command(), "lentic", &mut script);
        out.value(&script)
    }
}
