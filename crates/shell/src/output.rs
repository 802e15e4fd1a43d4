//! What is shown, and where.
use std::fs::File;
use std::io::{self, IsTerminal as _, Write};

use nu_ansi_term::Color;

use crate::render::Page;

/// Where answers go: to standard output, and a copy to the spool file.
pub(crate) struct Output {
    answers: Box<dyn Write + Send>,
    complaints: Box<dyn Write + Send>,
    spool: Option<File>,
    /// Whether people see colours.
    colours: bool,
    /// Whether answers go to a terminal, whose width may change.
    is_terminal: bool,
}

impl Output {
    /// Answers on standard output, complaints on standard error.
    pub(crate) fn standard() -> Self {
        let is_terminal = io::stdout().is_terminal();
        let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            answers: Box::new(io::stdout()),
            complaints: Box::new(io::stderr()),
            spool: None,
            colours: is_terminal && io::stderr().is_terminal() && !is_plain,
            is_terminal,
        }
    }

    /// Whether people see colours.
    pub(crate) fn colours(&self) -> bool {
        self.colours
    }

    /// Whether answers go to a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// How much room there is.
    pub(crate) fn page(&self, wrap: bool) -> Page {
        let size = if self.is_terminal { terminal_size::terminal_size() } else { None };
        Page { room: size.map(|(width, _)| usize::from(width.0)), wrap }
    }

    /// Shows a part of an answer.
    pub(crate) fn show(&mut self, text: &str) -> io::Result<()> {
        self.answers.write_all(text.as_bytes())?;
        self.answers.flush()?;
        self.copy(text)
    }

    /// Shows a line.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        self.show(&format!("{text}\n"))
    }

    /// Says what went wrong.
    pub(crate) fn complain(&mut self, text: &str) -> io::Result<()> {
        let mark =
            if self.colours { Color::Red.bold().paint("ERROR").to_string() } else { "ERROR".to_owned() };
        writeln!(self.complaints, "{mark} {text}")?;
        self.complaints.flush()?;
        self.copy(&format!("ERROR {text}\n"))
    }

    /// Says something beside the answers.
    pub(crate) fn remark(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.complaints, "{text}")?;
        self.complaints.flush()?;
        self.copy(&format!("{text}\n"))
    }

    /// Empties the screen, if there is one.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        if self.is_terminal {
            self.answers.write_all(b"\x1b[H\x1b[2J\x1b[3J")?;
            self.answers.flush()?;
        }
        Ok(())
    }

    /// Copies everything to the end of a file from now on, or no longer. Whether there was a file before is returned.
    pub(crate) fn spool(&mut self, file: Option<File>) -> bool {
        std::mem::replace(&mut self.spool, file).is_some()
    }

    /// Writes to the spool file alone: what was typed is on the screen already.
    pub(crate) fn copy(&mut self, text: &str) -> io::Result<()> {
        let Some(spool) = &mut self.spool else { return Ok(()) };
        if let Err(error) = spool.write_all(text.as_bytes()) {
            // The file is given up, and not the answers.
            self.spool = None;
            writeln!(self.complaints, "spooling has ended: {error}")?;
        }
        Ok(())
    }
}

/// What was shown in a test.
#[cfg(test)]
#[derive(Clone, Default)]
pub(crate) struct Captured(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

#[cfg(test)]
impl Captured {
    /// What was shown since the last time.
    pub(crate) fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().expect("no panic"));
        String::from_utf8(bytes).expect("text")
    }

    /// Waits until `text` is shown.
    pub(crate) fn wait_for(&self, text: &str) -> bool {
        for _ in 0..2_000 {
            if String::from_utf8_lossy(&self.0.lock().expect("no panic")).contains(text) {
                return true;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        false
    }
}

#[cfg(test)]
impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
impl Output {
    /// Answers and complaints in the order in which they come, as nobody's terminal.
    pub(crate) fn captured() -> (Self, Captured) {
        let captured = Captured::default();
        let output = Self {
            answers: Box::new(captured.clone()),
            complaints: Box::new(captured.clone()),
            spool: None,
            colours: false,
            is_terminal: false,
        };
        (output, captured)
    }
}
