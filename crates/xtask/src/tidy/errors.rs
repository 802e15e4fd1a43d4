//! docs/http.md lists every error code of the server, with its status.
use super::finding::Finding;
use super::tree::Tree;

const CODES: &str = "crates/server/src/error/code.rs";
const PAGE: &str = "docs/http.md";

/// Compares the table of codes in the code with the one in the documentation.
pub fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    let (Some(source), Some(page)) = (tree.text(CODES), tree.text(PAGE)) else { return };
    let codes = codes(source);
    for (line, code, status) in &codes {
        if !page.lines().any(|row| row.starts_with(&format!("| `{code}` | {status} | "))) {
            let what = format!("{PAGE} does not list the error {code} with status {status}");
            findings.push(Finding::new(CODES, *line, what, "add or correct its row there"));
        }
    }
    for (index, row) in page.lines().enumerate() {
        let mut cells = row.trim_start_matches("| `").split("` | ");
        let (Some(code), Some(rest)) = (cells.next(), cells.next()) else { continue };
        let is_error =
            row.starts_with("| `") && rest.len() > 3 && rest[..3].bytes().all(|b| b.is_ascii_digit());
        if is_error && !codes.iter().any(|(_, known, _)| *known == code) {
            let what = format!("the error {code} does not exist");
            findings.push(Finding::new(PAGE, index + 1, what, format!("compare with {CODES}")));
        }
    }
}

/// Line, code and status of every row `Variant "code" status ...`.
fn codes(source: &str) -> Vec<(usize, &str, &str)> {
    source
        .lines()
        .enumerate()
        .filter_map(|(index, line)| {
            let mut words = line.split_whitespace();
            let (name, code, status) = (words.next()?, words.next()?, words.next()?);
            let quoted = code.strip_prefix('"')?.strip_suffix('"')?;
            let is_row = name.starts_with(char::is_uppercase) && status.parse::<u16>().is_ok();
            is_row.then_some((index + 1, quoted, status))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_in_step() {
        let source = "codes! {\n    /// Doc.\n    NotFound \"not_found\" 404 \"Hint.\";\n}\n";
        for (page, count) in [
            ("| `not_found` | 404 | x |\n", 0),
            ("| `not_found` | 400 | x |\n", 1),
            ("| `not_found` | 404 | x |\n| `gone` | 410 | x |\n", 1),
            ("| `not_found` | 404 | x |\n| `prefix` | text | x |\n", 0),
        ] {
            let mut findings = Vec::new();
            check(&Tree::of(&[(CODES, source), (PAGE, page)]), &mut findings);
            assert_eq!(findings.len(), count, "{page}: {findings:?}");
        }
    }
}
