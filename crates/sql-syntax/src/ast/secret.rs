//! What must not be logged.
use super::{AssertValues, Explain, Expr, ExprNode, InsertValues, Literal, Setting, Statement};

/// Stands for text.
const STRING: &str = "[string]";
/// Stands for a value of a row.
const VALUE: &str = "[value]";

/// The property of a connector that is no secret.
const CONNECTOR_CLASS: &str = "connector.class";

/// What the names of properties that are secrets contain.
const SECRET: [&str; 4] = ["password", "secret", "credential", "jaas"];

impl Statement {
    /// The statement with placeholders for what must not be logged: values that are inserted, properties of connectors, and
    /// passwords. `None` if there is nothing of the kind, so that its own text can be.
    pub fn masked(&self) -> Option<Self> {
        Some(match self {
            Self::InsertValues(insert) => {
                Self::InsertValues(InsertValues { values: mask_values(&insert.values), ..insert.clone() })
            }
            Self::AssertValues(assert) => {
                Self::AssertValues(AssertValues { values: mask_values(&assert.values), ..assert.clone() })
            }
            Self::CreateConnector(create) => {
                let mut create = create.clone();
                for property in &mut create.properties {
                    if !property.name.text.eq_ignore_ascii_case(CONNECTOR_CLASS) {
                        property.value = Literal::String(STRING.to_owned());
                    }
                }
                Self::CreateConnector(create)
            }
            Self::Set(setting) if is_secret(setting) => Self::Set(mask_setting(setting)),
            Self::AlterSystem(setting) if is_secret(setting) => Self::AlterSystem(mask_setting(setting)),
            Self::Explain(Explain::Statement(explained)) => {
                Self::Explain(Explain::Statement(Box::new(explained.masked()?)))
            }
            _ => return None,
        })
    }
}

fn mask_values(values: &[Expr]) -> Vec<Expr> {
    values.iter().map(|value| ExprNode::Literal(Literal::String(VALUE.to_owned())).at(value.at)).collect()
}

fn mask_setting(setting: &Setting) -> Setting {
    Setting { name: setting.name.clone(), value: STRING.to_owned() }
}

fn is_secret(setting: &Setting) -> bool {
    let name = setting.name.to_ascii_lowercase();
    SECRET.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use crate::parse_statement;

    #[test]
    fn secrets_are_not_shown() {
        for (text, masked) in [
            ("INSERT INTO A (B) VALUES (1, F(2))", Some("INSERT INTO A (B) VALUES ('[value]', '[value]')")),
            ("EXPLAIN INSERT INTO A VALUES ('x')", Some("EXPLAIN INSERT INTO A VALUES ('[value]')")),
            (
                "CREATE SINK CONNECTOR C WITH ('connector.class'='X', URL='y')",
                Some("CREATE SINK CONNECTOR C WITH ('connector.class'='X', URL='[string]')"),
            ),
            ("SET 'ssl.key.Password'='x'", Some("SET 'ssl.key.Password'='[string]'")),
            ("SET 'auto.offset.reset'='x'", None),
            ("SELECT 'x' FROM A", None),
        ] {
            let shown = parse_statement(text).unwrap().masked().map(|statement| statement.to_string());
            assert_eq!(shown.as_deref(), masked);
        }
    }
}
