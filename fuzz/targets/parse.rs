//! Any text: parsing it ends, without a panic; what parses is printed as a text that parses to the same.
#![no_main]
use lentic_sql_syntax::{parse, parse_statement, parts, split, substitute};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = (split(text), parts(text));
    let _ = substitute(text, |name| (name.len() > 2).then_some("x"));
    let Ok(parsed) = parse(text) else { return };
    for one in parsed {
        let printed = format!("{};", one.statement);
        match parse_statement(&printed) {
            Ok(again) => assert_eq!(again, one.statement, "{printed}"),
            Err(error) => panic!("{printed}\nis not parsed again: {error}"),
        }
    }
});
