//! Lines for the shell itself: ksqlDB's commands, and shortcuts that begin with a backslash. They need no semicolon.
use crate::options::OutputFormat;

/// What a line asks of the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Local {
    /// An empty screen.
    Clear,
    /// The end.
    Exit,
    /// What there is to say.
    Help,
    /// What was said.
    History,
    /// Which shell and which server this is.
    Version,
    /// What answers look like; none to be told.
    Output(Option<OutputFormat>),
    /// Whether long texts are wrapped; none to be told.
    Wrap(Option<bool>),
    /// Where the server is; none to be told.
    Server(Option<String>),
    /// The statements of a file.
    RunScript(String),
    /// A file that gets a copy of everything; none to end that.
    Spool(Option<String>),
    /// A statement that the line is short for.
    Statement(String),
    /// A line that is for the shell, but says nothing that it knows; with how it is written.
    Misused(&'static str),
}

/// What a line asks of the shell, if it is for it.
pub(crate) fn local(line: &str) -> Option<Local> {
    let line = line.trim().trim_end_matches(';').trim_end();
    if let Some(shortcut) = line.strip_prefix('\\') {
        return Some(shortcut_for(shortcut));
    }
    let words = words(line);
    let lower: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    Some(match lower.as_slice() {
        ["clear"] => Local::Clear,
        ["exit" | "quit"] => Local::Exit,
        ["help", ..] => Local::Help,
        ["history"] => Local::History,
        ["version"] => Local::Version,
        ["output"] => Local::Output(None),
        ["output", "json"] => Local::Output(Some(OutputFormat::Json)),
        ["output", "tabular" | "table"] => Local::Output(Some(OutputFormat::Table)),
        ["output", ..] => Local::Misused("output [JSON | TABULAR]"),
        ["set", "cli", "wrap", "on"] => Local::Wrap(Some(true)),
        ["set", "cli", "wrap", "off"] => Local::Wrap(Some(false)),
        ["set", "cli", "wrap"] => Local::Wrap(None),
        ["set", "cli", ..] => Local::Misused("SET CLI WRAP [ON | OFF]"),
        ["server"] => Local::Server(None),
        ["server", _] => Local::Server(words.into_iter().nth(1)),
        ["server", ..] => Local::Misused("server [URL]"),
        ["run", "script", _] => Local::RunScript(words.into_iter().nth(2)?),
        ["run", "script", ..] => Local::Misused("RUN SCRIPT 'FILE'"),
        ["spool", "off"] => Local::Spool(None),
        ["spool", _] => Local::Spool(words.into_iter().nth(1)),
        ["spool", ..] => Local::Misused("SPOOL 'FILE' | SPOOL OFF"),
        ["request-pipelining", ..] => {
            Local::Misused("nothing of it here: each statement waits for the one before")
        }
        _ => return None,
    })
}

fn shortcut_for(shortcut: &str) -> Local {
    let (name, argument) = shortcut.split_once(char::is_whitespace).unwrap_or((shortcut, ""));
    let argument = argument.trim();
    let file = || words(argument).into_iter().next();
    let statement = |text: &str| Local::Statement(text.to_owned());
    match (name, argument) {
        ("d", "") => statement("LIST STREAMS; LIST TABLES;"),
        ("d", source) => Local::Statement(format!("DESCRIBE {source};")),
        ("d+", "") => statement("LIST STREAMS EXTENDED; LIST TABLES EXTENDED;"),
        ("d+", source) => Local::Statement(format!("DESCRIBE {source} EXTENDED;")),
        ("ds", "") => statement("LIST STREAMS;"),
        ("dt", "") => statement("LIST TABLES;"),
        ("df", "") => statement("LIST FUNCTIONS;"),
        ("df", function) => Local::Statement(format!("DESCRIBE FUNCTION {function};")),
        ("dk", "") => statement("LIST TOPICS;"),
        ("dT", "") => statement("LIST TYPES;"),
        ("dq", "") => statement("LIST QUERIES;"),
        ("dq", query) => Local::Statement(format!("EXPLAIN {query};")),
        ("dp", "") => statement("LIST PROPERTIES;"),
        ("dv", "") => statement("LIST VARIABLES;"),
        ("c", "") => Local::Server(None),
        ("c", server) => Local::Server(Some(server.to_owned())),
        ("i", _) => file().map_or(Local::Misused("\\i FILE"), Local::RunScript),
        ("o", _) => Local::Spool(file()),
        ("s", "") => Local::History,
        ("q", "") => Local::Exit,
        ("?" | "h", _) => Local::Help,
        _ => Local::Misused("\\? lists the shortcuts that there are"),
    }
}

/// The words of a line; between single quotes there may be spaces, and `''` is a quote.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let mut word = String::new();
        if let Some(quoted) = rest.strip_prefix('\'') {
            rest = quoted;
            loop {
                let (part, after) = rest.split_once('\'').unwrap_or((rest, ""));
                word.push_str(part);
                rest = after;
                let Some(after) = rest.strip_prefix('\'') else { break };
                word.push('\'');
                rest = after;
            }
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            word.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        words.push(word);
        rest = rest.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_for_the_shell() {
        let text = |text: &str| text.to_owned();
        for (line, expected) in [
            ("EXIT;", Some(Local::Exit)),
            (" quit ", Some(Local::Exit)),
            ("Help SELECT", Some(Local::Help)),
            ("output", Some(Local::Output(None))),
            ("OUTPUT json;", Some(Local::Output(Some(OutputFormat::Json)))),
            ("output 'TABULAR'", Some(Local::Output(Some(OutputFormat::Table)))),
            ("output xml", Some(Local::Misused("output [JSON | TABULAR]"))),
            ("set cli wrap off", Some(Local::Wrap(Some(false)))),
            ("SERVER http://h:8088", Some(Local::Server(Some(text("http://h:8088"))))),
            ("run script 'it''s here.sql';", Some(Local::RunScript(text("it's here.sql")))),
            ("Spool 'a b.log'", Some(Local::Spool(Some(text("a b.log"))))),
            ("SPOOL OFF", Some(Local::Spool(None))),
            ("spool", Some(Local::Misused("SPOOL 'FILE' | SPOOL OFF"))),
            ("\\d", Some(Local::Statement(text("LIST STREAMS; LIST TABLES;")))),
            ("\\d  `a b`", Some(Local::Statement(text("DESCRIBE `a b`;")))),
            ("\\d+ flights;", Some(Local::Statement(text("DESCRIBE flights EXTENDED;")))),
            ("\\df abs", Some(Local::Statement(text("DESCRIBE FUNCTION abs;")))),
            ("\\i 'a b.sql'", Some(Local::RunScript(text("a b.sql")))),
            ("\\i", Some(Local::Misused("\\i FILE"))),
            ("\\o", Some(Local::Spool(None))),
            ("\\galaxy", Some(Local::Misused("\\? lists the shortcuts that there are"))),
            // These are SQL.
            ("SET 'a'='b'", None),
            ("SELECT clear FROM s", None),
            ("clear a", None),
            ("", None),
        ] {
            assert_eq!(local(line), expected, "{line}");
        }
    }
}
