//! A page of the manual as examples: fenced blocks that are run, each perhaps with what it has to show.
//!
//! - `sql`: statements for `lentic sql`; what a page has `SET` and `DEFINE`d holds to its end
//! - `sh`: a script of `bash`, with `lentic` and `curl` at hand
//! - `websocket`: an address, and under it the request that is sent there
//!
//! A block `text` or `json` right behind one of these is what it prints ([`super::expectation`]). Blocks of another language, or of
//! none, are not run.

/// An example of a page.
#[derive(Debug, PartialEq)]
pub struct Example {
    /// The line where the block begins.
    pub line: usize,
    pub kind: Kind,
    pub text: String,
    pub expected: Option<Expected>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Sql,
    Shell,
    WebSocket,
}

#[derive(Debug, PartialEq)]
pub enum Expected {
    Text(String),
    Json(String),
}

/// The examples of a page, in their order.
pub fn examples(page: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut is_answered = true;
    for (line, language, text) in blocks(page) {
        let kind = match language {
            "sql" => Kind::Sql,
            "sh" => Kind::Shell,
            "websocket" => Kind::WebSocket,
            "text" | "json" => {
                let asked = examples.last_mut().filter(|_| !is_answered);
                let asked = asked.unwrap_or_else(|| panic!("line {line}: an answer to nothing"));
                let expected = if language == "text" { Expected::Text } else { Expected::Json };
                asked.expected = Some(expected(text));
                is_answered = true;
                continue;
            }
            _ => continue,
        };
        examples.push(Example { line, kind, text, expected: None });
        is_answered = false;
    }
    examples
}

/// Line, language and text of the fenced blocks.
fn blocks(page: &str) -> Vec<(usize, &str, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(language) = line.strip_prefix("```") else { continue };
        let text = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```");
        let text = text.flat_map(|line| [line, "\n"]).collect();
        blocks.push((number + 1, language, text));
    }
    blocks
}

#[test]
fn blocks_are_examples() {
    let page = "A\n\n```sql\nSELECT 1;\n```\n\nis\n\n```text\n1\n```\n\n```\nnone\n```\n```sh\ntrue\n```\n";
    let sql = Example {
        line: 3,
        kind: Kind::Sql,
        text: "SELECT 1;\n".to_owned(),
        expected: Some(Expected::Text("1\n".to_owned())),
    };
    let shell = Example { line: 16, kind: Kind::Shell, text: "true\n".to_owned(), expected: None };
    assert_eq!(examples(page), [sql, shell]);
}
