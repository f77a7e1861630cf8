//! The rooms of this crate have an order, and imports point down: a file imports from its own room
//! and from lower ones, never from the root of the crate.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// From the lowest to the highest. A room is `room.rs` and the folder `room/`.
const ROOMS: [&str; 17] = [
    "errors",
    "runtime",
    "events",
    "stores",
    "streams",
    "keys",
    "services",
    "passwords",
    "sessions",
    "verifier",
    "routes",
    "authenticator",
    "request",
    "api",
    "token_store_tests",
    "guide",
    "application",
];

/// Every source file but `lib.rs`, which re-exports from all rooms.
fn sources() -> Vec<PathBuf> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, files);
            } else if !path.ends_with("src/lib.rs") {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    collect(&source_folder(), &mut files);
    files.sort();
    files
}

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// How high a room is; none for what is no room, such as a name that is exported from the root.
fn height(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

fn room_of(file: &Path) -> String {
    let inside = file.strip_prefix(source_folder()).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The first segment of each path that a file imports from this crate.
fn imports(text: &str) -> Vec<String> {
    let code: Vec<_> = text.lines().map(str::trim).filter(|line| !line.starts_with("//")).collect();
    let code = code.join("\n");
    let statements = code.split("use crate::").skip(1);
    statements.flat_map(|rest| first_segments(rest.split(';').next().unwrap())).collect()
}

/// `a::B` has the first segment `a`; `{a::{B, C}, d::E}` has `a` and `d`.
fn first_segments(tree: &str) -> Vec<String> {
    let Some(list) = tree.strip_prefix('{') else { return vec![segment(tree)] };
    let mut depth = 0;
    let top_level = |character| {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        character == ',' && depth == 0
    };
    let paths = list.trim_end_matches('}').split(top_level).map(str::trim).filter(|path| !path.is_empty());
    paths.map(segment).collect()
}

fn segment(path: &str) -> String {
    path.split("::").next().unwrap().trim().to_owned()
}

#[test]
fn imports_point_down() {
    let mut wrong = Vec::new();
    for file in sources() {
        let (room, text) = (room_of(&file), fs::read_to_string(&file).unwrap());
        let own = height(&room).unwrap_or_else(|| panic!("{room} has no place among the rooms"));
        for import in imports(&text) {
            match height(&import) {
                Some(other) if other <= own => {}
                Some(_) => wrong.push(format!("{}: imports from {import}, which is higher", file.display())),
                None => wrong.push(format!("{}: imports {import} from the root", file.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The code of a file, without comments and without the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("\nmod tests {").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The first word of each part of the code that follows this mark.
fn words_after<'a>(code: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    code.split(mark).skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

/// The methods that a block `impl Type {` adds, with the name of the type.
fn added(code: &str) -> impl Iterator<Item = (&str, &str)> {
    let blocks = code.split("\nimpl ").skip(1).filter_map(|rest| rest.split_once(" {\n"));
    blocks.flat_map(|(kind, rest)| {
        let block = rest.split("\n}").next().unwrap();
        words_after(block, "fn ").map(move |name| (kind, name))
    })
}

/// A higher room may add methods to a type of a lower one, which needs no import to be called.
#[test]
fn calls_point_down() {
    let read = |file: &PathBuf| (room_of(file), code(&fs::read_to_string(file).unwrap()));
    let files: Vec<_> = sources().iter().map(read).collect();
    let kinds = |code| words_after(code, "pub struct ").chain(words_after(code, "pub enum "));
    let home = |kind: &str| files.iter().find(|(_, code)| kinds(code).any(|known| known == kind));
    let mut seen = 0;
    for (room, text) in &files {
        for (kind, name) in added(text) {
            let Some((home, _)) = home(kind).filter(|(home, _)| height(home) < height(room)) else {
                continue;
            };
            seen += 1;
            let between =
                |(caller, _): &&(String, String)| (height(home)..height(room)).contains(&height(caller));
            for (caller, text) in files.iter().filter(between) {
                let call = format!(".{name}(");
                assert!(!text.contains(&call), "{caller} calls `{kind}::{name}`, which {room} adds to it");
            }
        }
    }
    assert!(seen > 5, "the methods that rooms add are found: {seen}");
}

#[test]
fn each_file_says_what_it_is() {
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//! "), "{} does not begin with a `//!` line", file.display());
        assert!(!file.ends_with("mod.rs"), "{}: call it `room.rs`, next to `room/`", file.display());
    }
}

#[test]
fn an_import_is_read_whole() {
    for (statement, expected) in [
        ("use crate::events::Event;", vec!["events"]),
        (
            "use crate::{\n    events::{Event, Line},\n    runtime::{self, Random},\n};",
            vec!["events", "runtime"],
        ),
        ("use crate::{stores::Users};", vec!["stores"]),
        ("use crate::{Authenticator, events::Event};", vec!["Authenticator", "events"]),
        ("    pub(crate) use crate::Slot;", vec!["Slot"]),
        ("/// use crate::Slot;", vec![]),
    ] {
        assert_eq!(imports(statement), expected, "{statement}");
    }
}
