//! The page of the documentation that tells how much of ksqlDB's corpora passes.
use std::fmt::Write as _;

use super::{Count, Report, Rung, by_rung};

/// The page: totals by rung and by corpus, all in all on its last line.
pub fn page(reports: &[Report]) -> String {
    let is_sql = |report: &Report| report.file.starts_with("sql/");
    let queries: Vec<Report> = reports.iter().filter(|report| !is_sql(report)).cloned().collect();
    let mut page = String::from(
        "# Conformance\n\nksqlDB has test cases of its own: statements, records that come in, and the records or the error that must come out. \
         They are no part of this repository. Where they are at hand, `make conformance` runs them without a server or Kafka, each \
         query in a test driver, and writes this page.\n\n\
         A case counts as passed when every record is the expected one, in the expected order, with its key, window, headers and \
         timestamp. A case that must be refused counts twice: once if it is refused, once more if ksqlDB's words are in the message. \
         Cases that need a schema registry are not run. A quarter of all cases, chosen by their names, is kept aside: counted here, \
         but not looked at while the code is written.\n\n",
    );
    let row = |page: &mut String, name: &str, count: Count| {
        let Count { positive, passed, negative, refused, worded, crashed, registry } = count;
        let _ = writeln!(
            page,
            "| {name} | {passed} of {positive} | {refused} of {negative} | {worded} | {crashed} | {registry} |"
        );
    };
    page.push_str(
        "| what the cases need | pass | refused | in ksqlDB's words | crash | need a registry |\n|---|---|---|---|---|---|\n",
    );
    for (rung, count) in by_rung(&queries) {
        row(&mut page, &rung.to_string(), count);
    }
    let aside = |aside: bool| Count::of(queries.iter().filter(|report| report.is_aside == aside));
    page.push_str("| | | | | | |\n");
    row(&mut page, "query validation, looked at", aside(false));
    row(&mut page, "query validation, kept aside", aside(true));
    row(&mut page, "SQL tests", Count::of(reports.iter().filter(|report| is_sql(report))));
    let _ = write!(
        page,
        "\nWhich cases pass is kept in `docs/conformance.passing`; a test fails when one of them does not any longer.\n\n\
         All: {}.\n",
        Count::of(reports)
    );
    debug_assert!(Rung::ALL.len() == 7, "every rung has a row");
    page
}
