//! Every text file: whitespace, and words that do not belong in a repository that speaks only of itself.
use super::finding::Finding;
use super::tree::Tree;

/// Files that people write and read by line.
const CHECKED: &[&str] = &[
    ".rs",
    ".md",
    ".toml",
    ".sh",
    ".java",
    ".lua",
    ".xml",
    ".yml",
    ".yaml",
    ".html",
    ".css",
    ".js",
    ".properties",
    ".ci/run",
    ".ci/setup",
    ".ci/test",
    ".ci/say-wait",
    "Makefile",
];

/// Hosts of package registries: which one serves a build is the machine's setting, not the repository's.
/// Written in parts, so that this file does not find itself.
const REGISTRIES: [&str; 8] = [
    concat!("crates", ".io"),
    concat!("static.rust", "-lang.org"),
    concat!("repo.maven.", "apache.org"),
    concat!("repo1.", "maven.org"),
    concat!("registry.", "npmjs.org"),
    concat!("pypi", ".org"),
    concat!("deb.debian", ".org"),
    concat!("archive.", "ubuntu.com"),
];

/// Folders of one machine.
const MACHINES: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

/// Checks every text file that people write.
pub fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for (path, text) in tree.ending(CHECKED) {
        let mut report = |index: usize, what: String, remedy: &str| {
            findings.push(Finding::new(path, index + 1, what, remedy));
        };
        for (index, line) in text.lines().enumerate() {
            if line.ends_with([' ', '\t', '\r']) {
                report(index, "whitespace at the end of the line".to_owned(), "remove it");
            }
            // Make wants tabs.
            if line.contains('\t') && !path.ends_with("Makefile") {
                report(index, "a tab".to_owned(), "use spaces, or \\t inside a string");
            }
            for word in REGISTRIES.iter().filter(|word| line.contains(**word)) {
                report(
                    index,
                    format!("names the registry host {word}"),
                    "leave it to the machine's settings",
                );
            }
            for word in MACHINES.iter().filter(|word| is_path(line, word)) {
                report(
                    index,
                    format!("an absolute path of one machine ({word})"),
                    "make it relative, or a setting",
                );
            }
            if line.contains(concat!("../sha", "red/")) {
                report(
                    index,
                    "a path that leaves the repository".to_owned(),
                    "bring what it needs into the repository",
                );
            }
        }
        if !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")) {
            report(
                text.lines().count().saturating_sub(1),
                "the end of the file".to_owned(),
                "end with one newline",
            );
        }
    }
}

/// Whether `prefix` stands in the line as the beginning of a path, and not inside one.
fn is_path(line: &str, prefix: &str) -> bool {
    line.match_indices(prefix).any(|(at, _)| {
        line[..at]
            .chars()
            .next_back()
            .is_none_or(|before| !before.is_alphanumeric() && !"._-}*~".contains(before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let registry = format!("see {}\n", concat!("crates", ".io"));
        let path = format!("cd {}here\n", concat!("/wo", "rk/"));
        let inside = format!("a/b{}c\n", concat!("/wo", "rk/"));
        for (text, count) in [
            ("a\n", 0),
            ("", 0),
            ("a \n", 1),
            ("\ta\n", 1),
            ("a", 1),
            ("a\n\n", 1),
            (registry.as_str(), 1),
            (path.as_str(), 1),
            (inside.as_str(), 0),
        ] {
            let mut findings = Vec::new();
            check(&Tree::of(&[("a.md", text)]), &mut findings);
            assert_eq!(findings.len(), count, "{text:?}: {findings:?}");
        }
    }
}
