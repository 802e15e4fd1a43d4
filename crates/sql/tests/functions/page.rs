//! `docs/sql/functions.md`, which is written from the registry.
use std::collections::BTreeMap;
use std::fmt::Write as _;

use lentic_sql::function::{Category, Parameter, Registry};

const HEAD: &str = "# Functions

<!-- Written by the registry of functions: do not edit, but run
`UPDATE_DOCS=1 cargo test -p lentic-sql --test functions page`. -->

All of ksqlDB's functions, by what they are about. `LIST FUNCTIONS` and `DESCRIBE FUNCTION` say the same in a
[session](shell.md). Names are found in any case. A function with several lists of parameters takes the one that its arguments
fit exactly, else the one that they [widen](types.md#coercion) to; NULL fits every type. A letter stands for a type that the
arguments decide, `...` for any number of arguments. Where nothing else is said the result is NULL if an argument is.
";

struct Entry {
    name: String,
    about: &'static str,
    overloads: Vec<Overload>,
}

struct Overload {
    parameters: Vec<Parameter>,
    /// Empty if it depends on the arguments.
    returns: String,
    about: &'static str,
}

#[test]
fn the_page_is_in_step() {
    let page = page(&Registry::standard());
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sql/functions.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == page,
        "docs/sql/functions.md is out of step: UPDATE_DOCS=1 cargo test -p lentic-sql --test functions page"
    );
}

fn page(registry: &Registry) -> String {
    let mut text = HEAD.to_owned();
    for (category, entries) in entries(registry) {
        let _ = write!(text, "\n## {}\n", heading(category));
        if let Some(note) = note(category) {
            let _ = write!(text, "\n{note}\n");
        }
        for entry in entries {
            text.push_str(&section(&entry));
        }
    }
    text
}

fn entries(registry: &Registry) -> BTreeMap<Category, Vec<Entry>> {
    let mut entries: BTreeMap<Category, Vec<Entry>> = BTreeMap::new();
    for function in registry.scalars() {
        let overloads = function.overloads().iter().map(|overload| Overload {
            parameters: overload.parameters().to_vec(),
            returns: overload.returns().map(ToString::to_string).unwrap_or_default(),
            about: overload.about(),
        });
        entries.entry(function.category()).or_default().push(Entry {
            name: function.name().to_uppercase(),
            about: function.about(),
            overloads: overloads.collect(),
        });
    }
    // What these return depends on the arguments.
    let overload = |parameters: &[Parameter], about| Overload {
        parameters: parameters.to_vec(),
        returns: String::new(),
        about,
    };
    for function in registry.aggregates() {
        let overloads = function.overloads().iter().map(|o| overload(o.parameters(), o.about())).collect();
        let entry = Entry { name: function.name().to_uppercase(), about: function.about(), overloads };
        entries.entry(Category::Aggregate).or_default().push(entry);
    }
    for function in registry.tables() {
        let overloads = function.overloads().iter().map(|o| overload(o.parameters(), o.about())).collect();
        let entry = Entry { name: function.name().to_uppercase(), about: function.about(), overloads };
        entries.entry(Category::Table).or_default().push(entry);
    }
    for entries in entries.values_mut() {
        entries.sort_by(|left, right| left.name.cmp(&right.name));
    }
    entries
}

fn heading(category: Category) -> &'static str {
    match category {
        Category::Array => "Arrays",
        Category::Map => "Maps",
        Category::Lambda => "Lambdas",
        Category::Conditional => "Choosing values",
        Category::Conversion => "Numbers from bytes",
        Category::DateTime => "Dates and times",
        Category::Json => "JSON",
        Category::Math => "Numbers",
        Category::Regex => "Regular expressions",
        Category::String => "Text and bytes",
        Category::Url => "URLs",
        Category::Aggregate => "Aggregates",
        Category::Table => "Table functions",
        Category::Other => "Others",
    }
}

fn note(category: Category) -> Option<&'static str> {
    Some(match category {
        Category::DateTime => {
            "Patterns are those of Java's `DateTimeFormatter`: `yyyy-MM-dd'T'HH:mm:ss.SSS`. A time zone is a name like\n\
             `Europe/Vienna`, or an offset like `+02:00`; left out, it is UTC."
        }
        Category::Regex => "Patterns are those of Java's `Pattern`.",
        Category::Lambda => {
            "A lambda stands behind the collection that it is for: `TRANSFORM(a, x => x + 1)`, `REDUCE(a, 0, (s, x) => s + x)`."
        }
        Category::Aggregate => {
            "One value for all rows of a group, in [queries with GROUP BY](queries.md#group-by-and-aggregates)."
        }
        Category::Table => "Several rows for one: [table functions](queries.md#table-functions).",
        _ => return None,
    })
}

fn section(entry: &Entry) -> String {
    let mut text = format!("\n### {}\n\n{}\n\n", entry.name, entry.about);
    for Overload { parameters, returns, about } in &entry.overloads {
        let list: Vec<_> = parameters.iter().map(signature).collect();
        let _ = write!(text, "- `{}({})`", entry.name, list.join(", "));
        if !returns.is_empty() {
            let _ = write!(text, " is `{returns}`");
        }
        let _ = writeln!(text, "{}", if about.is_empty() { String::new() } else { format!(": {about}") });
    }
    let mut told: Vec<(&str, &str)> = Vec::new();
    for parameter in entry.overloads.iter().flat_map(|overload| &overload.parameters) {
        let about = (parameter.name(), parameter.about());
        if !about.1.is_empty() && !told.contains(&about) {
            told.push(about);
        }
    }
    if !told.is_empty() {
        let told: Vec<_> = told.iter().map(|(name, about)| format!("`{name}`: {about}")).collect();
        let _ = write!(text, "\n{}\n", told.join(" "));
    }
    text
}

fn signature(parameter: &Parameter) -> String {
    let dots = if parameter.is_variadic() { "..." } else { "" };
    format!("{} {}{dots}", parameter.name(), parameter.shape())
}
