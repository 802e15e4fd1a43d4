//! Tables that fit the terminal.
use super::width::{printable, truncated, width, wrapped};

/// A column narrower than this is no column: rows are shown one below the other then.
const NARROWEST: usize = 8;

/// How wide a line may be, and what becomes of longer texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// The columns of the terminal; none if nobody looks.
    pub(crate) room: Option<usize>,
    /// Whether texts are wrapped, or cut.
    pub(crate) wrap: bool,
}

/// The head of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) name: String,
    /// Numbers stand at the right.
    pub(crate) is_number: bool,
}

/// A table with all of its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    heads: Vec<Head>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows. A `#` before a name says that the column has numbers.
    pub(crate) fn new(names: &[&str]) -> Self {
        let heads = names.iter().map(|name| match name.strip_prefix('#') {
            Some(name) => Head { name: name.to_owned(), is_number: true },
            None => Head { name: (*name).to_owned(), is_number: false },
        });
        Self { heads: heads.collect(), rows: Vec::new() }
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.iter().map(|cell| printable(cell)).collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Leaves out the columns that are empty in every row.
    pub(crate) fn without_empty_columns(mut self) -> Self {
        for index in (0..self.heads.len()).rev() {
            if self.rows.iter().all(|row| row[index].is_empty()) {
                self.heads.remove(index);
                for row in &mut self.rows {
                    row.remove(index);
                }
            }
        }
        self
    }

    pub(crate) fn render(&self, page: Page, out: &mut String) {
        let mut wanted: Vec<usize> = self.heads.iter().map(|head| width(&head.name)).collect();
        for row in &self.rows {
            widen(&mut wanted, row);
        }
        let layout = Layout::new(self.heads.clone(), &wanted, page);
        layout.head(out);
        for (index, row) in self.rows.iter().enumerate() {
            layout.row(index as u64 + 1, row, out);
        }
    }
}

/// Makes room for the cells of a row.
pub(crate) fn widen(wanted: &mut [usize], cells: &[String]) {
    for (wanted, cell) in wanted.iter_mut().zip(cells) {
        *wanted = cell.split('\n').map(width).fold(*wanted, usize::max);
    }
}

/// Where cells stand in their lines.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    heads: Vec<Head>,
    /// The width of each column; none if they do not fit beside each other.
    widths: Option<Vec<usize>>,
    page: Page,
}

impl Layout {
    /// Columns as wide as wanted, or as the page allows.
    pub(crate) fn new(heads: Vec<Head>, wanted: &[usize], page: Page) -> Self {
        let widths = fit(&heads, wanted, page.room);
        Self { heads, widths, page }
    }

    /// The names of the columns and the line below.
    pub(crate) fn head(&self, out: &mut String) {
        let Some(widths) = &self.widths else { return };
        let names: Vec<String> = self.heads.iter().map(|head| head.name.clone()).collect();
        self.side_by_side(widths, &names, out);
        for (index, width) in widths.iter().enumerate() {
            if index > 0 {
                out.push('+');
            }
            out.extend(std::iter::repeat_n('-', width + 2));
        }
        out.push('\n');
    }

    /// A row; `number` is its place, counted from 1.
    pub(crate) fn row(&self, number: u64, cells: &[String], out: &mut String) {
        match &self.widths {
            Some(widths) => self.side_by_side(widths, cells, out),
            None => self.one_below_the_other(number, cells, out),
        }
    }

    fn side_by_side(&self, widths: &[usize], cells: &[String], out: &mut String) {
        let lines: Vec<Vec<String>> = self
            .heads
            .iter()
            .zip(cells)
            .zip(widths)
            // A number that is wider than its column pushes the others aside rather than lose digits.
            .map(
                |((head, cell), width)| {
                    if head.is_number { vec![cell.clone()] } else { self.lines(cell, *width) }
                },
            )
            .collect();
        let height = lines.iter().map(Vec::len).max().unwrap_or(0);
        for index in 0..height {
            let mut line = String::new();
            for ((column, head), room) in lines.iter().zip(&self.heads).zip(widths) {
                if !line.is_empty() {
                    line.push('|');
                }
                let text = column.get(index).map_or("", String::as_str);
                let padding = room.saturating_sub(width(text));
                line.push(' ');
                if head.is_number {
                    line.extend(std::iter::repeat_n(' ', padding));
                }
                line.push_str(text);
                if !head.is_number {
                    line.extend(std::iter::repeat_n(' ', padding));
                }
                line.push(' ');
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }

    fn one_below_the_other(&self, number: u64, cells: &[String], out: &mut String) {
        let room = self.page.room.unwrap_or(usize::MAX);
        let names = self.heads.iter().map(|head| width(&head.name)).max().unwrap_or(0).min(room / 2);
        let title = format!("-[ {number} ]");
        out.push_str(&title);
        out.extend(std::iter::repeat_n('-', (names + 3).saturating_sub(title.len())));
        out.push('\n');
        for (head, cell) in self.heads.iter().zip(cells) {
            let mut name = truncated(&head.name, names);
            for line in self.lines(cell, room.saturating_sub(names + 3)) {
                let padding = " ".repeat(names.saturating_sub(width(&name)));
                out.push_str(format!("{name}{padding} | {line}").trim_end());
                out.push('\n');
                name.clear();
            }
        }
    }

    fn lines(&self, cell: &str, room: usize) -> Vec<String> {
        if self.page.wrap { wrapped(cell, room) } else { vec![truncated(cell, room)] }
    }
}

/// The widths of columns that fit into `room`: numbers have what they want, since half a number is another number, and the
/// widest texts give way.
fn fit(heads: &[Head], wanted: &[usize], room: Option<usize>) -> Option<Vec<usize>> {
    let Some(room) = room else { return Some(wanted.to_vec()) };
    let between = 3 * wanted.len().saturating_sub(1) + 2;
    let available = room.checked_sub(between)?;
    if wanted.iter().sum::<usize>() <= available {
        return Some(wanted.to_vec());
    }
    let fixed: usize =
        heads.iter().zip(wanted).filter(|(head, _)| head.is_number).map(|(_, want)| want).sum();
    let for_texts = available.checked_sub(fixed)?;
    let texts = || heads.iter().zip(wanted).filter(|(head, _)| !head.is_number).map(|(_, want)| *want);
    let taken = |most: usize| texts().map(|want| want.min(most)).sum::<usize>();
    let most = (1..=room).rev().find(|most| taken(*most) <= for_texts)?;
    if most < NARROWEST && texts().any(|want| want > most) {
        return None;
    }
    // What the division left over goes to the first ones.
    let mut left = for_texts - taken(most);
    let widths = heads.iter().zip(wanted).map(|(head, want)| {
        if head.is_number || *want <= most {
            return *want;
        }
        let more = usize::from(left > 0);
        left -= more;
        most + more
    });
    Some(widths.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(room: Option<usize>, wrap: bool, expected: &[&str]) {
        let mut table = Table::new(&["#ID", "NAME", "NOTE"]);
        table.row(["1".to_owned(), "Ada".to_owned(), "first of all programmers".to_owned()]);
        table.row(["4711".to_owned(), "東京".to_owned(), String::new()]);
        let mut text = String::new();
        table.render(Page { room, wrap }, &mut text);
        assert_eq!(text.lines().collect::<Vec<_>>(), expected, "{room:?}\n{text}");
    }

    #[test]
    fn tables_fit() {
        check(
            None,
            true,
            &[
                "   ID | NAME | NOTE",
                "------+------+--------------------------",
                "    1 | Ada  | first of all programmers",
                " 4711 | 東京 |",
            ],
        );
        check(
            Some(28),
            true,
            &[
                "   ID | NAME | NOTE",
                "------+------+--------------",
                "    1 | Ada  | first of all",
                "      |      | programmers",
                " 4711 | 東京 |",
            ],
        );
        check(
            Some(28),
            false,
            &[
                "   ID | NAME | NOTE",
                "------+------+--------------",
                "    1 | Ada  | first of al…",
                " 4711 | 東京 |",
            ],
        );
        check(
            Some(20),
            true,
            &[
                "-[ 1 ]-",
                "ID   | 1",
                "NAME | Ada",
                "NOTE | first of all",
                "     | programmers",
                "-[ 2 ]-",
                "ID   | 4711",
                "NAME | 東京",
                "NOTE |",
            ],
        );
    }

    #[test]
    fn the_widest_texts_give_way() {
        let heads = Table::new(&["#N", "A", "B", "C"]).heads;
        for (wanted, room, expected) in [
            ([3, 3, 3, 3], 80, Some(vec![3, 3, 3, 3])),
            ([5, 10, 30, 50], 59, Some(vec![5, 10, 17, 16])),
            ([5, 10, 12, 50], 59, Some(vec![5, 10, 12, 21])),
            ([30, 10, 30, 50], 60, None),
            ([3, 10, 30, 50], 5, None),
        ] {
            assert_eq!(fit(&heads, &wanted, Some(room)), expected, "{wanted:?} in {room}");
        }
    }
}
