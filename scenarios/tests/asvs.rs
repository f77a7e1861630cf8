//! `docs/asvs.md` lists tests for every requirement of OWASP ASVS 5.0 that concerns the library,
//! and each test exists.

use std::{fs, path::Path};

use scenarios::table;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const PAGE: &str = include_str!("../../docs/asvs.md");

/// The requirements that a library can meet or contribute to, and their level.
#[rustfmt::skip]
const OURS: [(&str, &str); 99] = [
    ("2.3.3", "2"), ("2.4.1", "2"), ("3.1.1", "3"), ("3.2.1", "1"), ("3.3.1", "1"), ("3.3.2", "2"),
    ("3.3.3", "2"), ("3.3.4", "2"), ("3.3.5", "3"), ("3.5.1", "1"), ("3.5.2", "1"), ("3.5.3", "1"),
    ("3.7.2", "2"), ("3.7.5", "3"), ("4.1.1", "1"), ("4.1.3", "2"), ("6.1.1", "1"), ("6.2.3", "1"),
    ("6.2.4", "1"), ("6.2.5", "1"), ("6.2.8", "1"), ("6.2.9", "2"), ("6.2.10", "2"), ("6.2.11", "2"), ("6.3.1", "1"), ("6.3.2", "1"),
    ("6.3.3", "2"), ("6.3.4", "2"), ("6.3.5", "3"), ("6.3.8", "3"), ("6.4.3", "2"), ("6.4.6", "3"), ("6.5.1", "2"), ("6.5.2", "2"),
    ("6.5.3", "2"), ("6.5.4", "2"), ("6.6.2", "2"), ("6.6.3", "2"), ("6.8.2", "2"), ("7.1.1", "2"),
    ("7.1.2", "2"), ("7.2.1", "1"), ("7.2.2", "1"), ("7.2.3", "1"), ("7.2.4", "1"), ("7.3.1", "2"),
    ("7.3.2", "2"), ("7.4.1", "1"), ("7.4.2", "1"), ("7.4.3", "2"), ("7.4.5", "2"), ("7.5.1", "2"),
    ("7.5.2", "2"), ("7.5.3", "3"), ("7.6.2", "2"), ("8.3.2", "3"), ("9.1.1", "1"), ("9.1.2", "1"), ("9.1.3", "1"),
    ("9.2.1", "1"), ("9.2.2", "2"), ("9.2.3", "2"), ("9.2.4", "2"), ("10.4.5", "1"), ("10.4.8", "2"),
    ("11.1.1", "2"), ("11.1.2", "2"), ("11.2.1", "2"), ("11.2.2", "2"), ("11.2.3", "2"), ("11.2.4", "3"),
    ("11.2.5", "3"), ("11.3.2", "1"), ("11.3.3", "2"), ("11.3.4", "3"), ("11.4.1", "1"), ("11.4.2", "2"),
    ("11.4.3", "2"), ("11.5.1", "2"), ("11.5.2", "3"), ("11.6.1", "2"), ("14.2.1", "1"), ("14.3.2", "2"),
    ("15.3.4", "2"), ("15.3.7", "2"), ("15.4.1 to 15.4.4", "3"), ("16.1.1", "2"), ("16.2.1", "2"),
    ("16.2.2", "2"), ("16.2.4", "2"), ("16.2.5", "2"), ("16.3.1", "2"), ("16.3.2", "2"), ("16.3.3", "2"),
    ("16.3.4", "2"), ("16.4.1", "2"), ("16.5.1", "2"), ("16.5.2", "2"), ("16.5.3", "2"),
];

/// What stays with the application; the page describes what is missing.
const NOT_OURS: [&str; 14] = [
    "3.4.1 to 3.4.8",
    "3.5.4",
    "3.5.8",
    "6.1.3",
    "6.2.1",
    "6.2.12",
    "6.3.6",
    "6.5.5",
    "11.1.3",
    "11.1.4",
    "13.3.1",
    "13.3.4",
    "14.3.1",
    "16.5.4",
];

/// Nothing is encrypted.
const WITHOUT_A_TEST: [&str; 3] = ["11.3.2", "11.3.3", "11.3.4"];

/// The cells of each row that starts with a requirement.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| v5.0.0-")?.strip_suffix(" |"));
    rows.map(|row| row.split(" | ").collect()).collect()
}

fn parts() -> (&'static str, &'static str) {
    PAGE.split_once("## What stays with the application").expect("both parts")
}

/// The texts between backticks in a cell of the last column.
fn tests(cell: &str) -> Vec<&str> {
    cell.split("<br>").filter_map(|test| test.strip_prefix('`')?.strip_suffix('`')).collect()
}

/// Whether a file has a function of this name that runs as a test.
fn is_a_test(source: &str, name: &str) -> bool {
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    let heads = [format!("fn {name}("), format!("async fn {name}(")];
    let Some(at) = lines.iter().position(|line| heads.iter().any(|head| line.starts_with(head))) else {
        return false;
    };
    let above = lines[..at].iter().rev().take_while(|line| line.starts_with(['#', '/']));
    let attributes: Vec<_> = above.filter(|line| line.starts_with('#')).collect();
    let ignored = attributes.iter().any(|line| line.starts_with("#[ignore"));
    !ignored && attributes.iter().any(|line| line.starts_with("#[test]") || line.contains("::test"))
}

fn exists(test: &str) -> bool {
    if let Some(row) = test.strip_prefix("scenario: ") {
        return table::all().iter().any(|scenario| format!("{}: {}", scenario.rule, scenario.name) == row);
    }
    let (file, name) = test.split_once("::").unwrap_or((test, ""));
    fs::read_to_string(Path::new(ROOT).join(file)).is_ok_and(|source| is_a_test(&source, name))
}

#[test]
fn every_requirement_has_its_row() {
    let (ours, rest) = parts();
    let listed: Vec<_> = rows(ours).iter().map(|row| (row[0], row[1])).collect();
    assert_eq!(listed, OURS);
    let listed: Vec<_> = rows(rest).iter().map(|row| row[0]).collect();
    assert_eq!(listed, NOT_OURS);
}

#[test]
fn every_row_names_tests_that_are_there() {
    for row in rows(parts().0) {
        let [id, _, how, shown] = row[..] else { panic!("four cells: {row:?}") };
        let tests = tests(shown);
        assert_eq!(tests.is_empty(), WITHOUT_A_TEST.contains(&id), "{id} {how}");
        for test in tests {
            assert!(exists(test), "{id}: no test {test}");
        }
    }
}

#[test]
fn what_is_no_test_is_not_taken_for_one() {
    for (rule, source, expected) in [
        ("a test", "#[test]\nfn one() {", true),
        ("a test of tokio", "#[tokio::test(flavor = \"current_thread\")]\nasync fn one() {", true),
        ("with a comment", "#[test]\n/// Why.\n#[allow(x)]\nfn one() {", true),
        ("ignored", "#[test]\n#[ignore]\nfn one() {", false),
        ("a helper", "#[test]\nfn other() {\n}\n\nfn one() {", false),
        ("a longer name", "#[test]\nfn one_more() {", false),
        ("called", "#[test]\nfn other() {\none();", false),
        ("commented out", "#[test]\n// fn one() {", false),
    ] {
        assert_eq!(is_a_test(source, "one"), expected, "{rule}");
    }
}
