//! What the tests with cases in files share.
use std::fs;
use std::path::Path;

use lentic_sql::function::World;

/// A clock that stands still, and no chance.
pub struct Still;

impl World for Still {
    fn now_ms(&self) -> i64 {
        1_589_234_313_000
    }

    fn random_bits(&self) -> u64 {
        1 << 63
    }
}

/// The lines of all files of a folder beside the tests, with where they are.
pub fn lines(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        all.extend(lines.map(|(at, line)| (format!("{name}:{}", at + 1), line.to_owned())));
    }
    all
}
