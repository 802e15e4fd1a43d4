use lentic_sql::SqlType;
use lentic_sql::serde::{Delimiter, Deserializer, Format, FormatName, Nullable, RowSchema, Wrapping};

fn refusal(format: &Format, schema: &RowSchema) -> String {
    Deserializer::new(format, schema).expect_err("a refusal").to_string()
}

#[test]
fn columns_that_a_format_cannot_hold() {
    let ints = SqlType::array(SqlType::Integer);
    let number = SqlType::decimal(21, 19).unwrap();
    let other_keys = SqlType::array(SqlType::map(SqlType::Integer, SqlType::Double));
    let key = |kind: &SqlType| RowSchema::key([("K", kind.clone())]);
    let value = |kind: &SqlType| RowSchema::value([("FOO", kind.clone())]);
    let two = RowSchema::key([("K1", SqlType::Integer), ("K2", SqlType::String)]);
    for (name, schema, message) in [
        (
            FormatName::Kafka,
            key(&number),
            "Key format does not support schema.\nformat: KAFKA\nschema: Persistence{columns=[`K` DECIMAL(21, 19) KEY], \
             features=[]}\nreason: The 'KAFKA' format does not support type 'DECIMAL'",
        ),
        (
            FormatName::Kafka,
            two.clone(),
            "Key format does not support schema.\nformat: KAFKA\nschema: Persistence{columns=[`K1` INTEGER KEY, `K2` STRING \
             KEY], features=[]}\nreason: The 'KAFKA' format only supports a single field. Got: [`K1` INTEGER KEY, `K2` STRING \
             KEY]",
        ),
        (
            FormatName::Delimited,
            value(&ints),
            "Value format does not support schema.\nformat: DELIMITED\nschema: Persistence{columns=[`FOO` ARRAY<INTEGER>], \
             features=[]}\nreason: The 'DELIMITED' format does not support type 'ARRAY', column: `FOO`",
        ),
        (
            FormatName::None,
            two,
            "Key format does not support schema.\nformat: NONE\nschema: Persistence{columns=[`K1` INTEGER KEY, `K2` STRING \
             KEY], features=[]}\nreason: The 'NONE' format can only be used when no columns are defined. Got: [`K1` INTEGER \
             KEY, `K2` STRING KEY]",
        ),
        (
            FormatName::Json,
            value(&other_keys).with_wrapping(Wrapping::Unwrapped),
            "Value format does not support schema.\nformat: JSON\nschema: Persistence{columns=[`FOO` ARRAY<MAP<INTEGER, \
             DOUBLE>>], features=[UNWRAP_SINGLES]}\nreason: JSON only supports MAP types with STRING keys",
        ),
        (
            FormatName::Json,
            key(&other_keys),
            "Map keys, including types that contain maps, are not supported as they may lead to unexpected behavior due to \
             inconsistent serialization. Key column name: `K`. Column type: ARRAY<MAP<INTEGER, DOUBLE>>. See \
             https://github.com/confluentinc/ksql/issues/6621 for more.",
        ),
        (
            FormatName::ProtobufNosr,
            value(&SqlType::array(ints)),
            "Value format does not support schema.\nformat: PROTOBUF_NOSR\nschema: Persistence{columns=[`FOO` \
             ARRAY<ARRAY<INTEGER>>], features=[]}\nreason: PROTOBUF format does not support ARRAY and MAP types as elements of \
             an ARRAY",
        ),
        (
            FormatName::Avro,
            value(&SqlType::Integer),
            "KSQL is not configured to use a schema registry. To enable it, please set ksql.schema.registry.url",
        ),
    ] {
        assert_eq!(refusal(&Format::new(name), &schema), message);
    }
}

#[test]
fn properties() {
    let schema = RowSchema::value([("V", SqlType::Integer)]);
    let delimiter = Delimiter::parse(";").unwrap();
    for (format, message) in [
        (
            Format::new(FormatName::Json).with_delimiter(delimiter),
            "JSON does not support the following configs: [delimiter]",
        ),
        (
            Format::new(FormatName::Kafka).with_delimiter(delimiter).with_nullable(Nullable::Optional),
            "KAFKA does not support the following configs: [delimiter, nullableRepresentation]",
        ),
    ] {
        assert_eq!(refusal(&format, &schema), message);
    }
    for (text, message) in [
        (
            "<~>",
            "Invalid delimiter value: '<~>'. Delimiter must be a single character or TAB,SPACE\nExample valid value: ';'",
        ),
        (
            " ",
            "Delimiter cannot be empty, if you meant to have a tab or space for delimiter, please use the special values 'TAB' \
             or 'SPACE'\nExample valid value: ';'",
        ),
    ] {
        assert_eq!(Delimiter::parse(text).unwrap_err().to_string(), message);
    }
    let registry = Format::new(FormatName::JsonSr).check_registry("t").unwrap_err();
    assert_eq!(
        registry.to_string(),
        "Cannot create topic 't' with format JSON_SR without configuring 'ksql.schema.registry.url'"
    );
    assert_eq!(Format::new(FormatName::Json).check_registry("t"), Ok(()));
    for text in ["TAB", "SPACE", ";", "\u{b7}"] {
        assert_eq!(Delimiter::parse(text).unwrap().to_string(), text);
    }
    let source = Format::new(FormatName::Delimited).with_delimiter(delimiter);
    assert_eq!(Format::new(FormatName::Delimited).inherit(&source), source);
    assert_eq!(Format::new(FormatName::Json).inherit(&source), Format::new(FormatName::Json));
}

#[test]
fn names() {
    assert_eq!("protobuf_nosr".parse(), Ok(FormatName::ProtobufNosr));
    assert_eq!("foo".parse::<FormatName>().unwrap_err().to_string(), "Unknown format: FOO");
    assert_eq!("optional".parse(), Ok(Nullable::Optional));
    assert!("x".parse::<Nullable>().is_err());
}

#[test]
fn wrapping() {
    use FormatName::{Delimited, Json, Kafka, Protobuf, ProtobufNosr};
    use Wrapping::{Unwrapped, Wrapped};
    for (name, asked, columns, default, expected) in [
        (Json, None, 1, true, Ok(Wrapped)),
        (Json, None, 1, false, Ok(Unwrapped)),
        (Json, None, 2, false, Ok(Wrapped)),
        (Json, Some(false), 1, true, Ok(Unwrapped)),
        (Json, Some(true), 1, false, Ok(Wrapped)),
        (Json, Some(true), 2, true, Err("'WRAP_SINGLE_VALUE' is only valid for single-field value schemas")),
        (Kafka, None, 1, true, Ok(Unwrapped)),
        (
            Kafka,
            Some(true),
            1,
            true,
            Err("Format 'KAFKA' does not support 'WRAP_SINGLE_VALUE' set to 'true'."),
        ),
        (Delimited, Some(false), 1, true, Ok(Unwrapped)),
        (
            Protobuf,
            Some(false),
            1,
            true,
            Err("Format 'PROTOBUF' does not support 'WRAP_SINGLE_VALUE' set to 'false'."),
        ),
        (ProtobufNosr, Some(false), 1, true, Ok(Unwrapped)),
    ] {
        let wrapping = name.value_wrapping(asked, columns, default).map_err(|error| error.to_string());
        assert_eq!(wrapping, expected.map_err(str::to_owned));
    }
    assert_eq!([Json, Kafka, Protobuf].map(FormatName::key_wrapping), [Unwrapped, Unwrapped, Wrapped]);
}
