//! The table of the guide, held against the engines. `ENGINES_TABLE=write` writes it.

use std::{env, fs, path::PathBuf};

use browser::Engine;

use crate::{
    differences::{Column, column},
    house::in_engine,
};

const BEGIN: &str = "<!-- engines: examples/tests/engines writes this table -->\n";
const END: &str = "\n<!-- end of engines -->";

#[test]
fn chromium_does_what_the_guide_says() {
    in_engine(Engine::Chromium, is_in_the_guide);
}

#[test]
fn firefox_does_what_the_guide_says() {
    in_engine(Engine::Firefox, is_in_the_guide);
}

#[test]
fn webkit_does_what_the_guide_says() {
    in_engine(Engine::WebKit, is_in_the_guide);
}

async fn is_in_the_guide(engine: Engine) {
    let column = column(engine).await;
    let (page, mut table) = guide();
    let place = Engine::ALL.iter().position(|other| *other == engine).expect("one of them");
    if env::var("ENGINES_TABLE").is_ok_and(|what| what == "write") {
        write(&mut table, place, column);
        let (before, rest) = page.split_once(BEGIN).expect("the table begins");
        let (_, after) = rest.split_once(END).expect("the table ends");
        let page = format!("{before}{BEGIN}{}{END}{after}", text(&table));
        fs::write(path(), page).expect("the guide can be written");
        return;
    }
    let said: Vec<_> = table.iter().map(|(row, cells)| (row.as_str(), cells[place].as_str())).collect();
    let seen: Vec<_> = column.iter().map(|(row, cell)| (*row, cell.as_str())).collect();
    assert_eq!(said, seen, "{engine:?}: run with ENGINES_TABLE=write, and read the difference");
}

type Table = Vec<(String, [String; 3])>;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../cookiejwt-store/docs/guide/browsers.md")
}

/// The page, and the rows of its table.
fn guide() -> (String, Table) {
    let page = fs::read_to_string(path()).expect("the page of the guide");
    let (_, rest) = page.split_once(BEGIN).expect("the table begins");
    let (table, _) = rest.split_once(END).expect("the table ends");
    let row = |line: &str| {
        let mut cells = line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned());
        let name = cells.next().unwrap_or_default();
        (name, std::array::from_fn(|_| cells.next().unwrap_or_default()))
    };
    let rows = table.lines().skip(2).map(row).collect();
    (page, rows)
}

fn write(table: &mut Table, place: usize, column: Column) {
    let old = std::mem::take(table);
    for (row, cell) in column {
        let mut cells =
            old.iter().find(|(name, _)| name == row).map(|(_, cells)| cells.clone()).unwrap_or_default();
        cells[place] = cell;
        table.push((row.to_owned(), cells));
    }
}

fn text(table: &Table) -> String {
    let rows = table
        .iter()
        .map(|(row, [chromium, firefox, webkit])| format!("| {row} | {chromium} | {firefox} | {webkit} |"));
    let head = ["| | Chromium | Firefox | WebKitGTK |".to_owned(), "|---|---|---|---|".to_owned()];
    head.into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}
