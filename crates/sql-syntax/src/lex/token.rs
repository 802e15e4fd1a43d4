//! What the text is made of.
use crate::keyword::Keyword;
use crate::position::Position;

/// A piece of text with a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: Kind,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    pub at: Position,
}

/// Kinds of tokens. What a token says is read from the text when it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name or keyword without quotes.
    Word(Option<Keyword>),
    /// A name between backquotes or double quotes.
    Quoted,
    /// Text between single quotes.
    Text,
    Integer,
    /// Digits with a point.
    Decimal,
    /// Digits with an exponent.
    Float,
    /// A name without quotes that begins with a digit.
    DigitWord,
    /// `${name}`
    Variable,
    Symbol(Symbol),
    /// What no token begins with.
    Stray,
    /// A quote or comment that is never closed.
    Unclosed,
    End,
}

macro_rules! symbols {
    ($($name:ident $text:literal,)*) => {
        /// Punctuation and operators.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Symbol {
            $($name,)*
        }

        impl Symbol {
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

symbols! {
    Open "(", Close ")", OpenBracket "[", CloseBracket "]", Comma ",", Semicolon ";", Dot ".", Equal "=", NotEqual "<>", Less "<",
    LessOrEqual "<=", Greater ">", GreaterOrEqual ">=", Plus "+", Minus "-", Star "*", Slash "/", Percent "%", Concat "||", Arrow "->",
    FatArrow "=>", Assign ":=",
}
