//! The reference pages match the code, and every link resolves, on a code host and in rustdoc.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use cookiejwt_store::{Config, DeviceBinding, PrivateKey, Problem};
use scenarios::World;
use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const SETTINGS: &str = include_str!("../../cookiejwt-store/docs/guide/settings.md");
const ROUTES: &str = include_str!("../../cookiejwt-store/docs/guide/routes.md");
/// Each module that includes pages, and the folder of these pages.
const GUIDES: [(&str, &str); 4] = [
    ("cookiejwt-store/src/guide.rs", "cookiejwt-store/docs/guide"),
    ("cookiejwt-axum/src/guide.rs", "cookiejwt-axum/docs"),
    ("cookiejwt-actix/src/guide.rs", "cookiejwt-actix/docs"),
    ("cookiejwt-rocket/src/guide.rs", "cookiejwt-rocket/docs"),
];
const REQUIRED: [(&str, &str); 3] = [
    ("COOKIEJWT_SECRET", "NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg="),
    ("COOKIEJWT_ISSUER", "https://id.example"),
    ("COOKIEJWT_AUDIENCE", "shop"),
];
const ED25519: &str = include_str!("../../cookiejwt-core/tests/keys/ed25519_other.pem");

/// The cells of every table row whose first cell is code with this prefix.
fn rows(page: &str, begin: &str) -> Vec<Vec<String>> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `").filter(|row| row.starts_with(begin)));
    rows.map(|row| format!("`{row}").trim_end_matches(" |").split(" | ").map(str::to_owned).collect())
        .collect()
}

/// The texts in backticks.
fn code(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn settings_lists_every_variable() {
    let listed: BTreeSet<_> = rows(SETTINGS, "COOKIEJWT_").iter().flat_map(|row| code(&row[0])).collect();
    let error = Config::from_vars([("COOKIEJWT_NO_SUCH_SETTING", "1")]).expect_err("an unknown name");
    // The error lists every variable that is read.
    let known = error.cure().split([' ', ',']).filter(|word| word.starts_with("COOKIEJWT_"));
    assert_eq!(listed, known.map(str::to_owned).collect());
}

#[test]
fn settings_has_the_defaults() {
    let config = |vars: &[(&str, &str)]| format!("{:?}", Config::from_vars(vars.iter().copied()));
    for row in rows(SETTINGS, "COOKIEJWT_") {
        if let Some(default) = code(&row[1]).first() {
            let name = &code(&row[0])[0];
            let vars = [&REQUIRED[..], &[(&**name, &**default)]].concat();
            assert_eq!(config(&vars), config(&REQUIRED), "{name}={default}");
        }
    }
}

/// Method, path, success statuses and error codes.
type Operation = (String, String, BTreeSet<String>, BTreeSet<String>);

fn documented() -> BTreeSet<Operation> {
    let key = PrivateKey::from_any_pem(ED25519).expect("a key");
    let world =
        World::with(|config| config.token_mode(true).signing_key(key).device_bound(DeviceBinding::Offer));
    let document = serde_json::to_value(world.auth.openapi()).expect("a document is JSON");
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, methods)| {
        let path = path.strip_prefix("/api/auth/").expect("the default prefix").to_owned();
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| {
            let responses = operation["responses"].as_object().expect("responses");
            let examples =
                |response: &Value| response["content"]["application/problem+json"]["examples"].clone();
            let is_success = |(status, _): &(&String, &Value)| status.as_str() < "400";
            let success = responses.iter().filter(is_success).map(|(status, _)| status.clone()).collect();
            let codes =
                responses.values().filter_map(|response| Some(examples(response).as_object()?.clone()));
            let codes = codes.flatten().map(|(code, _)| code).filter(|code| code != "method_not_allowed");
            (method.to_uppercase(), path.clone(), success, codes.collect())
        })
    });
    operations.collect()
}

#[test]
fn routes_lists_every_route_and_what_it_returns() {
    let methods =
        ["GET", "POST", "DELETE"].into_iter().flat_map(|method| rows(ROUTES, &format!("{method} ")));
    let listed: BTreeSet<Operation> = methods
        .map(|row| {
            let route = code(&row[0]).remove(0);
            let (method, path) = route.split_once(' ').expect("method and path");
            let words = row[2].split([' ', ',', ';']);
            let success = words.filter(|word| word.len() == 3 && word.parse::<u16>().is_ok());
            let success = success.map(str::to_owned).collect();
            (method.into(), path.into(), success, code(&row[3]).into_iter().collect())
        })
        .collect();
    let documented = documented();
    let only = |one: &BTreeSet<Operation>, other| one.difference(other).cloned().collect::<Vec<_>>();
    assert!(
        listed == documented,
        "only in routes.md: {:#?}\nonly in the code: {:#?}",
        only(&listed, &documented),
        only(&documented, &listed)
    );
}

#[test]
fn routes_lists_every_error_code() {
    let is_code =
        |row: &Vec<String>| row[1].chars().all(|letter| letter.is_ascii_digit() || ", ".contains(letter));
    let codes = rows(ROUTES, "").into_iter().filter(is_code).flat_map(|row| code(&row[0]));
    assert_eq!(codes.collect::<BTreeSet<_>>(), Problem::CODES.map(str::to_owned).into());
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

/// Every page that is not generated by a build.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        let (path, name) = (entry.path(), entry.file_name());
        let skipped =
            ["target", "node_modules", "venv", "artifacts", "corpus"].iter().any(|skipped| name == *skipped);
        if path.is_dir() && !skipped && !name.to_string_lossy().starts_with('.') {
            pages(&path, found);
        } else if is_page(&path) {
            found.push(path);
        }
    }
}

/// A page without code blocks and code spans.
fn prose(page: &Path) -> String {
    let text = fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
    let (mut prose, mut is_code) = (String::new(), false);
    for line in text.lines() {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        if !is_code && !is_fence {
            let outside: Vec<_> = line.split('`').step_by(2).collect();
            prose.push_str(&outside.join("`"));
            prose.push('\n');
        }
    }
    prose
}

/// Every `[label]: destination`.
fn definitions(prose: &str) -> Vec<(&str, &str)> {
    let lines = prose.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: "));
    lines.filter(|(label, _)| !label.contains(']')).collect()
}

/// The texts between each `open` and the next `end`.
fn between<'a>(text: &'a str, open: &'a str, end: char) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).filter_map(move |rest| Some(rest.split_once(end)?.0))
}

/// The anchors that a code host and rustdoc create for the headings.
fn anchors(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).expect("a page");
    let headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_matches(['#', ' ']));
    let kept = |letter: &char| letter.is_alphanumeric() || " -_".contains(*letter);
    headings
        .map(|heading| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-"))
        .collect()
}

fn fault(page: &Path, link: &str) -> Option<String> {
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let target = if file.is_empty() { page.to_owned() } else { page.parent()?.join(file) };
    let has_anchor = |anchor: &str| anchors(&target).iter().any(|known| known == anchor);
    let is_right = target.exists() && anchor.is_none_or(has_anchor);
    (!is_right).then(|| format!("{}: {link}", page.strip_prefix(ROOT).unwrap_or(page).display()))
}

#[test]
fn every_relative_link_resolves_to_a_file() {
    let mut paths = Vec::new();
    pages(Path::new(ROOT), &mut paths);
    assert!(paths.len() >= 30, "{paths:#?}");
    let faults: Vec<_> = paths
        .iter()
        .flat_map(|page| {
            let prose = prose(page);
            let defined = definitions(&prose).into_iter().map(|(_, link)| link);
            let links = between(&prose, "](", ')').chain(between(&prose, "src=\"", '"')).chain(defined);
            let relative = links.filter(|link| !link.contains("://") && !link.starts_with("mailto:"));
            relative.filter_map(|link| fault(page, link)).collect::<Vec<_>>()
        })
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Each page that a module includes, with the labels that are defined before the page.
fn included(module: &str) -> Vec<(PathBuf, Vec<(String, String)>)> {
    let path = Path::new(ROOT).join(module);
    let source = fs::read_to_string(&path).expect("a module");
    let (mut pages, mut labels) = (Vec::new(), Vec::new());
    for line in source.lines() {
        if let Some((label, item)) = line.split_once("doc = \"[").and_then(|(_, rest)| rest.split_once("]: "))
        {
            labels.push((label.to_owned(), item.trim_end_matches("\"]").to_owned()));
        } else if let Some(file) = between(line, "include_str!(\"", '"').find(|file| is_page(Path::new(file)))
        {
            pages.push((path.parent().expect("a folder").join(file), std::mem::take(&mut labels)));
        }
    }
    pages
}

#[test]
fn every_link_of_the_guide_has_a_definition_for_rustdoc_and_one_for_a_code_host() {
    for (module, folder) in GUIDES {
        let included = included(module);
        let mut all = Vec::new();
        pages(&Path::new(ROOT).join(folder), &mut all);
        assert_eq!(included.len(), all.len(), "{module} includes every page of {folder}");
        for (page, rustdoc) in included {
            let (name, prose) = (page.file_name().expect("a name").display(), prose(&page));
            let host = definitions(&prose);
            let used: BTreeSet<_> = between(&prose, "][", ']').collect();
            assert_eq!(used, host.iter().map(|(label, _)| *label).collect(), "{name}: used and defined");
            let labels: BTreeSet<_> = rustdoc.iter().map(|(label, _)| &**label).collect();
            assert_eq!(used, labels, "{name}: used and defined in {module}");
            for (label, item) in &rustdoc {
                let (_, file) = host.iter().find(|(host, _)| host == label).expect("defined");
                if let Some(target) = item.strip_prefix("crate::guide::") {
                    let (module, anchor) = target.split_once('#').unwrap_or((target, ""));
                    let separator = if anchor.is_empty() { "" } else { "#" };
                    assert!(file.ends_with(&format!("{module}.md{separator}{anchor}")), "{name}: {label}");
                }
            }
            let inline: Vec<_> =
                between(&prose, "](", ')').filter(|link| !link.starts_with(['#', 'h'])).collect();
            assert!(inline.is_empty(), "{name}: use a label, which resolves in both places: {inline:?}");
        }
    }
}
