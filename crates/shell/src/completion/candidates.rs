//! What could be typed at a place.
use super::catalog::Catalog;
use super::place::{Place, place};
use super::words;

/// What could be typed instead of the word at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Where the word begins that it stands for.
    pub(crate) start: usize,
    /// What to type.
    pub(crate) text: String,
    /// What it is: `stream`, `BIGINT`; nothing of a keyword.
    pub(crate) what: String,
}

/// What could be typed at byte `at` of a text, best first.
pub(crate) fn candidates(text: &str, at: usize, catalog: &Catalog) -> Vec<Candidate> {
    let Some(place) = place(text, at) else { return Vec::new() };
    let mut found = Found { place: &place, candidates: Vec::new() };
    if let Some(qualifier) = &place.qualifier {
        for (source, alias) in &place.sources {
            if alias == qualifier || source == qualifier {
                found.columns(catalog, source);
            }
        }
        return found.candidates;
    }
    let before: Vec<&str> = place.before.iter().map(String::as_str).collect();
    match before.as_slice() {
        [] => found.keywords(&words::STATEMENTS),
        ["LIST" | "SHOW", ..] => found.keywords(&words::LISTED),
        ["DESCRIBE"] => {
            found.sources(catalog);
            found.keywords(&words::DESCRIBED);
        }
        ["DESCRIBE", "FUNCTION"] => found.functions(catalog, ""),
        ["CREATE" | "DROP" | "ALTER"] | ["CREATE", "OR", "REPLACE"] => found.keywords(&words::THINGS),
        // The first is `\d`.
        ["\\", ..] | ["DROP" | "ALTER", "STREAM" | "TABLE"] | [.., "FROM" | "JOIN" | "INTO"] => {
            found.sources(catalog);
        }
        ["SET" | "UNSET" | "DEFINE" | "UNDEFINE" | "RUN" | "PRINT", ..] => {}
        _ => {
            for (source, _) in &place.sources {
                found.columns(catalog, source);
            }
            for (_, alias) in &place.sources {
                found.offer(&written(alias), "");
            }
            found.functions(catalog, "(");
            found.keywords(&words::WITHIN);
        }
    }
    found.candidates
}

struct Found<'a> {
    place: &'a Place,
    candidates: Vec<Candidate>,
}

impl Found<'_> {
    fn sources(&mut self, catalog: &Catalog) {
        for (name, what) in catalog.sources() {
            self.offer(&written(name), what);
        }
    }

    fn columns(&mut self, catalog: &Catalog, source: &str) {
        for column in catalog.columns(source) {
            self.offer(&written(&column.name), &column.what);
        }
    }

    fn functions(&mut self, catalog: &Catalog, after: &str) {
        // A list of all functions helps nobody who has typed nothing.
        if after.is_empty() || !self.place.typed.is_empty() {
            for function in catalog.functions() {
                self.offer(&format!("{}{after}", function.name), &function.what);
            }
        }
    }

    fn keywords(&mut self, words: &[&str]) {
        for word in words {
            self.offer(word, "");
        }
    }

    /// Offers a text if it begins with what was typed; who types small letters gets small letters.
    fn offer(&mut self, text: &str, what: &str) {
        let typed = &self.place.typed;
        let begins = text.get(..typed.len()).is_some_and(|head| head.eq_ignore_ascii_case(typed))
            || text
                .strip_prefix('`')
                .is_some_and(|name| !typed.is_empty() && name.starts_with(typed.as_str()));
        if !begins {
            return;
        }
        let is_small = typed.chars().any(char::is_lowercase) && !typed.chars().any(char::is_uppercase);
        let text = if is_small && !text.starts_with('`') { text.to_lowercase() } else { text.to_owned() };
        if self.candidates.iter().all(|other| other.text != text) {
            self.candidates.push(Candidate { start: self.place.start, text, what: what.to_owned() });
        }
    }
}

/// A name as it is written: between quotes where it would be another one without.
fn written(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if is_plain { name.to_owned() } else { format!("`{}`", name.replace('`', "``")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::completion::catalog::Named;
    use crate::completion::sources_of;

    fn named(name: &str, what: &str) -> Named {
        Named { name: name.to_owned(), what: what.to_owned() }
    }

    fn catalog() -> Catalog {
        let mut catalog = Catalog::default();
        let sources = [("FLIGHTS", "stream"), ("PLANES", "table"), ("Odd one", "stream")];
        catalog.load(sources.map(|(name, what)| (name.to_owned(), what)));
        catalog.load_columns(
            "FLIGHTS",
            vec![named("FLIGHT", "BIGINT"), named("DELAY", "DOUBLE"), named("Tail", "STRING")],
        );
        catalog.load_columns("PLANES", vec![named("TAIL", "STRING")]);
        catalog.load_functions(vec![named("ABS", "scalar"), named("AVG", "aggregate")]);
        catalog
    }

    #[test]
    fn candidates_fit_their_place() {
        // The bar is the cursor.
        for (text, expected) in [
            ("SEL|", "SELECT"),
            ("sel|", "select"),
            ("SELECT 1; desc|", "describe"),
            ("SELECT * FROM |", "FLIGHTS `Odd one` PLANES"),
            ("SELECT * FROM fl|", "flights"),
            ("SELECT * FROM O|", "`Odd one`"),
            ("SELECT * FROM `O|", "`Odd one`"),
            ("SELECT DE| FROM flights;", "DELAY DECIMAL DELETE TOPIC"),
            ("SELECT ta| FROM planes p JOIN flights f ON p.tail = f.x;", "tail"),
            ("SELECT f.| FROM flights f", "FLIGHT DELAY `Tail`"),
            ("SELECT f.T| FROM flights AS f", "`Tail`"),
            ("SELECT planes.| FROM planes", "TAIL"),
            ("SELECT x.| FROM planes", ""),
            ("SELECT A| FROM x", "ABS( AVG( ADD COLUMN ADVANCE BY AND ARRAY AS"),
            ("DESCRIBE |", "FLIGHTS `Odd one` PLANES CONNECTOR FUNCTION STREAMS TABLES"),
            ("DESCRIBE FUNCTION a|", "abs avg"),
            ("DROP TABLE P|", "PLANES"),
            ("INSERT INTO F|", "FLIGHTS"),
            ("LIST q|", "queries"),
            ("\\d fl|", "flights"),
            ("SELECT 1+fli| FROM flights", "flight flights"),
            ("SELECT 'fl|", ""),
            ("SELECT 1 -- fl|", ""),
            ("SET 'a|", ""),
        ] {
            let at = text.find('|').unwrap();
            let text = text.replace('|', "");
            let found = candidates(&text, at, &catalog());
            let texts: Vec<&str> = found.iter().map(|found| found.text.as_str()).collect();
            assert_eq!(texts.join(" "), expected, "{text}");
            assert!(found.iter().all(|found| text.is_char_boundary(found.start) && found.start <= at));
        }
    }

    #[test]
    fn columns_are_asked_for_of_what_is_named() {
        let text = "SELECT 1 FROM a; SELECT x FROM b JOIN `c d` e ON 1 = 1; SELECT FROM f";
        assert_eq!(sources_of(text, 24), ["B", "c d"]);
        assert_eq!(sources_of(text, text.len()), [""; 0]);
        assert_eq!(sources_of(text, 7), ["A"]);
    }
}
