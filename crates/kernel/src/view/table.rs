use std::fmt;

use super::text::visible;

/// Rows under titled columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The titles, in capitals.
    pub columns: Vec<&'static str>,
    /// Each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table of `rows`.
    pub fn new<const N: usize>(
        columns: [&'static str; N],
        rows: impl IntoIterator<Item = [Cell; N]>,
    ) -> Self {
        Self { columns: columns.into(), rows: rows.into_iter().map(Vec::from).collect() }
    }

    /// The table as text: columns two blanks apart, as wide as their widest cell (counted in
    /// characters), the last one not padded. `paint` gets a cell's text, before the padding, and
    /// may put colour around it.
    pub fn layout(&self, paint: impl Fn(&str, Tone) -> String) -> String {
        let titles: Vec<Cell> = self.columns.iter().map(|title| Cell::muted(*title)).collect();
        let widths = self.widths();
        std::iter::once(&titles).chain(&self.rows).map(|row| line(row, &widths, &paint)).collect()
    }

    fn widths(&self) -> Vec<usize> {
        let widest = |(column, title): (usize, &&str)| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).map(Cell::width);
            cells.chain([title.chars().count()]).max().unwrap_or_default()
        };
        self.columns.iter().enumerate().map(widest).collect()
    }
}

fn line(row: &[Cell], widths: &[usize], paint: &impl Fn(&str, Tone) -> String) -> String {
    let mut line = String::new();
    for (index, (cell, width)) in row.iter().zip(widths).enumerate() {
        line.push_str(&paint(&cell.text, cell.tone));
        if index + 1 < row.len() {
            line.push_str(&" ".repeat(width - cell.width() + 2));
        }
    }
    line.push('\n');
    line
}

/// The plain layout.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.layout(|text, _| text.to_owned()))
    }
}

/// A table, under a heading where there are several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What tells it from the others.
    pub heading: Option<String>,
    /// The rows.
    pub table: Table,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Without control characters.
    pub text: String,
    /// What it means.
    pub tone: Tone,
}

impl Cell {
    /// A cell that means what it says.
    pub fn plain(text: impl AsRef<str>) -> Self {
        Self::toned(text, Tone::Plain)
    }

    /// A cell of less weight.
    pub fn muted(text: impl AsRef<str>) -> Self {
        Self::toned(text, Tone::Muted)
    }

    /// A key id, a path, a file name: something to copy.
    pub fn code(text: impl AsRef<str>) -> Self {
        Self::toned(text, Tone::Code)
    }

    /// A cell with a meaning of its own.
    pub fn toned(text: impl AsRef<str>, tone: Tone) -> Self {
        Self { text: visible(text.as_ref()).into_owned(), tone }
    }

    /// A muted dash: there is nothing to say.
    pub fn none() -> Self {
        Self::muted("-")
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

/// What a text means; a face decides how that looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// Of less weight.
    Muted,
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Wrong, revoked, expired.
    Bad,
    /// To be copied letter by letter.
    Code,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table::new(
            ["NAME", "LAST"],
            [[Cell::plain("zoë"), Cell::none()], [Cell::code("a"), Cell::plain("longer")]],
        )
    }

    #[test]
    fn columns_are_padded_by_characters_and_the_last_is_not() {
        assert_eq!(table().to_string(), "NAME  LAST\nzoë   -\na     longer\n");
    }

    #[test]
    fn paint_does_not_disturb_the_layout() {
        let painted = table().layout(|text, tone| match tone {
            Tone::Code => format!("<{text}>"),
            _ => text.to_owned(),
        });
        assert_eq!(painted, "NAME  LAST\nzoë   -\n<a>     longer\n");
    }

    #[test]
    fn a_cell_cannot_steer_a_terminal() {
        assert_eq!(Cell::plain("a\x1b[2Jb").text, "a\\u{1b}[2Jb");
    }
}
