//! Random expressions that have a type mean the same compiled as walked.
use lentic_sql::Value;
use lentic_sql::expr::Clause;
use lentic_sql_syntax::parse_expr;
use proptest::prelude::*;

use super::naive;
use super::source::Source;

/// Bytes as a row of choices; when they end, always the first.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn choose(&mut self, count: u8) -> u8 {
        self.0.next().map_or(0, |byte| byte % count)
    }

    fn of(&mut self, all: &[&str]) -> String {
        all[usize::from(self.choose(all.len() as u8))].to_owned()
    }

    fn boolean(&mut self, depth: u8) -> String {
        let choice = if depth == 0 { 0 } else { self.choose(13) };
        let d = depth.saturating_sub(1);
        match choice {
            0 => self.of(&["B", "NB", "true", "false"]),
            1 => format!("({} AND {})", self.boolean(d), self.boolean(d)),
            2 => format!("({} OR {})", self.boolean(d), self.boolean(d)),
            3 => format!("(NOT {})", self.boolean(d)),
            4 => format!("({} {} {})", self.integer(d), self.comparison(), self.integer(d)),
            5 => format!("({} {} {})", self.double(d), self.comparison(), self.double(d)),
            6 => format!("({} {} {})", self.text(d), self.comparison(), self.text(d)),
            7 => format!("({} {} {})", self.double(d), self.comparison(), self.integer(d)),
            8 => format!("({} {} {})", self.double(d), self.comparison(), self.decimal()),
            9 => format!("({} IS {}NULL)", self.integer(d), self.of(&["", "NOT "])),
            10 => format!("({} BETWEEN {} AND {})", self.double(d), self.decimal(), self.double(d)),
            11 => format!("({} IN ({}, {}, 1, 3))", self.integer(d), self.integer(d), self.integer(d)),
            _ => format!("({} LIKE {})", self.text(d), self.text(d)),
        }
    }

    fn integer(&mut self, depth: u8) -> String {
        let choice = if depth == 0 { 0 } else { self.choose(6) };
        let d = depth.saturating_sub(1);
        match choice {
            0 => self.of(&["I", "J", "NI", "0", "1", "3", "2147483647"]),
            1 | 2 => format!("({} {} {})", self.integer(d), self.operator(), self.integer(d)),
            3 => format!("(-({}))", self.integer(d)),
            4 => format!("AI[{}]", self.integer(d)),
            _ => self.case(d, Self::integer),
        }
    }

    fn double(&mut self, depth: u8) -> String {
        let choice = if depth == 0 { 0 } else { self.choose(4) };
        let d = depth.saturating_sub(1);
        match choice {
            0 => self.of(&["D", "0e0", "-0e0", "2.5e0", "-1e300"]),
            1 => format!("({} {} {})", self.double(d), self.operator(), self.double(d)),
            2 => format!("({} {} {})", self.double(d), self.operator(), self.integer(d)),
            _ => self.case(d, Self::double),
        }
    }

    fn decimal(&mut self) -> String {
        self.of(&["0.0", "2.5", "-2.50", "0.1", "1234567890123456789.5"])
    }

    fn text(&mut self, depth: u8) -> String {
        let choice = if depth == 0 { 0 } else { self.choose(3) };
        let d = depth.saturating_sub(1);
        match choice {
            0 => self.of(&["S", "NS", "'foo'", "''", "'%o%'", "'f__'", "'f%'", "'%'"]),
            1 => format!("({} + {})", self.text(d), self.text(d)),
            _ => self.case(d, Self::text),
        }
    }

    fn case(&mut self, d: u8, result: fn(&mut Self, u8) -> String) -> String {
        let otherwise = if self.choose(2) == 0 { String::new() } else { format!("ELSE {}", result(self, d)) };
        if self.choose(2) == 0 {
            format!("CASE WHEN {} THEN {} {otherwise} END", self.boolean(d), result(self, d))
        } else {
            let (operand, value) = (self.integer(d), self.integer(d));
            format!("CASE {operand} WHEN {value} THEN {} {otherwise} END", result(self, d))
        }
    }

    fn comparison(&mut self) -> String {
        self.of(&["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"])
    }

    fn operator(&mut self) -> String {
        self.of(&["+", "-", "*", "/", "%"])
    }

    fn row(&mut self, source: &Source) -> Vec<Value> {
        let mut row = source.row().to_vec();
        row[source.place("I")] =
            Value::Integer([0, 1, -1, 7, i32::MIN, i32::MAX][usize::from(self.choose(6))]);
        let doubles = [2.5, 0.0, -0.0, 0.1, f64::NAN, f64::INFINITY, 1_234_567_890_123_456_800.0];
        row[source.place("D")] = Value::Double(doubles[usize::from(self.choose(7))]);
        row[source.place("S")] =
            ["foo", "", "f%", "\u{ffff}", "\u{1f600}"][usize::from(self.choose(5))].into();
        row[source.place("B")] = Value::Boolean(self.choose(2) == 0);
        row
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn compiled_equals_walked(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        thread_local! {
            static SOURCE: Source = Source::new();
        }
        SOURCE.with(|source| {
            let mut choices = Choices(bytes.iter());
            let row = choices.row(source);
            let text = match choices.choose(4) {
                0 => choices.integer(3),
                1 => choices.double(3),
                2 => choices.text(3),
                _ => choices.boolean(4),
            };
            let expr = parse_expr(&text).unwrap();
            let walked = naive::evaluate(&expr, &|name| row[source.place(name)].clone());
            let compiled = source.compile(Clause::Select, &text).unwrap();
            prop_assert_eq!(compiled.eval(&row), walked.clone(), "{}", text);
            let printed = source.compile(Clause::Select, compiled.text()).unwrap();
            prop_assert_eq!(printed.eval(&row), walked, "{}", compiled.text());
            Ok(())
        })?;
    }
}
