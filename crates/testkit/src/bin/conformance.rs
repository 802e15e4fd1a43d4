//! Runs ksqlDB's own cases and counts: `cargo run -p lentic-testkit --bin conformance -- --file joins --case outer --verbose`.
#![allow(clippy::print_stdout, reason = "it is a program that prints")]
use std::path::Path;
use std::process::ExitCode;

use lentic_testkit::conformance::{
    Body, Count, Filed, Filter, Report, Standing, Verdict, by_file, by_rung, cases, directory, documentation,
    is_elsewhere, page, run, shown, sql_cases,
};

const HELP: &str = "conformance [--file PART] [--case PART] [--failures] [--verbose] [--accept]
  --file PART   only files whose name contains PART
  --case PART   only cases whose name contains PART, in any case
  --failures    each case that fails, with the reason on one line
  --verbose     all that is known of each case: plans, records expected and found
  --accept      keep the record even if cases have fallen that passed before
Without --file and --case the record of passing cases and the page of the documentation are written.
Cases that are kept aside are counted, but neither listed nor shown.";

#[derive(Default)]
struct Arguments {
    filter: Filter,
    failures: bool,
    verbose: bool,
    accept: bool,
}

fn arguments() -> Result<Arguments, String> {
    let mut found = Arguments::default();
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--file" => found.filter.file = Some(value()?),
            "--case" => found.filter.case = Some(value()?),
            "--failures" => found.failures = true,
            "--verbose" => found.verbose = true,
            "--accept" => found.accept = true,
            _ => return Err(HELP.to_owned()),
        }
    }
    Ok(found)
}

fn main() -> ExitCode {
    match arguments().and_then(|arguments| go(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn go(arguments: &Arguments) -> Result<(), String> {
    let directory = directory().ok_or("set LENTIC_CONFORMANCE_DIR to the folder with ksqlDB's cases")?;
    std::panic::set_hook(Box::new(|_| {}));
    let mut found = cases(&directory, &arguments.filter)?;
    found.extend(sql_cases(&directory, &arguments.filter)?);
    let texts: Vec<String> = found.iter().map(text).collect();
    let reports = run(found);
    if arguments.verbose {
        for (report, text) in reports.iter().zip(&texts).filter(|(report, _)| !report.is_aside) {
            println!("== {} / {}\n{text}\n{}{}\n", report.file, report.name, report.trace, verdict(report));
        }
    }
    if arguments.failures {
        for report in &reports {
            if !report.is_aside && !matches!(report.verdict, None | Some(Verdict::Passed)) {
                println!(
                    "{} / {} [{}] {}",
                    report.file,
                    report.name,
                    report.rung,
                    verdict(report).replace('\n', "\\n")
                );
            }
        }
    }
    let open = |aside: bool| reports.iter().filter(move |report| report.is_aside == aside);
    if !arguments.failures && !arguments.verbose {
        for (file, count) in by_file(&reports) {
            println!("{file:40} {count}");
        }
        println!();
    }
    for (rung, count) in by_rung(&reports) {
        println!("{rung:40} {count}");
    }
    println!(
        "\nlooked at:  {}\nkept aside: {}\nall:        {}",
        Count::of(open(false)),
        Count::of(open(true)),
        Count::of(&reports)
    );
    let is_whole = arguments.filter.file.is_none() && arguments.filter.case.is_none();
    if is_whole && !is_elsewhere() { keep(&reports, arguments.accept) } else { Ok(()) }
}

/// Writes the page and the record, unless a case has fallen.
fn keep(reports: &[Report], accept: bool) -> Result<(), String> {
    let (page_path, passing) =
        (documentation().join("conformance.md"), documentation().join("conformance.passing"));
    if let Ok(known) = Standing::read(&passing)
        && !accept
    {
        let fallen = known.fallen(reports);
        if !fallen.is_empty() {
            let list = fallen.join("\n");
            return Err(format!("\nThese cases went better before (--accept keeps it so):\n{list}"));
        }
    }
    let write = |path: &Path, text: String| {
        std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    write(&page_path, page(reports))?;
    write(&passing, Standing::of(reports).to_string())
}

fn text(filed: &Filed) -> String {
    let mut text = filed.body.script();
    if let Body::Validation(case) = &filed.body {
        for (name, value) in &case.properties {
            text = format!("{text}\nproperty {name} = {value}");
        }
        for input in &case.inputs {
            text = format!("{text}\n{} input: {}", input.topic, shown(input));
        }
    }
    match filed.body.expected() {
        Some(expected) => format!("{text}\nmust fail with: {expected}"),
        None => text,
    }
}

fn verdict(report: &Report) -> String {
    match &report.verdict {
        None => "needs a schema registry".to_owned(),
        Some(Verdict::Passed) => "passed".to_owned(),
        Some(Verdict::OtherWords(said)) => format!("other words: {said}"),
        Some(Verdict::Failed(why)) => format!("FAILED: {why}"),
        Some(Verdict::Crashed(why)) => format!("CRASHED: {why}"),
    }
}
