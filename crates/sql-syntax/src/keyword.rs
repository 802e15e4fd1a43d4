//! The words of the language.
use std::fmt;

macro_rules! keywords {
    (reserved { $($reserved:ident $reserved_text:literal,)* } free { $($free:ident $free_text:literal,)* }) => {
        /// A word that the grammar knows.
        #[expect(missing_docs, reason = "each says what it is")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Keyword {
            $($reserved,)*
            $($free,)*
        }

        impl Keyword {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$reserved,)* $(Self::$free,)*];

            /// In upper case.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$reserved => $reserved_text,)*
                    $(Self::$free => $free_text,)*
                }
            }

            /// Whether it can be a name only between quotes.
            pub fn is_reserved(self) -> bool {
                matches!(self, $(Self::$reserved)|*)
            }

            fn of_upper_case(word: &str) -> Option<Self> {
                match word {
                    $($reserved_text => Some(Self::$reserved),)*
                    $($free_text => Some(Self::$free),)*
                    _ => None,
                }
            }
        }
    };
}

// Free words are keywords in some places only and names everywhere else. More are free here than in ksqlDB, where some
// (`SIZE`, `TOPIC`, `DAYS`) are reserved although nothing depends on it.
keywords! {
    reserved {
        All "ALL", And "AND", As "AS", Between "BETWEEN", By "BY", Case "CASE", Cast "CAST", Create
        "CREATE", Delete "DELETE", Describe "DESCRIBE", Distinct "DISTINCT", Drop "DROP", Else "ELSE", End
        "END", Exists "EXISTS", False "FALSE", From "FROM", Full "FULL", Group "GROUP", Having "HAVING", In
        "IN", Inner "INNER", Insert "INSERT", Into "INTO", Is "IS", Join "JOIN", Left "LEFT", Like "LIKE",
        Limit "LIMIT", List "LIST", Not "NOT", Null "NULL", On "ON", Or "OR", Outer "OUTER", Print "PRINT",
        Right "RIGHT", Run "RUN", Select "SELECT", Stream "STREAM", Streams "STREAMS", Table "TABLE",
        Terminate "TERMINATE", Then "THEN", True "TRUE", Unset "UNSET", Values "VALUES", When "WHEN", Where
        "WHERE", Window "WINDOW", With "WITH", Within "WITHIN",
    }
    free {
        Add "ADD", Advance "ADVANCE", Alter "ALTER", Array "ARRAY", Asc "ASC", Assert "ASSERT", Beginning
        "BEGINNING", Changes "CHANGES", Column "COLUMN", Connector "CONNECTOR", Connectors "CONNECTORS", Day
        "DAY", Days "DAYS", Decimal "DECIMAL", Define "DEFINE", Desc "DESC", Emit "EMIT", Escape "ESCAPE",
        Explain "EXPLAIN", Extended "EXTENDED", Final "FINAL", Function "FUNCTION", Functions "FUNCTIONS",
        Grace "GRACE", Header "HEADER", Headers "HEADERS", Hopping "HOPPING", Hour "HOUR", Hours "HOURS", Id
        "ID", If "IF", Interval "INTERVAL", Key "KEY", Map "MAP", Millisecond "MILLISECOND", Milliseconds
        "MILLISECONDS", Minute "MINUTE", Minutes "MINUTES", Order "ORDER", Partition "PARTITION", Pause
        "PAUSE", Period "PERIOD", Plugins "PLUGINS", Primary "PRIMARY", Properties "PROPERTIES", Queries
        "QUERIES", Replace "REPLACE", Resume "RESUME", Retention "RETENTION", Sample "SAMPLE", Schema
        "SCHEMA", Script "SCRIPT", Second "SECOND", Seconds "SECONDS", Session "SESSION", Set "SET", Show
        "SHOW", Sink "SINK", Size "SIZE", Source "SOURCE", String "STRING", Struct "STRUCT", Subject
        "SUBJECT", System "SYSTEM", Tables "TABLES", Timeout "TIMEOUT", Topic "TOPIC", Topics "TOPICS",
        Tumbling "TUMBLING", Type "TYPE", Types "TYPES", Undefine "UNDEFINE", Variables "VARIABLES",
    }
}

/// No keyword is longer; longer words need no look-up.
const LONGEST: usize = 12;

impl Keyword {
    /// The keyword that a word is, in any case.
    pub fn of(word: &str) -> Option<Self> {
        let mut upper = [0; LONGEST];
        let upper = upper.get_mut(..word.len())?;
        upper.copy_from_slice(word.as_bytes());
        upper.make_ascii_uppercase();
        Self::of_upper_case(std::str::from_utf8(upper).ok()?)
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_is_found() {
        for keyword in Keyword::ALL {
            assert_eq!(Keyword::of(&keyword.as_str().to_lowercase()), Some(*keyword));
            assert!(keyword.as_str().len() <= LONGEST, "{keyword}");
        }
        assert_eq!(Keyword::of("selects"), None);
        assert_eq!(Keyword::of("a_word_that_is_longer"), None);
    }
}
