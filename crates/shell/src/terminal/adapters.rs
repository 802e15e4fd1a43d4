//! What the line editor asks, answered by the pure parts.
use std::borrow::Cow;

use reedline::{
    Completer, CompletionResult, Highlighter, Prompt, PromptEditMode, PromptHistorySearch,
    PromptHistorySearchStatus, Span, StyledText, Suggestion, ValidationResult, Validator,
};

use super::editor::PROMPT;
use crate::input::is_complete;
use crate::names::Names;
use crate::render::highlighted;

/// A statement is complete with its semicolon.
pub(super) struct Semicolon;

impl Validator for Semicolon {
    fn validate(&self, text: &str) -> ValidationResult {
        if is_complete(text) { ValidationResult::Complete } else { ValidationResult::Incomplete }
    }
}

/// The colours of SQL.
pub(super) struct Colours;

impl Highlighter for Colours {
    fn highlight(&self, text: &str, _cursor: usize) -> StyledText {
        let mut styled = StyledText::new();
        for (style, piece) in highlighted(text) {
            styled.push((style, piece.to_owned()));
        }
        styled
    }
}

/// Keywords, and the names that the server knows.
pub(super) struct Completions(pub(super) Names);

impl Completer for Completions {
    fn complete(&mut self, text: &str, at: usize) -> CompletionResult {
        let candidates = self.0.candidates(text, at);
        let suggestions: Vec<Suggestion> = candidates
            .into_iter()
            .map(|candidate| Suggestion {
                span: Span::new(candidate.start, at),
                append_whitespace: !candidate.text.ends_with('('),
                description: (!candidate.what.is_empty()).then_some(candidate.what),
                value: candidate.text,
                ..Suggestion::default()
            })
            .collect();
        CompletionResult::fresh(suggestions)
    }
}

/// What stands before the lines of a statement.
pub(super) struct Prompted;

impl Prompt for Prompted {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed(PROMPT.trim_end_matches("> "))
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed("> ")
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed("      > ")
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        let found = match search.status {
            PromptHistorySearchStatus::Passing => "",
            PromptHistorySearchStatus::Failing => "not ",
        };
        Cow::Owned(format!(" ({found}found: {}) ", search.term))
    }
}
