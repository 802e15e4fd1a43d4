//! Standard output: for people on a terminal, for programs in a pipe.
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};

use crate::failure::Failure;

pub struct Output {
    terminal: bool,
    to: io::BufWriter<io::StdoutLock<'static>>,
}

impl Output {
    pub fn new() -> Self {
        let stdout = io::stdout();
        Self { terminal: stdout.is_terminal(), to: io::BufWriter::with_capacity(1 << 16, stdout.lock()) }
    }

    /// Whether a person reads.
    pub fn terminal(&self) -> bool {
        self.terminal
    }

    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        self.to.write_all(line.as_bytes())?;
        self.to.write_all(b"\n")?;
        Ok(())
    }

    /// Bytes as they are; on a terminal the line is ended.
    pub fn value(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.to.write_all(bytes)?;
        if self.terminal && bytes.last() != Some(&b'\n') {
            self.to.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Lets the reader see what was written so far.
    pub fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.to.flush()?)
    }

    pub fn finish(&mut self) -> Result<(), Failure> {
        self.flush()
    }
}

/// A remark beside the output, on standard error.
pub fn note(remark: &str) {
    let _ = writeln!(io::stderr().lock(), "{remark}");
}

/// Columns under their headings; columns of numbers are aligned to the right.
pub fn columns(headings: &[&str], rows: &[Vec<String>]) -> String {
    let cell = |row: &[String], i: usize| row.get(i).map_or(0, |cell| cell.chars().count());
    let width = |i: usize| rows.iter().map(|row| cell(row, i)).chain([headings[i].len()]).max().unwrap_or(0);
    let numeric = |i: usize| {
        let number = |cell: &str| cell == "-" || cell.starts_with(|c: char| c.is_ascii_digit());
        !rows.is_empty() && rows.iter().all(|row| row.get(i).is_some_and(|cell| number(cell)))
    };
    let shape: Vec<(usize, bool)> = (0..headings.len()).map(|i| (width(i), numeric(i))).collect();
    let mut text = String::new();
    let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
    for row in std::iter::once(&headings).chain(rows) {
        let mut line = String::new();
        for (cell, &(width, right)) in row.iter().zip(&shape) {
            let gap = if line.is_empty() { "" } else { "  " };
            let _ =
                if right { write!(line, "{gap}{cell:>width$}") } else { write!(line, "{gap}{cell:<width$}") };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size in the unit that suits it: `1.4 MiB`.
pub fn size(bytes: u64) -> String {
    let mut amount = bytes as f64;
    let mut unit = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if amount < 1024.0 {
            break;
        }
        amount /= 1024.0;
        unit = larger;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{amount:.1} {unit}") }
}

/// A time in the unit that suits it: `340 ms`, `12.0 s`.
pub fn age(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..120_000 => format!("{:.1} s", millis as f64 / 1e3),
        120_000..7_200_000 => format!("{} min", millis / 60_000),
        _ => format!("{} h", millis / 3_600_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_for_people() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(size(1_468_006), "1.4 MiB");
        assert_eq!(age(340), "340 ms");
        let rows = [vec!["planes".to_owned(), "3,322".to_owned()], vec!["a".to_owned(), "7".to_owned()]];
        assert_eq!(columns(&["TABLE", "ROWS"], &rows), "TABLE    ROWS\nplanes  3,322\na           7\n");
    }
}
