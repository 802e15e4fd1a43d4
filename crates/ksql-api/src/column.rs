//! Columns of a result, and the schema that names them.

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, without quotes.
    pub name: String,
    /// Its type as SQL says it: `BIGINT`, ``STRUCT<`A` INTEGER>``.
    pub kind: String,
    /// Whether the schema calls it a key.
    pub is_key: bool,
    /// Which headers of the record it has, where the schema says so: `HEADERS`, `HEADER('key')`.
    pub headers: Option<String>,
}

impl Column {
    /// A column that is no key, or is not called one: headers of push queries name no keys.
    pub fn value(name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { name: name.into(), kind: kind.into(), is_key: false, headers: None }
    }

    /// A column of the key.
    pub fn key(name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { is_key: true, ..Self::value(name, kind) }
    }

    /// The same column with what a schema says of its headers.
    #[must_use]
    pub fn of_headers(self, headers: Option<String>) -> Self {
        Self { headers, ..self }
    }
}

/// Appends `` `ID` BIGINT KEY, `NAME` STRING``. ksqlDB names columns of headers before those of the value, wherever they stand in
/// its rows.
pub(crate) fn append_schema(columns: &[Column], out: &mut String) {
    let keys = columns.iter().take_while(|column| column.is_key).count();
    let (keys, others) = columns.split_at(keys);
    let of_headers = others.iter().filter(|column| column.headers.is_some());
    let rest = others.iter().filter(|column| column.headers.is_none());
    for (index, column) in keys.iter().chain(of_headers).chain(rest).enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        out.push('`');
        for part in column.name.split_inclusive('`') {
            out.push_str(part);
            if part.ends_with('`') {
                out.push('`');
            }
        }
        out.push_str("` ");
        out.push_str(&column.kind);
        if column.is_key {
            out.push_str(" KEY");
        }
        if let Some(headers) = &column.headers {
            out.push(' ');
            out.push_str(headers);
        }
    }
}

/// The columns that a schema of a header names, in the order of the rows: what has headers stands last there.
pub fn columns_of(schema: &str) -> Vec<Column> {
    let mut columns = Vec::new();
    let mut rest = schema;
    while let Some((column, after)) = first_column(rest) {
        columns.push(column);
        rest = after;
    }
    columns.sort_by_key(|column| column.headers.is_some());
    columns
}

fn first_column(schema: &str) -> Option<(Column, &str)> {
    let schema = schema.trim_start_matches([',', ' ']);
    let (name, rest) = name_at(schema)?;
    let end = end_of_type(rest);
    let kind = rest[..end].trim();
    let (kind, is_key) = match kind.strip_suffix(" KEY") {
        Some(kind) => (kind.strip_suffix(" PRIMARY").unwrap_or(kind), true),
        None => (kind, false),
    };
    let of_headers = [" HEADERS", " HEADER("].into_iter().find_map(|word| kind.find(word));
    let (kind, headers) = kind.split_at(of_headers.unwrap_or(kind.len()));
    let headers = of_headers.map(|_| headers.trim_start().to_owned());
    Some((Column { name, kind: kind.to_owned(), is_key, headers }, &rest[end..]))
}

/// A name and what follows it.
fn name_at(schema: &str) -> Option<(String, &str)> {
    let Some(quoted) = schema.strip_prefix('`') else {
        let end = schema.find(' ').unwrap_or(schema.len());
        return (end > 0).then(|| (schema[..end].to_owned(), &schema[end..]));
    };
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let (part, after) = rest.split_once('`').unwrap_or((rest, ""));
        name.push_str(part);
        match after.strip_prefix('`') {
            // A doubled quote is one.
            Some(after) => {
                name.push('`');
                rest = after;
            }
            None => return Some((name, after)),
        }
    }
}

/// Where the comma is that ends a type: the first one outside of brackets and quotes.
fn end_of_type(text: &str) -> usize {
    let (mut depth, mut quote) = (0_u32, None);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if quote == Some(byte) => quote = None,
            _ if quote.is_some() => {}
            b'`' | b'\'' => quote = Some(byte),
            b'<' | b'(' => depth += 1,
            b'>' | b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_written_and_read() {
        let nested = "STRUCT<`A,B` DECIMAL(4, 2), `C` MAP<STRING, ARRAY<INTEGER>>>";
        for (columns, schema) in [
            (vec![], String::new()),
            (
                vec![Column::key("ID", "BIGINT"), Column::value("N", "STRING")],
                "`ID` BIGINT KEY, `N` STRING".to_owned(),
            ),
            (
                vec![Column::value("a`b, c", nested), Column::value("D", "DECIMAL(10, 3)")],
                format!("`a``b, c` {nested}, `D` DECIMAL(10, 3)"),
            ),
            (
                vec![
                    Column::key("K", "INTEGER"),
                    Column::value("V", "STRING"),
                    Column::value("H", "BYTES").of_headers(Some("HEADER('a`, ''b)')".to_owned())),
                    Column::value("ALL", "ARRAY<BYTES>").of_headers(Some("HEADERS".to_owned())),
                ],
                "`K` INTEGER KEY, `H` BYTES HEADER('a`, ''b)'), `ALL` ARRAY<BYTES> HEADERS, `V` STRING"
                    .to_owned(),
            ),
        ] {
            let mut written = String::new();
            append_schema(&columns, &mut written);
            assert_eq!(written, schema);
            assert_eq!(columns_of(&schema), columns);
        }
    }

    #[test]
    fn other_schemas_are_read() {
        assert_eq!(columns_of("`K` STRING PRIMARY KEY"), [Column::key("K", "STRING")]);
        assert_eq!(columns_of("ID INT, V"), [Column::value("ID", "INT"), Column::value("V", "")]);
        assert_eq!(columns_of("`unclosed"), [Column::value("unclosed", "")]);
    }
}
