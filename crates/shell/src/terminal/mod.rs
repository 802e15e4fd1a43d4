//! The terminal: lines that are edited, coloured, completed and remembered.
mod adapters;
mod editor;

use std::io;

use reedline::Signal;

use crate::run::{Outcome, Shell};
use editor::Editor;

/// Reads and executes until the end is asked for.
pub(crate) fn converse(shell: &mut Shell, history: Option<std::path::PathBuf>) -> io::Result<()> {
    let mut editor = Editor::new(shell.names(), shell.output().colours(), history)?;
    for text in editor.history() {
        shell.remember(&text);
    }
    shell.greet()?;
    loop {
        match editor.read()? {
            Signal::Success(text) => {
                if text.trim().is_empty() {
                    continue;
                }
                shell.remember(&text);
                shell.output().copy(&format!("{}{text}\n", editor::PROMPT))?;
                if shell.typed(&text)? == Outcome::Exit {
                    return Ok(());
                }
            }
            Signal::CtrlD => return Ok(()),
            // What was typed is forgotten, and the session goes on.
            _ => {}
        }
    }
}
