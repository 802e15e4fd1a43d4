//! Which cases go as they should, kept so that a case that falls back is seen. Names stand there as hashes.
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::{Report, Verdict, hash};

/// How well a case goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    /// It is refused, but in other words.
    OtherWords,
    /// As it should.
    Passed,
}

/// The cases that go well, by file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing(BTreeMap<String, BTreeMap<String, Grade>>);

impl Standing {
    /// Of what was run.
    pub fn of<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Self {
        let mut standing = Self::default();
        for report in reports {
            let grade = match &report.verdict {
                Some(Verdict::Passed) => Grade::Passed,
                Some(Verdict::OtherWords(_)) => Grade::OtherWords,
                _ => continue,
            };
            standing.0.entry(report.file.clone()).or_default().insert(mark(report), grade);
        }
        standing
    }

    /// As it was written.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let mut standing = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            let Some(file) = words.next() else { continue };
            let grade = |word: &str| match word.strip_suffix('~') {
                Some(mark) => (mark.to_owned(), Grade::OtherWords),
                None => (word.to_owned(), Grade::Passed),
            };
            standing.0.entry(file.to_owned()).or_default().extend(words.map(grade));
        }
        standing
    }

    /// Of these cases the ones that went better before: `file / name`.
    pub fn fallen(&self, reports: &[Report]) -> Vec<String> {
        let now = Self::of(reports);
        let grade = |standing: &Self, report: &Report| {
            standing.0.get(&report.file).and_then(|marks| marks.get(&mark(report))).copied()
        };
        let fell = reports.iter().filter(|report| grade(&now, report) < grade(self, report));
        fell.map(|report| format!("{} / {}", report.file, report.name)).collect()
    }
}

/// Short, and enough within a file.
fn mark(report: &Report) -> String {
    let hash = hash(&report.file, &report.name);
    format!("{:08x}", (hash >> 32) as u32 ^ hash as u32)
}

/// A line for each file.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "# The cases that go as they should: hashes of their names, by file; `~`: refused in other words."
        )?;
        for (file, marks) in &self.0 {
            f.write_str(file)?;
            for (mark, grade) in marks {
                write!(f, " {mark}{}", if *grade == Grade::OtherWords { "~" } else { "" })?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{Rung, Trace};

    fn report(name: &str, verdict: Verdict) -> Report {
        Report {
            file: "f".to_owned(),
            name: name.to_owned(),
            is_negative: false,
            is_aside: false,
            rung: Rung::Stateless,
            verdict: Some(verdict),
            trace: Trace::default(),
        }
    }

    #[test]
    fn what_fell_is_told() {
        let failed = || Verdict::Failed(String::new());
        let other = || Verdict::OtherWords(String::new());
        let before = [report("a", Verdict::Passed), report("b", Verdict::Passed), report("c", other())];
        let known = Standing::parse(&Standing::of(&before).to_string());
        assert_eq!(known, Standing::of(&before));
        let now = [
            report("a", failed()),
            report("b", other()),
            report("c", Verdict::Passed),
            report("d", failed()),
        ];
        assert_eq!(known.fallen(&now), ["f / a", "f / b"]);
        assert_eq!(known.fallen(&before), [""; 0]);
    }
}
