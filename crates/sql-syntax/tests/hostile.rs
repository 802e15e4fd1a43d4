//! Text that was written to do harm: nothing panics, overflows the stack or takes more than its length in time.
use std::time::Instant;

use lentic_sql_syntax::{
    Keyword, MAX_HEIGHT, MAX_NESTING, Problem, parse, parse_expr, parse_statement, parse_type, parts, split,
    split_tests, substitute,
};
use proptest::prelude::*;

/// Everything that takes text.
fn everything(text: &str) {
    let errors = [parse(text).err(), parse_expr(text).err(), parse_type(text).err(), split_tests(text).err()];
    for error in errors.into_iter().flatten() {
        let _ = (error.to_string(), error.explain(text), error.explain(""));
    }
    if let Ok(statement) = parse_statement(text) {
        let _ = (statement.to_string(), statement.extension());
    }
    let _ = (split(text), parts(text), substitute(text, |_| Some("x")));
}

/// Words of the language in no order.
fn tokens() -> impl Strategy<Value = String> {
    let keyword = proptest::sample::select(Keyword::ALL).prop_map(|keyword| keyword.as_str().to_owned());
    let symbol = "[()\\[\\],;.=<>+*/%-]|<>|\\|\\||->|=>|:=|--@test: a\n|\\$\\{a\\}|\\$|/\\*|\\*/|'|`|\"";
    let operand = "[a-c]|[0-9]{1,2}|'a'|`b`|1\\.5|1E3|1R|99999999999999999999|1E999";
    proptest::collection::vec(prop_oneof![3 => keyword, 3 => symbol, 3 => operand], 0..24)
        .prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn arbitrary_text_does_not_panic(text in "\\PC{0,40}|[ -~\n\té€😀]{0,60}") {
        everything(&text);
    }

    #[test]
    fn arbitrary_words_do_not_panic(text in tokens()) {
        everything(&text);
        everything(&format!("SELECT {text}"));
        everything(&format!("CREATE STREAM a {text}"));
    }

    /// Where a name of several bytes is cut, the rest is no text.
    #[test]
    fn every_beginning_of_a_statement_is_read(cut in 0_usize..200) {
        let text = "CREATE STREAM é AS SELECT `ü`->a['€'], CASE WHEN b THEN 1.5E3 END FROM ${c} JOIN d WITHIN 3 DAYS ON x => y;";
        let cut = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        everything(&text[..cut]);
    }
}

#[test]
fn nesting_is_limited() {
    let deep = 100_000;
    let within = MAX_NESTING as usize - 8;
    let shapes: [fn(usize) -> String; 12] = [
        |n| format!("SELECT {}a{} FROM b", "(".repeat(n), ")".repeat(n)),
        |n| format!("SELECT {}a{} FROM b", "f(".repeat(n), ")".repeat(n)),
        |n| format!("SELECT {}a FROM b", "NOT ".repeat(n)),
        |n| format!("SELECT {}a FROM b", "- ".repeat(n)),
        |n| format!("SELECT {}a FROM b", "+".repeat(n)),
        |n| format!("SELECT {}1{} FROM b", "ARRAY[".repeat(n), "]".repeat(n)),
        |n| format!("SELECT {}a{} FROM b", "a[".repeat(n), "]".repeat(n)),
        |n| format!("SELECT {}a{} FROM b", "CASE WHEN a THEN ".repeat(n), " END".repeat(n)),
        |n| format!("SELECT {}a{} FROM b", "CAST(".repeat(n), " AS INT)".repeat(n)),
        |n| format!("SELECT {}a{} FROM b", "f(x => ".repeat(n / 2), ")".repeat(n / 2)),
        |n| format!("CREATE TYPE a AS {}INT{}", "ARRAY<".repeat(n), ">".repeat(n)),
        |n| format!("{}SELECT a FROM b", "EXPLAIN ".repeat(n)),
    ];
    for shape in shapes {
        let text = shape(within);
        let statement = parse_statement(&text).unwrap_or_else(|error| panic!("{}: {error}", &text[..40]));
        assert!(!statement.to_string().is_empty());
        let text = shape(deep);
        let error = parse_statement(&text).expect_err("too deep");
        assert_eq!(*error.problem(), Problem::TooDeep, "{}: {error}", &text[..40]);
        assert!(error.to_string().ends_with("Syntax Error\nnested too deeply"), "{error}");
    }
}

#[test]
fn chains_are_as_high_as_they_are_long() {
    let long = 100_000;
    let within = MAX_HEIGHT as usize - 8;
    let links: [&str; 7] = [" OR a", " AND a", " + a", " || a", "->a", "[1]", " * b + a"];
    for link in links {
        let within = if link == " * b + a" { within / 2 } else { within };
        let statement = parse_statement(&format!("SELECT a{} FROM b", link.repeat(within)));
        assert!(statement.is_ok(), "{link}: {statement:?}");
        let error = parse_statement(&format!("SELECT a{} FROM b", link.repeat(long))).expect_err("too high");
        assert_eq!(*error.problem(), Problem::TooDeep, "{link}");
    }
    // Chains beside each other are no higher than the highest of them.
    let sums = vec![format!("a{}", " + a".repeat(within / 2)); 20].join(", ");
    assert!(parse_statement(&format!("SELECT f({sums}), {sums} FROM b")).is_ok());
    // On top of each other they are.
    let sum =
        format!("({}){}", format_args!("a{}", " + a".repeat(within * 2 / 3)), " + a".repeat(within * 2 / 3));
    assert!(parse_expr(&sum).is_err());
}

/// Doubling a text must not nearly quadruple the time; the margin is for machines that do something else, too.
#[test]
fn time_is_linear() {
    let shapes: [fn(usize) -> String; 7] = [
        |n| format!("SELECT {} FROM b;", vec!["a + `b`"; n].join(", ")),
        |n| "SELECT a FROM b WHERE c = 'd' GROUP BY (e);\n".repeat(n / 4),
        |n| format!("SELECT * FROM a WHERE b IN ({});", vec!["1"; n].join(", ")),
        |n| format!("SELECT * FROM a GROUP BY {};", vec!["(a)"; n].join(", ")),
        |n| format!("SELECT f({}) FROM a;", vec!["(a, b"; n].join(", ")),
        |n| format!("{} SELECT a FROM b;", "-- comment\n/* x */".repeat(n)),
        |n| format!("SELECT {}", "'".repeat(n * 2 + 1)),
    ];
    for shape in shapes {
        let time = |n: usize| {
            let text = shape(n);
            let best = (0..5).map(|_| {
                let start = Instant::now();
                everything(&text);
                start.elapsed()
            });
            best.min().unwrap_or_default().as_secs_f64()
        };
        let (one, eight) = (time(4_000), time(32_000));
        assert!(eight < one * 8.0 * 3.0 + 0.005, "{}: {one} s and {eight} s", &shape(1));
    }
}
