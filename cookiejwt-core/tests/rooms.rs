//! The folders of `src` are rooms, one on top of the other: a file imports from its own room or
//! from a lower one, never from a higher one and never from the crate root.

#![allow(clippy::disallowed_methods, reason = "the core reads no files, this test does")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// From the lowest to the highest.
const ROOMS: [&str; 15] = [
    "syntax", "session", "keys", "config", "token", "request", "response", "throttle", "device", "decide",
    "driver", "store", "fault", "internal", "testing",
];

/// In `lib.rs` beside the rooms: the documentation of the rules.
const OTHER_MODULES: [&str; 1] = ["rules"];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file below `src` but `lib.rs`, relative to `src`, with its text.
fn files() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&source(), &mut found);
    found.sort();
    let relative = |path: &Path| path.strip_prefix(source()).unwrap().to_str().unwrap().to_owned();
    let read = |path: PathBuf| (relative(&path), fs::read_to_string(path).unwrap());
    found.into_iter().map(read).filter(|(path, _)| path != "lib.rs").collect()
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

/// The code of a file, without comments and without the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("\nmod tests {").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// What the code reads from `crate`: each segment that follows it, also inside braces.
fn imports(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, path) in code.match_indices("crate::") {
        let is_crate = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        let rest = &code[at + path.len()..];
        match rest.strip_prefix('{') {
            _ if !is_crate => {}
            None => found.push(word(rest)),
            Some(list) => {
                let mut depth = 0_u32;
                let mut is_first = true;
                for (at, c) in list.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => is_first = true,
                        c if depth == 0 && is_first && !c.is_whitespace() => {
                            found.push(word(&list[at..]));
                            is_first = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found
}

fn floor(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

#[test]
fn no_import_comes_from_a_higher_room_or_from_the_root() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (path, text) in files().iter().filter(|(path, _)| !is_test(path)) {
        let code = code(text);
        let room = word(path);
        let own = floor(room).unwrap_or_else(|| panic!("{path} is in no room"));
        for import in imports(&code) {
            seen += 1;
            match floor(import) {
                None => wrong.push(format!("{path}: `crate::{import}` is no room")),
                Some(floor) if floor > own => wrong.push(format!("{path}: `{import}` is above `{room}`")),
                Some(_) => {}
            }
        }
        let leaves_the_room = if path.contains('/') { "super::super" } else { "super::" };
        if code.contains(leaves_the_room) {
            wrong.push(format!("{path}: name the room instead of `{leaves_the_room}`"));
        }
    }
    assert!(seen > 150, "the imports are found: {seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn imports_are_read_out_of_lists_and_paths() {
    let code = "use crate::{a::{b, c::D}, e::F, g};\nlet x = crate::h::I; pub(crate) fn j() { $crate::k!() }";
    assert_eq!(imports(code), ["a", "e", "g", "h"]);
}

#[test]
fn the_rooms_are_the_modules_of_the_crate() {
    let root = fs::read_to_string(source().join("lib.rs")).unwrap();
    let modules = root.lines().filter_map(|line| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        line.strip_prefix("mod ").map(word)
    });
    let mut modules: Vec<&str> = modules.filter(|name| !OTHER_MODULES.contains(name)).collect();
    let mut rooms = ROOMS.to_vec();
    modules.sort_unstable();
    rooms.sort_unstable();
    assert_eq!(modules, rooms);
}

#[test]
fn every_file_says_first_what_it_is_about() {
    for (path, text) in files() {
        assert!(text.starts_with("//! "), "{path}");
        assert!(!path.ends_with("mod.rs"), "{path}: a module has the name of its file");
    }
}
