//! Links between pages: a relative link must lead to a file of the repository, and to a heading if it names one.
use super::finding::Finding;
use super::tree::{Tree, folder, normal};

/// Checks every Markdown file.
pub fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for (path, text) in tree.ending(&[".md"]) {
        for (line, target) in links(text) {
            if let Some(what) = broken(tree, path, text, target) {
                findings.push(Finding::new(path, line, format!("the link `{target}` {what}"), "correct it"));
            }
        }
    }
}

/// What is wrong with a link of `path`, if anything.
fn broken(tree: &Tree, path: &str, text: &str, target: &str) -> Option<&'static str> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, heading) =
        target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
    let (page, file) = if file.is_empty() {
        (Some(text), path.to_owned())
    } else {
        let Some(file) = normal(&format!("{}/{file}", folder(path))) else {
            return Some("leaves the repository");
        };
        (tree.text(&file).filter(|_| file.rsplit('.').next() == Some("md")), file)
    };
    if !tree.exists(&file) {
        return Some("leads nowhere");
    }
    let heading = heading?;
    let found = page.is_none_or(|page| headings(page).any(|slug| slug == heading));
    (!found).then_some("names a heading that the page does not have")
}

/// Line and target of each link outside code.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (index, line) in outside_code(text) {
        // The parts between backticks are code; a link whose text is code has its target after them.
        for part in line.split('`').step_by(2) {
            for (at, _) in part.match_indices("](") {
                if let Some((target, _)) = part[at + 2..].split_once(')') {
                    found.push((index + 1, target.split(' ').next().unwrap_or(target)));
                }
            }
        }
    }
    found
}

/// Lines with their index, code blocks left out.
fn outside_code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// The headings of a page as anchors.
fn headings(text: &str) -> impl Iterator<Item = String> {
    outside_code(text).filter(|(_, line)| line.starts_with('#')).map(|(_, line)| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        title
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_somewhere() {
        for (text, count) in [
            ("[a](docs/b.md)", 0),
            ("[a](docs/b.md#the-first-one)", 0),
            ("[a](docs)", 0),
            ("[a](https://example.org/x) [b](#here)\n# Here", 0),
            ("`[a](nowhere)`\n```\n[a](nowhere)\n```", 0),
            ("[`a`](nowhere.md)", 1),
            ("[a](docs/c.md)", 1),
            ("[a](../b.md)", 1),
            ("[a](docs/b.md#second) [b](#there)", 2),
        ] {
            let mut findings = Vec::new();
            check(&Tree::of(&[("a.md", text), ("docs/b.md", "## The first, one")]), &mut findings);
            assert_eq!(findings.len(), count, "{text}: {findings:?}");
        }
    }
}
