//! The blocks that an answer is made of.
use super::table::{Page, Table};
use super::width::{printable, width};

/// A part of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// A line, or several, as they are.
    Text(String),
    /// Names and values, one below the other; empty values are left out.
    Pairs(Vec<(&'static str, String)>),
    /// A table under its title.
    Table(&'static str, Table),
    /// Space between what does not belong together.
    Gap,
}

impl Block {
    pub(crate) fn render(&self, page: Page, out: &mut String) {
        match self {
            Self::Text(text) => {
                out.push_str(printable(text).trim_end());
                out.push('\n');
            }
            Self::Pairs(pairs) => {
                let shown = || pairs.iter().filter(|(_, value)| !value.is_empty());
                let names = shown().map(|(name, _)| width(name)).max().unwrap_or(0);
                for (name, value) in shown() {
                    let value = printable(value);
                    let mut lines = value.trim_end().lines();
                    let first = lines.next().unwrap_or_default();
                    out.push_str(format!("{name:names$} : {first}").trim_end());
                    out.push('\n');
                    for line in lines {
                        out.push_str(format!("{:names$}   {line}", "").trim_end());
                        out.push('\n');
                    }
                }
            }
            Self::Table(title, table) => {
                if !title.is_empty() {
                    out.push_str(title);
                    out.push('\n');
                }
                table.render(page, out);
            }
            Self::Gap => out.push('\n'),
        }
    }
}
