//! What is written is what is read, whole or byte by byte.
use crate::{
    Column, ErrorBody, ErrorCode, Event, Header, ReadError, ResultFormat, ResultReader, ResultWriter,
};

const ALL: [ResultFormat; 4] =
    [ResultFormat::Streamed, ResultFormat::StreamedProtobuf, ResultFormat::Delimited, ResultFormat::Array];

fn columns() -> [Column; 2] {
    [Column::key("ID", "BIGINT"), Column::value("A", "STRUCT<`B` STRING>")]
}

/// Writes a header and whatever a message stands for.
fn written(format: ResultFormat, messages: &[&str]) -> String {
    let mut out = Vec::new();
    let mut writer = ResultWriter::new(format);
    let columns = columns();
    let proto_schema = Some("syntax = \"proto3\";\n");
    writer.header(&Header { proto_schema, ..Header::new("q_1", &columns) }, &mut out);
    for message in messages {
        match message.split_once(' ').unwrap_or((message, "")) {
            ("row", columns) => writer.row(columns.as_bytes(), &mut out),
            ("failing", _) => {
                let failed = writer.row_with(&mut out, |out| {
                    out.extend_from_slice(b"[1,");
                    Err("no")
                });
                assert_eq!(failed, Err("no"));
            }
            ("gone", columns) => {
                let write = |out: &mut Vec<u8>| {
                    out.extend_from_slice(columns.as_bytes());
                    Ok::<_, ()>(())
                };
                writer.tombstone_with(&mut out, write).unwrap();
            }
            ("bytes", text) => writer.protobuf_row(text.as_bytes(), &mut out),
            ("final", text) => writer.final_message(text, &mut out),
            ("continue", token) => writer.continuation_token(token, &mut out),
            ("consistent", token) => writer.consistency_token(token, &mut out),
            ("error", text) => writer.error(&ErrorBody::new(ErrorCode::SERVER_ERROR, text), &mut out),
            other => panic!("{other:?}"),
        }
    }
    writer.end(&mut out);
    String::from_utf8(out).unwrap()
}

fn shown(event: Event) -> String {
    let values = |values: crate::Values| {
        values.iter().map(|value| value.get().to_owned()).collect::<Vec<_>>().join("|")
    };
    match event {
        Event::Header(header) => {
            let columns: Vec<String> =
                header.columns.iter().map(|column| format!("{} {}", column.name, column.kind)).collect();
            format!("{} ({})", header.query_id.unwrap_or_default(), columns.join(", "))
        }
        Event::Row(row) => format!("row {}", values(row)),
        Event::Tombstone(row) => format!("gone {}", values(row)),
        Event::ProtobufRow(bytes) => format!("bytes {}", String::from_utf8(bytes).unwrap()),
        Event::Final(text) => format!("final {text}"),
        Event::Error(error) => format!("error {} {}", error.code, error.message),
        Event::ContinuationToken(token) => format!("continue {token}"),
        Event::ConsistencyToken(token) => format!("consistent {token}"),
    }
}

/// Reads an answer that comes in pieces of `size` bytes.
fn read(format: ResultFormat, body: &str, size: usize) -> Result<Vec<String>, ReadError> {
    let mut reader = ResultReader::new(format);
    let mut events = Vec::new();
    for piece in body.as_bytes().chunks(size) {
        reader.push(piece);
        while let Some(event) = reader.next_event()? {
            events.push(shown(event));
        }
    }
    events.extend(reader.finish()?.map(shown));
    Ok(events)
}

#[test]
fn each_format_is_written_in_its_way() {
    let messages =
        ["row [1,{\"B\":\"x]\"}]", "failing", "gone [2,null]", "final Limit Reached", "error broken"];
    let streamed_header = r#"[{"header":{"queryId":"q_1","schema":"`ID` BIGINT KEY, `A` STRUCT<`B` STRING>""#;
    let delimited_header =
        r#"{"queryId":"q_1","columnNames":["ID","A"],"columnTypes":["BIGINT","STRUCT<`B` STRING>"]}"#;
    let error = r#"{"@type":"generic_error","error_code":50000,"message":"broken"}"#;
    let rest = format!(
        "}},\n{}",
        [
            r#"{"row":{"columns":[1,{"B":"x]"}]}}"#,
            r#"{"row":{"columns":[2,null],"tombstone":true}}"#,
            r#"{"finalMessage":"Limit Reached"}"#,
            &format!(r#"{{"errorMessage":{error}}}]"#)
        ]
        .join(",\n")
    );
    for (format, expected) in [
        (ResultFormat::Streamed, format!("{streamed_header}}}{rest}")),
        (
            ResultFormat::StreamedProtobuf,
            format!(r#"{streamed_header},"protoSchema":"syntax = \"proto3\";\n"}}{rest}"#),
        ),
        (ResultFormat::Delimited, format!("{delimited_header}\n[1,{{\"B\":\"x]\"}}]\n{error}\n")),
        (ResultFormat::Array, format!("[{delimited_header},[1,{{\"B\":\"x]\"}}],{error}]")),
    ] {
        assert_eq!(written(format, &messages), expected, "{format:?}");
    }
}

#[test]
fn what_is_written_is_read() {
    let all = [
        "row [1,{\"B\":\"\\\"]\\\\\"}]",
        "gone [2,null]",
        "row [12345678901234567890.10,\"é\"]",
        "bytes abcd",
        "continue t",
        "consistent u",
        "final Query Completed",
        "error it broke",
    ];
    for format in ALL {
        let is_streamed = matches!(format, ResultFormat::Streamed | ResultFormat::StreamedProtobuf);
        // The other formats have no word for these.
        let messages: Vec<&str> = all
            .into_iter()
            .filter(|message| is_streamed || !(message.starts_with("gone") || message.starts_with("final")))
            .collect();
        let mut expected = vec!["q_1 (ID BIGINT, A STRUCT<`B` STRING>)".to_owned()];
        expected.extend(messages.iter().map(|message| match *message {
            "row [1,{\"B\":\"\\\"]\\\\\"}]" => "row 1|{\"B\":\"\\\"]\\\\\"}".to_owned(),
            "gone [2,null]" => "gone 2|null".to_owned(),
            "row [12345678901234567890.10,\"é\"]" => "row 12345678901234567890.10|\"é\"".to_owned(),
            "error it broke" => "error 50000 it broke".to_owned(),
            other => other.to_owned(),
        }));
        let body = written(format, &messages);
        for size in [1, 2, 7, 1 << 20] {
            assert_eq!(read(format, &body, size).unwrap(), expected, "{format:?} by {size}");
        }
    }
}

#[test]
fn an_answer_without_messages_is_an_answer() {
    for (format, expected) in [(ResultFormat::Streamed, "[]"), (ResultFormat::Delimited, "")] {
        let mut out = Vec::new();
        ResultWriter::new(format).end(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert_eq!(read(format, expected, 1), Ok(Vec::new()));
    }
}

#[test]
fn answers_of_other_servers_are_read() {
    for (format, body, expected) in [
        // A last line without its end, and an empty line that keeps the connection alive.
        (ResultFormat::Delimited, "\n[1]\n[2]", Ok(vec!["row 1", "row 2"])),
        (ResultFormat::Streamed, "\n [ {\"finalMessage\" : \"x\"}\n,\n]\n", Ok(vec!["final x"])),
        (
            ResultFormat::Streamed,
            r#"[{"row":{"columns":[null]},"sourceHost":{"host":"h","port":1}}]"#,
            Ok(vec!["row null"]),
        ),
        (ResultFormat::Delimited, "{\"error_code\":40001,\"message\":\"m\"}\n", Ok(vec!["error 40001 m"])),
        (ResultFormat::Delimited, "<html>\n", Err("<html>")),
        (ResultFormat::Streamed, "[{\"colour\":1}]", Err("{\"colour\":1}")),
        // It broke off.
        (ResultFormat::Streamed, "[{\"row\":{\"colu", Err("{\"row\":{\"colu")),
    ] {
        let expected = expected
            .map(|events| events.into_iter().map(str::to_owned).collect::<Vec<_>>())
            .map_err(|text| ReadError::NoMessage(text.to_owned()));
        assert_eq!(read(format, body, 3), expected, "{body}");
    }
}
