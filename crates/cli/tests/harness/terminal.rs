//! A pseudo-terminal with somebody in front of it: keys are pressed, and what is shown is waited for.
use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use super::until;

/// Where the cursor is, as a program asks its terminal.
const WHERE: &[u8] = b"\x1b[6n";

/// A program on a terminal of its own. Killed when dropped.
pub struct Terminal {
    child: Child,
    keys: Arc<Mutex<ChildStdin>>,
    shown: Arc<Mutex<Vec<u8>>>,
    /// What was waited for so far stands before this, in the text without colours.
    seen: usize,
}

impl Terminal {
    /// Runs the binary with these arguments on a terminal of so many columns.
    pub fn run(url: &str, columns: u16, arguments: &[&str]) -> Self {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
        let words: Vec<_> =
            [env!("CARGO_BIN_EXE_lentic")].iter().chain(arguments).map(|word| quoted(word)).collect();
        let line = format!("stty cols {columns} rows 40; exec {}", words.join(" "));
        let mut child = Command::new("script")
            .args(["-qefc", &line, "/dev/null"])
            .env("LENTIC_URL", url)
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script, of util-linux");
        let keys = Arc::new(Mutex::new(child.stdin.take().expect("a pipe")));
        let mut output = child.stdout.take().expect("a pipe");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (answers, all) = (Arc::clone(&keys), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                let from = all.len().saturating_sub(WHERE.len() - 1);
                all.extend_from_slice(&bytes[..count]);
                let asked = all[from..].windows(WHERE.len()).filter(|bytes| *bytes == WHERE).count();
                drop(all);
                for _ in 0..asked {
                    let mut keys = answers.lock().unwrap_or_else(PoisonError::into_inner);
                    drop(keys.write_all(b"\x1b[1;1R"));
                    drop(keys.flush());
                }
            }
        });
        Self { child, keys, shown, seen: 0 }
    }

    /// Presses keys.
    pub fn press(&self, keys: &str) {
        let mut pipe = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        pipe.write_all(keys.as_bytes()).and_then(|()| pipe.flush()).expect("a terminal");
    }

    /// Waits until a text is shown behind what was waited for before.
    #[track_caller]
    pub fn shows(&mut self, text: &str) {
        let seen = self.seen;
        self.seen = until(&format!("{text:?}"), || {
            let shown = self.text();
            let found = shown.get(seen..).and_then(|rest| rest.find(text)).map(|at| seen + at + text.len());
            assert!(found.is_some() || !self.has_ended(), "it ended without {text:?}: {shown}");
            found
        });
    }

    /// Presses keys, and waits for a text.
    #[track_caller]
    pub fn says(&mut self, keys: &str, text: &str) {
        self.press(keys);
        self.shows(text);
    }

    /// All that was shown, without colours and the movements of the cursor.
    pub fn text(&self) -> String {
        plain(&self.raw())
    }

    /// All that was shown, as it was.
    pub fn raw(&self) -> String {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&shown).into_owned()
    }

    /// What was shown behind what was waited for last.
    pub fn rest(&self) -> String {
        self.text().get(self.seen..).unwrap_or_default().to_owned()
    }

    /// Whether the program has ended.
    fn has_ended(&self) -> bool {
        // A reader that is gone holds its copies no more.
        Arc::strong_count(&self.shown) == 1
    }

    /// Waits for the program's end; its exit code.
    pub fn ends(mut self) -> i32 {
        until("the end of the program", || self.child.try_wait().expect("a process")).code().unwrap_or(-1)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- the terminal\n{:?}", self.raw());
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Without escape sequences.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\x1b' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            // Parameters, and a letter that ends them.
            Some('[') => while chars.next().is_some_and(|c| !c.is_ascii_alphabetic() && c != '~') {},
            // A text for the terminal, ended by a bell.
            Some(']') => while chars.next().is_some_and(|c| c != '\x07') {},
            _ => {}
        }
    }
    plain.replace("\r\n", "\n")
}
