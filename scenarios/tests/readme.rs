//! The first programs that a reader sees are complete and compile, and are the same everywhere.

const README: &str = include_str!("../../README.md");
/// Each compiles as a sample of its adapter's documentation.
const PROGRAMS: [(&str, &str); 3] = [
    ("axum", include_str!("../../cookiejwt-axum/docs/quickstart.rs")),
    ("actix-web", include_str!("../../cookiejwt-actix/docs/quickstart.rs")),
    ("Rocket", include_str!("../../cookiejwt-rocket/docs/quickstart.rs")),
];

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
fn each_program_has_fewer_than_70_lines() {
    for (framework, program) in PROGRAMS {
        let lines = program.trim().lines().count();
        assert!(lines < 70, "{framework}: docs/quickstart.rs has {lines} lines");
    }
}

#[test]
fn no_line_of_the_programs_is_hidden() {
    for (framework, program) in PROGRAMS {
        assert!(!program.lines().any(|line| line.trim_start().starts_with("# ")), "{framework}");
    }
}

#[test]
fn the_readme_shows_the_program_of_axum_verbatim_and_links_to_the_others() {
    let [(_, axum), others @ ..] = PROGRAMS;
    let blocks = rust_blocks(README);
    let [program, first_user] = &*blocks else { panic!("one program, and the line for the first user") };
    assert_eq!(program.trim(), axum.trim(), "copy cookiejwt-axum/docs/quickstart.rs to README.md");
    assert!(first_user.starts_with("user::ActiveModel::builder()") && first_user.lines().count() == 1);
    for ((framework, _), name) in others.into_iter().zip(["actix", "rocket"]) {
        let link = format!("](cookiejwt-{name}/docs/quickstart.rs)");
        assert!(README.contains(&link), "{framework}: README.md does not link to its program");
    }
}

#[test]
fn the_readme_is_short_and_shows_the_dependencies_of_its_program() {
    assert!(README.len() <= 9000, "README.md has {} bytes", README.len());
    let manifest = |readme: &str| {
        readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).map(str::to_owned)
    };
    let (ours, of_axum) = (manifest(README), manifest(include_str!("../../cookiejwt-axum/README.md")));
    assert!(
        ours.is_some() && ours == of_axum,
        "the dependencies of README.md and of cookiejwt-axum/README.md"
    );
}

#[test]
fn every_crate_has_its_own_readme() {
    for name in ["core", "store", "axum", "actix", "rocket", "keygen"] {
        let folder = format!("{}/../cookiejwt-{name}", env!("CARGO_MANIFEST_DIR"));
        let read = |file: &str| std::fs::read_to_string(format!("{folder}/{file}")).expect(file);
        let readme = read("README.md");
        assert!(read("Cargo.toml").contains("\nreadme = \"README.md\"\n"), "{name}");
        assert!(readme.starts_with(&format!("# cookiejwt-{name}\n")), "{name}");
        assert!((10..=25).contains(&readme.lines().count()), "{name}: {} lines", readme.lines().count());
        assert!(readme.contains("guide"), "{name}: no link to the guide");
    }
}

/// Each crate's manifest, and what docs.rs shows first.
const CRATES: [(&str, &str, &str); 5] = [
    (
        "core",
        include_str!("../../cookiejwt-core/Cargo.toml"),
        include_str!("../../cookiejwt-core/src/lib.rs"),
    ),
    (
        "store",
        include_str!("../../cookiejwt-store/Cargo.toml"),
        include_str!("../../cookiejwt-store/src/lib.rs"),
    ),
    (
        "axum",
        include_str!("../../cookiejwt-axum/Cargo.toml"),
        include_str!("../../cookiejwt-axum/src/lib.rs"),
    ),
    (
        "actix",
        include_str!("../../cookiejwt-actix/Cargo.toml"),
        include_str!("../../cookiejwt-actix/src/lib.rs"),
    ),
    (
        "rocket",
        include_str!("../../cookiejwt-rocket/Cargo.toml"),
        include_str!("../../cookiejwt-rocket/src/lib.rs"),
    ),
];

#[test]
fn every_feature_is_documented() {
    for (name, manifest, documentation) in CRATES {
        assert!(manifest.contains("[package.metadata.docs.rs]\nall-features = true"), "{name}");
        let (_, features) = manifest.split_once("[features]\n").expect("a table of features");
        let (features, _) = features.split_once("\n[").expect("another table after it");
        let names = features.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);
        for feature in names.filter(|feature| *feature != "default" && !feature.starts_with(['_', '#'])) {
            assert!(documentation.contains(&format!("//! * `{feature}`")), "{name}: {feature}");
        }
    }
}
