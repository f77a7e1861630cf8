//! The first program that a reader sees is complete, compiles, and is the same everywhere.

const README: &str = include_str!("../../README.md");
const QUICKSTART: &str = include_str!("../docs/quickstart.rs");

/// The code of every fenced block that is marked as Rust.
fn rust_blocks(markdown: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("```rust") {
            let code: Vec<_> = lines.by_ref().take_while(|line| line.trim_end() != "```").collect();
            blocks.push(code.join("\n"));
        }
    }
    blocks
}

#[test]
fn the_complete_program_has_fewer_than_70_lines() {
    let lines = QUICKSTART.trim().lines().count();
    assert!(lines < 70, "docs/quickstart.rs has {lines} lines");
}

#[test]
fn nothing_of_the_program_is_hidden() {
    assert!(!QUICKSTART.lines().any(|line| line.trim_start().starts_with("# ")));
}

#[test]
fn the_readme_shows_the_complete_program_verbatim() {
    let found = rust_blocks(README).iter().any(|block| block.trim() == QUICKSTART.trim());
    assert!(found, "README.md has no ```rust block that is docs/quickstart.rs; copy it there");
}
