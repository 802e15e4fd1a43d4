//! Lines that are edited.
use std::io;
use std::path::PathBuf;

use reedline::{
    ColumnarMenu, DefaultHinter, EditCommand, Emacs, FileBackedHistory, History, KeyCode, KeyModifiers,
    MenuBuilder as _, Reedline, ReedlineEvent, ReedlineMenu, SearchDirection, SearchQuery, Signal,
    default_emacs_keybindings,
};

use super::adapters::{Colours, Completions, Prompted, Semicolon};
use crate::names::Names;

/// What stands before a statement.
pub(crate) const PROMPT: &str = "lentic> ";

const MENU: &str = "completions";
/// So many inputs are remembered.
const REMEMBERED: usize = 2_000;

/// Reads statements.
pub(crate) struct Editor {
    line: Reedline,
}

impl Editor {
    pub(crate) fn new(names: Names, colours: bool, history: Option<PathBuf>) -> io::Result<Self> {
        let history = match history {
            Some(path) => FileBackedHistory::with_file(REMEMBERED, path),
            None => FileBackedHistory::new(REMEMBERED),
        };
        let history: Box<dyn History> = Box::new(history.map_err(io::Error::other)?);
        let mut keys = default_emacs_keybindings();
        keys.add_binding(
            KeyModifiers::NONE,
            KeyCode::Tab,
            ReedlineEvent::UntilFound(vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext]),
        );
        keys.add_binding(
            KeyModifiers::ALT,
            KeyCode::Enter,
            ReedlineEvent::Edit(vec![EditCommand::InsertNewline]),
        );
        let menu = ColumnarMenu::default().with_name(MENU).with_columns(4).with_column_padding(2);
        let mut line = Reedline::create()
            .with_history(history)
            // What begins with a space is nobody's business.
            .with_history_exclusion_prefix(Some(" ".to_owned()))
            .with_validator(Box::new(Semicolon))
            .with_completer(Box::new(Completions(names)))
            .with_quick_completions(true)
            .with_partial_completions(true)
            .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
            .with_edit_mode(Box::new(Emacs::new(keys)))
            .use_bracketed_paste(true)
            .with_ansi_colors(colours);
        if colours {
            line = line.with_highlighter(Box::new(Colours)).with_hinter(Box::new(
                DefaultHinter::default().with_style(nu_ansi_term::Style::new().dimmed()),
            ));
        }
        Ok(Self { line })
    }

    /// What was typed in earlier sessions, the oldest first.
    pub(crate) fn history(&self) -> Vec<String> {
        let all = SearchQuery::everything(SearchDirection::Forward, None);
        let found = self.line.history().search(all).unwrap_or_default();
        found.into_iter().map(|item| item.command_line).collect()
    }

    pub(crate) fn read(&mut self) -> io::Result<Signal> {
        self.line.read_line(&Prompted).map_err(io::Error::other)
    }
}
