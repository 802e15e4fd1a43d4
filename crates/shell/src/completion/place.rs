//! Where in a statement the cursor is.
use lentic_sql_syntax::{Part, PartKind, parts};

/// The place where something is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Where the word begins that is being typed.
    pub(super) start: usize,
    /// What was typed of it.
    pub(super) typed: String,
    /// What stands before a dot before it, as a name.
    pub(super) qualifier: Option<String>,
    /// The words before it, in upper case, the last one last.
    pub(super) before: Vec<String>,
    /// The streams and tables that the statement names, with what they are called there.
    pub(super) sources: Vec<(String, String)>,
}

/// The streams and tables that the statement at `at` names.
pub(crate) fn sources_of(text: &str, at: usize) -> Vec<String> {
    place(text, at).map_or_else(Vec::new, |place| place.sources.into_iter().map(|(name, _)| name).collect())
}

/// The place at byte `at` of a text; none within quotes and comments, where nothing can be known.
pub(super) fn place(text: &str, at: usize) -> Option<Place> {
    let parts = parts(text);
    let is_opaque = |part: &Part| {
        let is_open = matches!(part.kind, PartKind::Text | PartKind::Comment | PartKind::Unclosed);
        // A name between back quotes that is not closed yet is a name.
        is_open && part.range.contains(&at.saturating_sub(1)) && !text[part.range.clone()].starts_with('`')
    };
    if parts.iter().any(|part| is_opaque(part) && part.range.start < at) {
        return None;
    }
    let is_end = |part: &&Part| part.kind == PartKind::Symbol && text[part.range.clone()] == *";";
    let begin = parts.iter().filter(is_end).map(|part| part.range.end).rfind(|end| *end <= at).unwrap_or(0);
    let end = parts.iter().filter(is_end).map(|part| part.range.start).find(|start| *start >= at);
    let end = end.unwrap_or(text.len());

    let typed_from = text[begin..at].rfind(|c: char| !is_of_name(c)).map_or(begin, |before| {
        begin + before + text[begin + before..].chars().next().map_or(0, char::len_utf8)
    });
    let of_statement: Vec<&Part> = parts
        .iter()
        .filter(|part| part.kind != PartKind::Comment && part.range.start >= begin && part.range.start < end)
        .collect();
    let before: Vec<&Part> =
        of_statement.iter().copied().filter(|part| part.range.start < typed_from).collect();
    let qualifier = match before.as_slice() {
        [.., name, dot] if text[dot.range.clone()] == *"." && dot.range.end == typed_from => {
            Some(name_of(&text[name.range.clone()]))
        }
        _ => None,
    };
    Some(Place {
        start: typed_from,
        typed: text[typed_from..at].to_owned(),
        qualifier,
        before: before.iter().map(|part| text[part.range.clone()].to_ascii_uppercase()).collect(),
        sources: sources(text, &of_statement, at),
    })
}

/// What stands after FROM, JOIN, INTO, DESCRIBE; an alias may follow.
fn sources(text: &str, parts: &[&Part], at: usize) -> Vec<(String, String)> {
    let mut sources = Vec::new();
    let text_of = |index: usize| parts.get(index).map(|part: &&Part| &text[part.range.clone()]);
    for (index, part) in parts.iter().enumerate() {
        let word = text[part.range.clone()].to_ascii_uppercase();
        if part.kind != PartKind::Keyword || !["FROM", "JOIN", "INTO", "DESCRIBE"].contains(&word.as_str()) {
            continue;
        }
        let Some(name) = parts.get(index + 1).filter(|name| {
            // The name that is being typed is none yet.
            name.kind == PartKind::Name && name.range.end != at
        }) else {
            continue;
        };
        let name = name_of(&text[name.range.clone()]);
        let is_as = text_of(index + 2).is_some_and(|word| word.eq_ignore_ascii_case("AS"));
        let alias = parts.get(index + 2 + usize::from(is_as)).filter(|part| part.kind == PartKind::Name);
        let alias = alias.map_or_else(|| name.clone(), |alias| name_of(&text[alias.range.clone()]));
        sources.push((name, alias));
    }
    sources
}

/// What a name stands for: case counts between quotes only.
fn name_of(written: &str) -> String {
    match written.strip_prefix('`') {
        Some(quoted) => quoted.strip_suffix('`').unwrap_or(quoted).replace("``", "`"),
        None => written.to_ascii_uppercase(),
    }
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '@' | '`')
}
