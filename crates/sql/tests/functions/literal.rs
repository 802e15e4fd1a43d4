//! Literals of the cases: `1` `1L` `1.50` `1e0` `'text'` `x'0aff'` `date'..'` `time'..'` `ts'..'` `true` `null` `null:TYPE`
//! `[1, 2]` `{'k': 1}` `(A: 1)`, empty ones as `[]:ARRAY<INT>`, units as `DAYS`, lambdas as `@name/parameters`.
use lentic_sql::cast::Cast;
use lentic_sql::function::{ArgumentType, IntervalUnit};
use lentic_sql::value::decimal::parse_decimal;
use lentic_sql::value::double::parse_double;
use lentic_sql::value::temporal::{parse_date, parse_time, parse_timestamp};
use lentic_sql::{SqlType, Value};

#[derive(Clone, Debug)]
pub struct Literal {
    pub argument: ArgumentType,
    pub value: Value,
    pub unit: Option<IntervalUnit>,
    pub lambda: Option<String>,
}

impl Literal {
    fn new(value: Value, kind: SqlType) -> Self {
        Self { argument: ArgumentType::Value(kind), value, unit: None, lambda: None }
    }

    pub fn kind(&self) -> Option<SqlType> {
        if let ArgumentType::Value(kind) = &self.argument { Some(kind.clone()) } else { None }
    }
}

pub struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Self {
        Self(text)
    }

    pub fn list(&mut self) -> Vec<Literal> {
        let mut all = Vec::new();
        while !self.0.trim().is_empty() {
            all.push(self.literal());
            assert!(self.eat(",") || self.0.trim().is_empty(), "goes on with {}", self.0);
        }
        all
    }

    pub fn literal(&mut self) -> Literal {
        let literal = self.untyped();
        if self.0.starts_with(':') && !self.0.starts_with(": ") {
            self.0 = &self.0[1..];
            let kind = self.kind();
            let own = literal.kind().filter(|own| !own.is_nested());
            let value = own.map_or(literal.value.clone(), |own| {
                Cast::new(&own, &kind).and_then(|cast| Ok(cast.apply(&literal.value).unwrap())).unwrap()
            });
            return Literal::new(value, kind);
        }
        literal
    }

    fn untyped(&mut self) -> Literal {
        self.0 = self.0.trim_start();
        if self.eat("[") {
            let elements = self.until("]", Self::literal);
            let kind = elements.iter().find_map(Literal::kind).unwrap_or(SqlType::Integer);
            let values = elements.into_iter().map(|element| element.value);
            return Literal::new(Value::array(values), SqlType::array(kind));
        }
        if self.eat("{") {
            let entries = self.until("}", |reader| {
                let key = reader.untyped();
                assert!(reader.eat(": "), "no value: {}", reader.0);
                (key, reader.literal())
            });
            let key = entries.iter().find_map(|(key, _)| key.kind()).unwrap_or(SqlType::String);
            let value = entries.iter().find_map(|(_, value)| value.kind()).unwrap_or(SqlType::Integer);
            let entries = entries.into_iter().map(|(key, value)| (key.value, value.value));
            return Literal::new(Value::map(entries), SqlType::map(key, value));
        }
        if self.eat("(") {
            let fields = self.until(")", |reader| {
                let name = reader.word().to_owned();
                assert!(reader.eat(": "), "no value: {}", reader.0);
                (name, reader.literal())
            });
            let kinds =
                fields.iter().map(|(name, field)| (name.as_str(), field.kind().unwrap_or(SqlType::Integer)));
            let kind = SqlType::structure(kinds);
            return Literal::new(Value::structure(fields.into_iter().map(|(_, field)| field.value)), kind);
        }
        for (prefix, kind) in [
            ("x'", SqlType::Bytes),
            ("date'", SqlType::Date),
            ("time'", SqlType::Time),
            ("ts'", SqlType::Timestamp),
            ("'", SqlType::String),
        ] {
            if self.eat(prefix) {
                let value = quoted(&self.quoted(), &kind);
                return Literal::new(value, kind);
            }
        }
        if self.eat("@") {
            let name = self.word().to_owned();
            assert!(self.eat("/"), "a lambda without the number of its parameters");
            let argument = ArgumentType::Lambda(self.word().parse().unwrap());
            return Literal { argument, value: Value::Null, unit: None, lambda: Some(name) };
        }
        self.word_or_number()
    }

    fn word_or_number(&mut self) -> Literal {
        let word = self.word();
        match word {
            "true" | "false" => return Literal::new(Value::Boolean(word == "true"), SqlType::Boolean),
            "null" => {
                return Literal {
                    argument: ArgumentType::Null,
                    value: Value::Null,
                    unit: None,
                    lambda: None,
                };
            }
            "NaN" | "Infinity" | "-Infinity" => {
                return Literal::new(Value::Double(parse_double(word).unwrap()), SqlType::Double);
            }
            _ => {}
        }
        if let Some(unit) = IntervalUnit::named(word) {
            return Literal {
                argument: ArgumentType::Interval,
                value: Value::Null,
                unit: Some(unit),
                lambda: None,
            };
        }
        if let Some(digits) = word.strip_suffix('L') {
            return Literal::new(Value::Bigint(digits.parse().unwrap()), SqlType::Bigint);
        }
        if let Ok(number) = word.parse() {
            return Literal::new(Value::Integer(number), SqlType::Integer);
        }
        if word.contains(['e', 'E']) {
            return Literal::new(Value::Double(word.parse().unwrap()), SqlType::Double);
        }
        let decimal = parse_decimal(word).unwrap_or_else(|| panic!("no literal: {word}"));
        let scale = decimal.fractional_digit_count() as u32;
        let precision = (decimal.digits() as u32).max(scale).max(1);
        Literal::new(decimal.into(), SqlType::decimal(precision, scale).unwrap())
    }

    fn kind(&mut self) -> SqlType {
        let name = self.word();
        match name {
            "ARRAY" | "MAP" => {
                assert!(self.eat("<"), "no element type");
                let first = self.kind();
                let kind =
                    if self.eat(",") { SqlType::map(first, self.kind()) } else { SqlType::array(first) };
                assert!(self.eat(">"), "no end of a type: {}", self.0);
                kind
            }
            "STRUCT" => {
                assert!(self.eat("<"), "no fields");
                let mut fields = Vec::new();
                while !self.eat(">") {
                    fields.push((self.word().to_owned(), self.kind()));
                    self.eat(",");
                }
                SqlType::structure(fields)
            }
            "DECIMAL" => {
                let digits = self.0.strip_prefix('(').and_then(|rest| rest.split_once(')')).unwrap();
                self.0 = digits.1;
                let (precision, scale) = digits.0.split_once(',').unwrap();
                SqlType::decimal(precision.trim().parse().unwrap(), scale.trim().parse().unwrap()).unwrap()
            }
            name => SqlType::named(name).unwrap_or_else(|| panic!("no type: {name}")),
        }
    }

    fn until<T>(&mut self, end: &str, read: impl Fn(&mut Self) -> T) -> Vec<T> {
        let mut all = Vec::new();
        while !self.eat(end) {
            all.push(read(self));
            self.eat(",");
        }
        all
    }

    fn eat(&mut self, token: &str) -> bool {
        let rest = self.0.trim_start().strip_prefix(token).or_else(|| self.0.strip_prefix(token));
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn word(&mut self) -> &'a str {
        let text = self.0.trim_start();
        let end = text.find(|c: char| !c.is_alphanumeric() && !"_+-.".contains(c)).unwrap_or(text.len());
        assert!(end > 0, "no literal: {text}");
        self.0 = &text[end..];
        &text[..end]
    }

    /// Up to the quote that is not doubled; `\n`, `\t` and `\u{..}` are escapes.
    fn quoted(&mut self) -> String {
        let mut text = String::new();
        loop {
            let (part, rest) = self.0.split_once('\'').expect("an end quote");
            text.push_str(part);
            self.0 = rest;
            match rest.strip_prefix('\'') {
                Some(rest) => {
                    text.push('\'');
                    self.0 = rest;
                }
                None => return text,
            }
        }
    }
}

fn quoted(text: &str, kind: &SqlType) -> Value {
    match kind {
        SqlType::Bytes => {
            let pairs = text.as_bytes().chunks(2);
            let bytes = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
            Value::bytes(bytes.collect::<Vec<u8>>())
        }
        SqlType::Date => Value::Date(parse_date(text).unwrap()),
        SqlType::Time => Value::Time(parse_time(text).unwrap()),
        SqlType::Timestamp => Value::Timestamp(parse_timestamp(text).unwrap()),
        _ => Value::string(text.replace("\\n", "\n").replace("\\t", "\t")),
    }
}
