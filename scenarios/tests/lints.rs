//! No package has `unsafe` code, including those outside the workspace, to which its lints do not
//! apply.

use std::{
    fs,
    path::{Path, PathBuf},
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Every manifest that is not a build product.
fn manifests(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        let (path, name) = (entry.path(), entry.file_name());
        let skipped = ["target", "node_modules", "venv"].iter().any(|skipped| name == *skipped);
        if path.is_dir() && !skipped && !name.to_string_lossy().starts_with('.') {
            manifests(&path, found);
        } else if name == "Cargo.toml" {
            found.push(path);
        }
    }
}

/// Whether a table of a manifest has a line.
fn says(manifest: &str, table: &str, line: &str) -> bool {
    let mut lines = manifest.lines().skip_while(|found| *found != table).skip(1);
    lines.by_ref().take_while(|found| !found.starts_with('[')).any(|found| found == line)
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The workspace that a package takes its lints from.
fn root_of(package: &Path) -> String {
    let parents = package.ancestors().skip(2).map(|folder| folder.join("Cargo.toml"));
    parents
        .filter(|path| path.exists())
        .map(|path| text(&path))
        .find(|manifest| manifest.contains("[workspace]"))
        .unwrap_or_default()
}

#[test]
fn every_package_forbids_unsafe_code() {
    let mut paths = Vec::new();
    manifests(Path::new(ROOT), &mut paths);
    let packages: Vec<_> = paths.into_iter().filter(|path| text(path).contains("[package]")).collect();
    assert!(packages.len() >= 16, "{packages:#?}");
    for path in packages {
        let (manifest, forbid) = (text(&path), "unsafe_code = \"forbid\"");
        let inherits = says(&manifest, "[lints]", "workspace = true")
            && says(&root_of(&path), "[workspace.lints.rust]", forbid);
        assert!(inherits || says(&manifest, "[lints.rust]", forbid), "{}", path.display());
    }
}
