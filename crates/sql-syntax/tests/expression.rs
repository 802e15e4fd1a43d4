//! Expressions: text to what is printed of them, which parses to the same tree.
#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]
use lentic_sql_syntax::ast::{ExprNode, Literal};
use lentic_sql_syntax::{parse_expr, parse_type};

/// Each line prints as the one after `==>`; without one as it stands.
fn check(table: &str) {
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (text, printed) = line.split_once(" ==> ").unwrap_or((line, line));
        let expr = parse_expr(text).unwrap_or_else(|error| panic!("{}", error.explain(text)));
        assert_eq!(expr.to_string(), printed, "{text}");
        assert_eq!(parse_expr(printed).unwrap(), expr, "{text}");
    }
}

#[test]
fn operators_bind_as_strongly_as_in_ksqldb() {
    check(
        "
        a + b * c - d ==> ((A + (B * C)) - D)
        a || b + c || d ==> CONCAT(CONCAT(A, (B + C)), D)
        a or b and not c = d or e ==> ((A OR (B AND (NOT (C = D)))) OR E)
        not not a and b ==> ((NOT (NOT A)) AND B)
        -a * b ==> (-A * B)
        a - -1 - - b ==> ((A - -1) - -B)
        -(1) ==> -(1)
        - - a ==> -(-A)
        +a[1] ==> +A[1]
        (-a)[1]->b ==> (-A)[1]->B
        a between 1 and b + 1 and c ==> ((A BETWEEN 1 AND (B + 1)) AND C)
        a not between 1 and 2 ==> (NOT (A BETWEEN 1 AND 2))
        a in (1, b or c) ==> (A IN (1, (B OR C)))
        a not in (1) ==> (NOT (A IN (1)))
        a like '%x' ==> (A LIKE '%x')
        a not like b escape '!' ==> (NOT (A LIKE B ESCAPE '!'))
        a like escape escape '''' ==> (A LIKE ESCAPE ESCAPE '''')
        a is null or b is not null ==> ((A IS NULL) OR (B IS NOT NULL))
        a is distinct from b + 1 ==> (A IS DISTINCT FROM (B + 1))
        a is not distinct from b ==> (NOT (A IS DISTINCT FROM B))
        a != b ==> (A <> B)
        (a = b) = c ==> ((A = B) = C)
        a % 2 / 3 ==> ((A % 2) / 3)
        ",
    );
}

#[test]
fn operands() {
    check(
        "
        `a`.\"b\" ==> `a`.`b`
        `A`.`select` ==> A.`select`
        \"SELECT\" ==> `SELECT`
        `x``y`
        s->f->`g`[1 + 1]['k'] ==> S->F->`g`[(1 + 1)]['k']
        DATE '2020-01-01'
        CASE a WHEN 1 THEN b WHEN 2 THEN c END ==> (CASE A WHEN 1 THEN B WHEN 2 THEN C END)
        CASE WHEN a > 1 THEN b ELSE c END ==> (CASE WHEN (A > 1) THEN B ELSE C END)
        CAST(a AS MAP<STRING, DECIMAL(1,0)>) ==> CAST(A AS MAP<STRING, DECIMAL(1, 0)>)
        COUNT(*)
        COUNT()
        f(a, b = 1) ==> F(A, (B = 1))
        ARRAY[1, a] ==> ARRAY[1, A]
        ARRAY[]
        MAP('a' := 1, b := c) ==> MAP('a':=1, B:=C)
        MAP()
        STRUCT(a := 1, `b` := 2) ==> STRUCT(A:=1, `b`:=2)
        STRUCT()
        `ARRAY`[1]
        `MAP`(1)
        array + map + struct + date ==> (((`ARRAY` + MAP) + STRUCT) + DATE)
        transform(a, x => x + 1) ==> TRANSFORM(A, (X) => (X + 1))
        reduce(a, 0, (s, x) => f(y => s + x)) ==> REDUCE(A, 0, (S, X) => F((Y) => (S + X)))
        timestampadd(days, 1, day) ==> TIMESTAMPADD(DAYS, 1, DAY)
        f(`DAY`, day + 1) ==> F(`DAY`, (DAY + 1))
        if(replace, set) ==> IF(REPLACE, SET)
        ",
    );
}

#[test]
fn literals() {
    for (text, literal) in [
        ("null", Literal::Null),
        ("TRUE", Literal::Boolean(true)),
        ("2147483647", Literal::Integer(i32::MAX)),
        ("2147483648", Literal::Bigint(2_147_483_648)),
        ("-9223372036854775808", Literal::Bigint(i64::MIN)),
        ("- 1", Literal::Integer(-1)),
        ("1.50", Literal::Decimal("1.50".into())),
        ("-.5", Literal::Decimal("-0.5".into())),
        ("1.", Literal::Decimal("1.".into())),
        ("00.10", Literal::Decimal("0.10".into())),
        ("1E3", Literal::Double(1000.0)),
        ("-1.5e-3", Literal::Double(-0.0015)),
        ("'it''s'", Literal::String("it's".into())),
        ("''", Literal::String(String::new())),
    ] {
        let expr = parse_expr(text).unwrap();
        assert_eq!(expr.node, ExprNode::Literal(literal), "{text}");
        assert_eq!(parse_expr(&expr.to_string()).unwrap(), expr, "{text}");
    }
}

#[test]
fn types() {
    for (text, printed) in [
        ("int", "INTEGER"),
        ("`varchar`", "STRING"),
        ("VARCHAR(STRING)", "STRING"),
        ("bytes", "BYTES"),
        ("ARRAY<ARRAY<ARRAY<BOOLEAN>>>", "ARRAY<ARRAY<ARRAY<BOOLEAN>>>"),
        ("struct<a int, `b` struct< >>", "STRUCT<A INTEGER, `b` STRUCT<>>"),
        ("DECIMAL(38,-1)", "DECIMAL(38, -1)"),
        ("address", "ADDRESS"),
        ("array", "ARRAY"),
    ] {
        let data_type = parse_type(text).unwrap();
        assert_eq!(data_type.to_string(), printed);
        assert_eq!(parse_type(printed).unwrap(), data_type);
    }
}
