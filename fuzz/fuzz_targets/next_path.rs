//! An accepted path never leaves the origin, neither in a browser (the `url` crate implements the
//! WHATWG URL Standard) nor for code that decodes or resolves it once more.
#![no_main]

use std::sync::LazyLock;

use cookiejwt_core::next_path;
use libfuzzer_sys::fuzz_target;
use url::Url;

static PAGES: LazyLock<[Url; 3]> = LazyLock::new(|| {
    ["https://app.example/login?next=/", "http://app.example:8080/a/b/", "https://app.example"]
        .map(|page| Url::parse(page).expect("a URL"))
});

fn decoded(text: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(text.as_bytes()).next()?;
    Some(pairs.0.into_owned())
}

/// The address that a browser on this page opens.
fn target(page: &Url, next: &str) -> Url {
    let target = page.join(next).expect("a path joins");
    assert_eq!(target.origin(), page.origin(), "{next:?} from {page}");
    assert!(target.username().is_empty() && target.password().is_none(), "{next:?}");
    target
}

fuzz_target!(|next: &str| {
    let Some(path) = next_path(next) else { return };
    assert_eq!(path, next);
    assert!(http::HeaderValue::from_str(path).is_ok());
    for page in &*PAGES {
        let once = target(page, path);
        target(page, &once[url::Position::BeforePath..]);
    }
    let before_query = path.split(['?', '#', '&', '=']).next().unwrap_or_default();
    if let Some(decoded) = decoded(before_query) {
        PAGES.iter().for_each(|page| drop(target(page, &decoded)));
    }
});
