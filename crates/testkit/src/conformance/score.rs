//! All cases of the query-validation corpus, run and counted.
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::validate::{self, Trace, Verdict};
use super::{Case, Rung, SqlCase, pool, read, read_sql, sql_test};

/// What is asked of the corpus: everything, by default.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Files whose name contains this.
    pub file: Option<String>,
    /// Cases whose name contains this, in any case.
    pub case: Option<String>,
}

/// A case and where it comes from.
#[derive(Clone, Debug)]
pub struct Filed {
    /// The file, without folder and extension.
    pub file: String,
    /// Unique in its file.
    pub name: String,
    /// What it says.
    pub body: Body,
}

/// A case of one of the corpora that run without a server.
#[derive(Clone, Debug)]
pub enum Body {
    /// Of the query-validation corpus.
    Validation(Box<Case>),
    /// Of the SQL tests.
    Sql(SqlCase),
}

impl Body {
    /// All statements.
    pub fn script(&self) -> String {
        match self {
            Self::Validation(case) => case.statements.join("\n"),
            Self::Sql(case) => case.statements.join("\n"),
        }
    }

    /// A part of the message that it must fail with; empty if any will do, `None` if it must not fail.
    pub fn expected(&self) -> Option<&str> {
        match self {
            Self::Validation(case) => {
                case.error.as_ref().map(|error| error.message.as_deref().unwrap_or_default())
            }
            Self::Sql(case) => case.expected.as_deref(),
        }
    }

    fn run(&self, trace: &mut Trace) -> Verdict {
        match self {
            Self::Validation(case) => validate::run(case, trace),
            Self::Sql(case) => sql_test::run(case, trace),
        }
    }
}

/// How a case went.
#[derive(Clone, Debug)]
pub struct Report {
    /// The file, without folder and extension.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Whether it must fail.
    pub is_negative: bool,
    /// Whether it is kept aside: counted, but not looked at while anything is built.
    pub is_aside: bool,
    /// What it needs.
    pub rung: Rung,
    /// How it went; `None`: it needs a schema registry and was not run.
    pub verdict: Option<Verdict>,
    /// What happened on the way.
    pub trace: Trace,
}

impl Filed {
    /// A quarter of all cases, chosen by their names, is kept aside.
    pub fn is_aside(&self) -> bool {
        hash(&self.file, &self.name).is_multiple_of(4)
    }

    /// Whether it needs a schema registry.
    pub fn needs_registry(&self) -> bool {
        let mut text = match &self.body {
            // That an assertion names such a format is all the same.
            Body::Sql(case) if case.expected.is_some() => return false,
            body => body.script(),
        };
        if let Body::Validation(case) = &self.body {
            case.properties.values().filter_map(|value| value.as_str()).for_each(|value| {
                text.push(' ');
                text.push_str(value);
            });
        }
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.any(|word| {
            ["AVRO", "PROTOBUF", "JSON_SR"].iter().any(|format| word.eq_ignore_ascii_case(format))
        })
    }
}

/// A number that a case has for good (FNV-1a).
pub fn hash(file: &str, name: &str) -> u64 {
    let bytes = file.bytes().chain(*b"/").chain(name.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The cases of the query-validation corpus, file by file.
pub fn cases(directory: &Path, filter: &Filter) -> Result<Vec<Filed>, String> {
    filed(&directory.join("query-validation-tests"), "json", filter, |path| {
        let cases = read(path)?.into_iter();
        Ok(cases.map(|case| (case.name.clone(), Body::Validation(Box::new(case)))).collect())
    })
}

/// The SQL tests, file by file.
pub fn sql_cases(directory: &Path, filter: &Filter) -> Result<Vec<Filed>, String> {
    let folder = directory.join("sql-tests");
    let read = |path: &Path| {
        let cases = read_sql(path)?.into_iter().enumerate();
        // Some names occur twice.
        Ok(cases.map(|(index, case)| (format!("{} #{index}", case.name), Body::Sql(case))).collect())
    };
    let mut all = filed(&folder, "sql", filter, read)?;
    all.extend(filed(&folder.join("query-upgrades"), "sql", filter, read)?);
    Ok(all)
}

fn filed(
    folder: &Path,
    extension: &str,
    filter: &Filter,
    read: impl Fn(&Path) -> Result<Vec<(String, Body)>, String>,
) -> Result<Vec<Filed>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|found| found == extension)) {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let file = if extension == "sql" { format!("sql/{stem}") } else { stem.into_owned() };
        if filter.file.as_ref().is_some_and(|wanted| !file.contains(wanted.as_str())) {
            continue;
        }
        for (name, body) in read(path)? {
            let lower = name.to_lowercase();
            if filter.case.as_ref().is_none_or(|wanted| lower.contains(&wanted.to_lowercase())) {
                all.push(Filed { file: file.clone(), name, body });
            }
        }
    }
    Ok(all)
}

/// Runs cases, several at a time.
pub fn run(cases: Vec<Filed>) -> Vec<Report> {
    let about: Vec<_> = cases.iter().map(|filed| (filed.clone(), filed.is_aside())).collect();
    let results = pool::run_all(cases, |filed| {
        if filed.needs_registry() {
            return (None, Trace::default());
        }
        let mut trace = Trace::default();
        let verdict = filed.body.run(&mut trace);
        (Some(verdict), trace)
    });
    let reports = about.into_iter().zip(results).map(|((filed, is_aside), result)| {
        let (verdict, trace) =
            result.unwrap_or_else(|error| (Some(Verdict::Crashed(error)), Trace::default()));
        let rung = Rung::of(&filed.body.script());
        let is_negative = filed.body.expected().is_some();
        Report { file: filed.file, name: filed.name, is_negative, is_aside, rung, verdict, trace }
    });
    reports.collect()
}

/// How many there are, and how many of them went well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Cases that give records.
    pub positive: usize,
    /// Those that gave the right ones.
    pub passed: usize,
    /// Cases that must be refused.
    pub negative: usize,
    /// Those that were.
    pub refused: usize,
    /// In ksqlDB's words.
    pub worded: usize,
    /// Panics and time limits.
    pub crashed: usize,
    /// Cases that need a schema registry.
    pub registry: usize,
}

impl Count {
    /// One case more.
    pub fn add(&mut self, report: &Report) {
        let Some(verdict) = &report.verdict else {
            self.registry += 1;
            return;
        };
        self.crashed += usize::from(matches!(verdict, Verdict::Crashed(_)));
        let passed = usize::from(*verdict == Verdict::Passed);
        if report.is_negative {
            self.negative += 1;
            self.worded += passed;
            self.refused += passed + usize::from(matches!(verdict, Verdict::OtherWords(_)));
        } else {
            self.positive += 1;
            self.passed += passed;
        }
    }

    /// Of these.
    pub fn of<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Self {
        let mut count = Self::default();
        reports.into_iter().for_each(|report| count.add(report));
        count
    }
}

/// `12 of 20 pass, 3 of 4 refused (2 in ksqlDB's words)`.
impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { positive, passed, negative, refused, worded, crashed, registry } = self;
        write!(
            f,
            "{passed} of {positive} pass, {refused} of {negative} refused ({worded} in ksqlDB's words)"
        )?;
        if *crashed > 0 {
            write!(f, ", {crashed} crashed")?;
        }
        if *registry > 0 { write!(f, ", {registry} need a registry") } else { Ok(()) }
    }
}

/// Counts by file, in their order.
pub fn by_file(reports: &[Report]) -> Vec<(String, Count)> {
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for report in reports {
        counts.entry(&report.file).or_default().add(report);
    }
    counts.into_iter().map(|(file, count)| (file.to_owned(), count)).collect()
}

/// Counts by rung, the lowest first.
pub fn by_rung(reports: &[Report]) -> Vec<(Rung, Count)> {
    let of = |rung| Count::of(reports.iter().filter(|report| report.rung == rung));
    Rung::ALL.into_iter().map(|rung| (rung, of(rung))).collect()
}
