//! Everything that the repository cites is in the repository, and each cited row is in
//! `cookiejwt_core::rules`.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const RULES: &str = include_str!("../../cookiejwt-core/docs/decide.md");

/// Notes that are not in the repository. Each name is cut, so that this file does not contain it.
const NOTES: [&str; 13] = [
    "rul|es",
    "wi|re",
    "hou|se",
    "roo|ms",
    "tas|te",
    "proo|fs",
    "rea|ch",
    "clien|ts",
    "fie|ld",
    "aud|it",
    "tra|ps",
    "revi|ew",
    "ques|tions",
];

/// Other names of such notes, cut as well.
const PHRASES: [&str; 3] = ["the des|ign", "des|ign's table", "sec|tion of the rules"];

/// Collections of cases whose numbers mean nothing without the collection.
const NUMBERED: [&str; 3] = ["fie|ld", "aud|it", "clien|ts"];

/// The words between the spaces of a line, each without the punctuation around it.
fn words(line: &str) -> Vec<&str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '\'';
    let bare = |word: &'_ str| word.find(is_part).unwrap_or(word.len());
    let words = line.split_whitespace().map(|word| &word[bare(word)..]);
    words.map(|word| word.split(|c| !is_part(c)).next().unwrap_or_default()).collect()
}

fn joined(cut: &str) -> String {
    cut.replace('|', "")
}

/// Every text file that is tracked, with its lines. Lock files and seeds of the fuzzer cite
/// nothing.
fn texts() -> Vec<(String, String)> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(ROOT).output();
    let listed = match output {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).expect("names are UTF-8"),
        _ => {
            println!("skipped: this is no git repository");
            return Vec::new();
        }
    };
    let read = |name: &str| fs::read_to_string(Path::new(ROOT).join(name)).ok();
    let cites =
        |name: &&str| !name.is_empty() && !name.contains("Cargo.lock") && !name.starts_with("fuzz/seeds/");
    listed.split('\0').filter(cites).filter_map(|name| Some((name.to_owned(), read(name)?))).collect()
}

/// What a line cites that is not in the repository.
fn missing_note(line: &str) -> Option<String> {
    let lower = line.to_lowercase();
    let is_whole = |at: usize| !lower[..at].ends_with(|c: char| c.is_alphanumeric() || "_-".contains(c));
    let notes = NOTES.iter().map(|note| format!("{}.md", joined(note)));
    let mut notes = notes.filter(|note| lower.match_indices(note).any(|(at, _)| is_whole(at)));
    notes.next().or_else(|| PHRASES.iter().map(|phrase| joined(phrase)).find(|phrase| lower.contains(phrase)))
}

/// The name of a collection and a number, which may end with a letter.
fn numbered(line: &str) -> Option<String> {
    let words = words(line);
    words.windows(2).find_map(|pair| {
        let is_collection = NUMBERED.iter().any(|name| joined(name) == pair[0]);
        let number = pair[1].trim_end_matches(|c: char| c.is_ascii_lowercase());
        let is_number = number.parse().is_ok_and(|number: u32| (1..100).contains(&number));
        (is_collection && is_number && pair[1].len() <= number.len() + 1).then(|| pair.join(" "))
    })
}

/// A letter and two digits in brackets: a requirement of a list that is not in the repository.
fn requirement(line: &str) -> Option<String> {
    line.split('[').skip(1).find_map(|rest| {
        let id = rest.split_once(']')?.0;
        let (letter, number) = id.split_at_checked(1)?;
        let is_id = ("A"..="I").contains(&letter) && number.len() == 2;
        (is_id && number.chars().all(|c| c.is_ascii_digit())).then(|| id.to_owned())
    })
}

/// The letters that follow `row` and `rows`: `rows b, d and f`.
fn rows(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let words = words(line);
    for (at, word) in words.iter().enumerate() {
        let is_row = ["row", "rows", "Row", "Rows"].contains(word);
        let rest = words[at + 1..].iter().filter(|word| !["and", "to", "or", "1", "2"].contains(word));
        found.extend(rest.take_while(|word| is_letter(word)).filter(|_| is_row).copied());
    }
    found
}

/// A row is one lower-case letter, with a prime for rows that were added later. An article is not a
/// row: `a row a user has`.
fn is_letter(word: &str) -> bool {
    let letter = word.strip_suffix('\'').unwrap_or(word);
    letter.len() == 1 && letter.chars().all(|c| c.is_ascii_lowercase())
}

/// The first cells of the tables under Authenticate and under device-bound sessions.
fn known() -> BTreeSet<&'static str> {
    let lines = RULES.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" |"));
    lines.map(|(row, _)| row).filter(|row| is_letter(row)).collect()
}

fn is_rust(name: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|extension| extension == "rs")
}

/// Each place at which `find` finds something, as `file:line`.
fn places(files: &[(String, String)], find: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let lines = files
        .iter()
        .flat_map(|(name, text)| text.lines().enumerate().map(move |(at, line)| (name, at, line)));
    lines.filter_map(|(name, at, line)| Some(format!("{name}:{}: {}", at + 1, find(line)?))).collect()
}

#[test]
fn every_cited_document_is_in_the_repository() {
    let files = texts();
    let mut found = places(&files, missing_note);
    found.extend(places(&files, numbered));
    found.extend(places(&files, requirement));
    assert!(found.is_empty(), "explain it, or cite what is in the repository:\n{}", found.join("\n"));
}

#[test]
fn every_cited_row_is_in_the_table() {
    let known = known();
    let sources: Vec<_> = texts().into_iter().filter(|(name, _)| is_rust(name)).collect();
    let unknown =
        |line: &str| rows(line).into_iter().find(|row| !known.contains(row)).map(|row| format!("row {row}"));
    let found = places(&sources, unknown);
    assert!(found.is_empty(), "no such row in cookiejwt-core/docs/decide.md:\n{}", found.join("\n"));
}

#[test]
fn the_table_has_each_row_once() {
    let others = ["j'", "o'", "p'", "u", "v", "x"];
    let letters: BTreeSet<_> = ('a'..='s').map(String::from).chain(others.map(String::from)).collect();
    assert_eq!(known().into_iter().map(String::from).collect::<BTreeSet<_>>(), letters);
    for row in letters {
        assert_eq!(RULES.matches(&format!("\n| {row} | ")).count(), 1, "{row}");
    }
    for row in 1..=8 {
        assert_eq!(RULES.matches(&format!("\n| {row} | ")).count(), 1, "CSRF row {row}");
    }
}

#[test]
fn what_is_a_citation() {
    let note = |cut| Some(joined(cut));
    for (rule, line, expected) in [
        ("a note", note("see rul|es.md 4"), note("rul|es.md")),
        ("in a path", note("../shared/hou|se.md"), note("hou|se.md")),
        ("a longer name", note("more-rul|es.md"), None),
        ("a phrase", note("The des|ign decides"), note("the des|ign")),
        ("another word", note("the des|ire"), None),
    ] {
        assert_eq!(missing_note(&line.unwrap()), expected, "{rule}");
    }
    for (line, expected) in [
        ("fie|ld 21a: PHP", note("fie|ld 21a")),
        ("(aud|it 5)", note("aud|it 5")),
        ("fie|lds 2", None),
        ("the fie|ld is 5", None),
        ("fie|ld 2nd", None),
    ] {
        assert_eq!(numbered(&joined(line)), expected, "{line}");
    }
    for (line, expected) in [
        ("x [|A12]", note("A|12")),
        ("[|I04 x]", None),
        ("b[|Z12]", None),
        ("[|A1]", None),
        ("[|A123]", None),
    ] {
        assert_eq!(requirement(&joined(line)), expected, "{line}");
    }
    for (line, expected) in [
        ("row m", &["m"][..]),
        ("rows b, d, f, i and j'.", &["b", "d", "f", "i", "j'"]),
        ("row o' 1 and then", &["o'"]),
        ("Rows k to r of", &["k", "r"]),
        ("([row p](crate::rules))", &["p"]),
        ("row by row", &[]),
        ("row(\"z is older\")", &[]),
        ("arrow a", &[]),
    ] {
        assert_eq!(rows(line), expected, "{line}");
    }
}
