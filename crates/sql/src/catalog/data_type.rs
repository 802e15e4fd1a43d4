//! Types as they are written.
use lentic_sql_syntax::ast::DataType;

use super::Catalog;
use crate::Refusal;
use crate::types::SqlType;
use lentic_sql_syntax::nearest;

/// What every service has; `VARCHAR` is the word of ksqlDB's manual for STRING.
const BUILT_IN: [&str; 15] = [
    "BOOLEAN",
    "INT",
    "INTEGER",
    "BIGINT",
    "DOUBLE",
    "DECIMAL",
    "STRING",
    "VARCHAR",
    "BYTES",
    "DATE",
    "TIME",
    "TIMESTAMP",
    "ARRAY",
    "MAP",
    "STRUCT",
];

/// The type that is meant; custom types are what they stand for.
pub fn sql_type(written: &DataType, catalog: &Catalog) -> Result<SqlType, Refusal> {
    Ok(match written {
        DataType::Boolean => SqlType::Boolean,
        DataType::Integer => SqlType::Integer,
        DataType::Bigint => SqlType::Bigint,
        DataType::Double => SqlType::Double,
        DataType::String => SqlType::String,
        DataType::Bytes => SqlType::Bytes,
        DataType::Date => SqlType::Date,
        DataType::Time => SqlType::Time,
        DataType::Timestamp => SqlType::Timestamp,
        DataType::Decimal { precision, scale } => decimal(*precision, *scale)?,
        DataType::Array(element) => SqlType::array(sql_type(element, catalog)?),
        DataType::Map(key, value) => SqlType::map(sql_type(key, catalog)?, sql_type(value, catalog)?),
        DataType::Struct(fields) => {
            let fields = fields
                .iter()
                .map(|field| Ok((field.name.text.as_str(), sql_type(&field.data_type, catalog)?)));
            SqlType::structure(fields.collect::<Result<Vec<_>, Refusal>>()?)
        }
        DataType::Named(name) => match catalog.custom_type(&name.text) {
            Some(known) => known.clone(),
            None => {
                let text = format!("Cannot resolve unknown type: {}", name.text);
                let custom = catalog.custom_types().map(|(name, _)| &**name);
                let near = nearest(&name.text, BUILT_IN.into_iter().chain(custom));
                return Err(Refusal::new(text).at(name.at.0).near(near));
            }
        },
    })
}

fn decimal(precision: i32, scale: i32) -> Result<SqlType, Refusal> {
    let wrong = |text: String| Err(Refusal::new(text));
    if precision < 1 {
        return wrong(format!("DECIMAL precision must be >= 1: DECIMAL({precision},{scale})"));
    }
    if scale < 0 {
        return wrong(format!("DECIMAL scale must be >= 0: DECIMAL({precision},{scale})"));
    }
    match SqlType::decimal(precision as u32, scale as u32) {
        Some(found) => Ok(found),
        None => wrong(format!("DECIMAL precision must be >= scale: DECIMAL({precision},{scale})")),
    }
}

#[cfg(test)]
mod tests {
    use lentic_sql_syntax::parse_type;

    use super::*;

    #[test]
    fn written_and_meant() {
        let mut catalog = Catalog::default();
        catalog
            .add_type("ADDRESS", sql_type(&parse_type("STRUCT<a INT, `b` INT>").unwrap(), &catalog).unwrap());
        for (written, meant) in [
            ("int", "INTEGER"),
            ("map<varchar, decimal(4,2)>", "MAP<STRING, DECIMAL(4, 2)>"),
            ("array<address>", "ARRAY<STRUCT<`A` INTEGER, `b` INTEGER>>"),
            ("struct<t timestamp, d date>", "STRUCT<`T` TIMESTAMP, `D` DATE>"),
            ("nothing", "Cannot resolve unknown type: NOTHING"),
            ("decimal(0, 0)", "DECIMAL precision must be >= 1: DECIMAL(0,0)"),
            ("decimal(1, 2)", "DECIMAL precision must be >= scale: DECIMAL(1,2)"),
        ] {
            let found = sql_type(&parse_type(written).expect(written), &catalog);
            let found = found.map_or_else(|refusal| refusal.to_string(), |kind| kind.to_string());
            assert_eq!(found, meant, "{written}");
        }
    }
    #[test]
    fn a_misspelt_type_is_told_where_it_stands() {
        let mut catalog = Catalog::default();
        catalog.add_type("ADDRESS", SqlType::String);
        for (written, told) in [
            ("array<itn>", "Line: 1, Col: 7: Cannot resolve unknown type: ITN. Did you mean 'INT'?"),
            ("adress", "Line: 1, Col: 1: Cannot resolve unknown type: ADRESS. Did you mean 'ADDRESS'?"),
            ("nothing", "Line: 1, Col: 1: Cannot resolve unknown type: NOTHING"),
        ] {
            let refusal = sql_type(&parse_type(written).expect(written), &catalog).expect_err(written);
            assert_eq!(refusal.told(), told);
        }
    }
}
