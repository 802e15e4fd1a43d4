//! Columns and types.
use lentic_ksql_api::entity::{FieldInfo, FieldType, SchemaInfo};
use lentic_sql::SqlType;
use lentic_sql::catalog::{Column, Place, Schema};

/// The columns of a schema.
pub(crate) fn fields(schema: &Schema) -> Vec<FieldInfo> {
    schema.columns().iter().map(field).collect()
}

fn field(column: &Column) -> FieldInfo {
    let (kind, header_key) = match &column.place {
        Place::Key => (Some(FieldType::Key), None),
        Place::Value => (None, None),
        Place::Headers => (Some(FieldType::Header), None),
        Place::Header(key) => (Some(FieldType::Header), Some(key.to_string())),
    };
    FieldInfo { name: column.name.to_string(), schema: schema_info(&column.kind), kind, header_key }
}

/// A type.
pub(crate) fn schema_info(kind: &SqlType) -> SchemaInfo {
    match kind {
        SqlType::Decimal(decimal) => SchemaInfo::decimal(decimal.precision(), decimal.scale()),
        SqlType::Array(element) => SchemaInfo::array(schema_info(element)),
        SqlType::Map(_, value) => SchemaInfo::map(schema_info(value)),
        SqlType::Struct(structure) => {
            let field = |field: &lentic_sql::types::Field| FieldInfo {
                name: field.name.to_string(),
                schema: schema_info(&field.kind),
                ..FieldInfo::default()
            };
            SchemaInfo::structure(structure.fields().iter().map(field).collect())
        }
        scalar => SchemaInfo::of(scalar.base_name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_parts() {
        let structure = SqlType::structure([("A", SqlType::array(SqlType::Integer))]);
        let kind = SqlType::map(SqlType::String, structure);
        let info = schema_info(&kind);
        assert_eq!(info.to_string(), "MAP<STRING, STRUCT<A ARRAY<INTEGER>>>");
        let decimal = schema_info(&SqlType::decimal(4, 2).expect("a decimal"));
        assert_eq!(decimal, SchemaInfo::decimal(4, 2));
    }
}
