//! The example applications as binaries.

use std::{
    env,
    path::{Path, PathBuf},
};

pub const EXAMPLES: [&str; 3] = ["example-axum", "example-actix", "example-rocket"];

/// They are next to the folder of the running test binary, if the whole workspace was built.
pub fn binaries() -> Option<Vec<PathBuf>> {
    let own = env::current_exe().ok()?;
    let folder = own.parent().and_then(Path::parent)?;
    let binaries = EXAMPLES.map(|name| folder.join(name));
    binaries.iter().all(|binary| binary.is_file()).then(|| binaries.to_vec())
}
